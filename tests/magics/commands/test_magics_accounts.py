"""Signing in and out, tokens, new accounts: against the local stand-in."""

import stat

import pytest
from stage.stand_in import enter

from cocalc_widget import LocalCoCalc, config, errors
from cocalc_widget.api import Client


def test_login_with_the_key_of_the_environment(online, site, typed, capsys):
    whoami = online("%cocalc login")
    assert (whoami.account_id, whoami.host) == (site.account_id, site.url)
    assert whoami.key_source == "COCALC_API_KEY"
    assert typed.prompts == []  # unattended
    assert not config.key_file(site.url).exists()
    assert online("%cocalc login").key_source == "COCALC_API_KEY"
    assert site.api_key not in capsys.readouterr().out


def test_login_asks_checks_and_stores(online, site, typed, monkeypatch):
    monkeypatch.delenv("COCALC_API_KEY")
    typed.extend([f" {site.api_key}\n"])
    whoami = online("%cocalc login")
    assert whoami.key_source == "getpass"
    assert typed.prompts == [f"API key for {site.url}: "]
    file = config.key_file(site.url)
    assert site.api_key in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert online("%cocalc whoami").account_id == site.account_id
    assert "COCALC_API_KEY" not in str(online("%cocalc logout"))
    assert not file.exists()
    with pytest.raises(errors.AuthenticationError):
        online("%cocalc whoami")


def test_login_in_a_home_that_cannot_be_written_to(online, site, typed, monkeypatch, own_home):
    monkeypatch.delenv("COCALC_API_KEY")
    (own_home / "file").write_text("")
    monkeypatch.setenv("COCALC_CONFIG_DIR", str(own_home / "file"))
    typed.extend([site.api_key])
    with pytest.warns(errors.KeyFileWarning, match="used until this process ends"):
        whoami = online("%cocalc login")
    assert whoami.account_id == site.account_id
    assert online("%cocalc whoami").key_source == "login"


def test_login_for_this_session_only(online, site, typed, monkeypatch):
    monkeypatch.delenv("COCALC_API_KEY")
    monkeypatch.delenv("COCALC_HOST")
    typed.extend([site.api_key])
    online(f"%cocalc login --host {site.url} --no-store")
    assert not config.key_file(site.url).exists()
    assert online("%cocalc whoami").host == site.url


def test_a_wrong_key_is_never_kept(online, site, typed, capsys):
    typed.extend(["sk-wrongwrongwrongwrong00"])
    with pytest.raises(errors.AuthenticationError) as caught:
        online("%cocalc login --ask")
    assert "Nothing has changed" in str(caught.value)
    assert not config.key_file(site.url).exists()
    assert "wrongwrong" not in capsys.readouterr().out
    assert online("%cocalc whoami").key_source == "COCALC_API_KEY"


def test_a_wrong_key_of_the_environment_is_named(online, monkeypatch):
    monkeypatch.setenv("COCALC_API_KEY", "sk-wrongwrongwrongwrong00")
    with pytest.raises(errors.AuthenticationError, match="came from COCALC_API_KEY"):
        online("%cocalc login")


def test_login_without_anybody_to_ask(online, typed, monkeypatch):
    monkeypatch.delenv("COCALC_API_KEY")
    with pytest.raises(errors.ConfigurationError, match="COCALC_API_KEY"):
        online("%cocalc login")


def test_login_with_nothing_typed(online, typed):
    typed.extend(["  "])
    with pytest.raises(errors.ConfigurationError, match="No API key was typed"):
        online("%cocalc login --ask")


def test_login_with_a_key_file(online, site, tmp_path, monkeypatch):
    monkeypatch.delenv("COCALC_API_KEY")
    file = tmp_path / "my key"
    file.write_text(site.api_key + "\n")
    online["file"] = file
    assert online("%cocalc login --key-file $file --no-store").key_source == "--key-file"
    assert not config.key_file(site.url).exists()
    assert online("%cocalc login --key-file $file").key_source == "--key-file"
    assert site.api_key in config.key_file(site.url).read_text()
    with pytest.raises(errors.ConfigurationError, match="No such file"):
        online("%cocalc login --key-file {file}x")
    file.write_text("two words")
    with pytest.raises(errors.ConfigurationError, match="nothing else"):
        online("%cocalc login --key-file $file")


def test_logout_says_where_commands_go_from_now_on(online, site, later_site, monkeypatch):
    for name in ("COCALC_API_KEY", "COCALC_HOST"):
        monkeypatch.delenv(name)
    config.login(later_site.api_key, later_site.url, store=True)
    config.login(site.api_key, site.url, store=True)
    try:
        told = online("%cocalc logout")
        assert told == (
            f"Logged out of {site.url}. Commands go to {later_site.url} from now on, whose key is "
            "known; %cocalc login --host HOST chooses another."
        )
        for host in ("https://a.invalid", "https://b.invalid"):
            config.login("sk-aaaaaaaaaaaaaaaaaaaaaa", host, store=True)
            config._current.remove(host)
        told = online("%cocalc logout")
        assert "Commands would go to https://cocalc.com, whose key is not known." in told
        assert "Keys are known of https://a.invalid and https://b.invalid." in told
        assert told.endswith("%cocalc login --host HOST chooses.")
        assert "Commands go to https://b.invalid" in online("%cocalc logout --host a.invalid")
        config.login(site.api_key, site.url)
        assert online("%cocalc logout --host b.invalid") == "Logged out of https://b.invalid."
    finally:
        for host in ("https://a.invalid", "https://b.invalid", site.url, later_site.url):
            config.logout(host)


