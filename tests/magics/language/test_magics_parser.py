"""The parser tree: what each line means, and what is said of a line that means nothing."""

import pytest

from cocalc_widget.errors import ValidationError
from cocalc_widget.magics.dispatch import COMMANDS, dispatch, find
from cocalc_widget.magics.language import parser
from cocalc_widget.magics.language.expansion import expand
from cocalc_widget.magics.language.help import command_help, overview, reference
from cocalc_widget.magics.language.splitter import scan

LOGIN = {"host": None, "ask": False, "key_file": None, "no_store": False}
OPEN = {
    "new": False,
    "tab": False,
    "channel": None,
    "height": None,
    "no_wait": False,
    "timeout": None,
}
CP = {
    "no_wait": False,
    "check": False,
    "overwrite_newer": False,
    "delete_missing": False,
    "backup": False,
    "exclude": None,
    "timeout": None,
}


def parse(line, *, cell=False):
    words = expand(scan(line), {"targets": ["A", "B:x"]})
    return vars(parser.parse(find(words[0], cell=cell), words[1:]))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("login", LOGIN),
        ("login --host cocalc.example.edu", LOGIN | {"host": "cocalc.example.edu"}),
        (
            "login --host=localhost:5000 --no-store",
            LOGIN | {"host": "localhost:5000", "no_store": True},
        ),
        (r"login --key-file C:\keys\k", LOGIN | {"key_file": r"C:\keys\k"}),
        ("login --ask", LOGIN | {"ask": True}),
        ("logout", {"host": None}),
        ("logout --host a.org", {"host": "a.org"}),
        ("whoami", {}),
        ("projects", {"text": None}),
        ("projects 'week 1'", {"text": "week 1"}),
        ("new-project 'Linear algebra'", {"title": "Linear algebra"}),
        (
            "new-account a@b.org 'Ada B.' Lovelace --with-key",
            {
                "email": "a@b.org",
                "first_name": "Ada B.",
                "last_name": "Lovelace",
                "with_key": True,
                "registration": False,
            },
        ),
        ("doctor", {"host": None}),
        ("doctor --host cocalc.example.edu", {"host": "cocalc.example.edu"}),
        ("open Lesson:lesson.md", OPEN | {"address": "Lesson:lesson.md"}),
        ("open 'a b:c d.md' --new", OPEN | {"address": "a b:c d.md", "new": True}),
        ("open --tab a:b", OPEN | {"address": "a:b", "tab": True}),
        ("open a:b --height 80vh", OPEN | {"address": "a:b", "height": "80vh"}),
        ("open a:b --channel navigation", OPEN | {"address": "a:b", "channel": "navigation"}),
        ("open a:b --timeout 2.5", OPEN | {"address": "a:b", "timeout": 2.5}),
        ("open --no-wait -- -x:b", OPEN | {"address": "-x:b", "no_wait": True}),
        ("closeall", {"timeout": None}),
        ("closeall --timeout 3", {"timeout": 3.0}),
        ("status", {"timeout": None}),
        ("status --timeout=0.5", {"timeout": 0.5}),
        ("cp --check a:x b", CP | {"source": "a:x", "targets": ["b"], "check": True}),
        ("cp a:x b", CP | {"source": "a:x", "targets": ["b"]}),
        ("cp a:x b c:y d", CP | {"source": "a:x", "targets": ["b", "c:y", "d"]}),
        (
            "cp a:x {targets} --no-wait",
            CP | {"source": "a:x", "targets": ["A", "B:x"], "no_wait": True},
        ),
        (
            "cp --backup a:x --timeout 60 b",
            CP | {"source": "a:x", "targets": ["b"], "backup": True, "timeout": 60.0},
        ),
        (
            "cp --overwrite-newer --delete-missing a:x b",
            CP
            | {"source": "a:x", "targets": ["b"], "overwrite_newer": True, "delete_missing": True},
        ),
        (
            "cp a:x b --exclude '*.o' --exclude=tmp",
            CP | {"source": "a:x", "targets": ["b"], "exclude": ["*.o", "tmp"]},
        ),
        ("copies", {"source": None, "to": None, "id": None, "wait": False, "retry": False}),
        ("copies a --to b", {"source": "a", "to": "b", "id": None, "wait": False, "retry": False}),
        ("copies --wait", {"source": None, "to": None, "id": None, "wait": True, "retry": False}),
        (
            "copies --retry",
            {"source": None, "to": None, "id": None, "wait": False, "retry": True},
        ),
        ("token", {"account": None, "no_password": False}),
        ("token --no-password", {"account": None, "no_password": True}),
        ("exec Lesson ls -la", {"timeout": None, "project": "Lesson", "command": ["ls", "-la"]}),
        (
            "exec --timeout 5 Lesson ls --help",
            {"timeout": 5.0, "project": "Lesson", "command": ["ls", "--help"]},
        ),
        (
            "exec Lesson 'ls | wc -l'",
            {"timeout": None, "project": "Lesson", "command": ["ls | wc -l"]},
        ),
        (
            "exec Lesson --timeout 5",
            {"timeout": None, "project": "Lesson", "command": ["--timeout", "5"]},
        ),
        ("cat Lesson:lesson.md", {"address": "Lesson:lesson.md"}),
        ('cat "My course:week 1/a.md" # mine', {"address": "My course:week 1/a.md"}),
        ("cat 'Week 1: intro':größe.md", {"address": "Week 1: intro:größe.md"}),
        ("cat It\\'s:a#b.md", {"address": "It's:a#b.md"}),
        ("copies --id 7", {"source": None, "to": None, "id": "7", "wait": False, "retry": False}),
        ("token a@b.org", {"account": "a@b.org", "no_password": False}),
        (
            "new-account --registration a@b.org A B",
            {
                "email": "a@b.org",
                "first_name": "A",
                "last_name": "B",
                "with_key": False,
                "registration": True,
            },
        ),
        (
            "exec Lesson echo a; echo 'b c' # both",
            {"timeout": None, "project": "Lesson", "command": ["echo", "a;", "echo", "b c"]},
        ),
    ],
)
def test_a_line_means(line, expected):
    assert parse(line) == expected


