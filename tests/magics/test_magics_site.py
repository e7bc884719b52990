"""The sub-commands against the local stand-in."""

import ast
import re
import stat
from collections import Counter
from pathlib import Path

import pytest

from cocalc_widget import LocalCoCalc, config, errors
from cocalc_widget.api import Client
from cocalc_widget.magics.commands import advice
from cocalc_widget.magics.dispatch import dispatch, find
from cocalc_widget.magics.session import Session

PACKAGE = Path(errors.__file__).parent


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


def test_projects(online):
    titles = Counter(project.title for project in online("%cocalc projects"))
    assert titles >= Counter(["Lesson", "Student", "My course", "Twice", "Twice"])
    found = online("found = %cocalc projects 'COURSE'\nfound")
    assert [project.title for project in found] == ["My course"]
    assert "<table" in found._repr_html_()
    texts, fragments = online.complete("%cocalc open My")
    assert texts == ['"My course":']
    assert fragments == {"My"}
    assert online.complete('%cocalc cp Lesson:lesson.md "my c')[0] == ['"My course:']


def test_new_project(online, site):
    project = online("%cocalc new-project 'Linear algebra 1'")
    assert project.title == "Linear algebra 1"
    assert project.project_id in {p.project_id for p in Client(verify=str(site.ca_file)).projects()}


def test_addresses(online, site):
    expected = "a\n"
    project_id = site.projects["My course"]
    online["course"] = next(p for p in online("%cocalc projects") if p.title == "My course")
    lines = [
        '"My course:a.md"',
        "'My course':a.md",
        f"{project_id}:a.md",
        f"{project_id[:13]}:a.md",
        "$course:a.md",
    ]
    for line in lines:
        assert online(f"%cocalc cat {line}") == expected
    assert online("%cocalc cat 'Lesson:week 1/größe.md'") == "groß\n"
    with pytest.raises(errors.ValidationError, match="2 projects match 'Twice'") as caught:
        online("%cocalc cat Twice:a.md")
    ids = [p.project_id for p in online("%cocalc projects Twice")]
    assert len(ids) == 2
    assert all(each in str(caught.value) for each in ids)
    with pytest.raises(errors.NotFoundError) as caught:
        online("%cocalc cat Leson:a.md")
    assert "no project 'Leson'" in str(caught.value)
    assert "did you mean 'Lesson'? %cocalc projects lists them" in str(caught.value)
    with pytest.raises(errors.ValidationError, match="names no file"):
        online("%cocalc cat Lesson")
    with pytest.raises(errors.ValidationError, match="must not leave the project"):
        online("%cocalc cat Lesson:../a")


def test_titles_with_colons_quotes_and_letters_in_two_spellings(online):
    assert online("%cocalc cat 'Week 1: intro:x.md'") == "colon\n"
    assert online("%cocalc cat 'Week 1: intro':x.md") == "colon\n"
    assert online("%cocalc exec 'Week 1: intro' ls").stdout == "x.md\n"
    online("%cocalc cp Lesson:lesson.md 'Week 1: intro'")
    online("%cocalc cp Lesson:lesson.md 'Week 1: intro:y z.md'")
    assert online("%cocalc cat 'Week 1: intro':'y z.md'") == "# Lesson\n"
    online("%cocalc exec 'Week 1: intro' rm lesson.md 'y z.md'")
    assert online("""%cocalc cat 'Say "hi"':x.md""") == "quotes\n"
    assert online("""%cocalc cat "Say \\"hi\\":x.md" """) == "quotes\n"
    for title in ("é", "e\u0301"):
        assert online(f"%cocalc cat {title}:x.md") == "two characters\n"
        assert len(online(f"%cocalc projects {title.upper()}")) == 1


def test_titles_with_blanks_at_the_ends_or_a_hyphen_at_the_start(online, site):
    """Each is read as completion and hints write it."""
    made = {title: site.create_project(title, {"x.md": f"{title}\n"}) for title in ODD}
    online("%cocalc projects")  # what completion knows
    try:
        for title in ODD:
            typed = online.complete(f"%cocalc cat {title.strip()[:3]}")[0]
            assert f'"{title}":' in typed
            assert online(f'%cocalc cat "{title}":x.md') == f"{title}\n"
            assert online(f"%cocalc cat '{title}:x.md'") == f"{title}\n"
        assert online("%cocalc cat -- -intro:x.md") == "-intro\n"
        online["title"] = "-intro"
        assert online("%cocalc exec $title cat x.md").stdout == "-intro\n"
        with pytest.raises(errors.NotFoundError, match="did you mean '-intro'") as caught:
            online("%cocalc cat '-intr':x.md")
        assert online(f"%cocalc cat {str(caught.value).split('mean ')[1].split('?')[0]}:x.md")
        with pytest.raises(errors.ValidationError, match="hyphen goes into quotes"):
            online("%cocalc cat -intro:x.md")
    finally:
        for project_id in made.values():
            site.core.projects.change(project_id, deleted=True)


