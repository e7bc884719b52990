"""A site starts fast, stops clean, and can be had many times in one process."""

from __future__ import annotations

import contextlib
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cocalc_widget import LocalCoCalc, errors
from cocalc_widget.local.state.faults import FAULTS

from .conftest import Api


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    """Other sites may be running; the ones that a test makes must end with it."""
    before = set(threading.enumerate())
    yield
    left = [t for t in set(threading.enumerate()) - before if t.name.startswith("cocalc-local")]
    assert not left


@pytest.mark.usefixtures("no_thread_is_left")
def test_starts_and_stops_and_leaves_nothing() -> None:
    begun = time.monotonic()
    site = LocalCoCalc().start()
    started = time.monotonic() - begun
    private = Path(site.ca_file).parents[1]
    port = site.port
    assert Api(site).ping()
    site.close()
    assert started < 5
    assert not private.exists()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 1)
    site.close()  # a second time does nothing


@pytest.mark.usefixtures("no_thread_is_left")
def test_many_sites_at_once_and_one_after_the_other() -> None:
    with LocalCoCalc() as one, LocalCoCalc() as two:
        assert one.url != two.url
        assert Api(one).ping()
        assert not Api(two, key=one.api_key).ping()  # a key of another site is nobody's
    for _ in range(5):
        with LocalCoCalc(content={}) as site:
            assert Api(site).ping()


@pytest.mark.usefixtures("no_thread_is_left")
def test_stops_while_requests_and_commands_are_under_way() -> None:
    site = LocalCoCalc(latency=0, generation="A").start()
    api = Api(site)
    site.fault("timeout")
    waiting = threading.Thread(target=_ignore, args=(lambda: api.v1("ping"),))
    waiting.start()
    site.fault("timeout", on=False)
    other = Api(site)
    lesson = site.projects["Lesson"]
    running = threading.Thread(
        target=_ignore,
        args=(lambda: other.v1("project_exec", project_id=lesson, command="sleep", args=["60"]),),
    )
    running.start()
    deadline = time.monotonic() + 5
    while site.requests["v1/project_exec"] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    begun = time.monotonic()
    site.close()
    assert time.monotonic() - begun < 5
    waiting.join(5)
    running.join(5)
    assert not waiting.is_alive()
    assert not running.is_alive()


def _ignore(function: object) -> None:
    with contextlib.suppress(requests.RequestException):
        function()  # type: ignore[operator]


def test_a_folder_of_ones_own_is_kept(tmp_path: Path) -> None:
    with LocalCoCalc(tmp_path) as site:
        project_id = site.create_project("Mine", {"a.md": "# A", "b/c.bin": b"\0\1"})
        account_id, old_key = site.account_id, site.api_key
    with LocalCoCalc(tmp_path) as site:
        assert site.account_id == account_id
        assert site.projects["Mine"] == project_id
        assert (site.directory(project_id) / "b/c.bin").read_bytes() == b"\0\1"
        assert Api(site, key=old_key).ping()
        assert Api(site).ping()


def test_secrets_are_private_and_not_kept_in_the_open(tmp_path: Path) -> None:
    with LocalCoCalc(tmp_path, generation="A") as site:
        token = Api(site).v1("user_auth", account_id=site.account_id, password=site.password)
        folder = Path(site.key_file).parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(Path(site.key_file).stat().st_mode) == 0o600
        kept = (tmp_path / "site.sqlite").read_bytes()
        for secret in (site.api_key, site.password, token["auth_token"]):
            assert secret.encode() not in kept
            assert secret not in repr(site)


