"""Owns which tests reach which line of a module, and how long each takes: measured by coverage.

Measured once, kept in a folder, and again for those files of tests that have changed (or for all,
when a module of the area has).
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .areas import AREAS, CACHE, ROOT, Area
from .forks import forked, pytest_in

_LONGEST = 900  # seconds for one file of tests


@dataclass
class Reach:
    """What a run of an area's tests has shown.

    Attributes:
        seconds: Test -> how long it takes.
        lines: Module -> line -> the tests that reach it.
        broken: Tests that fail without any fault; they are not asked.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def tests(self, path: str, lines: Iterable[int]) -> list[str]:
        """The tests that reach one of these lines, quickest first."""
        there = self.lines.get(path, {})
        found = set().union(*(there.get(line, ()) for line in lines))
        return sorted(found, key=lambda it: (self.seconds[it], it))


class _Watch:
    """A plugin that tells coverage which test runs, and keeps what each takes."""

    def __init__(self, measure: Any) -> None:
        self.measure = measure
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.measure.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.measure.switch_context("")


def _watched(test_file: str, modules: list[str]) -> Callable[[Path], Any]:
    def call(folder: Path) -> Any:
        import coverage

        measure = coverage.Coverage(data_file=None, config_file=False, include=modules)
        plugin = _Watch(measure)
        measure.start()
        pytest_in(folder, [test_file], plugin)
        measure.stop()
        data = measure.get_data()
        lines = {
            str(Path(file).relative_to(ROOT)): {
                line: [it for it in tests if it and it not in plugin.failed]
                for line, tests in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }
        return {"seconds": plugin.seconds, "failed": sorted(plugin.failed), "lines": lines}

    return call


def _digest(*paths: Path) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def measured(area: Area, scratch: Path, jobs: int) -> Reach:
    """What the area's tests reach, from the folder or measured now.

    Areas with the same tests are measured together.
    """
    alike = {
        name: it
        for name, it in AREAS.items()
        if (it.tests, it.without) == (area.tests, area.without)
    }
    name = "+".join(alike)
    modules = [path for it in alike.values() for path in it.files()]
    kept = CACHE / f"{name}.json"
    before = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    about = _digest(*modules)
    names = [str(it.relative_to(ROOT)) for it in area.test_files()]
    keys = {it: f"{about}-{_digest(ROOT / it)}" for it in names}
    known = {it: before[it] for it in names if before.get(it, {}).get("key") == keys[it]}
    wanted = [it for it in names if it not in known]
    if wanted:
        _say(f"{name}: which lines are reached by {len(wanted)} files of tests … ")
        began = time.monotonic()
        included = [str(it) for it in modules]
        tasks = [(_watched(it, included), _LONGEST) for it in wanted]
        for at, ended in forked(tasks, scratch, jobs):
            if ended.told is None:
                raise RuntimeError(f"{wanted[at]} could not be measured:\n{ended.said}")
            known[wanted[at]] = {"key": keys[wanted[at]], **ended.told}
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(known), encoding="utf-8")
        _say(f"{time.monotonic() - began:.0f} s\n")
    reach = Reach()
    for told in known.values():
        reach.seconds |= told["seconds"]
        reach.broken += told["failed"]
        for path, lines in told["lines"].items():
            there = reach.lines.setdefault(path, {})
            for line, tests in lines.items():
                there.setdefault(int(line), set()).update(tests)
    return reach


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