ODD = ("Lab ", " Lab two", "-intro")


@pytest.mark.parametrize("generation", ["A", "B"])
@pytest.mark.parametrize(
    ("line", "error", "next_step"),
    [
        ("cat Lesson:missing.md", "NotFoundError", "%cocalc exec PROJECT ls FOLDER lists"),
        ("cat 11111111-2222-4333-8444-555555555555:x", "PermissionDeniedError", "%cocalc projects"),
        ("exec --timeout 1 Lesson sleep 9", "ServerError", "more time with --timeout SECONDS"),
        ("cat Nobody:x", "NotFoundError", "%cocalc projects lists them"),
        ("new-project ''", "ValidationError", "%cocalc new-project --help tells more"),
    ],
)
def test_every_error_says_what_to_do_next(both, generation, line, error, next_step):
    with pytest.raises(errors.CoCalcError) as caught:
        both(generation)(f"%cocalc {line}")
    assert type(caught.value).__name__ == error
    assert next_step in str(caught.value)
    assert str(caught.value).endswith(caught.value.remedy)


def texts():
    """Every string of the package that an error of a command can hold, whole."""
    files = [*(PACKAGE / "api").rglob("*.py"), PACKAGE / "address.py", PACKAGE / "config.py"]
    for file in [*files, *(PACKAGE / "frame").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                parts = [
                    part.value if isinstance(part, ast.Constant) else "X" for part in node.values
                ]
                yield "".join(parts)


def test_advice_is_that_of_the_client_said_for_a_line():
    source = list(texts())
    for words in advice.ON_A_LINE:
        assert any(words in text for text in source), words
        assert advice.on_a_line(words) != words


def test_advice_of_python_has_a_form_for_a_line():
    """What begins with `client.` can't be typed behind %cocalc."""
    # what no command leads to: raw calls, tokens of other hosts, a frame without a start
    alone = re.compile(r"client\.(call|create_token\(\)|start_project|copies\((X|$))")
    found = [
        text
        for text in texts()
        if re.search(r"\bclient\.\w+\(", text) and not text.lstrip().startswith("Owns")
        and "\n    " not in text
    ]  # fmt: skip
    assert len(found) > 8
    left = [text for text in map(advice.on_a_line, found) if re.search(r"\bclient\.\w+\(", text)]
    assert [text for text in left if not alone.search(text)] == []


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("To pick them up: client.last_copy.wait(), or client.copies('P:a b').",
         "To pick them up: %cocalc copies --wait, or %cocalc copies 'P:a b'."),
        ("If you trust it, use host='https://b.org'.",
         "If you trust it, use %cocalc login --host https://b.org."),
        ("Use https://; Client(host=..., allow_http=True) takes it all the same.", "Use https://."),
    ],
)  # fmt: skip
def test_advice_with_a_value_in_it(said, typed):
    assert advice.on_a_line(said) == typed


def test_who_stops_a_command_reads_what_to_type(online, monkeypatch):
    def copy(*_args, **_options):
        raise KeyboardInterrupt("2 copies go on. To pick them up: client.last_copy.wait().")

    monkeypatch.setattr(Client, "copy", copy)
    with pytest.raises(KeyboardInterrupt, match=r"To pick them up: %cocalc copies --wait\."):
        dispatch(Session(online.shell), "cp Lesson:lesson.md Student", None, {})


def test_a_server_that_is_gone_leads_to_the_doctor():
    error = errors.APIConnectionError("no answer.")
    advice.advise(error, find("whoami", cell=False))
    assert str(error) == "no answer. %cocalc doctor looks for the cause."


def test_cat_and_write(online, capsys):
    assert online("%%cocalc write Student:one.md\nÜ ñ 日本 😀") == "Wrote 1 line to Student:one.md."
    assert online("%cocalc cat Student:one.md") == "Ü ñ 日本 😀\n"
    told = online("%%cocalc write 'Student:notes 1/n.md'\n# Notes\n\n{braces} $and `all` that\n")
    assert told == "Wrote 3 lines to Student:notes 1/n.md."
    text = online("%cocalc cat 'Student:notes 1/n.md'")
    assert text == "# Notes\n\n{braces} $and `all` that\n"
    assert capsys.readouterr().out.endswith("# Notes\n\n{braces} $and `all` that\n\n")
    with pytest.raises(errors.NotFoundError):
        online("%cocalc cat Student:missing.md")


