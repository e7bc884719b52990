"""Owns what all APIs share of copying: reading the request, and copying at once."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .copying import CopyOptions
from .events import EventError, Params
from .files import OutsideError
from .jobs import CopyRequest
from .v1_projects import node_words

if TYPE_CHECKING:
    from .core import Core


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
    """Copy at once, as self-hosted servers do; a failure raises `EventError`."""
    source = request.source_project_id
    try:
        await core.queue.do(request)
    except OutsideError:
        raise EventError("path must be contained in project home dir") from None
    except OSError as error:
        raise EventError(node_words(error, "stat", source, request.source_path)) from None
    core.projects.touch(request.target_project_id)


def _date(value: object) -> float | None:
    if value in (None, "", False):
        return None
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise EventError(f"scheduled = '{value}' must be a valid date") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()
