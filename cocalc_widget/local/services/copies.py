"""Owns copying as all APIs do it: reading the request, queueing it, doing or beginning it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..state.copying import CopyOptions
from ..state.files import OutsideError, kind, make_folders
from ..state.jobs import CopyRequest
from .failures import ServiceError, node_words, shown_path
from .files import OUTSIDE

if TYPE_CHECKING:
    from ..state.site_state import SiteState

_WAIT = 300.0  # seconds that a queued copy is waited for at most


def parse(p: dict[str, Any], source: str) -> CopyRequest:
    """The copy that is asked for: all APIs call target and options the same."""
    target = str(p.get("target_path") or source)
    for side, path in (("source", source), ("target", target)):
        if path.startswith("/") or ".." in path.split("/"):
            raise ServiceError(f"{side} path must be contained in project home dir")
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


async def copy(site: SiteState, request: CopyRequest, *, wait: bool) -> str:
    """Queue a copy, or make it at once, as this site does it.

    Returns: the id of a copy that goes on in the queue, "" of any other.
    """
    if not site.options.queue:
        await (copy_now if wait else begin_copy)(site, request)
        return ""
    copy_path_id = site.queue.put(request)
    if not wait or request.scheduled is not None:
        return copy_path_id
    row = await site.queue.wait(copy_path_id, _WAIT)
    if row is None or row["error"]:
        raise ServiceError(row["error"] if row else "timed out waiting for the copy")
    return ""


async def copy_now(site: SiteState, request: CopyRequest) -> None:
    """Copy and answer then, as self-hosted servers do; a failure raises `ServiceError`."""
    await _look(site, request)
    await asyncio.sleep(site.options.copy_seconds)
    try:
        await site.queue.do(request)
    except OSError as error:
        raise _refused(error, request) from None
    site.projects.touch(request.target_project_id)


async def begin_copy(site: SiteState, request: CopyRequest) -> None:
    """Only begin a copy, as self-hosted servers do that are told not to wait (recording).

    A missing source and a target that no folder can be made for are noticed at once;
    what happens afterwards is told to nobody.
    """
    await _look(site, request)
    site.keep(asyncio.get_running_loop().create_task(_go_on(site, request)))


async def _go_on(site: SiteState, request: CopyRequest) -> None:
    await asyncio.sleep(site.options.copy_seconds)
    with contextlib.suppress(OSError):
        await site.queue.do(request)


async def _look(site: SiteState, request: CopyRequest) -> None:
    source, target = request.source_project_id, request.target_project_id
    try:
        if not await site.run(kind, site.projects.root(source), request.source_path):
            raise FileNotFoundError(errno.ENOENT, "")
    except OSError as error:
        raise _refused(error, request) from None
    try:
        await site.run(make_folders, site.projects.root(target), request.target_path)
    except OutsideError as error:
        raise _refused(error, request) from None
    except OSError:
        raise ServiceError("child exited with code 1") from None  # of `mkdir -p` (recording)


def _refused(error: OSError, request: CopyRequest) -> ServiceError:
    if isinstance(error, OutsideError):
        return ServiceError(OUTSIDE)
    place = shown_path(request.source_project_id, request.source_path)
    return ServiceError(node_words(error, "stat", place))


def _date(value: object) -> float | None:
    if value in (None, "", False):
        return None
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise ServiceError(f"scheduled = '{value}' must be a valid date") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()