def test_exec(online):
    online["word"] = "two words; $HOME"
    assert online("%cocalc exec Lesson echo one | tr a-z A-Z").stdout == "ONE\n"
    assert online("%cocalc exec Lesson printf %s, $word x").stdout == "two words; $HOME,x,"
    assert online("%cocalc exec Lesson 'echo a; exit 3'").exit_code == 3
    assert online("%cocalc exec --timeout 5 Lesson ls -1 *.md").stdout == "lesson.md\n"


def test_cp(online, site):
    with pytest.raises(errors.ValidationError, match="second source"):
        online("%cocalc cp Lesson:lesson.md Student 'My course:week 1/x.md'")
    batch = online(
        "batch = %cocalc cp Lesson:lesson.md Student:l.md 'My course:week 1/x.md'\nbatch"
    )
    assert [job.state for job in batch] == ["done", "done"]
    assert batch.failed == []
    assert online("%cocalc cat Student:l.md") == "# Lesson\n"
    assert online("%cocalc cat 'My course:week 1/x.md'") == "# Lesson\n"
    online["names"] = ["Student", "My course"]
    assert len(online("%cocalc cp Lesson:'week 1' {names} --no-wait")) == 2


@pytest.mark.parametrize("queue", [True, False])
def test_a_stopped_cp_says_what_to_do_and_the_rest_can_be_sent(online, monkeypatch, capsys, queue):
    from cocalc_widget.api.copying.progress import Progress

    names = [f"P{n:02}" for n in range(30)]
    content = {"Lesson": {"a.md": "a\n"}, **{name: {} for name in names}}
    with LocalCoCalc(
        queue=queue, copy_seconds=0.2, latency=0.05, content=content, generation="A"
    ) as site:
        monkeypatch.setenv("COCALC_HOST", site.url)
        monkeypatch.setenv("COCALC_API_KEY", site.api_key)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(site.ca_file))
        online["names"] = names
        plain, once = Progress.update, iter([KeyboardInterrupt])

        def update(progress):
            plain(progress)
            if site.requests["v1/copy_path_between_projects"]:
                for key in once:
                    raise key

        with monkeypatch.context() as patch:
            patch.setattr(Progress, "update", update)
            with pytest.raises(KeyboardInterrupt) as caught:
                online("%cocalc cp Lesson:a.md {names}")
        told = str(caught.value)
        assert "copies go on: %cocalc copies tells" in told
        assert "were not sent: %cocalc copies --retry sends them." in told
        capsys.readouterr()
        batch = online("%cocalc copies --wait")
        left = [job.target.project for job in batch.unsent]
        assert 0 < len(left) < 30
        said = capsys.readouterr().out
        assert "Not sent, as it was stopped before: P" in said
        assert "%cocalc copies --retry sends them." in said
        assert "not sent: P" in repr(batch)
        assert "retry() sends them" in batch._repr_html_()
        assert {job.state for job in online("%cocalc copies")} == {"done", "waiting"}
        assert online("%cocalc copies --retry") is batch
        assert batch.states == {"done": 30}
        assert not batch.unsent
        assert site.requests["v1/copy_path_between_projects"] == 30, "none twice"


def test_cp_with_check(both):
    for generation in ("A", "B"):
        online = both(generation)
        batch = online("%cocalc cp --check Lesson:lesson.md Student:checked.md")
        assert batch[0].note == "seen to have arrived: 1 file is the same"
        online("%cocalc exec Student 'echo mine > checked.md; touch -d 2099-01-01 checked.md'")
        with pytest.raises(errors.APIError, match="newer in the target"):
            online("%cocalc cp Lesson:lesson.md Student:checked.md --check")


