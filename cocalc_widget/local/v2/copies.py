"""Owns v2's endpoints for copies; what they answer differs between the generations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..services.copies import begin_copy, copy_now, copy_request
from ..state.store import iso
from ..v1.events import EventError
from .handler import V2Handler, check_uuid, endpoint

if TYPE_CHECKING:
    from ..state.accounts import Caller

Body = dict[str, Any]
_WAIT = 300.0  # seconds that a copy is waited for at most


@endpoint("projects/copy-path")
async def copy_path(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """Copy a path. Generation A answers `{}` whatever the target is (recording)."""
    core, b = handler.core, handler.core.options.generation == "B"
    if not body.get("path"):
        raise EventError("path must be specified")
    check_uuid(body.get("src_project_id"), "src_project_id must be a valid uuid")
    target = body.get("target_project_id") or body["src_project_id"]
    check_uuid(target, "target_project_id must be a valid uuid")
    request = copy_request({**body, "scheduled": None}, str(body["path"]))
    for project_id, side in ((body["src_project_id"], "source"), (target, "target")):
        unknown = core.projects.get(project_id) is None and not b
        if not core.may(caller, project_id) and not unknown:
            raise EventError(f"must be a collaborator on {side} project")
    if core.projects.get(request.source_project_id) is None:
        place = f"/projects/{request.source_project_id}/{request.source_path}"
        raise EventError(f"ENOENT: no such file or directory, stat '{place}'")
    if core.projects.get(target) is None:
        return {}
    copy_id = ""
    if core.options.queue:
        copy_id = core.queue.put(request)
        if not b or body.get("wait_until_done", True):
            row = await core.queue.wait(copy_id, _WAIT)
            if row is None or row["error"]:
                raise EventError(row["error"] if row else "timed out waiting for the copy")
            copy_id = ""
    elif not b or body.get("wait_until_done", True):
        await copy_now(core, request)
    else:
        await begin_copy(core, request)
    return {"copy_id": copy_id} if b else {}


@endpoint("projects/copy-path-status", only="B")
async def copy_path_status(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """How a queued copy stands (generation B alone has this, source)."""
    check_uuid(body.get("copy_id"), "copy_id must be a valid uuid")
    row = handler.core.queue.get(str(body["copy_id"]))
    if row is None or not handler.core.may(caller, row["source_project_id"]):
        raise EventError("copy_id not found")
    times = {name: iso(row[name]) for name in ("started", "finished")}
    return {**times, "copy_error": row["error"]}
