"""Owns what all APIs share of copying: reading the request, and copying at once."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ..state.copying import CopyOptions
from ..state.files import OutsideError, kind, make_folders
from ..state.jobs import CopyRequest
from ..v1.events import EventError, Params
from ..v1.projects import node_words

if TYPE_CHECKING:
    from ..state.core import Core


def copy_request(p: Params, source: str) -> CopyRequest:
    """What v1, v2 and conat call the same: options and target."""
    target = str(p.get("target_path") or source)
    for side, path in (("source", source), ("target", target)):
        if path.startswith("/") or ".." in path.split("/"):
            raise EventError(f"{side} path must be contained in project home dir")
    exclude = p.get("exclude")
    patterns = tuple(str(x) for x in exclude) if isinstance(exclude, list) else ()
    options = CopyOptions(
        overwrite_newer=bool(p.get("overwrite_newer")),
        delete_missing=bool(p.get("delete_missing")),
        backup=bool(p.get("backup")),
        exclude=patterns,
    )
    ids = p["src_project_id"], p.get("target_project_id") or p["src_project_id"]
    return CopyRequest(ids[0], source, ids[1], target, options, _date(p.get("scheduled")))


async def copy_now(core: Core, request: CopyRequest) -> None:
    """Copy and answer then, as self-hosted servers do; a failure raises `EventError`."""
    await _look(core, request)
    await asyncio.sleep(core.options.copy_seconds)
    try:
        await core.queue.do(request)
    except OSError as error:
        raise _refused(error, request) from None
    core.projects.touch(request.target_project_id)


async def begin_copy(core: Core, request: CopyRequest) -> None:
    """Only begin a copy, as self-hosted servers do that are told not to wait (recording).

    A missing source and a target that no folder can be made for are noticed at once;
    what happens afterwards is told to nobody.
    """
    await _look(core, request)
    core.keep(asyncio.get_running_loop().create_task(_go_on(core, request)))


async def _go_on(core: Core, request: CopyRequest) -> None:
    await asyncio.sleep(core.options.copy_seconds)
    with contextlib.suppress(OSError):
        await core.queue.do(request)


async def _look(core: Core, request: CopyRequest) -> None:
    source, target = request.source_project_id, request.target_project_id
    try:
        if not await core.run(kind, core.projects.root(source), request.source_path):
            raise FileNotFoundError(errno.ENOENT, "")
    except OSError as error:
        raise _refused(error, request) from None
    try:
        await core.run(make_folders, core.projects.root(target), request.target_path)
    except OutsideError as error:
        raise _refused(error, request) from None
    except OSError:
        raise EventError("child exited with code 1") from None  # of `mkdir -p` (recording)


def _refused(error: OSError, request: CopyRequest) -> EventError:
    if isinstance(error, OutsideError):
        return EventError("path must be contained in project home dir")
    return EventError(node_words(error, "stat", request.source_project_id, request.source_path))


def _date(value: object) -> float | None:
    if value in (None, "", False):
        return None
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise EventError(f"scheduled = '{value}' must be a valid date") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()
