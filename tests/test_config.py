"""Credentials: which source wins, what is kept where, and for which host."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocalc_widget import Client, config
from cocalc_widget.errors import ConfigurationError, KeyFileWarning
from cocalc_widget.redact import Secret

HOST = "https://cocalc.example.com"
KEYS = [f"sk-{letter * 22}" for letter in "ABCDE"]


@pytest.fixture(autouse=True)
def _own(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    config._session.clear()
    config._current.clear()
    yield
    config._session.clear()
    config._current.clear()


def test_each_source_wins_over_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config.resolve(host=HOST) == config.Credentials(HOST, None, "")
    Path("api.key").write_text(KEYS[4] + "\n")
    assert config.resolve(host=HOST).source == "api.key"
    file = config.write_key(HOST, Secret(KEYS[3]))
    assert config.resolve(host=HOST).source == str(file)
    monkeypatch.setenv("COCALC_API_KEY", KEYS[2])
    assert config.resolve(host=HOST).source == "COCALC_API_KEY"
    config.login(KEYS[1], HOST)
    assert config.resolve(host=HOST).source == "login"
    found = config.resolve(KEYS[0], HOST)
    assert (found.source, found.api_key) == ("argument", Secret(KEYS[0]))
    assert config.sources(HOST) == ["login", "COCALC_API_KEY", str(file), "api.key"]


def test_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config.find_host() == "https://cocalc.com"
    config.write_key(HOST, Secret(KEYS[0]))
    assert config.find_host() == HOST, "the only one that is stored"
    monkeypatch.setenv("COCALC_HOST", "other.example.com/base/")
    assert config.find_host() == "https://other.example.com/base"
    config.login(KEYS[0], "third.example.com")
    assert config.find_host() == "https://third.example.com"
    assert config.find_host("fourth.example.com") == "https://fourth.example.com"


def test_a_key_that_is_given_does_not_go_to_the_only_stored_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config.write_key(HOST, Secret(KEYS[0]))
    assert config.resolve().host == HOST
    assert config.resolve(KEYS[1]).host == "https://cocalc.com"
    assert Client(KEYS[1]).host == Client("").host == "https://cocalc.com"
    monkeypatch.setenv("COCALC_HOST", "https://one.example.com")
    assert Client(KEYS[1]).host == "https://one.example.com"
    monkeypatch.delenv("COCALC_HOST")
    assert config.login(KEYS[1]).host == "https://cocalc.com"
    assert config.resolve(host=HOST).api_key == Secret(KEYS[0])


def test_a_key_is_for_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCALC_API_KEY", KEYS[0])
    monkeypatch.setenv("COCALC_HOST", HOST)
    config.login(KEYS[1], "https://one.example.com")
    config.write_key("https://two.example.com", Secret(KEYS[2]))
    assert config.resolve(host=HOST).api_key == Secret(KEYS[0])
    assert config.resolve(host="https://one.example.com").api_key == Secret(KEYS[1])
    assert config.resolve(host="https://two.example.com").api_key == Secret(KEYS[2])
    assert config.resolve(host="https://evil.example.com").api_key is None


def test_a_key_file_is_for_the_host_that_it_names() -> None:
    """Whatever a file is called, only the host that stands in it gets the key."""
    file = config.write_key(HOST, Secret(KEYS[0]))
    other = "https://other.example.com"
    taken = config.key_file(other)
    taken.write_text(file.read_text())
    assert config.resolve(host=HOST).api_key == Secret(KEYS[0])
    assert config.resolve(host=other).api_key is None
    assert config.stored_hosts() == [HOST]
    taken.write_text(f"{other}\n{KEYS[1]}\n")
    assert config.resolve(host=other).api_key == Secret(KEYS[1])


@pytest.mark.parametrize("text", ["", f"{HOST}\n", f"{HOST}\n{KEYS[0]}\nmore\n", f"{KEYS[0]}\n"])
def test_a_key_file_has_a_host_and_a_key_and_nothing_else(text: str) -> None:
    file = config.write_key(HOST, Secret(KEYS[0]))
    file.write_text(text)
    assert config.resolve(host=HOST).api_key is None
    assert config.sources(HOST) == []
    assert config.stored_hosts() == []


def test_files_are_private() -> None:
    old = os.umask(0)
    try:
        file = config.write_key(HOST, Secret(KEYS[0]))
        file = config.write_key(HOST, Secret(KEYS[1]))
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for folder in (file.parent, file.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [it.name for it in file.parent.iterdir()] == [file.name], "nothing half-written is left"
    assert config.resolve(host=HOST).api_key == Secret(KEYS[1])
    assert config.stored_hosts() == [HOST]


def test_a_key_file_counts_for_the_host_that_is_written_in_it() -> None:
    file = config.write_key(HOST, Secret(KEYS[0]))
    assert config.resolve(host=HOST).api_key == Secret(KEYS[0])
    file.write_text(f"https://evil.example.com\n{KEYS[0]}\n")
    assert config.resolve(host=HOST).api_key is None
    assert config.resolve(host="https://evil.example.com").api_key is None
    assert config.stored_hosts() == []
    assert config.find_host() == "https://cocalc.com"
    file.write_text(f"{HOST}/\n{KEYS[0]}\n")
    assert config.resolve(host=HOST).api_key is None


def test_no_two_hosts_share_a_file() -> None:
    hosts = [f"https://x.example/{it}" for it in ("a/b", "a_b", "a/B", "A/b", "a:b", "x" * 300)]
    hosts += ["https://x.example", "https://x.example:8443", "https://x.example_8443"]
    for number, host in enumerate(hosts):
        config.write_key(host, Secret(f"sk-{number:022}"))
    names = {config.key_file(host).name.lower() for host in hosts}
    assert len(names) == len(hosts)
    assert sorted(config.stored_hosts()) == sorted(hosts)
    for number, host in enumerate(hosts):
        assert config.resolve(host=host).api_key == Secret(f"sk-{number:022}")
    config.logout(hosts[0])
    assert config.resolve(host=hosts[0]).api_key is None
    assert config.resolve(host=hosts[1]).api_key == Secret(f"sk-{1:022}")


def test_old_key_files_go_on_being_read_until_they_are_replaced() -> None:
    folder = config.config_dir() / "keys"
    folder.mkdir(parents=True)
    old = folder / "https___cocalc.example.com_a_b.key"
    host = f"{HOST}/a/b"
    old.write_text(f"{host}\n{KEYS[0]}\n")
    assert config.resolve(host=host) == config.Credentials(host, Secret(KEYS[0]), str(old))
    assert config.stored_hosts() == [host]
    assert config.find_host() == host
    assert config.resolve(host=f"{HOST}/a_b").api_key is None
    config.write_key(f"{HOST}/a_b", Secret(KEYS[1]))
    assert config.resolve(host=host).api_key == Secret(KEYS[0]), "that of another host stays"
    file = config.write_key(host, Secret(KEYS[2]))
    assert not old.exists()
    assert config.resolve(host=host).source == str(file)
    old.write_text(f"{host}\n{KEYS[0]}\n")
    config.logout(host)
    assert not old.exists()
    assert config.resolve(host=host).api_key is None


def test_a_folder_that_is_there_keeps_its_modes() -> None:
    folder = config.config_dir()
    folder.mkdir(parents=True)
    folder.chmod(0o751)
    file = config.write_key(HOST, Secret(KEYS[0]))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o751
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700, "that one is ours"
    file.parent.chmod(0o755)
    config.write_key(HOST, Secret(KEYS[1]))
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o755


def test_all_that_is_made_on_the_way_is_private(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCALC_CONFIG_DIR", str(own_home / "new" / "deep"))
    old = os.umask(0)
    try:
        file = config.write_key(HOST, Secret(KEYS[0]))
    finally:
        os.umask(old)
    for folder in list(file.parents)[:3]:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("step", ["fdopen", "replace", "mkstemp"])
def test_a_write_that_fails_leaves_no_key_behind(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = config.write_key(HOST, Secret(KEYS[0]))

    class Full:
        """A file on a disk that gets full."""

        def __init__(self, handle: int, *_: object, **__: object) -> None:
            self._file = real(handle, "w")

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def write(self, text: str) -> None:
            self._file.write(text)
            self._file.flush()
            raise OSError(28, "No space left on device")

    def fails(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    real = os.fdopen
    if step == "fdopen":
        monkeypatch.setattr("os.fdopen", Full)
    elif step == "replace":
        monkeypatch.setattr(Path, "replace", fails)
    else:
        monkeypatch.setattr("tempfile.mkstemp", fails)
    with pytest.raises(ConfigurationError, match="cannot be stored") as caught:
        config.write_key(HOST, Secret(KEYS[1]))
    assert KEYS[1] not in str(caught.value)
    assert "COCALC_CONFIG_DIR" in caught.value.remedy
    assert [it.name for it in file.parent.iterdir()] == [file.name]
    assert config.resolve(host=HOST).api_key == Secret(KEYS[0]), "the old one is whole"


def test_a_key_that_cannot_be_stored_is_used_all_the_same(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_home / "file").write_text("in the way")
    monkeypatch.setenv("COCALC_CONFIG_DIR", str(own_home / "file" / "x"))
    with pytest.warns(KeyFileWarning, match="used until this process ends") as told:
        found = config.login(KEYS[0], HOST, store=True)
    assert KEYS[0] not in str(told[0].message)
    assert found == config.resolve() == config.Credentials(HOST, Secret(KEYS[0]), "login")


def test_one_unreadable_file_does_not_break_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    other = config.write_key("https://a.example.com", Secret(KEYS[1]))
    config.write_key(HOST, Secret(KEYS[0]))
    other.write_bytes(b"\xff\xfe\xff")
    with pytest.warns(KeyFileWarning, match=f"{other.name} cannot be read.*left out"):
        assert config.stored_hosts() == [HOST]
    with pytest.warns(KeyFileWarning):
        assert config.resolve().api_key == Secret(KEYS[0])
    Path("api.key").write_bytes(b"\xff\xfe\xff")
    assert config.resolve(host=HOST).api_key == Secret(KEYS[0]), "not even looked at"
    with pytest.warns(KeyFileWarning, match=r"api\.key cannot be read"):
        assert config.resolve(host="https://b.example.com").api_key is None


def test_login_stores_on_request_and_logout_tells_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config.login(KEYS[0], HOST)
    assert not config.key_file(HOST).exists()
    config.login(KEYS[0], HOST, store=True)
    assert config.key_file(HOST).exists()
    monkeypatch.setenv("COCALC_API_KEY", KEYS[1])
    assert config.logout(HOST) == ["COCALC_API_KEY"]
    assert not config.key_file(HOST).exists()
    monkeypatch.delenv("COCALC_API_KEY")
    assert config.logout(HOST) == []


def test_keys_are_cleaned_and_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCALC_API_KEY", f" {KEYS[0]}\r\n")
    found = config.resolve(host=HOST)
    assert found.api_key == Secret(KEYS[0])
    assert KEYS[0] not in repr(found) + str(found)
    for bad in ("sk-ä" * 5, "sk-\x00aaaa"):
        with pytest.raises(ConfigurationError):
            config.clean_key(bad)
    with pytest.raises(ConfigurationError, match="blank"):
        config.login("  \n", HOST)


def test_unreadable_files(monkeypatch: pytest.MonkeyPatch) -> None:
    file = config.write_key(HOST, Secret(KEYS[0]))
    file.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        config.resolve(host=HOST)
    file.unlink()
    file.mkdir()
    assert config.resolve(host=HOST).api_key is None


def test_the_platforms_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("COCALC_CONFIG_DIR")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    for platform in ("linux", "win32"):
        monkeypatch.setattr("sys.platform", platform)
        assert config.config_dir() == tmp_path / "cocalc-widget"
    monkeypatch.setattr("sys.platform", "darwin")
    assert config.config_dir().parts[-2:] == ("Application Support", "cocalc-widget")


def test_unencrypted_hosts() -> None:
    with pytest.raises(ConfigurationError, match="not encrypted"):
        config.resolve(KEYS[0], "http://cocalc.example.com")
    assert config.resolve(KEYS[0], "http://localhost:5000").host == "http://localhost:5000"
    told = config.resolve(KEYS[0], "http://cocalc.example.com", allow_http=True)
    assert told.host == "http://cocalc.example.com"


def test_the_latest_login_counts_and_a_logout_goes_back_to_the_one_before() -> None:
    first, second = "https://one.example.com", "https://two.example.com"
    assert config.login(KEYS[0], first) == config.Credentials(first, Secret(KEYS[0]), "login")
    config.login(KEYS[1], second)
    assert config.find_host() == second
    config.login(KEYS[2], first)
    assert config.find_host() == first
    assert config.resolve().api_key == Secret(KEYS[2])
    assert config.logout() == []
    assert config.find_host() == second
    assert config.resolve(host=first).api_key is None
    config.logout()
    assert config.find_host() == "https://cocalc.com"
    assert config.logout(first) == [], "nobody was logged in there"


def test_of_several_stored_hosts_none_is_the_default() -> None:
    for host in (HOST, "https://another.example.com"):
        config.write_key(host, Secret(KEYS[0]))
    assert config.stored_hosts() == ["https://another.example.com", HOST]
    assert config.find_host() == "https://cocalc.com"


def test_a_key_of_the_environment_is_for_the_host_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COCALC_API_KEY", KEYS[0])
    assert config.resolve(host=HOST).api_key == Secret(KEYS[0]), "for any, where none is named"
    monkeypatch.setenv("COCALC_HOST", "  ")
    assert config.resolve(host=HOST).api_key == Secret(KEYS[0])
    monkeypatch.setenv("COCALC_HOST", " http://cocalc.example.com:80/ ")
    assert config.resolve(host=HOST).api_key is None
    told = config.resolve(host="http://cocalc.example.com", allow_http=True)
    assert told.api_key == Secret(KEYS[0])
    with pytest.raises(ConfigurationError, match="not encrypted"):
        config.find_host()
    assert config.find_host(allow_http=True) == "http://cocalc.example.com"
    monkeypatch.setenv("COCALC_API_KEY", "  ")
    assert config.sources(HOST) == []


def test_a_key_that_was_given_counts_whatever_there_is() -> None:
    assert config.resolve("", HOST) == config.Credentials(HOST, Secret(""), "argument")
    assert config.clean_key(Secret(f" {KEYS[0]}\n")) == Secret(KEYS[0])
    with pytest.raises(ConfigurationError, match="text, not int"):
        config.clean_key(5)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="not encrypted"):
        config.login(KEYS[0], "http://cocalc.example.com")
    told = config.login(KEYS[0], "http://cocalc.example.com", allow_http=True)
    assert told.host == "http://cocalc.example.com"


def test_the_first_word_of_a_local_file_is_a_key() -> None:
    Path("api.key").write_text(f"{KEYS[0]}\n{KEYS[1]}\n")
    assert config.resolve(host=HOST).api_key == Secret(KEYS[0])
    Path("api.key").write_text("")
    assert config.sources(HOST) == []


def test_where_nothing_tells_the_folder_is_that_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("COCALC_CONFIG_DIR", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for platform, parts in (
        ("linux", (".config",)),
        ("win32", ("AppData", "Roaming")),
        ("darwin", ("Library", "Application Support")),
    ):
        monkeypatch.setattr("sys.platform", platform)
        assert config.config_dir() == tmp_path.joinpath(*parts, "cocalc-widget")
    monkeypatch.setenv("COCALC_CONFIG_DIR", str(tmp_path / "own"))
    assert config.key_file(HOST).parent == tmp_path / "own/keys"
