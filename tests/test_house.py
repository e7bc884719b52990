"""The house: imports run one way, every module says what it owns, none grows out of hand."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cocalc_widget

ROOT = Path(cocalc_widget.__file__).parent
# a lesson's files are content
MODULES = sorted(m for m in ROOT.rglob("*.py") if "content" not in m.parts)
SCRIPTS = sorted((ROOT.parent / "js").glob("*.ts"))
TOP = "__init__"
# part -> the parts it may import
ALLOWED = {
    "forking": set(),
    "redact": {"forking"},
    "_version": set(),
    "nodelay": set(),
    "tracebacks": {"redact"},
    "errors": {"redact", "tracebacks"},
    "address": {"errors"},
    "keyfiles": {"errors", "redact", "address"},
    "extras": {"errors"},
    "config": {"forking", "errors", "redact", "address", "keyfiles"},
    "api": {"forking", "errors", "redact", "address", "config", "_version"},
    "frame": {"forking", "errors", "redact", "address", "config", "api"},
    "local": {"errors", "redact", "address", "extras"},
    "magics": {"forking", "errors", "redact", "address", "config", "api", "frame", "_version"},
    "demo": {"errors", "address", "extras", "local", "_version"},
    TOP: {"_version", "errors", "api", "frame", "local", "magics"},
}


def part(module: Path) -> str:
    relative = module.relative_to(ROOT)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported(module: Path) -> Iterator[str]:
    package = ["cocalc_widget", *module.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            home = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{home}.{alias.name}" for alias in node.names]
        for name in names:
            top, _, rest = name.partition(".")
            if top == "cocalc_widget" and rest:
                yield rest.split(".")[0]


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_a_module_owns_one_thing_and_looks_only_one_way(module: Path) -> None:
    text = module.read_text("utf-8")
    assert (ast.get_docstring(ast.parse(text)) or "").startswith("Owns "), "say what it owns"
    here = part(module)
    known = {name for name in imported(module) if name in ALLOWED}
    assert known - {here} <= ALLOWED[here]


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
        str(module.relative_to(ROOT))
        for module in MODULES
        for word in ("Lock()", "RLock()", "Condition()", "Semaphore(")
        if f"threading.{word}" in module.read_text("utf-8")
    }
    # the lock of one call of `workers.run` lives on the stack, the keeper of deadlines is made
    # anew as a whole, and a stand-in stays with its process
    known = {"api/workers.py", "frame/timers.py"}
    assert {it for it in bare if part(ROOT / it) != "local"} == known
