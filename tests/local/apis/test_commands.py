"""Commands that nobody waits for, signals, and files by the bridge: what recordings don't show."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cocalc_widget import LocalCoCalc
from cocalc_widget.local.state import commands

from ..conftest import Api, until


def exists(path: str) -> bool:
    return Path(path).exists()


@pytest.fixture(scope="module")
def b() -> Iterator[LocalCoCalc]:
    with LocalCoCalc(content={"Lesson": {"a.md": "# A", "d/x.txt": "x"}, "Other": {}}) as site:
        yield site


def call(site: LocalCoCalc, name: str, title: str = "Lesson", **options: Any) -> Any:
    body = {"name": f"system.{name}", "args": [options], "project_id": site.projects[title]}
    return Api(site).post("/api/conat/project", body).json()


def begin(site: LocalCoCalc, line: str, title: str = "Lesson", **options: Any) -> Any:
    return call(site, "exec", title, command=line, bash=True, async_call=True, **options)


def look(site: LocalCoCalc, job: Any, **options: Any) -> Any:
    return call(site, "exec", async_get=job["job_id"], **options)


def test_what_it_said_until_now_is_told_while_it_runs(b: LocalCoCalc) -> None:
    job = begin(b, "echo one; echo two >&2; while [ ! -e go ]; do sleep 0.02; done; echo three")
    assert (job["status"], job["stdout"], job["exit_code"]) == ("running", "", 0)
    assert "elapsed_s" not in job
    row = until(lambda: row if "two" in (row := look(b, job))["stderr"] else None)
    assert (row["stdout"], row["status"], row["pid"]) == ("one\n", "running", job["pid"])
    (b.directory(b.projects["Lesson"]) / "go").touch()
    ended = look(b, job, async_await=True)
    assert (ended["stdout"], ended["status"]) == ("one\nthree\n", "completed")
    assert ended["elapsed_s"] > 0


def test_a_signal_ends_it_and_what_it_started(b: LocalCoCalc) -> None:
    job = begin(b, "sleep 600 & echo $!; wait")
    child = int(until(lambda: look(b, job)["stdout"]))
    assert call(b, "signal", signal=int(signal.SIGKILL), pid=job["pid"]) is None
    assert look(b, job, async_await=True)["status"] == "completed"
    until(lambda: not exists(f"/proc/{child}"))


def test_signals_reach_nothing_else(b: LocalCoCalc) -> None:
    job = begin(b, "sleep 600")
    for pid in (os.getpid(), 1, -1, 0, "x", None, 2**40, True):
        assert call(b, "signal", signal=9, pid=pid) == {"error": "Error: kill ESRCH"}, pid
    assert "ESRCH" in call(b, "signal", "Other", signal=9, pid=job["pid"])["error"]
    for number in (0, 99, "SIGNOTHING", None):
        assert "Unknown signal" in call(b, "signal", signal=number, pid=job["pid"])["error"]
    assert look(b, job)["status"] == "running"
    assert call(b, "signal", signal="SIGTERM", pid=job["pid"]) is None
    until(lambda: look(b, job)["status"] == "completed")


def test_another_project_does_not_hear_of_it(b: LocalCoCalc) -> None:
    job = begin(b, "echo secret")
    told = call(b, "exec", "Other", async_get=job["job_id"])
    assert told == {"error": f"Error: Async operation '{job['job_id']}' does not exist."}


def test_its_time_and_its_output_are_limited(b: LocalCoCalc) -> None:
    job = begin(b, "echo a; sleep 600", timeout=0.3)
    ended = look(b, job, async_await=True)
    assert (ended["status"], ended["exit_code"], ended["stdout"]) == ("error", 1, "a\n")
    job = begin(b, "yes | head -c 100000", max_output=10)
    ended = look(b, job, async_await=True)
    assert ended["stdout"] == f"{'y' + chr(10)}" * 5 + " (truncated at 10 characters)"


def test_only_the_latest_are_remembered(b: LocalCoCalc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "MOST", 3)
    running = begin(b, "sleep 600")
    jobs = [begin(b, f"echo {n}") for n in range(4)]
    for job in jobs[-2:]:
        assert look(b, job, async_await=True)["status"] == "completed"
    begin(b, "true")
    assert look(b, running)["status"] == "running", "what runs is not forgotten"
    assert "does not exist" in look(b, jobs[0])["error"]
    call(b, "signal", signal=9, pid=running["pid"])


def test_what_nobody_waits_for_keeps_nobody_from_running_something(b: LocalCoCalc) -> None:
    jobs = [begin(b, "sleep 600") for _ in range(24)]
    assert {job["status"] for job in jobs} == {"running"}
    assert call(b, "exec", command="echo", args=["still"])["stdout"] == "still\n"
    for job in jobs:
        call(b, "signal", signal=9, pid=job["pid"])
    until(lambda: all(look(b, job)["status"] == "completed" for job in jobs))


def test_a_stopped_project_and_a_closed_site_run_nothing() -> None:
    with LocalCoCalc(content={"Lesson": {}, "Other": {}}) as site:
        job, other = begin(site, "sleep 600"), None
        stop = {"name": "projects.stop", "args": [{"project_id": site.projects["Lesson"]}]}
        Api(site).post("/api/conat/hub", stop)
        until(lambda: not exists(f"/proc/{job['pid']}"))
        gone = begin(site, "sleep 600")
        delete = {"name": "projects.deleteProject", "args": stop["args"]}
        assert Api(site).post("/api/conat/hub", delete).json() is None
        until(lambda: not exists(f"/proc/{gone['pid']}"))
        other = begin(site, "sleep 600", title="Other")
        began = time.monotonic()
    assert time.monotonic() - began < 20
    assert not exists(f"/proc/{other['pid']}")


def test_a_long_stderr_is_cut_in_the_error(b: LocalCoCalc) -> None:
    error = call(b, "exec", command="yes e | head -c 5000 >&2; exit 3", bash=True)["error"]
    said = error.partition("stderr='")[2].removesuffix("'")
    assert len(said) == 1024
    assert said.endswith("…")
    words = call(b, "exec", command="ls", args=["no such", "x"])["error"]
    assert "(args=no such x)" in words


def test_files_are_moved_renamed_and_deleted(b: LocalCoCalc) -> None:
    home = b.directory(b.projects["Lesson"])
    assert call(b, "moveFiles", paths=["a.md", "d"], dest="new/inner") is None
    assert (home / "new/inner/d/x.txt").read_text() == "x"
    assert call(b, "renameFile", src="new/inner/a.md", dest="b.md") is None
    assert (home / "b.md").read_text() == "# A"
    rows = {row["name"]: row for row in call(b, "listing", path="new/inner")}
    assert rows["d"]["isdir"] is True
    assert rows["d"]["size"] == 1, "a folder's is its count of entries"
    assert call(b, "realpath", path="new/../b.md") == "b.md"
    assert call(b, "deleteFiles", paths=["new", "b.md", "not there"]) is None
    assert not (home / "new").exists()
    assert not (home / "b.md").exists()


def test_nothing_outside_the_project_is_touched(b: LocalCoCalc) -> None:
    home, other = (b.directory(b.projects[title]) for title in ("Lesson", "Other"))
    (other / "keep.txt").write_text("keep")
    (home / "in.txt").write_text("in")
    (home / "out").symlink_to(other)
    there = f"../{other.name}/keep.txt"
    for name, options in (
        ("deleteFiles", {"paths": [there]}),
        ("deleteFiles", {"paths": ["out/keep.txt"]}),
        ("deleteFiles", {"paths": [str(other / "keep.txt")]}),
        ("deleteFiles", {"paths": [""]}),
        ("moveFiles", {"paths": [there], "dest": ""}),
        ("moveFiles", {"paths": ["in.txt"], "dest": "out"}),
        ("moveFiles", {"paths": ["in.txt"], "dest": f"../{other.name}"}),
        ("renameFile", {"src": "in.txt", "dest": "out/stolen"}),
        ("renameFile", {"src": "out/keep.txt", "dest": "mine"}),
        ("realpath", {"path": "out/keep.txt"}),
        ("listing", {"path": "out"}),
        ("listing", {"path": f"../{other.name}"}),
    ):
        assert "EACCES" in str(call(b, name, **options)) or "error" in call(b, name, **options), (
            name
        )
    assert (home / "in.txt").read_text() == "in"
    assert {path.name for path in other.iterdir()} == {"keep.txt"}
    assert call(b, "deleteFiles", paths=["out"]) is None, "the link itself is the project's"
    assert (other / "keep.txt").read_text() == "keep"
