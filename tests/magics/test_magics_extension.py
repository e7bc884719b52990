"""Loading, unloading, and what a shell sees of the magic."""

import os
import subprocess
import sys
import unicodedata

import pytest
from IPython.core.error import UsageError

from cocalc_widget.api import Project
from cocalc_widget.errors import ValidationError
from cocalc_widget.magics.dispatch import COMMANDS
from cocalc_widget.magics.language.completer import candidates


def test_load_and_unload(cells):
    before = list(cells.shell.Completer.matchers)
    cells("%load_ext cocalc_widget")
    cells("%load_ext cocalc_widget")
    for kind in ("line", "cell"):
        assert "cocalc" in cells.shell.magics_manager.magics[kind]
    assert len(cells.shell.Completer.matchers) == len(before) + 1
    cells("%reload_ext cocalc_widget")
    assert len(cells.shell.Completer.matchers) == len(before) + 1
    cells("%unload_ext cocalc_widget")
    for kind in ("line", "cell"):
        assert "cocalc" not in cells.shell.magics_manager.magics[kind]
    assert cells.shell.Completer.matchers == before
    with pytest.raises(UsageError):
        cells("%cocalc --help")


TWO_SHELLS = """
from IPython.core.interactiveshell import InteractiveShell
from cocalc_widget.magics.extension import _EXTENSIONS
one, two = InteractiveShell.instance(), InteractiveShell()
for shell in (one, two):
    shell.extension_manager.load_extension("cocalc_widget")
assert _EXTENSIONS[one].session is not _EXTENSIONS[two].session
two.extension_manager.unload_extension("cocalc_widget")
assert two.find_line_magic("cocalc") is None
assert one.find_line_magic("cocalc") is not None
one.run_cell("%cocalc help cat").raise_error()
assert one.Completer.complete(line_buffer="%cocalc clo", cursor_pos=11)[1] == ["closeall"]
assert "closeall" not in two.Completer.complete(line_buffer="%cocalc clo", cursor_pos=11)[1]
one.extension_manager.unload_extension("cocalc_widget")
assert not _EXTENSIONS
one.Completer = None  # a front end may have a completer of its own, or none
one.extension_manager.load_extension("cocalc_widget")
one.run_cell("%cocalc help cat").raise_error()
one.extension_manager.unload_extension("cocalc_widget")
"""


