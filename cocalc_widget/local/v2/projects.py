"""Owns v2's endpoints about projects: list, create, start, files, commands, copies."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from ..state import files
from ..v1.events import EventError
from ..v1.projects import read_one
from .handler import V2Handler, check_uuid, endpoint, project_of

if TYPE_CHECKING:
    from ..state.accounts import Caller

Body = dict[str, Any]
_WAIT = 300.0  # seconds that a copy is waited for at most


@endpoint("projects/create", "user must be signed in")
async def create(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """Make a project; what is not known is ignored (recording)."""
    assert caller is not None  # noqa: S101 (the table lets nobody else in)
    title, text = str(body.get("title") or "No Title"), str(body.get("description") or "")
    return {"project_id": handler.core.projects.create(caller.account_id, title, text)}


def _shown(handler: V2Handler, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    fields = ("project_id", "title", "description")
    extra = {"name": None} if handler.core.options.generation == "B" else {}
    return [{**{f: row[f] for f in fields}, **extra} for row in rows]


@endpoint("projects/get", "must be authenticated")
async def get(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """The account's projects, the latest first; a project's key has none."""
    if caller is None or caller.project_id is not None:
        return []
    limit = body.get("limit")
    rows = handler.core.projects.of(caller.account_id, hidden=False)  # nor deleted (recording)
    return _shown(handler, rows[: limit if isinstance(limit, int) else 1000])


@endpoint("projects/get-one", "must be authenticated")
async def get_one(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """One project."""
    project_id = project_of(handler.core, caller, body.get("project_id"))
    row = handler.core.projects.get(project_id)
    return _shown(handler, [row])[0] if row else {}


@endpoint("projects/start")
async def start(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """Start a project."""
    check_uuid(body.get("project_id"))
    await handler.core.start_project(project_of(handler.core, caller, body["project_id"]))
    return {"status": "ok"}


@endpoint("projects/stop")
async def stop(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """Stop a project."""
    check_uuid(body.get("project_id"))
    project_id = project_of(handler.core, caller, body["project_id"])
    handler.core.projects.change(project_id, running=0)
    return {"status": "ok"}


@endpoint("projects/touch")
async def touch(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """Mark a project as used."""
    check_uuid(body.get("project_id"))
    handler.core.projects.touch(project_of(handler.core, caller, body["project_id"]))
    return {}


@endpoint("projects/write-text-file", "must be authenticated")
async def write_text(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """Write a file. It says ok even where the path is a directory (recording)."""
    check_uuid(body.get("project_id"), "must set project_id to a valid uuid")
    if body.get("content") is None:
        raise EventError("must include content of file")
    project_id = project_of(handler.core, caller, body["project_id"])
    await handler.core.start_project(project_id)
    root, data = handler.core.projects.root(project_id), str(body["content"]).encode()
    try:
        await handler.core.run(files.write_bytes, root, str(body.get("path") or ""), data)
    except IsADirectoryError:
        pass
    except OSError as error:
        raise EventError(error.strerror or "failed") from None
    return {"status": "ok"}


@endpoint("projects/call")
async def call(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """Hand a message to a project: reading a file, on generation A."""
    mesg = body.get("mesg")
    mesg = mesg if isinstance(mesg, dict) else {}
    if mesg.get("event") != "read_text_file_from_project":
        raise EventError("not implemented")
    project_id = project_of(handler.core, caller, body.get("project_id"))
    assert caller is not None  # noqa: S101
    content = await read_one(handler.core, caller, project_id, mesg.get("path"))
    reply = {"event": "text_file_read_from_project", "id": mesg.get("id") or str(uuid.uuid4())}
    return {**reply, "content": content}