def test_copies(online, monkeypatch):
    with pytest.raises(errors.ConfigurationError, match="Nothing was copied yet"):
        online("%cocalc copies")
    content = {"Lesson": {"a.md": "a\n"}, "One": {}, "Two": {}}
    with LocalCoCalc(queue=True, copy_seconds=0.3, content=content, generation="A") as queued:
        monkeypatch.setenv("COCALC_HOST", queued.url)
        monkeypatch.setenv("COCALC_API_KEY", queued.api_key)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(queued.ca_file))
        batch = online("batch = %cocalc cp Lesson:a.md One Two --no-wait\nbatch")
        assert {job.state for job in batch} <= {"queued", "started"}
        before = online("%cocalc copies")
        assert [job.id for job in before] == [job.id for job in batch]
        assert online("%cocalc copies --wait") is batch
        assert [job.state for job in batch] == ["done", "done"]
        assert [job.state for job in online("%cocalc copies")] == ["done", "done"]
        assert len(online("%cocalc copies Lesson")) == 2
        assert len(online("%cocalc copies --to Two")) == 1
        assert online(f"%cocalc copies --id {batch[0].id}").state == "done"
        unknown = "00000000-0000-4000-8000-000000000000"
        with pytest.raises(errors.NotFoundError) as caught:
            online(f"%cocalc copies --id {unknown}")
        assert str(caught.value).endswith(
            "It was cancelled, or was made on another host or long ago: %cocalc copies PROJECT "
            "lists those of a project."
        )
        with pytest.raises(errors.ValidationError) as caught:
            online("%cocalc copies --id seven")
        assert str(caught.value) == (
            "copy id must be a UUID, not 'seven'. %cocalc copies --help tells more."
        )


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
        monkeypatch.setenv("COCALC_HOST", other.url)
        monkeypatch.setenv("COCALC_API_KEY", key)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.ca_file))
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


def test_a_semicolon_silences(online):
    assert online("%cocalc whoami;") is None
    assert online("%cocalc cat Lesson:'lesson.md' ;") is None


def test_the_frame_is_asked_for_first(online):
    for command in ("closeall", "status"):
        with pytest.raises(errors.ConfigurationError, match="%cocalc open PROJECT:PATH"):
            online(f"%cocalc {command}")


def test_another_generation(online, monkeypatch):
    with LocalCoCalc(generation="B", admin=True, content={"Lesson": {"a.md": "a\n"}}) as later:
        monkeypatch.setenv("COCALC_HOST", later.url)
        monkeypatch.setenv("COCALC_API_KEY", later.api_key)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(later.ca_file))
        assert online("%cocalc login").generation == "B"
        assert online("%cocalc cat Lesson:a.md") == "a\n"


def test_open_makes_a_frame_and_then_drives_it(online, site):
    first = online("%cocalc open Lesson:lesson.md --height 80vh")
    try:
        assert (first.project_id, first.path) == (site.projects["Lesson"], "lesson.md")
        assert (first.height, first.host) == ("80vh", site.url)
        command = online("%cocalc open 'My course:a.md' --no-wait")
        assert (command.action, command.path) == ("open", "a.md")
        assert command.project_id == site.projects["My course"]
        assert first.path == "a.md"
        # this Python has no page that could answer, and every command says so
        for line in ("status", "closeall", "open Lesson:lesson.md"):
            with pytest.raises(errors.ChannelBlockedError, match="does not run inside a notebook"):
                online(f"%cocalc {line}")
        second = online("%cocalc open Lesson:lesson.md --new --tab")
        assert second is not first
        assert second.target == "tab"
        third = online("%cocalc open Lesson:lesson.md --new --channel navigation")
        third.close()
        assert online("%cocalc open Student:x.md --no-wait") in second.history
        second.close()
        assert online("%cocalc open Student:y.md --no-wait") in first.history
    finally:
        first.close()
    with pytest.raises(errors.ConfigurationError):
        online("%cocalc status")


def test_a_frame_of_its_own_for_every_wish_and_every_cocalc(online, site, monkeypatch):
    first = online("%cocalc open Lesson:lesson.md")
    frames = [first]
    try:
        command = online("%cocalc open Student:x.md --height 33vh --no-wait")
        assert command in first.history
        assert first.height == "33vh"
        with pytest.raises(errors.ConfigurationError, match="CSS length"):
            online("%cocalc open Student:x.md --height tall --no-wait")
        for options in ("--tab", "--channel navigation", "--new"):
            frames.append(online(f"%cocalc open Student:x.md {options}"))
            assert frames[-1] not in frames[:-1]
        with LocalCoCalc(content={"Lesson": {"a.md": "a\n"}}) as other:
            monkeypatch.setenv("COCALC_HOST", other.url)
            monkeypatch.setenv("COCALC_API_KEY", other.api_key)
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.ca_file))
            # a frame of one CoCalc cannot show the projects of another
            frames.append(online("%cocalc open Lesson:a.md"))
            assert frames[-1] not in frames[:-1]
            assert frames[-1].host == other.url
    finally:
        for frame in frames:
            frame.close()


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