def test_two_shells_and_one_without_our_completion(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", TWO_SHELLS],
        env={**os.environ, "IPYTHONDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("%cocalc cat PROJECT:PATH") == 2


LOAD = """
import sys
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance().run_line_magic("load_ext", "cocalc_widget")
print(*{"requests", "anywidget", "ipywidgets", "tornado", "tqdm", "cocalc_widget.api",
        "cocalc_widget.frame", "cocalc_widget.magics.dispatch"} & set(sys.modules))
"""


def test_loading_the_extension_loads_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-c", LOAD], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == []


def test_help_is_printed_once_and_is_no_result(magic, capsys):
    assert magic("%cocalc --help") is None
    out = capsys.readouterr().out
    assert out.count("%cocalc COMMAND [ARGUMENTS]") == 1
    magic("x = %cocalc open --help")
    assert magic["x"] is None
    assert capsys.readouterr().out.count("%cocalc open [--new]") == 1


def test_an_error_is_one_line_and_tb_shows_all(magic, capsys):
    with pytest.raises(ValidationError):
        magic("%cocalc opne a:b")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines == [
        (
            "ValidationError: %cocalc has no command 'opne'; did you mean open? "
            "%cocalc --help lists the commands."
        )
    ]
    magic("%tb")
    assert "Traceback" in capsys.readouterr().out


def test_names_come_from_where_the_line_stands(magic):
    magic("title = 'outer'")
    with pytest.raises(ValidationError, match="'inner'"):
        magic("def f(title):\n    get_ipython().run_line_magic('cocalc', '$title')\nf('inner')")
    with pytest.raises(ValidationError, match="'outer'"):
        magic("%cocalc $title")
    with pytest.raises(ValidationError, match=r"\$nowhere: the name 'nowhere' is not defined"):
        magic("%cocalc open $nowhere")


def test_a_cell_magic_is_pointed_out(magic):
    with pytest.raises(ValidationError, match="%%cocalc write"):
        magic("%cocalc write a:b")
    with pytest.raises(ValidationError, match="open is a command of %cocalc"):
        magic("%%cocalc open a:b\ntext")


@pytest.mark.parametrize(
    ("text", "expected", "replaced"),
    [
        ("%cocalc op", ["open"], {"op"}),
        ("x = %cocalc clo", ["closeall"], {"clo"}),
        ("import os\nx = 1\n%cocalc who", ["whoami"], {"who"}),
        ("d['a = b'] = %cocalc who", ["whoami"], {"who"}),
        ('a, b["c"].d=%cocalc who', ["whoami"], {"who"}),
        ("who: object = %cocalc who", ["whoami"], {"who"}),
        ("%cocalc help cop", ["copies"], {"cop"}),
        ("%cocalc help wr", ["write"], {"wr"}),
        ("%cocalc --", ["--help"], {"--"}),
        ("%cocalc open --channel=nav", ["navigation"], {"nav"}),
        ("%cocalc login --ho", ["--host"], {"--ho"}),
        ("%cocalc open a:b --n", ["--new", "--no-wait"], {"--n"}),
        ("%cocalc open --new a:b --n", ["--no-wait"], {"--n"}),
        ("%%cocalc w", ["write"], {"w"}),
    ],
)
def test_completion(magic, text, expected, replaced):
    texts, fragments = magic.complete(text)
    assert texts == expected
    assert fragments == replaced


def test_completion_of_all_commands(magic):
    texts, fragments = magic.complete("%cocalc ")
    assert {"login", "open", "status", "cp", "token"} <= set(texts)
    assert "write" not in texts
    assert fragments == {""}


@pytest.mark.parametrize("text", ["%cocalc zzz ", "%cocalc whoami ", "%cocalc open 'a b"])
def test_nothing_of_ours_where_nothing_fits(magic, text):
    assert not {"login", "--host"} & set(magic.complete(text)[0])


def test_completion_leaves_other_lines_alone(magic):
    magic["cocalc_thing"] = 1
    assert "cocalc_thing" in magic.complete("cocalc_th")[0]
    assert "closeall" not in magic.complete("cocalc clo")[0]
    for line in ("x == %cocalc clo", "'%cocalc clo", "# %cocalc clo", "f('a=%cocalc clo"):
        assert "closeall" not in magic.complete(line)[0], line


DECOMPOSED = unicodedata.normalize("NFD", "größe")  # as a Mac writes it


def ids(number):
    return f"{number}{number}b3c4d5-0000-4000-8000-00000000000{number}"


class Known:
    def projects(self):
        titles = [
            "Lesson",
            "My course",
            "It's",
            "Cost $5",
            "Both '\"",
            "Other",
            "With: colon",
            DECOMPOSED,
            "Line\nend",
        ]
        found = [Project(ids(number), title) for number, title in enumerate(titles)]
        odd = ("Blanks ", "-intro", "   ")
        return found + [Project(f"x{ids(n)[1:]}", title) for n, title in enumerate(odd)]

    def entries(self, project, folder):
        known = ("Lesson", "My course", "11b3", "With: colon", "Cost $5", "Blanks ", "-intro")
        if project not in known:
            return []
        return {
            "": [
                *("Week 1/", "a.md", "cost $.md", "it's.md", "plain/", ".hidden", "both'\".md"),
                f"{DECOMPOSED}.md",
            ],
            "plain/": ["b.md", "größe 2.md"],
            "Week 1/": ["sub/", "x.md"],
        }.get(folder, [])


@pytest.mark.parametrize(
    ("rest", "fragment", "texts"),
    [
        ("open M", "M", ['"My course":']),
        ('open "My ', '"My ', ['"My course:']),
        ("open 'my c", "'my c", ["'My course:"]),
        ("open my\\ c", "my\\ c", ['"My course":']),
        ("open It", "It", ['"It\'s":']),
        ("open 'It", "'It", [f"'{ids(2)}:"]),
        ("open Both", "Both", [f"{ids(4)}:"]),
        ("open Line", "Line", [f"{ids(8)}:"]),
        ("open Blank", "Blank", ['"Blanks ":']),
        ('open "Blanks ":a', '"Blanks ":a', ['"Blanks ":a.md']),
        ("open 'Blanks :a", "'Blanks :a", ["'Blanks :a.md'"]),
        ("open -i", "-i", ['"-intro":']),
        (
            "open -",
            "-",
            [
                "--channel",
                "--height",
                "--help",
                "--new",
                "--no-wait",
                "--tab",
                "--timeout",
                "-h",
                '"-intro":',
            ],
        ),
        ("open '-i", "'-i", ["'-intro:"]),
        ("open '-intro:a", "'-intro:a", ["'-intro:a.md'"]),
        ('cp "-intro":a.md Le', "Le", ["Lesson:"]),
        ("cp -- -intro:a.md Le", "Le", ["Lesson:"]),
        ("open -- --n", "--n", ["--n"]),
        ("cp --timeout 5 -- -intro:a.md Le", "Le", ["Lesson:"]),
        ("cp --backup -- Le", "Le", ["Lesson:"]),
        ("open Cost", "Cost", ["'Cost $5':"]),
        ("cp Lesson:a.md Le", "Le", ["Lesson:"]),
        ("cp Lesson:a.md X Le", "Le", ["Lesson:"]),
        ("cp Lesson:a.md --exclude Le", "Le", []),
        ("copies --to Le", "Le", ["Lesson"]),
        ("exec Le", "Le", ["Lesson"]),
        ("open a:b --channel ", "", ["auto", "messages", "navigation", "tab"]),
        ("open a:b --channel N", "N", ["navigation"]),
        ("exec Lesson --ti", "--ti", []),
        ("exec --ti", "--ti", ["--timeout"]),
        ("open Lesson:Le", "Lesson:Le", ["Lesson:Le"]),
        ("open 11", "11", ["11b3c4d5-0000-4000-8000-000000000001:"]),
        ("copies --to 11B3", "11B3", ["11b3c4d5-0000-4000-8000-000000000001"]),
        ("open With", "With", ['"With: colon":']),
        ("open 'With: c", "'With: c", ["'With: colon:"]),
        ("open With:", "With:", ['"With: colon":']),
        ("open 'With: colon:a", "'With: colon:a", ["'With: colon:a.md'"]),
        ("open 'With: colon':a", "'With: colon':a", ["'With: colon':a.md"]),
        ('open "With: colon:Week 1/x', '"With: colon:Week 1/x', ['"With: colon:Week 1/x.md"']),
        ("open 'Cost $5':a", "'Cost $5':a", ["'Cost $5':a.md"]),
        ("open 'Cost $", "'Cost $", ["'Cost $5:"]),
        ("open $", "$", []),
        ("open grö", "grö", [f"{DECOMPOSED}:"]),
        ("open Lesson:GRÖ", "Lesson:GRÖ", [f"Lesson:{DECOMPOSED}.md"]),
        ("copies --to=Le", "Le", ["Lesson"]),
        ('copies --to="My', '"My', ['"My course']),
        ("login --host=Le", "Le", []),
        ("open --new=Le", "--new=Le", []),
        ("copies --to With", "With", ['"With: colon"']),
        ("open Lesson:a", "Lesson:a", ["Lesson:a.md"]),
        ("cat 11b3:a", "11b3:a", ["11b3:a.md"]),
        ("cp Lesson:a.md Lesson:A", "Lesson:A", ["Lesson:a.md"]),
        ("open Lesson:plain/", "Lesson:plain/", ["Lesson:plain/b.md", 'Lesson:"plain/größe 2.md"']),
        ("open Lesson:w", "Lesson:w", ['Lesson:"Week 1/']),
        (
            'open Lesson:"Week 1/',
            'Lesson:"Week 1/',
            ['Lesson:"Week 1/sub/', 'Lesson:"Week 1/x.md"'],
        ),
        ("open 'Lesson:Week 1/x", "'Lesson:Week 1/x", ["'Lesson:Week 1/x.md'"]),
        ('open "My course":w', '"My course":w', ['"My course":"Week 1/']),
        ('open "My course:a', '"My course:a', ['"My course:a.md"']),
        ("open My\\ course:a", "My\\ course:a", ["My\\ course:a.md"]),
        ("open Lesson:cost", "Lesson:cost", ["Lesson:'cost $.md'"]),
        ('open "Lesson:cost', '"Lesson:cost', ['"Lesson:cost']),
        ("open Lesson:it", "Lesson:it", ['Lesson:"it\'s.md"']),
        ("open Lesson:both", "Lesson:both", ["Lesson:both"]),
        ("open Lesson:.", "Lesson:.", ["Lesson:.hidden"]),
        ("open Lesson:nowhere/", "Lesson:nowhere/", ["Lesson:nowhere/"]),
        ("projects Lesson:a", "Lesson:a", []),
        ("open $les", "$les", []),
        ("open {les", "{les", []),
        ("open Lesson:$na", "Lesson:$na", []),
        ("whoami # who", "", []),
        ("# who", "", []),
        ("nonsense --h", "--h", []),
    ],
)
def test_what_may_stand_at_the_cursor(rest, fragment, texts):
    assert candidates(rest, COMMANDS, Known()) == (fragment, texts)
