"""The house: floors with a dozen rooms at most, imports that run down, and no circles."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cocalc_widget

ROOT = Path(cocalc_widget.__file__).parent
NAME = "cocalc_widget"
SCRIPTS = sorted((ROOT.parent / "js").glob("*.ts"))
# a lesson's files are content
FILES = sorted(m for m in ROOT.rglob("*.py") if "content" not in m.parts)
ROOMS = 13  # on a floor: some dozen; more want a word here, or a floor of their own
MORE: dict[str, int] = {}

# Floors, and the single rooms that lie between them, each with what it may use (itself apart).
# A room belongs to the longest name here that it begins with.
BASE = {"forking", "redact", "errors", "address"}
API = {"api.http", "api.results", "api.dialects", "api.copying", "api"}
FRAME = {"frame.kernel", "frame.messages", "frame.channel", "frame.session", "frame"}
SHOP = {"magics.language", "magics.session", "magics.commands", "magics.doctor"}
APIS = {"local.state", "local.services", "local.http"}
USES: dict[str, set[str]] = {
    "_version": set(),
    "nodelay": set(),
    "forking": set(),
    "redact": set(),
    "errors": {"redact"},
    "address": {"errors"},
    "extras": {"errors"},
    "config": BASE,
    "api.http": BASE | {"_version"},
    "api.results": BASE,
    "api.dialects": BASE | {"api.http", "api.results"},
    "api.copying": BASE | {"api.http", "api.results", "api.dialects"},
    "api": BASE | API | {"config"},
    "frame.kernel": BASE,
    "frame.messages": BASE | {"frame.kernel"},
    "frame.channel": BASE | {"api", "frame.kernel", "frame.messages"},
    "frame.session": BASE | {"api", "frame.kernel", "frame.messages", "frame.channel"},
    # which project a title means is known to `api.results`, for who only has the words of it
    "frame": BASE | FRAME | {"config", "api", "api.results"},
    "magics.language": BASE | {"api", "api.results"},
    "magics.session": BASE | {"config", "api", "frame", "magics.language"},
    "magics.commands": BASE | {"config", "api", "api.copying", "api.results", "frame",
                               "magics.language", "magics.session"},
    "magics.doctor": BASE | API | FRAME | {"_version", "config", "magics.language",
                                           "magics.session"},
    "magics": BASE | SHOP,
    "local.state": BASE | {"extras"},
    "local.services": BASE | {"local.state"},
    "local.http": BASE | {"local.state", "local.services"},
    "local.v1": BASE | APIS,
    "local.v2": BASE | APIS,
    "local.conat": BASE | APIS,
    "local.pages": BASE | APIS,
    "local": BASE | APIS | {"extras", "local.v1", "local.v2", "local.conat", "local.pages"},
    "demo.jupyter": BASE | {"extras", "local"},
    "demo": BASE | {"extras", "local", "demo.jupyter", "_version"},
    "": {"_version", "errors", "api", "frame", "local", "magics"},
}  # fmt: skip


def name_of(file: Path) -> str:
    """`api.http.timeouts`; a package has its own name, the package of all has none."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(file): file for file in FILES}
PACKAGES = {name for name, file in NAMES.items() if file.name == "__init__.py"}


def floor_of(name: str) -> str:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if (head := ".".join(parts[:length])) in USES:
            return head
    return ""


def imported(name: str) -> Iterator[str]:
    """The rooms that a room imports, for types too: from a package, those that it names."""
    package = [NAME, *name.split(".")] if name in PACKAGES else [NAME, *name.split(".")[:-1]]
    package = [part for part in package if part]
    for node in ast.walk(ast.parse(NAMES[name].read_text("utf-8"))):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            home = ".".join([*base, *([node.module] if node.module else [])])
            found = [f"{home}.{alias.name}" for alias in node.names]
        for each in found:
            if each != NAME and not each.startswith(NAME + "."):
                continue
            inside = each[len(NAME) + 1 :]
            while inside not in NAMES:
                inside = inside.rpartition(".")[0]
            if inside != name:
                yield inside


USED = {name: set(imported(name)) for name in NAMES}


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Whatever can be reached from itself, by taking away what can't."""
    left = {name: set(others) for name, others in arrows.items()}
    while True:
        ends = {name for name, others in left.items() if not others & set(left)}
        if not ends:
            return [sorted(left)] if left else []
        left = {name: others for name, others in left.items() if name not in ends}


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name or NAME)
def test_a_room_owns_one_thing_and_looks_only_down(name: str) -> None:
    text = NAMES[name].read_text("utf-8")
    assert (ast.get_docstring(ast.parse(text)) or "").startswith("Owns "), "say what it owns"
    here = floor_of(name)
    assert {floor_of(other) for other in USED[name]} - {here} <= USES[here]


def test_no_circle_of_rooms() -> None:
    assert circles(USED) == []


def test_no_circle_of_floors() -> None:
    assert circles({floor: others - {floor} for floor, others in USES.items()}) == []
    floors = {floor: set() for floor in USES}
    for name, others in USED.items():
        floors[floor_of(name)] |= {floor_of(other) for other in others} - {floor_of(name)}
    assert circles(floors) == []


def test_a_circle_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == [["a", "b", "c"]]
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize("package", sorted(PACKAGES), ids=lambda name: name or NAME)
def test_a_floor_has_a_dozen_rooms(package: str) -> None:
    rooms = [
        name
        for name in NAMES
        if name and name not in PACKAGES and name.rpartition(".")[0] == package
    ]
    assert len(rooms) <= MORE.get(package, ROOMS), rooms


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.name)
def test_a_script_owns_one_thing(script: Path) -> None:
    lines = script.read_text("utf-8").splitlines()
    assert lines[0].startswith("// Owns "), "say what it owns"


@pytest.mark.parametrize(
    ("name", "heavy"),
    [
        ("cocalc_widget", {"requests", "ipywidgets", "anywidget", "tornado", "IPython"}),
        ("cocalc_widget.errors", {"requests", "ipywidgets", "IPython"}),
        ("cocalc_widget.api", {"ipywidgets", "anywidget", "IPython", "tornado", "tqdm"}),
        ("cocalc_widget.frame", {"requests", "tornado"}),
        ("cocalc_widget.magics", {"requests", "ipywidgets", "anywidget", "tornado"}),
        ("cocalc_widget.local", {"requests", "ipywidgets", "anywidget", "IPython"}),
    ],
)
def test_what_is_heavy_is_loaded_on_first_use(name: str, heavy: set[str]) -> None:
    code = f"import sys, {name}; print(*sorted(set({sorted(heavy)!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []


def test_locks_survive_a_fork() -> None:
    """A bare one that another thread holds at that moment would hang the child."""
    bare = {
        name
        for name, file in NAMES.items()
        for word in ("Lock()", "RLock()", "Condition()", "Semaphore(")
        if f"threading.{word}" in file.read_text("utf-8")
    }
    # the lock of one call of `workers.run` lives on the stack, the keeper of deadlines is made
    # anew as a whole, and a stand-in stays with its process
    known = {"api.copying.workers", "frame.kernel.timers", "forking"}
    assert {name for name in bare if not name.startswith("local")} == known
