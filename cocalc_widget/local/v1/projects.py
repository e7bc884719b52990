"""Owns v1's events about projects: create, files, commands, collaborators, queries."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from ..services.commands import execute
from ..services.queries import QueryError, user_query
from ..state import files
from .events import EventError, Params, SilentError, event

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.core import Core


def check_access(core: Core, caller: Caller, project_id: object, what: str) -> str:
    """The project's id, or the refusal in CoCalc's words; `what` is "read" or "write"."""
    if not is_uuid(project_id):
        raise EventError(f"{what.title()} access denied -- invalid project_id -- {project_id}")
    if not core.may(caller, str(project_id)):
        user = f"User {caller.account_id}"
        raise EventError(f"{user} does not have {what} access to project {project_id}")
    return str(project_id)


@event("create_project", optional=("title", "description", "image", "start", "license"))
async def create_project(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Make a project."""
    title, description = str(p["title"] or ""), str(p["description"] or "")
    running = bool(p["start"])
    project_id = core.projects.create(caller.account_id, title, description, running=running)
    return {"event": "project_created", "project_id": project_id}


@event("write_text_file_to_project", required=("project_id", "path", "content"))
async def write_text(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Write a file."""
    project_id = check_access(core, caller, p["project_id"], "write")
    if not isinstance(p["content"], str):
        raise SilentError
    await core.start_project(project_id)
    root, path = core.projects.root(project_id), str(p["path"])
    try:
        await core.run(files.write_bytes, root, path, p["content"].encode("utf-8", "replace"))
    except files.OutsideError:
        raise EventError("path must be contained in project home dir") from None
    except OSError as error:
        raise EventError(node_error(error, "open", project_id, path)) from None
    core.projects.touch(project_id)
    return {"event": "file_written_to_project"}


@event("read_text_file_from_project", required=("project_id", "path"))
async def read_text(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Read a file, or several: lists of the same length, answered in no certain order."""
    name = {"event": "text_file_read_from_project"}
    if not isinstance(p["path"], list):
        return {**name, "content": await read_one(core, caller, p["project_id"], p["path"])}
    rows = []
    for project_id, path in zip(p["project_id"], p["path"], strict=False):
        row: dict[str, Any] = {"path": path, "project_id": project_id}
        try:
            row["content"] = await read_one(core, caller, project_id, path)
        except EventError as error:
            row["error"] = error.error
        rows.append(row)
    return {**name, "content": rows}


async def read_one(core: Core, caller: Caller, project_id: object, path: object) -> str:
    """One file's text; a directory gives a tar.bz2 archive as text (recording)."""
    project_id = check_access(core, caller, project_id, "read")
    await core.start_project(project_id)
    root, name = core.projects.root(project_id), str(path)
    try:
        is_dir = await core.run(files.kind, root, name) == "directory"
        data = await core.run(files.tar if is_dir else files.read_bytes, root, name)
    except files.OutsideError:
        raise EventError("path must be contained in project home dir") from None
    except OSError as error:
        raise EventError(f"Error: {node_words(error, 'stat', project_id, name)}") from None
    return data.decode("utf-8", "replace")


@event(
    "project_exec",
    required=("project_id", "command"),
    optional=(
        "compute_server_id", "path", "args", "timeout", "aggregate", "max_output", "bash",
        "err_on_exit",
    ),
)  # fmt: skip
async def project_exec(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Run a command in a project."""
    project_id = check_access(core, caller, p["project_id"], "write")
    return {"event": "project_exec_output", **await execute(core, project_id, p, none="")}


@event("touch_project", required=("project_id",))
async def touch_project(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Mark a project as used."""
    core.projects.touch(check_access(core, caller, p["project_id"], "write"))
    return {"event": "success"}


@event("invite_collaborator", required=("project_id", "account_id"))
async def invite_collaborator(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Let an account into a project."""
    core.projects.add(check_access(core, caller, p["project_id"], "write"), str(p["account_id"]))
    return {"event": "success"}


@event("remove_collaborator", required=("project_id", "account_id"))
async def remove_collaborator(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Take an account out of a project."""
    core.projects.remove(check_access(core, caller, p["project_id"], "write"), str(p["account_id"]))
    return {"event": "success"}


@event("query", required=("query",), optional=("changes", "multi_response", "options", "timeout"))
async def query(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Read or set what the database has about projects and accounts."""
    try:
        result = user_query(core, caller, p["query"], multi=p["multi_response"])
    except QueryError as error:
        raise EventError(str(error)) from None
    reply = {"query": result, "multi_response": False, "event": "query"}
    return {**reply, "options": p["options"]} if p["options"] is not None else reply


def node_words(error: OSError, call: str, project_id: str, path: str) -> str:
    """An error of the file system as Node.js words it, with the path CoCalc would show."""
    code = errno.errorcode.get(error.errno or 0, "EIO")
    reason = (
        "no such file or directory" if code == "ENOENT" else os.strerror(error.errno or 5).lower()
    )
    return f"{code}: {reason}, {call} '/projects/{project_id}/{path}'"


def node_error(error: OSError, call: str, project_id: str, path: str) -> dict[str, Any]:
    """The same as an object (recording: writing to a directory)."""
    number = error.errno or 5
    code = errno.errorcode.get(number, "EIO")
    place = f"/projects/{project_id}/{path}"
    return {"errno": -number, "code": code, "syscall": call, "path": place}