def test_content_from_folders_and_mappings(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/x.txt").write_text("x")
    content = {"Folder": tmp_path, "Files": {"y.txt": "y"}, "Empty": {}}
    with LocalCoCalc(content=content) as site:
        assert list(site.projects) == ["Folder", "Files", "Empty"]
        assert site.directory(site.projects["Folder"]).joinpath("inner/x.txt").read_text() == "x"
        assert [p.name for p in site.directory(site.projects["Files"]).iterdir()] == ["y.txt"]


def test_default_content_is_real(site: LocalCoCalc) -> None:
    lesson = site.directory(site.projects["Lesson"])
    names = {p.relative_to(lesson).as_posix() for p in lesson.rglob("*") if p.is_file()}
    assert {"README.md", "lesson.md", "cooling.ipynb", "cooling.py", "data/coffee.csv"} <= names
    out = Api(site).v1(
        "project_exec",
        project_id=site.projects["Lesson"],
        command=f"{sys.executable} -c 'from cooling import fit; print(fit([0, 10], [86, 60], 21))'",
        bash=True,
    )
    assert float(out["stdout"]) > 0


@pytest.mark.usefixtures("no_thread_is_left")
def test_wrong_options_are_refused() -> None:
    with pytest.raises(errors.ConfigurationError, match="generation"):
        LocalCoCalc(generation="C")  # type: ignore[arg-type]
    for option in ("samesite_remember_me", "account_id_samesite", "x_frame_options"):
        with pytest.raises(errors.ConfigurationError, match=f"{option} must be '.*, not 'some'"):
            LocalCoCalc(**{option: "some"})  # type: ignore[arg-type]
    for policy in ("'self'; script-src 'none'", "'self', x", "'self'\r\nX: y", None):
        with pytest.raises(errors.ConfigurationError, match="the sources alone"):
            LocalCoCalc(frame_ancestors=policy)  # type: ignore[arg-type]
    with pytest.raises(errors.ConfigurationError, match="allowed_hosts"):
        LocalCoCalc(allowed_hosts="hub.test")
    with pytest.raises(errors.ConfigurationError, match="not running"):
        _ = LocalCoCalc().requests
    with LocalCoCalc(content={}) as site:
        with pytest.raises(errors.ConfigurationError, match="no fault named 'nope'"):
            site.fault("nope")
        taken = LocalCoCalc(port=site.port)
        with pytest.raises(errors.ConfigurationError, match="cannot listen at port"):
            taken.start()
    with pytest.raises(errors.ConfigurationError, match="no fault"):
        LocalCoCalc(faults=["nope"])


def test_every_fault_has_a_place_and_a_description() -> None:
    for name, (where, value, words) in FAULTS.items():
        assert where in ("page", "once", "api", "server"), name
        assert value > 0
        assert len(words) > 15


def test_names_of_the_certificate(site: LocalCoCalc) -> None:
    for name in ("localhost", "127.0.0.1"):
        session = requests.Session()
        session.trust_env = False
        url = f"https://{name}:{site.port}/customize"
        configuration = session.get(url, verify=site.ca_file, timeout=5).json()["configuration"]
        assert configuration["iframe_comm_hosts"] == []


def test_what_the_settings_tell_to_everybody() -> None:
    told: dict[str, Any] = {"allowed_hosts": [".uni.test"], "samesite_remember_me": "none"}
    for generation, samesite in (("A", None), ("B", "none")):
        with LocalCoCalc(content={}, generation=generation, **told) as site:  # type: ignore[arg-type]
            configuration = Api(site).get("/customize").json()["configuration"]
        assert configuration["iframe_comm_hosts"] == [".uni.test"]
        assert configuration.get("samesite_remember_me") == samesite


def test_headers_for_who_may_frame_the_pages() -> None:
    policy = "'self' https://*.uni.test"
    with LocalCoCalc(content={}, frame_ancestors=policy, x_frame_options="SAMEORIGIN") as site:
        api = Api(site)
        for path in ("/app", "/projects/x/files/a.md", "/static/app.html", "/auth/sign-in"):
            headers = api.get(path, allow_redirects=False).headers
            assert headers["Content-Security-Policy"] == f"frame-ancestors {policy}"
            assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "X-Frame-Options" not in api.get("/customize").headers


def test_a_proxy_before_a_server_that_is_away() -> None:
    with LocalCoCalc(content={}) as site:
        api = Api(site)
        site.fault("bad-gateway")
        for path in ("/app", "/customize", "/api/v2/projects/get", "/local/page/main.js", "/x"):
            answer = api.get(path)
            assert answer.status_code == 502
            assert answer.headers["Content-Type"] == "text/html"
            assert "<h1>502 Bad Gateway</h1>" in answer.text
        assert api.post("/api/conat/hub", {}).status_code == 502
        site.fault("bad-gateway", on=False)
        assert api.ping()


def test_importing_the_name_loads_no_server() -> None:
    code = (
        "import sys; before = set(sys.modules); import cocalc_widget.local; "
        "loaded = set(sys.modules) - before; "
        "assert not {'tornado', 'trustme', 'sqlite3'} & loaded, 'too much'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
