"""The runner of small faults: what it takes for a fault, and its list of those that are none."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutate import python
from tests.mutate.areas import AREAS, LISTED, ROOT
from tests.mutate.reviewed import Reviewed, reviewed

CODE = '''"""A module."""

LIMIT = 30


def f(a, b=1):
    """It says `a`."""
    if a < b and not b:
        raise ValueError("no such thing")
    g(a, b)
    return a + b
'''


def changed(text: str) -> set[tuple[str, str]]:
    return {(it.old, it.new) for it in python.mutants(text, "x.py")}


def test_each_fault_changes_one_thing() -> None:
    test, header = "if a < b and (not b):", "def f(a, b=1):"
    assert changed(CODE) == {
        ("LIMIT = 30", "LIMIT = 0"),
        ("LIMIT = 30", "LIMIT = 3000"),
        (header, "def f(a, b=0):"),
        (header, "def f(a, b=2):"),
        *((test, new) for new in (
            "if True:", "if False:", "if a < b or not b:", "if a < b:", "if not b:",
            "if a <= b and (not b):", "if a >= b and (not b):", "if a < b and b:",
        )),
        ("raise ValueError('no such thing')", "pass"),
        ("g(a, b)", "pass"),
        ("g(a, b)", "g(b, a)"),
        ("return a + b", "return None"),
        ("return a + b", "return a - b"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        '"""Words."""',
        "x: int",
        "import os",
        "def f(x: 'int' = None) -> 'str': ...",
        "T = TypeVar('T', bound='X')",
        "Name = Literal['a', 'b']",
        "__all__ = ['f']",
        "if TYPE_CHECKING:\n    x = 1",
        "_log.warning('%s and %s', a, b)",
        "words = 'a sentence'",
        "words = f'{1 + 1}'",
        "x = min(a, b)",
    ],
)
def test_words_and_types_have_no_faults(text: str) -> None:
    assert changed(text) == set()


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("for x in y:\n    break", {("break", "continue")}),
        ("x.y = z", {("x.y = z", "pass")}),
        ("x += y", {("x += y", "pass")}),
        ("x == 'name'", {("x == 'name'", "x != 'name'"), ("x == 'name'", "x == 'name~'"),
                         ("x == 'name'", "pass")}),
        ("x = y if z else w", {("x = y if z else w", "x = y if True else w"),
                               ("x = y if z else w", "x = y if False else w")}),
        ("x = [a for a in b if c]", {("x = [a for a in b if c]", "x = [a for a in b if True]"),
                                     ("x = [a for a in b if c]", "x = [a for a in b if False]")}),
        ("x = True", {("x = True", "x = False")}),
        ("x = -y", {("x = -y", "x = y")}),
    ],
)  # fmt: skip
def test_further_faults(text: str, faults: set[tuple[str, str]]) -> None:
    assert changed(text) == faults


def test_what_is_swallowed_may_be_raised() -> None:
    assert ("except E: pass", "except E: raise") in changed("try:\n    x\nexcept E:\n    pass")
    swallowed = changed("try:\n    x\nexcept E:\n    y()\n    raise")
    assert not any(old.startswith("except") for old, _new in swallowed)


def test_every_fault_can_be_made_again_by_its_number() -> None:
    for fault in python.mutants(CODE, "x.py"):
        tree = python.mutated(CODE, fault.number)
        compile(tree, "x.py", "exec")
        assert ast.dump(tree) != ast.dump(ast.parse(CODE))
    with pytest.raises(LookupError):
        python.mutated(CODE, 1000)


def test_a_fault_is_met_where_its_statement_is_reached() -> None:
    lines = {it.old: it.lines for it in python.mutants(CODE, "x.py")}
    assert lines["LIMIT = 30"] == range(0), "whoever uses the module"
    assert lines["def f(a, b=1):"] == range(7, 12), "whoever calls it"
    assert lines["if a < b and (not b):"] == range(8, 9)
    assert lines["return a + b"] == range(11, 12)


@pytest.mark.parametrize("name", AREAS)
def test_every_area_is_where_the_table_says(name: str) -> None:
    area = AREAS[name]
    assert area.files()
    assert area.test_files()
    if not area.script:
        for path in area.files():
            assert python.mutants(path.read_text("utf-8"), str(path.relative_to(ROOT)))


def entry(old: str, new: str = "") -> Reviewed:
    return Reviewed("x.py", old, new, "because")


def test_an_entry_of_the_list_is_about_its_fault_alone() -> None:
    old, new = "f(a,\n  1, 1)", "f(a,\n  1, 2)"
    assert entry("1, 1", "1, 2").is_about("x.py", old, new)
    assert entry("1", "2").is_about("x.py", old, new), "one of the two"
    assert entry("f(a, 1").is_about("x.py", old, new), "whatever it becomes"
    assert not entry("1", "3").is_about("x.py", old, new)
    assert not entry("1", "2").is_about("y.py", old, new)
    assert not entry("2", "1").is_about("x.py", old, new)


def test_an_entry_of_the_list_has_a_reason(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("# words\n\nx.py\n- a\n+ b\n  because it is\n  so\n")
    assert reviewed(listed) == [Reviewed("x.py", "a", "b", "because it is so")]
    for bad in ("x.py\n- a\n+ b\n", "x.py\nbecause\n"):
        listed.write_text(bad)
        with pytest.raises(ValueError, match="no statement, or no reason"):
            reviewed(listed)


def test_the_list_is_about_faults_that_there_are() -> None:
    texts: dict[str, list[python.Mutant]] = {}
    for it in reviewed(LISTED):
        if it.path.endswith(".py"):
            text = (ROOT / it.path).read_text("utf-8")
            faults = texts.setdefault(it.path, python.mutants(text, it.path))
            assert any(it.is_about(f.path, f.old, f.new) for f in faults), it
        else:
            text = " ".join((ROOT / it.path).read_text("utf-8").split())
            assert it.old in text, it
