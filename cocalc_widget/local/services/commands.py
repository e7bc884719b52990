"""Owns running a command as all APIs do it: reading the request, wording the failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..state.running import MAX_OUTPUT, TIMEOUT, Command
from ..v1.events import EventError, Params

if TYPE_CHECKING:
    from ..state.core import Core

LONGEST = 1e6  # seconds; no clock counts any number


async def execute(core: Core, project_id: str, p: Params, *, none: str) -> dict[str, Any]:
    """Run a command as v1, v2 and the conat bridge do; a failure raises `EventError`."""
    await core.start_project(project_id)
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
        core.options.generation == "B",  # where a folder that is missing is no error (recording)
    )
    if core.accounts.is_guest(core.projects.owner(project_id)):
        raise EventError(
            f"{command.words(none)} -- commands run as the user of this machine: the stand-in runs "
            "none in projects of an account that signed itself up"
        )
    root = core.projects.root(project_id)
    output = await core.command(core.runner.run, project_id, root, command)
    core.projects.touch(project_id)
    words = command.words(none)
    if output.killed:
        ran = "bash /temp/a.sh" if command.bash else " ".join(command.argv)
        raise EventError(f"{words} -- killed command '{ran}'")
    err_on_exit = p.get("err_on_exit")
    wanted = err_on_exit is None or err_on_exit
    if output.exit_code and (wanted or output.unable):
        listed = ",".join(command.args or [])
        ran = command.command if command.bash else f"'{command.command}' (args={listed})"
        how = f"exited with nonzero code {output.exit_code}" if wanted else "was not able to run"
        raise EventError(f"{words} -- command '{ran}' {how} -- stderr='{output.stderr}'")
    streams = {"stdout": output.stdout, "stderr": output.stderr}
    return {**streams, "exit_code": output.exit_code, "type": "blocking"}


def _is_number(value: object) -> bool:
    # over a form a number is its digits
    return not isinstance(value, bool) and str(value).replace(".", "", 1).isdecimal()