def test_a_cell_means():
    assert parse("write 'Student:notes 1/n.md'", cell=True) == {"address": "Student:notes 1/n.md"}


def test_the_table_above_has_every_option():
    (mark,) = test_a_line_means.pytestmark
    lines = [line for line, _ in mark.args[1]]
    assert len(lines) >= 45
    for command in COMMANDS:
        mine = " ".join(line for line in lines if line.split()[0] == command.name)
        assert command.cell or mine, command.name
        for param in command.params:
            assert not param.flags or any(flag in mine for flag in param.flags), param


NO_COMMAND = "%cocalc --help lists the commands."


@pytest.mark.parametrize(
    ("line", "name", "near"),
    [
        ("opne a:b", "opne", "open"),
        ("copy a b", "copy", "cp"),
        ("stats", "stats", "status"),
        ("close", "close", "closeall"),
        ("new_project x", "new_project", "new-project"),
        ("LOGIN", "LOGIN", "login"),
        ("docter", "docter", "doctor"),
        ("help opne", "opne", "open"),
        ("zzz", "zzz", ""),
        ("--host x", "--host", ""),
    ],
)
def test_an_unknown_command_suggests_the_nearest(line, name, near):
    with pytest.raises(ValidationError) as caught:
        dispatch(None, line, None, {})
    hint = f"; did you mean {near}?" if near else "."
    assert str(caught.value) == f"%cocalc has no command {name!r}{hint} {NO_COMMAND}"


