"""Owns running a command as all APIs do it: the request, the failure's words, the background."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Any

from ..state.commands import MAX_OUTPUT, TIMEOUT, Command
from ..state.database import iso, now
from .failures import ServiceError

if TYPE_CHECKING:
    from ..state.site_state import SiteState

LONGEST = 1e6  # seconds; no clock counts any number


async def execute(
    site: SiteState, project_id: str, p: dict[str, Any], *, none: str
) -> dict[str, Any]:
    """Run a command and wait for it; a failure raises `ServiceError`."""
    await site.start_project(project_id)
    args = p.get("args")
    timeout = p.get("timeout")
    env = p.get("env")
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
    root = site.projects.root(project_id)
    output = await site.command(site.runner.run, project_id, root, command)
    site.projects.touch(project_id)
    words = command.words(none)
    if output.killed:
        ran = "bash /temp/a.sh" if command.bash else " ".join(command.argv)
        raise ServiceError(f"{words} -- killed command '{ran}'")
    err_on_exit = p.get("err_on_exit")
    wanted = err_on_exit is None or err_on_exit
    if output.exit_code and (wanted or output.unable):
        listed = ",".join(command.args or [])
        ran = command.command if command.bash else f"'{command.command}' (args={listed})"
        how = f"exited with nonzero code {output.exit_code}" if wanted else "was not able to run"
        raise ServiceError(f"{words} -- command '{ran}' {how} -- stderr='{output.stderr}'")
    streams = {"stdout": output.stdout, "stderr": output.stderr}
    return {**streams, "exit_code": output.exit_code, "type": "blocking"}


async def begin(
    site: SiteState, project_id: str, p: dict[str, Any], *, none: str
) -> dict[str, Any]:
    """Start a command that nobody waits for; how it stands, which `background` tells later."""
    started = time.monotonic()
    job: dict[str, Any] = {
        "stdout": f"Process started running at {iso(now())}",
        "stderr": "",
        "exit_code": 0,
        "type": "async",
        "job_id": str(uuid.uuid4()),
        "start": int(now() * 1000),
        "status": "running",
    }
    site.background[job["job_id"]] = job

    async def work() -> None:
        try:
            done = await execute(site, project_id, {**p, "err_on_exit": False}, none=none)
            job.update(done, type="async", status="completed")
        except ServiceError as error:
            job.update(stderr=str(error.error), exit_code=1, status="error")
        job["elapsed_s"] = round(time.monotonic() - started, 3)

    site.keep(asyncio.get_running_loop().create_task(work()))
    return dict(job)


def _is_number(value: object) -> bool:
    # over a form a number is its digits
    return not isinstance(value, bool) and str(value).replace(".", "", 1).isdecimal()
