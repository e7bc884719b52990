"""The parser tree: what each line means, and what is said of a line that means nothing."""

import pytest

from cocalc_widget.errors import ValidationError
from cocalc_widget.magics import parser
from cocalc_widget.magics.dispatch import dispatch, find
from cocalc_widget.magics.expand import expand
from cocalc_widget.magics.help import command_help, overview, reference
from cocalc_widget.magics.tree import COMMANDS
from cocalc_widget.magics.words import scan

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
        ("copies", {"source": None, "to": None, "id": None, "wait": False}),
        ("copies a --to b", {"source": "a", "to": "b", "id": None, "wait": False}),
        ("copies --wait", {"source": None, "to": None, "id": None, "wait": True}),
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
    ],
)
def test_a_line_means(line, expected):
    assert parse(line) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("opne a:b", "%cocalc has no command 'opne'; did you mean open?"),
        ("copy a b", "no command 'copy'"),
        ("stats", "did you mean status?"),
        ("new_project x", "did you mean new-project?"),
        ("zzz", "%cocalc has no command 'zzz'. %cocalc --help lists the commands."),
        ("write a:b", "write is a command of %%cocalc"),
        ("open", "%cocalc open: the following arguments are required: PROJECT:PATH"),
        ("open a b", "%cocalc open: unexpected argument 'b'"),
        ("open a:b --hight 5", "unknown option --hight; did you mean --height?"),
        ("open a:b --hei 5", "unknown option --hei; did you mean --height?"),
        ("open a:b --height", "expected one argument"),
        ("open a:b --channel radio", "invalid choice: 'radio'"),
        ("open a:b --timeout soon", "invalid float value: 'soon'"),
        ("open a:b --new=yes", "ignored explicit argument 'yes'"),
        ("cp a", "required: TARGETS"),
        ("cp a b -x", "unknown option -x"),
        ("whoami me", "unexpected argument 'me'"),
        ("exec", "required: PROJECT"),
        ("login --hots x", "unknown option --hots; did you mean --host?"),
        ("login secretvalue", "%cocalc login asks for what is secret"),
        ("token a b", "%cocalc token asks for what is secret"),
        ("new-account a@b.org", "required: FIRST-NAME, LAST-NAME"),
        ("new-account a@b.org A B secretvalue", "%cocalc new-account asks for what is secret"),
        ("doctor who", "unexpected argument 'who'"),
        ("docter", "did you mean doctor?"),
    ],
)
def test_a_line_that_means_nothing_says_why(line, message):
    with pytest.raises(ValidationError) as caught:
        parse(line)
    assert message in str(caught.value)
    assert "secretvalue" not in str(caught.value)


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


@pytest.mark.parametrize("line", ["", "--help", "-h", "help", "# comment"])
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


def test_the_reference_table_has_every_command():
    rows = reference(COMMANDS).splitlines()[2:]
    assert len(rows) == len(COMMANDS)
    for row, command in zip(rows, COMMANDS, strict=True):
        assert row.startswith(f"| `{command.magic}")
