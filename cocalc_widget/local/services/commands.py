"""Owns running a command as all APIs do it: the request, the failure's words, the background."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import uuid
from typing import TYPE_CHECKING, Any

from ..state.commands import MAX_OUTPUT, TIMEOUT, Command, Job, Output, Progress
from ..state.database import iso, now
from .failures import ServiceError

if TYPE_CHECKING:
    from ..state.site_state import SiteState

_STDERR = 1024  # characters of it in an error
_TICK = 0.02  # seconds between two looks at a command that somebody waits for
_SIGNALS = frozenset(int(each) for each in signal.Signals)
_SILENT = {"stdout": "", "stderr": ""}
LONGEST = 1e6  # seconds; no clock counts any number


async def execute(
    site: SiteState, project_id: str, p: dict[str, Any], *, none: str
) -> dict[str, Any]:
    """Run a command and wait for it; a failure raises `ServiceError`."""
    await site.start_project(project_id)
    command = _command(site, project_id, p, none)
    output = await _run(site, project_id, command, None)
    words = command.words(none)
    if output.exit_code < 0 and site.options.generation == "A":
        # A waits for a shell that was killed until the time is over (measured)
        await _until_ended(site, command.timeout)
        output = Output(output.stdout, output.stderr, 1, killed=True)
    if output.killed:
        ran = "bash /temp/a.sh" if command.bash else " ".join(command.argv)
        raise ServiceError(f"{words} -- killed command '{ran}'")
    exit_code = _exit_code(output)
    err_on_exit = p.get("err_on_exit")
    wanted = err_on_exit is None or err_on_exit
    if exit_code and (wanted or output.unable):
        listed = " ".join(command.args or [])
        ran = command.command if command.bash else f"'{command.command}' (args={listed})"
        how = f"exited with nonzero code {exit_code}" if wanted else "was not able to run"
        stderr = output.stderr
        if len(stderr) > _STDERR:
            stderr = f"{stderr[: _STDERR - 1]}…"
        raise ServiceError(f"{words} -- command '{ran}' {how} -- stderr='{stderr}'")
    streams = {"stdout": output.stdout, "stderr": output.stderr}
    return {**streams, "exit_code": exit_code, "type": "blocking"}


async def begin(
    site: SiteState, project_id: str, p: dict[str, Any], *, none: str
) -> dict[str, Any]:
    """Start a command that nobody waits for; how it stands, which `standing` tells later.

    Of B the answer tells the process's id, where there is one (recording).
    """
    await site.start_project(project_id)
    command = _command(site, project_id, p, none)
    progress, b = Progress(), site.options.generation == "B"
    job = Job(project_id, str(uuid.uuid4()), progress, command.max_output, now())
    site.background.add(job)

    async def work() -> None:
        output = await _run(site, project_id, command, progress)
        if output.unable:
            progress.stderr.extend(output.stderr.encode())
        status = "error" if output.killed or output.unable else "completed"
        job.end(status, _exit_code(output))

    site.keep(asyncio.get_running_loop().create_task(work()))
    if b:
        while not progress.begun.is_set():
            await asyncio.sleep(_TICK)
        told = job.standing(pid=True)
        # what it said in its first moments is not in the first answer (recording)
        unable = {"status": "running", "exit_code": 0}
        return {**{k: v for k, v in told.items() if k != "elapsed_s"}, **_SILENT, **unable}
    return _as_a_tells(job)


async def standing(site: SiteState, project_id: str, p: dict[str, Any]) -> dict[str, Any]:
    """How a command stands that was begun (`async_get`), or how it ended (`async_await`).

    Raises:
        ServiceError: the project has none with this id.
    """
    job = site.background.get(str(p["async_get"]))
    if job is None or job.project_id != project_id:
        raise ServiceError(
            "Error executing command 'undefined' with args 'undefined' -- Error: Async operation "
            f"'{p['async_get']}' does not exist."
        )
    while p.get("async_await") and not job.ended and not site.ended.is_set():
        await asyncio.sleep(_TICK)
    return job.standing(pid=True) if site.options.generation == "B" else _as_a_tells(job)


def _as_a_tells(job: Job) -> dict[str, Any]:
    # what it said is told when it has ended, and no process's id (recordings)
    told = job.standing(pid=False)
    begun = f"Process started running at {iso(job.start)}"
    return told if job.ended else {**told, "stdout": begun, "stderr": ""}


def send_signal(site: SiteState, project_id: str, p: dict[str, Any]) -> None:
    """Send a signal to a command that was begun in a project.

    Raises:
        ServiceError: there is none with this process id, or no such signal.
    """
    number, pid = p.get("signal"), p.get("pid")
    if isinstance(number, str):
        number = getattr(signal.Signals, number, None)
    if not isinstance(number, int) or number not in _SIGNALS:
        raise ServiceError(f"Error: Unknown signal: {p.get('signal')}")
    try:
        site.runner.signal(project_id, pid if isinstance(pid, int) else 0, number)
    except ProcessLookupError:
        raise ServiceError("Error: kill ESRCH") from None


def _command(site: SiteState, project_id: str, p: dict[str, Any], none: str) -> Command:
    args, timeout, env = p.get("args"), p.get("timeout"), p.get("env")
    line = str(p["command"])
    command = Command(
        line,
        [str(a) for a in args] if isinstance(args, list) else None,
        str(p.get("path") or p.get("cwd") or ""),
        min(float(str(timeout)), LONGEST) if _is_number(timeout) else TIMEOUT,
        # over a form "false" is a string, thus true; a line with blanks is bash's (recording)
        bool(p.get("bash")) or (not isinstance(args, list) and " " in line.strip()),
        int(p["max_output"]) if str(p.get("max_output")).isdigit() else MAX_OUTPUT,
        env if isinstance(env, dict) else {},
        site.options.generation == "B",  # where a folder that is missing is no error (recording)
    )
    if site.accounts.is_guest(site.projects.owner(project_id)):
        raise ServiceError(
            f"{command.words(none)} -- commands run as the user of this machine: the stand-in runs "
            "none in projects of an account that signed itself up"
        )
    return command


async def _run(
    site: SiteState, project_id: str, command: Command, progress: Progress | None
) -> Output:
    root = site.projects.root(project_id)
    pool = site.command if progress is None else site.begun
    output = await pool(site.runner.run, project_id, root, command, progress)
    site.projects.touch(project_id)
    return output


def _exit_code(output: Output) -> int:
    # what a signal ended counts as well (recording on B)
    return max(output.exit_code, 0)


async def _until_ended(site: SiteState, seconds: float) -> None:
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(site.ended.wait(), seconds)


def _is_number(value: object) -> bool:
    # over a form a number is its digits
    return not isinstance(value, bool) and str(value).replace(".", "", 1).isdecimal()
