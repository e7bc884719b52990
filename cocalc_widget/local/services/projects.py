"""Owns what can be asked about projects: making one, who may use it, whether it runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..state.database import iso
from .failures import ServiceError, check_uuid

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState


def create(
    site: SiteState,
    caller: Caller,
    options: dict[str, Any],
    *,
    untitled: str,
    running: bool = False,
) -> str:
    """A new project of the caller's; its id. What else the options say is ignored (recording)."""
    title = str(options.get("title") or untitled)
    text = str(options.get("description") or "")
    return site.projects.create(caller.account_id, title, text, running=running)


def project_of(site: SiteState, caller: Caller | None, project_id: object) -> str:
    """The project's id, if the caller may use it."""
    if not site.may(caller, str(project_id)):
        raise ServiceError("user must be a collaborator on the project")
    return str(project_id)


def collaborators_of(site: SiteState, caller: Caller, project_id: object, what: str) -> str:
    """The same as the newer hub words it; `what` is what only collaborators may do."""
    if caller.project_id is not None or not site.may(caller, str(project_id)):
        raise ServiceError(f"must be collaborator on project to {what}")
    return str(project_id)


async def touch(site: SiteState, caller: Caller, project_id: str) -> None:
    """Mark a project as used by the caller, which starts it."""
    await site.start_project(project_id)
    site.projects.touch(project_id, caller.account_id)


def delete(site: SiteState, caller: Caller, project_id: object) -> None:
    """Stop a project and mark it as deleted; its files stay.

    Collaborators may, whatever the words of the refusal say (source).
    """
    check_uuid(project_id, "project_id must be a valid UUID")
    if not caller.admin and not site.may(caller, str(project_id)):
        raise ServiceError("must be an owner to delete a project")
    site.stop_project(str(project_id))
    site.projects.change(str(project_id), deleted=1)


def status_of(site: SiteState, project_id: str) -> dict[str, Any]:
    """How a project runs: since when, as which process, on which ports; nothing if it does not.

    No project of the stand-in has a process of its own: it is served by the site's.
    """
    run = site.projects.run_of(project_id)
    if run is None:
        return {}
    return {
        "project.pid": os.getpid(),
        "hub-server.port": site.port,
        "browser-server.port": site.port,
        "start_ts": int(run["started"] * 1000),
        "session_id": run["session_id"],
    }


def state_of(row: dict[str, Any]) -> dict[str, Any]:
    """Whether the project of this row runs, and when it was used last."""
    state = "running" if row.get("running") else "opened"
    return {"state": state, "time": iso(row.get("last_edited"))}