ABOVE = "argument --timeout: must be a number of seconds above 0, not"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("open", "the following arguments are required: PROJECT:PATH."),
        ("open a b", "unexpected argument 'b'; quote what holds blanks."),
        ("open a:b --hight 5", "unknown option --hight; did you mean --height?"),
        ("open a:b --hei 5", "unknown option --hei; did you mean --height?"),
        ("open a:b --height", "argument --height: expected one argument."),
        (
            "open a:b --channel radio",
            "argument --channel: must be one of auto, messages, navigation, tab, not 'radio'.",
        ),
        ("open a:b --timeout soon", f"{ABOVE} 'soon'."),
        ("open a:b --timeout -3", f"{ABOVE} '-3'."),
        ("status --timeout 0", f"{ABOVE} '0'."),
        ("closeall --timeout=inf", f"{ABOVE} 'inf'."),
        ("cp a:b c --timeout nan", f"{ABOVE} 'nan'."),
        ("exec --timeout Lesson ls", f"{ABOVE} 'Lesson'."),
        ("open a:b --new=yes", "argument --new takes no value."),
        ("login --ask=secretvalue", "argument --ask takes no value."),
        ("cp a", "the following arguments are required: TARGETS."),
        ("cp", "the following arguments are required: SOURCE, TARGETS."),
        ("cp a b -x", "unknown option -x; a title that begins with a hyphen goes into quotes."),
        ("whoami -x", "unknown option -x."),
        ("projects a '-x'", "unexpected argument '-x'; quote what holds blanks."),
        ("cp a b --exclude", "argument --exclude: expected one argument."),
        ("cp a b --delete", "unknown option --delete; did you mean --delete-missing?"),
        ("copies a b", "unexpected argument 'b'; quote what holds blanks."),
        ("copies --to", "argument --to: expected one argument."),
        ("whoami me", "unexpected argument 'me'."),
        ("logout x", "unexpected argument 'x'."),
        ("projects a b", "unexpected argument 'b'; quote what holds blanks."),
        ("new-project", "the following arguments are required: TITLE."),
        ("new-project Linear algebra", "unexpected argument 'algebra'; quote what holds blanks."),
        ("exec Lesson", "the following arguments are required: COMMAND."),
        ("exec --timout 5 Lesson ls", "unknown option --timout; did you mean --timeout?"),
        ("cat", "the following arguments are required: PROJECT:PATH."),
        ("cat Lesson:week 1/a.md", "unexpected argument '1/a.md'; quote what holds blanks."),
        ("login --hots x", "unknown option --hots; did you mean --host?"),
        ("login --key-file", "argument --key-file: expected one argument."),
        ("new-account a@b.org", "the following arguments are required: FIRST-NAME, LAST-NAME."),
        ("doctor who", "unexpected argument 'who'."),
    ],
)
def test_a_line_that_means_nothing_says_why(line, message):
    with pytest.raises(ValidationError) as caught:
        dispatch(None, line, None, {})
    command = find(line.split()[0], cell=False)
    assert caught.value.message == f"{command.magic}: {message}"
    assert caught.value.remedy == f"Usage: {parser.usage(command)}"


def test_a_command_of_cells_is_no_command_of_lines():
    with pytest.raises(ValidationError) as caught:
        dispatch(None, "write a:b", None, {})
    told = "Write %%cocalc write ... and the text below it, in the same cell."
    assert str(caught.value) == f"write is a command of %%cocalc. {told}"
    with pytest.raises(ValidationError) as caught:
        dispatch(None, "cat a:b", "text", {})
    assert str(caught.value) == "cat is a command of %cocalc. Write %cocalc cat ... on one line."


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("login secretvalue", "login"),
        ("login --host a.org secretvalue", "login"),
        ("token a secretvalue", "token"),
        ("token secretvalue", "token"),
        ("new-account a@b.org A B secretvalue", "new-account"),
        ("--key=secretvalue", "login"),
    ],
)
def test_what_may_be_a_secret_is_not_repeated(line, asks):
    with pytest.raises(ValidationError) as caught:
        dispatch(None, line, None, {})
    assert "secretvalue" not in repr(caught.value)
    assert "ipython history clear" in caught.value.remedy
    assert caught.value.remedy.endswith(f"Then run %cocalc {asks} and type it when asked.")


@pytest.mark.parametrize(
    "line",
    [
        "login sk-abcdefghijklmnopqrstuv",
        "login sk_abcdefghijklmnop",
        "login --key=sk-abcdefghijklmnopqrstuv",
        "login --api-key hunter2hunter2",
        "login --password hunter2hunter2",
        "exec Lesson echo 'sk-abcdefghijklmnopqrstuv'",
        "whoami # sk-abcdefghijklmnopqrstuv",
        "login 'sk-abcdefghijklmnopqrstuv",
    ],
)
def test_a_secret_on_the_line_is_refused(line):
    with pytest.raises(ValidationError, match="history") as caught:
        dispatch(None, line, None, {})
    assert "abcdef" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('cp "-intro":a.md "-intro 2"', {"source": "-intro:a.md", "targets": ["-intro 2"]}),
        ("cp -- -intro:a.md --backup", {"source": "-intro:a.md", "targets": ["--backup"]}),
        ("cp a:b '--help'", {"source": "a:b", "targets": ["--help"]}),
        ("cp a:b {dashes} --backup", {"targets": ["-x", "--y"], "backup": True}),
        ("cp a:b c --exclude '-*.o'", {"exclude": ["-*.o"]}),
        ('exec "-intro" ls -la', {"project": "-intro", "command": ["ls", "-la"]}),
        ('exec "-intro" ls "-la"', {"project": "-intro", "command": ["ls", "-la"]}),
        ("exec Lesson ls -- -x", {"project": "Lesson", "command": ["ls", "--", "-x"]}),
        ("projects '-x'", {"text": "-x"}),
    ],
)
def test_what_is_quoted_is_no_option(line, expected):
    words = expand(scan(line), {"dashes": ["-x", "--y"]})
    args = vars(parser.parse(find(words[0], cell=False), words[1:]))
    assert {name: args[name] for name in expected} == expected


