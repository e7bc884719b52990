"""Owns the hub's methods on the conat bridge: about accounts, projects, and copies between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..services import accounts, copies, kernels, projects, queries
from ..services.failures import ServiceError, check_uuid
from ..state.database import iso, now
from .methods import BAD_UUID, Method, Options, method, thrown
from .people import PEOPLE

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState

HUB: dict[str, Method] = dict(PEOPLE)


@method("system.ping", HUB)
async def ping(_site: SiteState, _caller: Caller, _o: Options) -> Any:
    """Tell the time in ms."""
    return {"now": int(now() * 1000)}


@method("system.test", HUB)
async def test(_site: SiteState, caller: Caller, _o: Options) -> Any:
    """Whose key this is."""
    who = (
        {"project_id": caller.project_id}
        if caller.project_id
        else {"account_id": caller.account_id}
    )
    return {**who, "server_time": int(now() * 1000)}


@method("system.getNames", HUB)
async def get_names(site: SiteState, _caller: Caller, ids: Options) -> Any:
    """Names of accounts."""
    found = accounts.names(site, ids)
    return {who: {**names, "profile": None} for who, names in found.items()}


@method("system.userSearch", HUB)
async def user_search(site: SiteState, _caller: Caller, o: Options) -> Any:
    """Accounts by name or e-mail address."""
    return accounts.search(site, str(o.get("query")), o.get("limit"))


@method("db.userQuery", HUB)
async def query(site: SiteState, caller: Caller, o: Options) -> Any:
    """A user query, under `query` (recording)."""
    if not isinstance(o, dict) or o.get("query") is None:
        raise ServiceError("TypeError: Cannot read properties of undefined (reading 'undefined')")
    return queries.user_query(site, caller, o["query"], options=o.get("options"))


@method("projects.createProject", HUB)
async def create_project(site: SiteState, caller: Caller, o: Options) -> Any:
    """A new project's id."""
    return projects.create(site, caller, o, untitled="No Title")


@method("projects.copyPathBetweenProjects", HUB)
async def copy(site: SiteState, caller: Caller, o: Options) -> Any:
    """Copy and wait for it, always (source)."""
    source = o.get("src_project_id")
    target = o.get("target_project_id") or source
    with thrown():
        for project_id in (source, target):
            check_uuid(project_id, BAD_UUID)
        for project_id, side in ((source, "source"), (target, "target")):
            if not site.may(caller, project_id):
                raise ServiceError(f"user must be collaborator on {side} project")
        await copies.copy_now(site, copies.parse(o, str(o.get("src_path") or "")))


def _project(site: SiteState, caller: Caller, o: Options) -> str:
    project_id = o.get("project_id") if isinstance(o, dict) else None
    with thrown():
        return projects.project_of(site, caller, check_uuid(project_id, BAD_UUID))


@method("projects.start", HUB)
async def start(site: SiteState, caller: Caller, o: Options) -> Any:
    """Start a project."""
    await site.start_project(_project(site, caller, o))


@method("projects.stop", HUB)
async def stop(site: SiteState, caller: Caller, o: Options) -> Any:
    """Stop a project."""
    site.stop_project(_project(site, caller, o))


@method("projects.touch", HUB)
async def touch(site: SiteState, caller: Caller, o: Options) -> Any:
    """Mark a project as used, and start it."""
    project_id = _project(site, caller, o)
    site.projects.touch(project_id)
    await site.start_project(project_id)


@method("projects.deleteProject", HUB)
async def delete_project(site: SiteState, caller: Caller, o: Options) -> Any:
    """Mark a project as deleted; its files stay."""
    project_id = o.get("project_id")
    if site.projects.role(str(project_id), caller.account_id) != "owner":
        raise ServiceError("Error: must be an owner to delete a project")
    site.projects.change(str(project_id), deleted=1)


