"""Owns v1's events about copies between projects: copy, status, delete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from ..services.copies import begin_copy, copy_now, copy_request
from ..state.store import iso
from .events import EventError, Params, event

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.core import Core

_NOTE = (
    "Query copy_path_status with the copy_path_id to learn if the copy operation was successful."
)
_WAIT = 300.0  # seconds that `wait_until_done` waits at most
_DATES = ("time", "started", "finished", "scheduled")
_FLAGS = ("overwrite_newer", "delete_missing", "backup")


@event(
    "copy_path_between_projects",
    required=("src_project_id", "src_path", "target_project_id"),
    optional=(
        "target_path", "overwrite_newer", "delete_missing", "backup", "timeout", "exclude",
        "wait_until_done", "scheduled", "public", "bwlimit",
    ),
)  # fmt: skip
async def copy(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Copy at once, or queue the copy, as this site does it."""
    for name in ("src_project_id", "target_project_id"):
        if not is_uuid(p[name]):
            raise EventError(f"{name}='{p[name]}' not valid")
    check_read(core, caller, p["src_project_id"])
    if not core.may(caller, p["target_project_id"]):
        target = p["target_project_id"]
        raise EventError(f"ACCESS BLOCKED -- No write access to target project -- {target}")
    request = copy_request(p, str(p["src_path"]))
    copy_path_id = ""
    if core.options.queue:
        copy_path_id = core.queue.put(request)
        # sent as a form, "true" is a string and does not wait (recording)
        if p["wait_until_done"] is True and request.scheduled is None:
            row = await core.queue.wait(copy_path_id, _WAIT)
            if row is None or row["error"]:
                raise EventError(row["error"] if row else "timed out waiting for the copy")
            copy_path_id = ""
    elif p["wait_until_done"] is None or p["wait_until_done"] is True:
        await copy_now(core, request)
    else:
        await begin_copy(core, request)
    reply = {"event": "copy_path_between_projects_response"}
    return {**reply, "copy_path_id": copy_path_id, "note": _NOTE}


def check_read(core: Core, caller: Caller, project_id: str) -> None:
    """Refuse those who may not read the source."""
    if not core.may(caller, project_id):
        raise EventError(f"ACCESS BLOCKED -- No read access to source project -- {project_id}")


@event(
    "copy_path_status",
    optional=(
        "copy_path_id", "src_project_id", "target_project_id", "src_path", "limit", "offset",
        "pending", "failed",
    ),
    takes_id=False,
)  # fmt: skip
async def status(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """One copy by its id, or many by their projects."""
    reply = {"event": "copy_path_status_response"}
    if p["copy_path_id"] is not None:
        row = _row(core, caller, p["copy_path_id"])
        if row is None:
            raise EventError(f"Can't find copy operation with ID={p['copy_path_id']}")
        shown = {k: v for k, v in show(row).items() if v is not None}
        return {**reply, "data": shown}
    where: list[str] = []
    values: list[Any] = []
    for name, side in (("src_project_id", "source"), ("target_project_id", "target")):
        if p[name] is None:
            continue
        if not is_uuid(p[name]):
            raise EventError(f"invalid {name}={p[name]}")
        if not core.may(caller, p[name]):
            words = f"No read access to {side} project"
            raise EventError(f"ACCESS BLOCKED -- {words} -- {p[name]}")
        where.append(f"{side}_project_id = ?")
        values.append(p[name])
    if not where:
        wanted = "'copy_path_id' (UUID) of a copy operation or 'src_project_id/target_project_id'"
        raise EventError(f"{wanted} must be defined")
    if p["src_path"] is not None:
        where.append("source_path = ?")
        values.append(str(p["src_path"]))
    if p["failed"]:
        where.append("error IS NOT NULL")
    else:
        pending = p["pending"] is None or p["pending"]
        where.append(f"finished IS {'' if pending else 'NOT '}NULL")
    limit, offset = _number(p["limit"], "limit", 1000), _number(p["offset"], "offset", 0)
    rows = core.queue.find(" AND ".join(where), values, limit, offset)
    return {**reply, "data": [show(row) for row in rows]}


@event("copy_path_delete", required=("copy_path_id",))
async def delete(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Cancel a copy that has not begun."""
    copy_path_id = p["copy_path_id"]
    if _row(core, caller, copy_path_id) is None or not core.queue.delete(str(copy_path_id)):
        name = f"Copy operation '{copy_path_id}'"
        raise EventError(f"{name} either does not exist or already finished")
    return {
        "event": "copy_path_status_response",
        "data": f"copy_path_id = '{copy_path_id}' deleted",
    }


def show(row: dict[str, Any]) -> dict[str, Any]:
    """A job as the API shows it in a list: everything, null where it is not set."""
    shown = {**row, **{k: iso(row[k]) for k in _DATES}}
    shown["exclude"] = json.loads(row["exclude"]) if row["exclude"] else None
    return {**shown, **{k: None if row[k] is None else bool(row[k]) for k in _FLAGS}}


def _row(core: Core, caller: Caller, copy_path_id: object) -> dict[str, Any] | None:
    if not is_uuid(copy_path_id):
        raise EventError(f'postgresql error: invalid input syntax for type uuid: "{copy_path_id}"')
    row = core.queue.get(str(copy_path_id))
    if row is not None:
        check_read(core, caller, row["source_project_id"])
    return row


def _number(value: object, name: str, default: int) -> int:
    if value is None:
        return default
    number = int(value) if str(value).lstrip("-").isdigit() and isinstance(value, int | str) else -1
    if not 0 <= number <= (1000 if name == "limit" else 10**9):
        raise EventError(f"ILLEGAL VALUE {name}='{value}' (must be in [0, 1000])")
    return number
