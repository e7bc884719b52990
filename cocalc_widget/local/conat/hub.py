"""Owns the hub's methods on the conat bridge: about accounts, projects, and copies between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from ..services import accounts, copies, projects, queries
from ..services.failures import ServiceError, check_uuid
from ..state.database import now
from .methods import BAD_UUID, Method, Options, method, thrown

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState

HUB: dict[str, Method] = {}
_TOKEN_SECONDS = 24 * 3600  # (source)
# CoCalc's methods that the stand-in has not: they answer like an unknown function
UNIMPLEMENTED = frozenset({
    "compute.*", "fileSync.*", "jupyter.execute", "jupyter.kernels", "messages.get",
    "messages.send", "org.addAdmin", "org.createUser", "org.get", "org.getAll", "org.getUsers",
    "org.message", "org.removeAdmin", "org.removeUser", "org.set", "projects.status",
    "purchases.*", "sync.history",
})  # fmt: skip


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
    return accounts.names(site, ids)


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
    site.projects.change(_project(site, caller, o), running=0)


@method("projects.touch", HUB)
async def touch(site: SiteState, caller: Caller, o: Options) -> Any:
    """Mark a project as used."""
    site.projects.touch(_project(site, caller, o))


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


@method("projects.addCollaborator", HUB)
async def add_collaborator(site: SiteState, caller: Caller, o: Options) -> Any:
    """Let an account into a project; the options are nested (source)."""
    inner = _inner(o)
    site.projects.add(_project(site, caller, inner), str(inner.get("account_id")))


@method("projects.removeCollaborator", HUB)
async def remove_collaborator(site: SiteState, caller: Caller, o: Options) -> Any:
    """Take an account out of a project; the options are nested (source)."""
    inner = _inner(o)
    site.projects.remove(_project(site, caller, inner), str(inner.get("account_id")))


def _inner(o: Options) -> dict[str, Any]:
    inner = o.get("opts")
    return inner if isinstance(inner, dict) else {}


@method("org.create", HUB)
async def create_org(site: SiteState, caller: Caller, o: Options) -> Any:
    """A new organization's id; site admins only."""
    if not caller.admin:
        raise ServiceError("Error: only admins may create organizations")
    name = str(o.get("name"))
    if site.accounts.org(name):
        raise ServiceError("Error: name must be globally unique")
    return site.accounts.create_org(name, caller.account_id)


@method("org.addUser", HUB)
async def add_user(site: SiteState, caller: Caller, o: Options) -> Any:
    """Make an account a member of an organization; site admins only."""
    row = _account(site, o.get("user"))
    if not caller.admin:
        raise ServiceError("Error: user must be an admin")
    if row is None or not site.accounts.org(str(o.get("name"))):
        raise ServiceError("Error: no such user or organization")
    site.accounts.join(row["account_id"], str(o["name"]))


@method("org.createToken", HUB)
async def create_token(site: SiteState, caller: Caller, o: Options) -> Any:
    """An auth token for a member of an organization, for its admin or a site admin."""
    row = _account(site, o.get("user"))
    if row is None or not row["org"]:
        raise ServiceError("Error: user is not in an org")
    org = site.accounts.org(row["org"])
    if not caller.admin and (org is None or org["owner"] != caller.account_id):
        raise ServiceError("Error: user must be an admin of the org")
    expire = o.get("expire")
    seconds = expire / 1000 if isinstance(expire, int | float) else now() + _TOKEN_SECONDS
    token = site.accounts.new_token(row["account_id"], seconds)
    # a site without a DNS name gives a broken address (recording)
    return {"token": token, "url": f"https:/auth/impersonate?auth_token={token}"}


@method("org.expireToken", HUB)
async def expire_token(site: SiteState, _caller: Caller, o: Options) -> Any:
    """End a token; whoever holds it may, and an unknown one is no error (recording)."""
    site.accounts.expire_token(str(o.get("token")))


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


def _account(site: SiteState, user: object) -> dict[str, Any] | None:
    return site.accounts.get(str(user)) if is_uuid(user) else site.accounts.by_email(str(user))
