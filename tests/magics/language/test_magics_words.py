"""Lines: quotes, comments, Windows paths, `$name` and `{expression}`."""

import pytest

from cocalc_widget.errors import ValidationError
from cocalc_widget.magics.language.expansion import expand
from cocalc_widget.magics.language.splitter import scan
from cocalc_widget.redact import Secret


class Project:
    project_id = "11111111-2222-4333-8444-555555555555"

    def __repr__(self):
        return "Project(...)"


NAMES = {
    "title": "My course",
    "number": 7,
    "table": {"a b": "c:d", "rows": [1, 2, 3]},
    "targets": ["one", "two words"],
    "project": Project(),
    "nothing": None,
    "key": Secret("sk-abcdefghijklmnopqrstuv"),
    "quoted": 'say "hi"',
}


def words(line):
    return [str(word) for word in expand(scan(line), NAMES)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("   \t ", []),
        ("open Lesson:lesson.md", ["open", "Lesson:lesson.md"]),
        ('open "My course:week 1/a.md"', ["open", "My course:week 1/a.md"]),
        ("open 'My course:week 1/a.md'", ["open", "My course:week 1/a.md"]),
        ('open "My course":"week 1.md"', ["open", "My course:week 1.md"]),
        ("open Übung:größe.md", ["open", "Übung:größe.md"]),
        ("a ''", ["a", ""]),
        ('a ""', ["a", ""]),
        ("it\\'s", ["it's"]),
        ('"it\'s"', ["it's"]),
        ("'say \"hi\"'", ['say "hi"']),
        ('"say \\"hi\\""', ['say "hi"']),
        ("week\\ 1.md next", ["week 1.md", "next"]),
        # comments
        ("whoami # who is it", ["whoami"]),
        ("# nothing", []),
        ("open a:b#c.md", ["open", "a:b#c.md"]),
        ("open 'a:#c.md' \"#d\"", ["open", "a:#c.md", "#d"]),
        ("open \\#c", ["open", "#c"]),
        # Windows paths
        (r"--key-file C:\keys\api.key", ["--key-file", r"C:\keys\api.key"]),
        (r"--key-file=C:\keys\ next", ["--key-file=C:\\keys\\", "next"]),
        (r'"C:\my keys\api.key"', [r"C:\my keys\api.key"]),
        (r"'C:\my keys\api.key'", [r"C:\my keys\api.key"]),
        (r'"C:\my keys\" x', ["C:\\my keys\\", "x"]),
        (r'--key-file="C:\my keys\{number}.key"', [r"--key-file=C:\my keys\7.key"]),
        (r"\\server\share\x y", [r"\\server\share\x", "y"]),
        (r"dir\name", [r"dir\name"]),
        (r"dir\\name", [r"dir\\name"]),
        ("end\\", ["end\\"]),
        # expansion
        ("$title:x", ["My course:x"]),
        ('"$title"', ["My course"]),
        ("'$title {number}'", ["$title {number}"]),
        ("x$number.md", ["x7.md"]),
        ("{title}:a.md", ["My course:a.md"]),
        ("{quoted}", ['say "hi"']),
        ("{table['a b']}", ["c:d"]),
        ('{table["a b"]} z', ["c:d", "z"]),
        ("\"{table['a b']}\"", ["c:d"]),
        ("{table['rows'][1:]}", ["2", "3"]),
        ("{number:03d}.md", ["007.md"]),
        ("{title!r}", ["'My course'"]),
        ("{ {'k': 'v'}['k'] }", ["v"]),
        ("{'}'}", ["}"]),
        ("{title.upper()}", ["MY COURSE"]),
        ("{[t.upper() for t in targets]}", ["ONE", "TWO WORDS"]),
        ("cp a $targets b", ["cp", "a", "one", "two words", "b"]),
        ("cp {targets}", ["cp", "one", "two words"]),
        ("cp {[]}", ["cp"]),
        ("$project:a.md", ["11111111-2222-4333-8444-555555555555:a.md"]),
        ("$$title {{x}} \\$title \\{x\\}", ["$title", "{x}", "$title", "{x}"]),
        ('"\\$title" x"', None),
        ("$ 5$ $1", ["$", "5$", "$1"]),
        ("a } b", ["a", "}", "b"]),
    ],
)
def test_a_line_becomes_words(line, expected):
    if expected is None:
        with pytest.raises(ValidationError, match="not closed"):
            words(line)
    else:
        assert words(line) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("open 'a", "quote ' of \"'a\" is not closed"),
        ('open "a b', "quote \" of '\"a b' is not closed"),
        ("open {a", "brace { of '{a' is not closed"),
        (
            "open $missing",
            "$missing: the name 'missing' is not defined. Define it first; $$ stands",
        ),
        ("open {missing}", "name 'missing' is not defined. Define it first; {{ and }} stand for"),
        ("open {1/0}", "{1/0}: ZeroDivisionError: division by zero. Mend it; {{ and }} stand for"),
        ("open {a b}", "not a Python expression"),
        ("open {}", "not a Python expression"),
        ("open $nothing", "nothing is None"),
        ("open {table}", "table is a dict"),
        ("open x{targets}", "targets is a list"),
        ('open "$targets"', "targets is a list"),
        ("login $key", "key holds a secret"),
        ("login {targets + [key]}", "holds a secret"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(line, message):
    with pytest.raises(ValidationError) as caught:
        words(line)
    assert message in str(caught.value)
    assert "abcdefghijklmnopqrstuv" not in str(caught.value)


def test_words_know_what_was_quoted():
    marks = [(str(w), w.quoted) for w in expand(scan("ls *.md 'a b' $title x{number}"), NAMES)]
    assert marks == [
        ("ls", False),
        ("*.md", False),
        ("a b", True),
        ("My course", True),
        ("x7", True),
    ]


@pytest.mark.parametrize(
    ("line", "text", "quote"),
    [("open 'My co", "My co", "'"), ('open "My co', "My co", '"'), ("open {a", "{a}", "")],
)
def test_a_line_being_typed_is_no_error(line, text, quote):
    last = scan(line, partial=True)[-1]
    assert (last.text(), last.quote) == (text, quote)
    assert last.start == 5