@method("projects.state", HUB)
async def state(site: SiteState, caller: Caller, o: Options) -> Any:
    """Whether a project runs."""
    row = site.projects.get(_project(site, caller, o)) or {}
    return {"ip": "127.0.0.1", **projects.state_of(row)}


@method("projects.status", HUB)
async def status(site: SiteState, caller: Caller, o: Options) -> Any:
    """What a running project tells of itself."""
    return projects.status_of(site, _project(site, caller, o))


@method("projects.addCollaborator", HUB)
async def add_collaborator(site: SiteState, caller: Caller, o: Options) -> Any:
    """Let accounts into projects; the options are nested (source)."""
    inner = _inner(o)
    who = inner.get("project_id"), inner.get("account_id")
    with thrown():
        return {"project_id": projects.add_collaborators(site, caller, *who)}


@method("projects.removeCollaborator", HUB)
async def remove_collaborator(site: SiteState, caller: Caller, o: Options) -> Any:
    """Take accounts out of projects; the options are nested (source)."""
    inner = _inner(o)
    with thrown():
        projects.remove_collaborators(
            site, caller, inner.get("project_id"), inner.get("account_id")
        )


@method("projects.inviteCollaborator", HUB)
async def invite_collaborator(site: SiteState, caller: Caller, o: Options) -> Any:
    """Let an account into a project, as `addCollaborator` does; here nobody gets a mail."""
    inner = _inner(o)
    with thrown():
        projects.add_collaborators(site, caller, inner.get("project_id"), inner.get("account_id"))


@method("projects.inviteCollaboratorWithoutAccount", HUB)
async def invite_by_email(site: SiteState, caller: Caller, o: Options) -> Any:
    """Let whoever has these e-mail addresses into a project."""
    inner = _inner(o)
    with thrown():
        projects.invite(site, caller, inner.get("project_id"), inner.get("to"))


@method("jupyter.kernels", HUB)
async def jupyter_kernels(site: SiteState, caller: Caller, o: Options) -> Any:
    """The kernels of a project."""
    with thrown():
        return await kernels.specs(site, _named_project(site, caller, o))


@method("jupyter.execute", HUB)
async def jupyter_execute(site: SiteState, caller: Caller, o: Options) -> Any:
    """Run code in a project's kernel."""
    with thrown():
        project_id = _named_project(site, caller, o)
        if not o.get("kernel"):
            raise ServiceError("kernel must be specified")
    outputs = await kernels.execute(site, project_id, o)
    return {"output": outputs, "created": iso(now())}


def _named_project(site: SiteState, caller: Caller, o: Options) -> object:
    """A project that the caller may use; None where none is named: that is refused otherwise."""
    project_id = o.get("project_id")
    if project_id is None:
        return None
    return projects.project_of(site, caller, check_uuid(project_id, BAD_UUID))


@method("sync.history", HUB)
async def history(site: SiteState, caller: Caller, o: Options) -> Any:
    """How a file was edited: the stand-in's pages edit none, so there are no patches."""
    _project(site, caller, o)
    return {"patches": [], "info": []}


def _inner(o: Options) -> dict[str, Any]:
    inner = o.get("opts")
    return inner if isinstance(inner, dict) else {}


@method("system.generateUserAuthToken", HUB)
async def generate_token(site: SiteState, caller: Caller, o: Options) -> Any:
    """An auth token for an account, for whoever knows its password, or for a site admin.

    A wrong password bans; the sentence has a number that was never filled in (recording).
    """
    account_id, password = str(o.get("user_account_id")), str(o.get("password") or "")
    wait, freely = "#{BAN_TIME_MS/1000}s", caller.admin
    with thrown():
        ask = accounts.user_token(site, caller, account_id, password, freely=freely, wait=wait)
        return await ask


@method("system.revokeUserAuthToken", HUB)
async def revoke_token(site: SiteState, _caller: Caller, token: Options) -> Any:
    """End a token of any kind; whoever holds it may (source)."""
    site.accounts.expire_token(str(token))
