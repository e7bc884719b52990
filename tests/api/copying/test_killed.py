"""A kernel is killed in the middle of a batch: the next one makes the copies that are missing."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cocalc_widget import LocalCoCalc

COUNT = 60
TEXT = "# Task\n"
FAULTS = {"error-500": 0.1, "reset": 0.1, "timeout": 0.1, "lost-reply": 0.1}
CONTENT: dict[str, dict[str, str]] = {"Source": {"task.md": TEXT}}
CONTENT.update({f"Student {n:02}": {"own.md": "mine\n"} for n in range(COUNT)})


def content(root: Path) -> dict[str, str]:
    """The visible files in a project."""
    return {it.name: it.read_text() for it in root.iterdir() if not it.name.startswith(".")}


class Class:
    """A source, its students, and the kernels that copy from one to the others."""

    def __init__(self, site: LocalCoCalc) -> None:
        self.site = site
        self.students = [it for title, it in site.projects.items() if title != "Source"]
        told = {
            "url": site.url, "key": site.api_key, "ca_file": str(site.ca_file), "timeout": 1.0,
            "src": f"{site.projects['Source']}:task.md", "targets": self.students,
        }  # fmt: skip
        self.command = [sys.executable, str(Path(__file__).parent / "kernel.py"), json.dumps(told)]

    def jobs(self) -> Counter[str]:
        """How many jobs the server has for each target."""
        rows = self.site.store.all("SELECT target_project_id FROM copies")
        return Counter(row["target_project_id"] for row in rows)

    def kill_at(self, count: int) -> None:
        """Start a kernel; kill it as soon as the server has so many jobs."""
        process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            until = time.monotonic() + 60
            while self.jobs().total() < count:
                assert process.poll() is None, process.communicate()[1].decode()
                assert time.monotonic() < until, "it does not get on"
                time.sleep(0.005)
        finally:
            process.kill()
            process.communicate()
        assert process.returncode == -signal.SIGKILL, "it was in the middle"
        # what it had sent may still lie in the server's sockets: let its loop go round
        self.site._server.call(asyncio.sleep(0.3))

    def finish(self) -> dict[str, int]:
        """A kernel that nobody kills."""
        done = subprocess.run(self.command, capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == 0, done.stderr
        found: dict[str, int] = json.loads(done.stdout)
        return found

    def check(self) -> None:
        """Each student has the file and a job for it, once, and nothing else has changed."""
        assert self.jobs() == dict.fromkeys(self.students, 1)
        rows = self.site.store.all("SELECT finished, error FROM copies")
        assert all(row["finished"] and not row["error"] for row in rows)
        for student in self.students:
            root = self.site.directory(student)
            assert content(root) == {"own.md": "mine\n", "task.md": TEXT}
        source = self.site.directory(self.site.projects["Source"])
        assert content(source) == {"task.md": TEXT}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("faults", [{}, FAULTS], ids=["clean", "faults"])
def test_a_batch_survives_its_kernel(faults: dict[str, float], capsys: Any) -> None:
    with LocalCoCalc(content=CONTENT, queue=True, latency=0.1, generation="A") as site:
        school = Class(site)
        for name, share in faults.items():
            site.fault(name, share)
        school.kill_at(15)
        first = school.jobs().total()
        assert 15 <= first < COUNT
        school.kill_at(first + 15)
        second = school.jobs().total()
        assert first < second < COUNT
        assert max(school.jobs().values()) == 1
        told = school.finish()
        assert told == {"known": second, "sent": COUNT - second}
        school.check()
        requests = site.requests["v1/copy_path_between_projects"]
        with capsys.disabled():
            print(f"\nkilled at {first} and {second} of {COUNT} copies; {requests} requests in all")
        if not faults:
            assert requests == COUNT
