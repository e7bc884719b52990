"""Owns the hub's methods on the conat bridge: about accounts, projects, and copies between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..services import accounts, api_keys, copies, kernels, projects, queries
from ..services.failures import ServiceError, check_uuid
from ..state.database import iso, now
from .methods import BAD_UUID, Method, Options, method, thrown

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState

HUB: dict[str, Method] = {}


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
    """Names of accounts, and how they look; who is nobody has a name all the same (source)."""
    return accounts.names_or_deleted(site, ids)


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


@method("system.manageApiKeys", HUB)
async def manage_keys(site: SiteState, caller: Caller, o: Options) -> Any:
    """Make, rename, delete and list an account's API keys, or a project's."""
    with thrown():
        return api_keys.manage(site, caller, o)


def _collaborators(site: SiteState, caller: Caller, o: Options, what: str) -> str:
    with thrown():
        project_id = check_uuid(o.get("project_id"), BAD_UUID)
        return projects.collaborators_of(site, caller, project_id, what)


@method("projects.start", HUB)
async def start(site: SiteState, caller: Caller, o: Options) -> Any:
    """Start a project."""
    await site.start_project(_collaborators(site, caller, o, "start it"))


@method("projects.stop", HUB)
async def stop(site: SiteState, caller: Caller, o: Options) -> Any:
    """Stop a project."""
    site.stop_project(_collaborators(site, caller, o, "stop it"))


@method("projects.touch", HUB)
async def touch(site: SiteState, caller: Caller, o: Options) -> Any:
    """Mark a project as used, which starts it."""
    await projects.touch(site, caller, _collaborators(site, caller, o, "touch it"))


@method("projects.deleteProject", HUB)
async def delete_project(site: SiteState, caller: Caller, o: Options) -> Any:
    """Mark a project as deleted; its files stay."""
    with thrown():
        projects.delete(site, caller, o.get("project_id"))


@method("projects.state", HUB)
async def state(site: SiteState, caller: Caller, o: Options) -> Any:
    """Whether a project runs."""
    row = site.projects.get(_collaborators(site, caller, o, "get state")) or {}
    return {"ip": "127.0.0.1", **projects.state_of(row)}


@method("projects.status", HUB)
async def status(site: SiteState, caller: Caller, o: Options) -> Any:
    """How a project runs."""
    return projects.status_of(site, _collaborators(site, caller, o, "get status"))


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
    outputs = await kernels.execute(site, project_id, o, silent=True)
    return {"output": outputs, "created": iso(now())}


def _named_project(site: SiteState, caller: Caller, o: Options) -> object:
    """A project that the caller may use; None where none is named: that is refused otherwise."""
    project_id = o.get("project_id")
    if project_id is None:
        return None
    return projects.project_of(site, caller, check_uuid(project_id, BAD_UUID))


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
