"""Owns the stand-in of a bench: a process of its own, so that it shares no lock with the client."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_CODE = """
import json, sys
from cocalc_widget.local import LocalCoCalc
told = json.loads(sys.argv[1])
count, faults = told.pop("count"), told.pop("faults")
content = {"Source": {"task.md": "# Task", "sheet/one.txt": "1"}}
content.update({f"Student {n}": {} for n in range(count)})
with LocalCoCalc(content=content, **{"generation": "A", **told}) as site:
    print(json.dumps({"url": site.url, "ca_file": str(site.ca_file), "api_key": site.api_key,
                      "account_id": site.account_id, "projects": site.projects}), flush=True)
    for line in sys.stdin:
        word = line.strip()
        if word == "faults":
            for name, share in faults.items():
                site.fault(name, share)
        elif word == "clear":
            for name in faults:
                site.fault(name, False)
        elif word == "reset":
            site.requests.clear()
        elif word == "end":
            break
        print(json.dumps(dict(site.requests)), flush=True)
"""


class Site:
    """What a bench knows of the stand-in, and how it talks to it."""

    def __init__(self, process: subprocess.Popen[str], told: dict[str, Any]) -> None:
        self._process = process
        self.url: str = told["url"]
        self.ca_file: str = told["ca_file"]
        self.api_key: str = told["api_key"]
        self.account_id: str = told["account_id"]
        self.source: str = told["projects"].pop("Source")
        self.students: list[str] = list(told["projects"].values())

    def say(self, word: str) -> dict[str, int]:
        """Tell the stand-in something; returns its requests so far, by endpoint."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        found: dict[str, int] = json.loads(self._process.stdout.readline())
        return found


@contextmanager
def running(count: int, faults: dict[str, float] | None = None, **options: Any) -> Iterator[Site]:
    """A stand-in with one source project and so many students' projects."""
    told = json.dumps({"count": count, "faults": faults or {}, **options})
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE, told],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Site(process, json.loads(process.stdout.readline()))
    finally:
        process.stdin.close()  # type: ignore[union-attr]
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
