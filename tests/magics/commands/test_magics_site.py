"""Projects, files, copies, frames, and what errors advise: against the local stand-in."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from stage.stand_in import enter

from cocalc_widget import LocalCoCalc, errors
from cocalc_widget.api import Client
from cocalc_widget.magics import advice
from cocalc_widget.magics.dispatch import dispatch, find
from cocalc_widget.magics.session import Session

PACKAGE = Path(errors.__file__).parent


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

    names = [f"P{n:03}" for n in range(120)]
    content = {"Lesson": {"a.md": "a\n"}, **{name: {} for name in names}}
    with LocalCoCalc(
        queue=queue, copy_seconds=0.05, latency=0.05, content=content, generation="A"
    ) as site:
        enter(monkeypatch, site)
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
        assert 0 < len(left) < 120
        said = capsys.readouterr().out
        assert "Not sent, as it was stopped before: P" in said
        assert "%cocalc copies --retry sends them." in said
        assert "not sent: P" in repr(batch)
        assert "retry() sends them" in batch._repr_html_()
        assert {job.state for job in online("%cocalc copies")} == {"done", "waiting"}
        assert online("%cocalc copies --retry") is batch
        assert batch.states == {"done": 120}
        assert not batch.unsent
        assert site.requests["v1/copy_path_between_projects"] == 120, "none twice"


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
        enter(monkeypatch, queued)
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


def test_a_semicolon_silences(online):
    assert online("%cocalc whoami;") is None
    assert online("%cocalc cat Lesson:'lesson.md' ;") is None


def test_the_frame_is_asked_for_first(online):
    for command in ("closeall", "status"):
        with pytest.raises(errors.ConfigurationError, match="%cocalc open PROJECT:PATH"):
            online(f"%cocalc {command}")


def test_another_generation(online, monkeypatch):
    with LocalCoCalc(generation="B", admin=True, content={"Lesson": {"a.md": "a\n"}}) as later:
        enter(monkeypatch, later)
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
            enter(monkeypatch, other)
            # a frame of one CoCalc cannot show the projects of another
            frames.append(online("%cocalc open Lesson:a.md"))
            assert frames[-1] not in frames[:-1]
            assert frames[-1].host == other.url
    finally:
        for frame in frames:
            frame.close()
