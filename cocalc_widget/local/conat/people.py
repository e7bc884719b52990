"""Owns the hub's methods about who is in a project, and about what they did in its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..services import collaborators
from ..services.failures import ServiceError, UndefinedError
from .hub import HUB
from .methods import Options, method, thrown

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState


def _inner(o: Options) -> dict[str, Any]:
    inner = o.get("opts")  # these methods nest their options (source)
    if not isinstance(inner, dict):
        raise UndefinedError("project_id")
    return inner


@method("projects.addCollaborator", HUB)
async def add(site: SiteState, caller: Caller, o: Options) -> Any:
    """Let accounts into projects; the projects' ids."""
    with thrown():
        inner = _inner(o)
        if inner.get("token_id"):  # nothing here makes such tokens
            raise ServiceError("Project invite token is not valid - no such token")
        who, where = inner.get("account_id"), inner.get("project_id")
        return {"project_id": collaborators.add(site, caller, who, where)}


@method("projects.removeCollaborator", HUB)
async def remove(site: SiteState, caller: Caller, o: Options) -> Any:
    """Take an account out of a project."""
    with thrown():
        inner = _inner(o)
        who, where = inner.get("account_id"), inner.get("project_id")
        collaborators.remove(site, caller, who, where)


@method("projects.inviteCollaborator", HUB)
async def invite(site: SiteState, caller: Caller, o: Options) -> Any:
    """Let an account into a project, and tell it."""
    with thrown():
        collaborators.invite(site, caller, _inner(o))


@method("projects.inviteCollaboratorWithoutAccount", HUB)
async def invite_by_email(site: SiteState, caller: Caller, o: Options) -> Any:
    """Let those with some e-mail addresses into a project."""
    with thrown():
        collaborators.invite_by_email(site, caller, _inner(o))


@method("projects.changeUserType", HUB)
async def change_type(site: SiteState, caller: Caller, o: Options) -> Any:
    """Make a collaborator an owner, or an owner a collaborator."""
    with thrown():
        inner = _inner(o)
        who, group = inner.get("target_account_id"), inner.get("new_group")
        collaborators.change_type(site, caller, inner.get("project_id"), who, group)


@method("sync.history", HUB)
async def history(site: SiteState, caller: Caller, o: Options) -> Any:
    """What was edited in a file's page: nothing, for the stand-in's pages only show files."""
    if not site.may(caller, str(o.get("project_id"))):
        raise ServiceError("Error: user must be collaborator on source project")
    return {"patches": [], "info": {}}
