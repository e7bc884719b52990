"""Owns the hub's methods of the conat bridge: system, projects, organizations, queries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ...address import is_uuid
from ..services.copies import copy_now, copy_request
from ..services.queries import user_query
from ..state.accounts import Caller
from ..state.core import Core
from ..state.store import iso, now
from ..v1.accounts import search_users
from ..v1.events import EventError

Options = Any
Method = Callable[[Core, Caller, Options], Awaitable[Any]]
HUB: dict[str, Method] = {}
_BAD_UUID = "Error: invalid account_id or project_id -- all must be valid uuid's"


def method(name: str) -> Callable[[Method], Method]:
    """Enter a function into the table."""

    def enter(function: Method) -> Method:
        HUB[name] = function
        return function

    return enter


@method("system.ping")
async def ping(_core: Core, _caller: Caller, _o: Options) -> Any:
    """Tell the time in ms."""
    return {"now": int(now() * 1000)}


@method("system.test")
async def test(_core: Core, caller: Caller, _o: Options) -> Any:
    """Whose key this is."""
    who = (
        {"project_id": caller.project_id}
        if caller.project_id
        else {"account_id": caller.account_id}
    )
    return {**who, "server_time": int(now() * 1000)}


@method("system.getNames")
async def get_names(core: Core, _caller: Caller, ids: Options) -> Any:
    """Names of accounts."""
    rows = [
        row for i in (ids if isinstance(ids, list) else []) if (row := core.accounts.get(str(i)))
    ]
    return {r["account_id"]: {k: r[k] for k in ("first_name", "last_name")} for r in rows}


@method("system.userSearch")
async def user_search(core: Core, _caller: Caller, o: Options) -> Any:
    """Accounts by name or e-mail address."""
    return search_users(core, str(o.get("query")), o.get("limit"))


@method("db.userQuery")
async def query(core: Core, caller: Caller, o: Options) -> Any:
    """A user query, under `query` (recording)."""
    if not isinstance(o, dict) or o.get("query") is None:
        raise EventError("TypeError: Cannot read properties of undefined (reading 'undefined')")
    return user_query(core, caller, o["query"], options=o.get("options"))


@method("projects.createProject")
async def create_project(core: Core, caller: Caller, o: Options) -> Any:
    """A new project's id."""
    title, text = str(o.get("title") or "No Title"), str(o.get("description") or "")
    return core.projects.create(caller.account_id, title, text)


@method("projects.copyPathBetweenProjects")
async def copy(core: Core, caller: Caller, o: Options) -> Any:
    """Copy and wait for it, always (source)."""
    source = o.get("src_project_id")
    target = o.get("target_project_id") or source
    if not is_uuid(source) or not is_uuid(target):
        raise EventError(_BAD_UUID)
    for project_id, side in ((source, "source"), (target, "target")):
        if not core.may(caller, project_id):
            raise EventError(f"Error: user must be collaborator on {side} project")
    try:
        await copy_now(core, copy_request(o, str(o.get("src_path") or "")))
    except EventError as error:
        raise EventError(f"Error: {error.error}") from None


def _project(core: Core, caller: Caller, o: Options) -> str:
    project_id = o.get("project_id") if isinstance(o, dict) else None
    if not is_uuid(project_id):
        raise EventError(_BAD_UUID)
    if not core.may(caller, str(project_id)):
        raise EventError("Error: user must be a collaborator on the project")
    return str(project_id)


@method("projects.start")
async def start(core: Core, caller: Caller, o: Options) -> Any:
    """Start a project."""
    await core.start_project(_project(core, caller, o))


@method("projects.stop")
async def stop(core: Core, caller: Caller, o: Options) -> Any:
    """Stop a project."""
    core.projects.change(_project(core, caller, o), running=0)


@method("projects.touch")
async def touch(core: Core, caller: Caller, o: Options) -> Any:
    """Mark a project as used."""
    core.projects.touch(_project(core, caller, o))


@method("projects.deleteProject")
async def delete_project(core: Core, caller: Caller, o: Options) -> Any:
    """Mark a project as deleted; its files stay."""
    project_id = o.get("project_id")
    if core.projects.role(str(project_id), caller.account_id) != "owner":
        raise EventError("Error: must be an owner to delete a project")
    core.projects.change(str(project_id), deleted=1)


@method("projects.state")
async def state(core: Core, caller: Caller, o: Options) -> Any:
    """Whether a project runs."""
    row = core.projects.get(_project(core, caller, o)) or {}
    word = "running" if row.get("running") else "opened"
    return {"ip": "127.0.0.1", "state": word, "time": iso(row.get("last_edited"))}


@method("projects.addCollaborator")
async def add_collaborator(core: Core, caller: Caller, o: Options) -> Any:
    """Let an account into a project; the options are nested (source)."""
    inner = _inner(o)
    core.projects.add(_project(core, caller, inner), str(inner.get("account_id")))


@method("projects.removeCollaborator")
async def remove_collaborator(core: Core, caller: Caller, o: Options) -> Any:
    """Take an account out of a project; the options are nested (source)."""
    inner = _inner(o)
    core.projects.remove(_project(core, caller, inner), str(inner.get("account_id")))


def _inner(o: Options) -> dict[str, Any]:
    inner = o.get("opts")
    return inner if isinstance(inner, dict) else {}