def test_a_quoted_value_that_does_not_fit_is_told_as_it_was_typed():
    for line, told in (("status --timeout '-5'", "'-5'"), ("open a:b --channel '-x'", "'-x'")):
        with pytest.raises(ValidationError, match=f"not {told}"):
            parse(line)


@pytest.mark.parametrize(
    ("line", "hint"),
    [("Calculus", None), ("statsu", "status"), ("clos", "closeall"), ("proj", "projects"),
     ("opne x:y", "open"), ("Student", None), ("ls", None), ("Calculus:week1.ipynb", None)],
)  # fmt: skip
def test_what_is_no_command_is_not_guessed_at(line, hint):
    with pytest.raises(ValidationError) as caught:
        dispatch(None, line, None, {})
    told = str(caught.value)
    assert (f"did you mean {hint}?" in told) if hint else ("did you mean" not in told)
    assert ("%cocalc open PROJECT:PATH" in told) == (":week1" in line)


def test_names_that_only_begin_like_keys_are_none():
    args = parse("open sk-learn-course-2024-autumn:sk_learn.ipynb")
    assert args["address"] == "sk-learn-course-2024-autumn:sk_learn.ipynb"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_helps(command, capsys):
    words = [command.name, "--help"]
    assert dispatch(None, " ".join(words), "x" if command.cell else None, {}) is None
    text = capsys.readouterr().out
    assert text == command_help(command) + "\n"
    assert text.startswith(command.magic)
    for param in command.params:
        assert param.help.split()[0] in text
        assert all(flag in text for flag in param.flags)
    assert max(len(line) for line in text.splitlines()) <= 120


@pytest.mark.parametrize("line", ["", "--help", "-h", "help", "help help", "help -h", "# comment"])
def test_cocalc_alone_lists_the_commands(line, capsys):
    assert dispatch(None, line, None, {}) is None
    text = capsys.readouterr().out
    assert text == overview(COMMANDS) + "\n"
    assert all(command.name in text and command.summary[:20] in text for command in COMMANDS)


def test_help_can_be_asked_for_in_both_orders(capsys):
    assert dispatch(None, "help cp", None, {}) is None
    first = capsys.readouterr().out
    assert dispatch(None, "cp a b -h", None, {}) is None
    assert capsys.readouterr().out == first


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_examples_in_the_help_parse(command):
    for example in command.examples:
        if "cocalc " not in example.partition("(")[0]:
            continue  # Python around the magic
        line = example.partition("cocalc ")[2]
        names = {"student_projects": ["A", "B"]}
        words = expand(scan(line), names)
        assert words[0] == command.name
        assert parser.parse(command, words[1:]) is not None


def test_there_are_these_commands_and_no_others():
    cells = {command.name for command in COMMANDS if command.cell}
    lines = [command.name for command in COMMANDS if not command.cell]
    assert cells == {"write"}
    expected = {
        *("login", "logout", "whoami", "projects", "new-project", "new-account", "doctor"),
        *("open", "closeall", "status", "cp", "copies", "token", "exec", "cat"),
    }
    assert set(lines) == expected
    assert len(lines) == len(expected)


def test_the_reference_table_has_every_command():
    rows = reference(COMMANDS).splitlines()[2:]
    assert len(rows) == len(COMMANDS)
    for row, command in zip(rows, COMMANDS, strict=True):
        assert row.startswith(f"| `{command.magic}")
