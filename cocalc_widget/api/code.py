"""Owns running something in a project: a command, and why one could not be started."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..address import check_path
from ..errors import APIError, NotFoundError, PermissionDeniedError, ValidationError
from .connection import filled
from .http.timeouts import check_seconds
from .results import projects as naming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .connection import Connection
    from .results.projects import Project
    from .results.values import ExecResult

EXEC_TIME = 60.0  # s
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# what Node says of a program that it can't start (recording)
_UNABLE = re.compile(r'was not able to run -- stderr=.*"code":"(?P<code>E[A-Z]+)"', re.DOTALL)
_SHELL = re.compile(r'"syscall":"spawn bash","path":"bash","spawnargs":\["[^"]*/a\.sh"')


def execute(
    connection: Connection,
    project: str | Project,
    command: str,
    args: Sequence[str] | None,
    *,
    path: str,
    timeout: float,
    env: dict[str, str] | None,
    check: bool,
) -> ExecResult:
    """Run a command; the arguments, and the errors, are those of `Client.exec`."""
    naming.check(project)
    filled(command, "command")
    if path:
        check_path(path)
    if args is not None:
        args = _strings(args)
    if env is not None and not _is_environment(env):
        raise ValidationError(
            "env must be a dict of strings, with names of letters, digits and underscores."
        )
    check_seconds(timeout)
    project_id = connection.project_id(project)
    try:
        ended = connection.dialect.exec(
            project_id, command, args, path=path, timeout=timeout, env=env
        )
    except APIError as error:
        if code := _never_ran(error.message):
            raise _no_start(code, command, path, error) from None
        raise
    if check and ended.exit_code != 0:
        why = ended.stderr.strip() or ended.stdout.strip() or "it printed nothing"
        raise APIError(
            f"`{command}` ended with exit code {ended.exit_code}: {why[-500:]}",
            endpoint="exec",
            status=200,
        )
    return ended


def _never_ran(words: str) -> str:
    """Why a command could not even be started, as the project's system calls it; "" if it was."""
    told = _UNABLE.search(words)
    return told["code"] if told else ""


def _no_start(code: str, command: str, path: str, said: APIError) -> APIError:
    known = {"endpoint": "exec", "status": said.status, "body": said.body}
    if code != "ENOENT":
        return PermissionDeniedError(f"{command!r} can't be run in the project ({code}).", **known)
    if _SHELL.search(said.message):
        what, remedy = f"there is no folder {path!r} in the project", "Name another path=."
    else:
        also = f", or no folder {path!r}" if path else ""
        what = f"there is no program {command!r} in the project{also}"
        remedy = "Without args= the command is a line for bash, with programs of its own."
    return NotFoundError(f"{what}: nothing was run.", remedy=remedy, **known)


def _strings(given: object) -> list[str]:
    found = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else None
    if found is None or not all(isinstance(it, str) for it in found):
        raise ValidationError("args must be a list of strings.")
    return found


def _is_environment(given: object) -> bool:
    pairs = given.items() if isinstance(given, dict) else [(None, None)]
    return all(
        isinstance(name, str) and _NAME.fullmatch(name) and isinstance(value, str)
        for name, value in pairs
    )
