"""Owns what a command says that could not even be started: which folder or program is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import APIError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .results import ExecResult

# `"code":"ENOENT","syscall":"spawn nosuch"` on each API (recording), or Node's own sentence
_SPAWN = re.compile(
    r'"code": ?"ENOENT".{0,40}"syscall": ?"spawn (?P<json>[^"]{1,4000})"'
    r"|\bspawn (?P<words>\S{1,4000}) ENOENT\b"
)
_READ = 20_000  # characters of a message that are looked at


def unstarted(told: APIError | ExecResult) -> str | None:
    """The program that the project could not start since something is missing; None: another end.

    Node names the program either way, also where it is the folder that is missing.
    """
    if isinstance(told, APIError):
        found = _SPAWN.search(told.message[:_READ])
    else:  # all that it wrote is this
        said = told.stderr.strip()
        alone = told.exit_code and not told.stdout and said[:1] == "{" and said[-1:] == "}"
        found = _SPAWN.search(said[:_READ]) if alone else None
    return (found["json"] or found["words"]) if found else None


def missing(
    program: str, line: str | None, path: str, is_folder: Callable[[], bool | None]
) -> NotFoundError | None:
    """The error for a command that could not be started; None where nothing more is known.

    Args:
        program: that was to be started.
        line: the command, where bash was to run it: bash itself is there.
        path: the folder to run in; "" for the project's home.
        is_folder: asks the project whether it is there; None: it could not be asked.
    """
    there = True if not path else False if line is not None else is_folder()
    if there and line is not None:
        return None
    folder = f"no folder {path!r} in the project"
    tool = f"no program {program!r} in the project"
    if there is None:
        what, remedy = f"{tool}, or {folder}", "Check both names."
    elif there:
        what = tool
        remedy = "Is it installed there? A line for bash is given without args."
    else:
        what, remedy = folder, "Make it first, by mkdir -p, or leave path out for the home folder."
    return NotFoundError(
        f"there is {what}: the command was not run.", endpoint="exec", status=200, remedy=remedy
    )
