"""Owns the processes in which tests meet a fault: forked from one that has loaded what is heavy.

The parent has loaded what the package and the tests need of others, and nothing of the package.
A child puts the fault into one module as it is imported, runs the tests it is told to, and ends.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import default_plugins

from .areas import ROOT
from .python import mutated

# what takes time to load and starts no thread; whatever is not here is left to the children
_HEAVY = (
    "IPython.core.interactiveshell",
    "IPython.testing.globalipapp",
    "anywidget",
    "coverage",
    "cryptography.x509",
    "hypothesis",
    "ipykernel.kernelbase",
    "ipywidgets",
    "markdown_it",
    "nbformat",
    "requests",
    "tornado.web",
    "tornado.websocket",
    "tqdm.auto",
    "trustme",
)


def warm_up(scratch: Path) -> None:
    """Load what is heavy, and settle what all tests here have in common."""
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(scratch / "hypothesis")
    os.environ["PYTHONPATH"] = str(ROOT)  # for the processes that tests start
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(scratch / "bytecode")  # of the tests, as pytest rewrites them
    plugins = [it.module for it in entry_points(group="pytest11")]
    for name in (*_HEAVY, *(f"_pytest.{it}" for it in default_plugins), *plugins):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    from hypothesis import Phase, settings

    # A failure is enough, the smallest one is not needed; and the same examples for each fault.
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("faults", database=None, derandomize=True, phases=phases)
    settings.load_profile("faults")
    ours = [name for name in sys.modules if name.split(".")[0] == "cocalc_widget"]
    assert not ours, f"{ours} would be shared by all faults"
    gc.freeze()  # what is here is no garbage, and pytest collects that often


@dataclass
class Ended:
    """How a child ended.

    Attributes:
        told: What it wrote; None if it did not come to that.
        late: It was ended, because its time was over.
        said: The end of what its tests printed.
    """

    told: Any
    late: bool
    said: str


@dataclass
class _Child:
    task: int
    folder: Path
    ends: float


def forked(
    tasks: Sequence[tuple[Callable[[Path], Any], float]], scratch: Path, jobs: int
) -> Iterator[tuple[int, Ended]]:
    """Call each function in a child of its own; number and end of each, as they end.

    Args:
        tasks: What to call, with a folder to use, and the seconds that it may take.
        scratch: Where the folders are made.
        jobs: How many at a time.
    """
    waiting = list(enumerate(tasks))
    running: dict[int, _Child] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                at, (call, seconds) = waiting.pop(0)
                folder = scratch / f"child-{at}"
                folder.mkdir(parents=True)
                running[_start(call, folder)] = _Child(at, folder, time.monotonic() + seconds)
            ended, _status = os.waitpid(-1, os.WNOHANG)
            late = [it for it, child in running.items() if time.monotonic() > child.ends]
            if ended in running:
                yield running[ended].task, _end(ended, running.pop(ended), late=False)
            elif late:
                child = running.pop(late[0])
                _kill(late[0])
                os.waitpid(late[0], 0)
                yield child.task, _end(late[0], child, late=True)
            else:
                time.sleep(0.01)
    finally:
        for pid, child in running.items():
            _end(pid, child, late=True)


def _start(call: Callable[[Path], Any], folder: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()  # what tests start ends with them
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        out = os.open(folder / "said", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for ours, theirs in ((nothing, 0), (out, 1), (out, 2)):
            os.dup2(ours, theirs)
        told = call(folder)
        (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _end(pid: int, child: _Child, *, late: bool) -> Ended:
    _kill(pid)
    told, said = child.folder / "told.json", child.folder / "said"
    ended = Ended(
        json.loads(told.read_text("utf-8")) if told.exists() and not late else None,
        late,
        said.read_text("utf-8", errors="replace")[-4000:] if said.exists() else "",
    )
    shutil.rmtree(child.folder, ignore_errors=True)
    return ended


class _Faulty(MetaPathFinder):
    """Finds one module, and loads it with its fault."""

    def __init__(self, path: Path, number: int) -> None:
        relative = path.relative_to(ROOT).with_suffix("")
        self.name = ".".join(relative.parts).removesuffix(".__init__")
        self.path, self.number = str(path), number

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        loader = _FaultyLoader(fullname, self.path)
        loader.number = self.number
        return importlib.util.spec_from_file_location(fullname, self.path, loader=loader)


class _FaultyLoader(SourceFileLoader):
    number = 0

    def get_code(self, fullname: str) -> Any:
        text = Path(self.path).read_text("utf-8")
        return compile(mutated(text, self.number), self.path, "exec")


class _Chosen:
    """A plugin: these tests, quickest first, as far as the files have them; else all of them."""

    def __init__(self, chosen: Sequence[str]) -> None:
        self.order = {test: at for at, test in enumerate(chosen)}
        self.failed: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        here = [it for it in items if it.nodeid in self.order]
        items[:] = sorted(here, key=lambda it: self.order[it.nodeid]) if here else items

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def pytest_in(folder: Path, files: Iterable[str], plugin: Any, *more: str) -> int:
    """Run pytest on these files in this process."""
    os.chdir(ROOT)
    temporary = f"--basetemp={folder / 'tmp'}"
    options = ["-q", "-p", "no:cacheprovider", "--tb=no", "-m", "not browser", temporary]
    return int(pytest.main([*options, *more, *files], plugins=[plugin]))


def meet(path: Path, number: int, tests: Sequence[str]) -> Callable[[Path], Any]:
    """What runs these tests on a module with this fault, in a child; tells who noticed it."""

    def call(folder: Path) -> str:
        sys.meta_path.insert(0, _Faulty(path, number))
        files = dict.fromkeys(it.partition("::")[0] for it in tests)
        plugin = _Chosen(tests)
        code = pytest_in(folder, files, plugin, "-x")
        if code == pytest.ExitCode.NO_TESTS_COLLECTED:
            raise RuntimeError("no test was found")
        if code == 0:
            return ""
        return plugin.failed[0] if plugin.failed else "(the tests could not be loaded)"

    return call
