"""Kernels of a stand-in's projects: real, alone, bounded, and gone when they should be."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cocalc_widget import LocalCoCalc
from cocalc_widget.local.state import kernels
from cocalc_widget.local.state.kernels import Limits

from ..conftest import Api


@pytest.fixture(scope="module")
def b() -> Iterator[LocalCoCalc]:
    with LocalCoCalc(content={"Lesson": {"data/a.txt": "here"}, "Other": {}}) as site:
        yield site


def in_project(site: LocalCoCalc, name: str, title: str = "Lesson", **options: Any) -> Any:
    seconds = options.pop("seconds", 60)
    call = {"name": f"system.{name}", "args": [options], "project_id": site.projects[title],
            "timeout": 1000 * seconds}  # fmt: skip
    return Api(site).post("/api/conat/project", call).json()


def run(site: LocalCoCalc, code: str, **options: Any) -> Any:
    return in_project(site, "jupyterExecute", input=code, kernel="python3", **options)


def said(told: Any, name: str = "stdout") -> str:
    """What a stream said; a kernel may tell it in pieces."""
    return "".join(it["text"] for it in told if it.get("name") == name)


def pids(site: LocalCoCalc, title: str = "Lesson") -> list[int]:
    return [row["pid"] for row in in_project(site, "listJupyterKernels", title)]


def gone(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except (FileNotFoundError, ProcessLookupError):  # the latter while it is being read
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_starting_a_stand_in_loads_nothing_of_jupyter() -> None:
    code = (
        "import sys\n"
        "from cocalc_widget.local import LocalCoCalc\n"
        "with LocalCoCalc() as site:\n"
        "    site.create_project('x')\n"
        "    print(sorted({'jupyter_client', 'zmq', 'ipykernel', 'IPython'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_outputs_have_the_recorded_form(b: LocalCoCalc) -> None:
    told = run(b, "import sys\nprint('a')\nprint('b', file=sys.stderr)\n2 + 3")
    assert [set(it) for it in told[:2]] == [{"name", "text"}] * 2
    assert (said(told), said(told, "stderr")) == ("a\n", "b\n")
    assert {"data": {"text/plain": "5"}} in told
    (error,) = run(b, "1/0")
    assert set(error) == {"traceback", "ename", "evalue"}
    assert error["ename"] == "ZeroDivisionError"
    assert run(b, "from IPython.display import clear_output\nprint(1); clear_output(); 2") == [
        {"data": {"text/plain": "2"}}
    ]


def test_two_calls_share_nothing_but_the_files(b: LocalCoCalc) -> None:
    assert run(b, "x * 2", history=["x = 21", "print('unseen')"]) == [
        {"data": {"text/plain": "42"}}
    ]
    (error,) = run(b, "x")
    assert error["ename"] == "NameError"
    first, second = (said(run(b, "import os; print(os.getpid())")) for _ in range(2))
    assert first != second
    run(b, "open('left.txt', 'w').write('x')")
    assert (b.directory(b.projects["Lesson"]) / "left.txt").read_text() == "x"


def test_it_runs_in_the_project_with_nothing_of_ours(
    b: LocalCoCalc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCALC_API_KEY", "sk-of-the-one-who-started-it")
    home = str(b.directory(b.projects["Lesson"]).resolve())
    assert said(run(b, "import os; print(os.getcwd())")).strip() == home
    inside = run(b, "print(open('a.txt').read())", path="data")
    assert said(inside) == "here\n"
    assert "sk-of" not in str(run(b, "import os; print(dict(os.environ))"))
    names = {row["name"] for row in in_project(b, "listing", path="", hidden=True)}
    assert not names & {".ipython", ".local", ".jupyter"}, "it keeps nothing in the project"


def test_one_spare_waits_and_can_be_stopped(b: LocalCoCalc) -> None:
    run(b, "1")
    (pid, *_more) = pids(b)
    assert in_project(b, "stopJupyterKernel", "Other", pid=pid) == {"success": False}
    assert in_project(b, "stopJupyterKernel", pid="1") == {"success": False}
    assert in_project(b, "stopJupyterKernel", pid=pid) == {"success": True}
    assert pid not in pids(b)
    until(lambda: gone(pid))
    assert run(b, "1") == [{"data": {"text/plain": "1"}}]


def test_never_more_than_so_many(b: LocalCoCalc) -> None:
    for title in ("Lesson", "Other"):
        for _ in range(3):
            in_project(b, "jupyterExecute", title, input="1", kernel="python3")
    assert len(pids(b)) + len(pids(b, "Other")) <= kernels.SPARE


def test_a_stopped_project_has_no_kernels(b: LocalCoCalc) -> None:
    run(b, "1")
    (pid, *_more) = pids(b)
    call = {"name": "projects.stop", "args": [{"project_id": b.projects["Lesson"]}]}
    assert Api(b).post("/api/conat/hub", call).json() is None
    until(lambda: gone(pid))


def test_what_takes_too_long_is_ended_and_the_next_call_works(b: LocalCoCalc) -> None:
    mark = b.directory(b.projects["Lesson"]) / "pid"
    code = f"import os, time\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    limits = {"timeout_ms_per_cell": 1500}
    told = run(b, code, limits=limits, seconds=4)
    assert told["error"].startswith("timeout - callHub"), "as recorded"
    until(lambda: mark.exists() and mark.read_text() and gone(int(mark.read_text())))
    assert run(b, "1") == [{"data": {"text/plain": "1"}}]


def test_a_kernel_that_dies_is_told(b: LocalCoCalc) -> None:
    told = run(b, "import os; os._exit(1)")
    assert "ended before" in told["error"]


def test_outputs_are_bounded(b: LocalCoCalc) -> None:
    code = "for n in range(50): print('y' * 1000, flush=True)\nraise ValueError('seen')"
    told = run(b, code, limits={"max_output_per_cell": 5000})
    assert len(str(told)) < 20_000
    assert "limit of 5000 characters" in str(told)
    assert told[-1]["ename"] == "ValueError", "an error is always told"

    told = run(b, code, limits={"max_output": 3000})
    assert "limit of 3000 characters" in str(told)


def test_over_api_v2_it_is_told_that_it_took_too_long(b: LocalCoCalc) -> None:
    ask = {"project_id": b.projects["Lesson"], "kernel": "python3", "input": "while True: pass"}
    told = Api(b).v2("jupyter/execute", **ask, limits={"timeout_ms_per_cell": 1000})
    assert told == {"error": "timeout"}


@pytest.mark.parametrize("odd", [None, 5, {"timeout_ms": "x"}, {"timeout_ms_per_cell": True}, {}])
def test_limits_that_say_nothing_are_as_always(odd: Any) -> None:
    assert Limits.asked(odd) == Limits()


def test_limits_are_taken_as_they_are_asked() -> None:
    asked = Limits.asked({"timeout_ms": 3000, "timeout_ms_per_cell": 2000, "max_output": 7})
    assert (asked.total, asked.per_cell, asked.output) == (3.0, 2.0, 7)
    assert Limits.asked({"timeout_ms_per_cell": 1e12}).per_cell <= 3600


def test_own_kernels_of_a_project_are_found(b: LocalCoCalc) -> None:
    folder = b.directory(b.projects["Other"]) / ".local/share/jupyter/kernels/mine"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(
        '{"argv": ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"],'
        ' "display_name": "Mine", "language": "python"}'
    )
    call = {"name": "jupyter.kernels", "args": [{"project_id": b.projects["Other"]}]}
    names = {row["name"] for row in Api(b).post("/api/conat/hub", call).json()}
    assert {"mine", "python3"} <= names
    ran = in_project(b, "jupyterExecute", "Other", input="6*7", kernel="mine")
    assert ran == [{"data": {"text/plain": "42"}}]


def test_nothing_is_left_when_the_site_closes() -> None:
    with LocalCoCalc(content={"Lesson": {}}) as site:
        run(site, "1")
        waiting = pids(site)
        assert waiting
        folder = site.core.kernels._home
        assert folder.stat().st_mode & 0o077 == 0
        files = list(folder.glob("kernel-*.json"))
        assert files
        assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    until(lambda: all(map(gone, waiting)))
    assert not folder.exists()


def test_who_signed_up_by_himself_runs_no_code() -> None:
    with LocalCoCalc(content={}) as site:
        body = {"email": "g@x.test", "password": "long enough 77", "terms": True,
                "firstName": "G", "lastName": "G"}  # fmt: skip
        account_id = Api(site, key="").v2("auth/sign-up", **body)["account_id"]
        _, key = site.core.accounts.new_key(account_id)
        own = site.core.projects.create(account_id, "mine", running=True)
        call = {"name": "system.jupyterExecute", "args": [{"input": "1", "kernel": "python3"}],
                "project_id": own}  # fmt: skip
        told = Api(site, key=key).post("/api/conat/project", call).json()
        assert "signed itself up" in told["error"]
        assert site.core.kernels.running(own) == []
