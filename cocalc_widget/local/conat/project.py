"""Owns a project's methods of the conat bridge: commands, files, listings."""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable, Callable
from typing import Any

from ..services.commands import execute
from ..state import files
from ..state.core import Core
from ..state.store import now
from ..v1.events import EventError

Options = dict[str, Any]
Method = Callable[[Core, str, Options], Awaitable[Any]]
PROJECT: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    """Enter a function into the table."""

    def enter(function: Method) -> Method:
        PROJECT[name] = function
        return function

    return enter


@method("system.ping")
async def ping(_core: Core, _project_id: str, _o: Options) -> Any:
    """Tell the time in ms."""
    return {"now": int(now() * 1000)}


@method("system.test")
async def test(_core: Core, project_id: str, _o: Options) -> Any:
    """Which project this is."""
    return {"project_id": project_id, "server_time": int(now() * 1000)}


@method("system.exec")
async def exec_(core: Core, project_id: str, o: Options) -> Any:
    """Run a command."""
    if o.get("command") is None:
        raise EventError("TypeError: Cannot read properties of undefined (reading 'split')")
    try:
        return await execute(core, project_id, o, none="undefined")
    except EventError as error:
        raise EventError(str(error.error).partition(" -- ")[2]) from None


@method("system.writeTextFileToProject")
async def write_text(core: Core, project_id: str, o: Options) -> Any:
    """Write a file."""
    path, data = str(o.get("path") or ""), str(o.get("content") or "").encode()
    await _touch(core, files.write_bytes, project_id, path, data)
    core.projects.touch(project_id)


@method("system.readTextFileFromProject")
async def read_text(core: Core, project_id: str, o: Options) -> Any:
    """A file's text."""
    data = await _touch(core, files.read_bytes, project_id, str(o.get("path") or ""))
    return data.decode("utf-8", "replace")


@method("system.listing")
async def listing(core: Core, project_id: str, o: Options) -> Any:
    """What a directory holds."""
    root, path = core.projects.root(project_id), str(o.get("path") or "")
    try:
        return await core.run(lambda: files.listing(root, path, hidden=bool(o.get("hidden"))))
    except OSError as error:
        raise EventError(_words(error, "scandir", path)) from None


async def _touch(core: Core, function: Any, project_id: str, path: str, *more: object) -> Any:
    try:
        return await core.run(function, core.projects.root(project_id), path, *more)
    except OSError as error:
        raise EventError(_words(error, "open", path)) from None


def _words(error: OSError, call: str, path: str) -> str:
    code = errno.errorcode.get(error.errno or 0, "EIO")
    known = {"ENOENT": "no such file or directory", "EISDIR": "illegal operation on a directory"}
    reason = known.get(code) or os.strerror(error.errno or 5).lower()
    return f"Error: {code}: {reason}, {call} '{path}'"