def test_logout_says_what_still_holds_a_key(online):
    assert "COCALC_API_KEY still holds a key" in online("%cocalc logout")


def test_the_client_follows_the_environment(online, site, monkeypatch):
    first = online("%cocalc whoami")
    account_id, key = site.create_account("Ada", "L", "ada@local.test")
    monkeypatch.setenv("COCALC_API_KEY", key)
    assert online("%cocalc whoami").account_id == account_id != first.account_id


def test_token(online, site, typed, capsys):
    token = online("token = %cocalc token --no-password\ntoken")
    assert token.value[-4:] in repr(token)
    assert typed.prompts == []
    other, _ = site.create_account("Bob", "B", "bob@local.test", "bobspassword")
    typed.extend(["bobspassword", "wrongpassword"])
    assert online(f"%cocalc token {other}").value != token.value
    with pytest.raises(errors.CoCalcError) as caught:
        online(f"%cocalc token {other}")
    out = capsys.readouterr().out
    for secret in (token.value, "bobspassword", "wrongpassword"):
        assert secret not in out
        assert secret not in str(caught.value)
    with pytest.raises(errors.ValidationError) as caught:
        online("%cocalc token hunter2hunter2")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(errors.ValidationError, match="holds a secret"):
        online("%cocalc token $token")


def test_a_token_by_password_on_each_generation(both, later_site, site, typed):
    for generation, there in (("A", site), ("B", later_site)):
        cells = both(generation)
        bob, _ = there.create_account("Rob", "B", f"rob{generation}@local.test", "robspassword")
        typed.extend(["robspassword", "robspassword"])
        typed.prompts.clear()
        assert there.core.accounts.by_token(cells(f"%cocalc token {bob}").value) == bob
        assert there.url in typed.prompts[0]
        assert "Password of the account" in typed.prompts[0]
        by_email = cells(f"%cocalc token rob{generation}@local.test")
        assert there.core.accounts.by_token(by_email.value) == bob


def test_a_token_where_nobody_can_mint_it_says_what_to_type(online, monkeypatch, typed, tmp_path):
    with LocalCoCalc(generation="B", content={}) as other:
        _, key = other.create_account("Ann", "A", "ann@local.test", "annspassword")
        enter(monkeypatch, other, key=key)
        with pytest.raises(errors.PermissionDeniedError) as caught:
            online("%cocalc token --no-password")
        assert "type its password when %cocalc token asks" in str(caught.value)
        with pytest.raises(errors.PermissionDeniedError) as caught:
            online(f"%cocalc token {other.account_id} --no-password")
        assert "%cocalc token ACCOUNT" in str(caught.value)
        typed.append("annspassword")
        assert online("%cocalc token").minted == "password"
        typed.extend(["wrong-password", "annspassword"])
        with pytest.raises(errors.AuthenticationError, match="bans the right one for 60 s"):
            online("%cocalc token")
        with pytest.raises(errors.RateLimitError, match=r"at least 60s .* Wait 60 s"):
            online("%cocalc token")


def test_new_account(online, typed, capsys):
    typed.extend(["a good password", "a good password"])
    online("account = %cocalc new-account eve@local.test 'Eve Anne' Adams --with-key")
    account = online["account"]
    assert typed.prompts[0] == "Password for eve@local.test: "
    assert "a good password" not in repr(account) + capsys.readouterr().out
    assert account.api_key
    with Client(account.api_key, host=Client().host) as theirs:
        assert theirs.account_id == account.account_id
        assert theirs.whoami().name == "Eve Anne Adams"


@pytest.mark.parametrize(
    ("line", "answers", "words"),
    [
        ("nobody A B", [], "'nobody' is no e-mail address"),
        ("x@local.test A B", ["", ""], "No password was typed"),
        ("x@local.test A B", ["one password", "another one"], "two passwords differ"),
        ("x@local.test '' B", ["a password", "a password"], "first_name must be text"),
        ("x@local.test A B", ["abc", "abc"], "password: "),
        ("taken@local.test A B", ["a password", "a password"], "email_address: "),
    ],
)
def test_a_refused_account_says_which_field(online, site, typed, line, answers, words):
    if line.startswith("taken"):
        site.create_account("T", "T", "taken@local.test", "another password")
    typed.extend(answers)
    with pytest.raises(errors.ValidationError) as caught:
        online(f"%cocalc new-account {line}")
    assert words in str(caught.value)
    assert "{" not in str(caught.value)


def test_a_key_with_an_account_is_refused_before_anything_is_typed(both, typed):
    with pytest.raises(errors.ValidationError, match="Leave --with-key out"):
        both("B")("%cocalc new-account x@local.test A B --with-key")
    assert typed.prompts == []


def test_a_site_that_wants_a_registration_token(online, site, typed, monkeypatch):
    told = {}
    monkeypatch.setattr(Client, "create_account", lambda _self, *_a, **more: told.update(more))
    typed.extend(["a password", "a password", "let me in"])
    online("%cocalc new-account x@local.test A B --registration")
    assert told == {"get_api_key": False, "token": "let me in"}
