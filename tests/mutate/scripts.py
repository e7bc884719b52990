"""Owns the faults of the page's scripts: which there are, and the Node that runs the tests on them.

The Node stays, with everything loaded. Where a fault lets it hang, it is ended, and another one
takes its place.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .areas import ROOT, Area
from .python import Mutant

_HERE = Path(__file__).parent
_START = 120.0  # seconds for the tests as they are, with everything still to be loaded


class Script(Mutant):
    """A fault of a script; `text` is the whole file with it."""

    text: str


def script_mutants(files: Iterable[Path]) -> list[Mutant]:
    """Every fault of these files."""
    names = [str(it.relative_to(ROOT)) for it in files]
    done = subprocess.run(
        ["node", str(_HERE / "mutants.mjs"), *names],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        timeout=60,
    )
    found: list[Mutant] = []
    for told in json.loads(done.stdout):
        fault = Script(
            told["path"], told["number"], told["line"], told["old"], told["new"], range(0)
        )
        object.__setattr__(fault, "text", told["text"])
        found.append(fault)
    return found


class _Node:
    """A process that runs the page's tests, on one fault after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(_HERE / "meet.mjs")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("@"):
                self._lines.put(line[1:])
        self._lines.put('{"error": "it ended"}')

    def ask(self, seconds: float, **fault: Any) -> str | None:
        """Who noticed it, "" if nobody did, None if the time is over; may raise `RuntimeError`."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(fault) + "\n")
        self._process.stdin.flush()
        try:
            told = json.loads(self._lines.get(timeout=seconds))
        except queue.Empty:
            return None
        if "error" in told:
            raise RuntimeError(told["error"])
        return str(told["by"])

    def end(self) -> None:
        """End it, and what it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def meet_scripts(
    area: Area, faults: Iterable[Mutant], seconds: float = 40.0
) -> Iterator[tuple[Mutant, str, int]]:
    """Run the area's tests on each fault: the fault, who noticed it, and how many were asked."""
    tests = [str(it.relative_to(ROOT)) for it in area.test_files()]
    node: _Node | None = None
    try:
        for fault in faults:
            if node is None:
                node = _Node()
                by = node.ask(_START, path="", text="", tests=tests)
                if by != "":
                    raise RuntimeError(f"the tests fail as they are: {by}")
            by = node.ask(seconds, path=fault.path, text=fault.text, tests=tests)  # type: ignore[attr-defined]
            if by is None:
                node.end()
                node = None
            yield fault, "(its time was over)" if by is None else by, len(tests)
    finally:
        if node is not None:
            node.end()
