"""Owns what can be asked about projects: making one, who may use it, whether it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..state.database import iso
from .failures import ServiceError

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


def state_of(row: dict[str, Any]) -> dict[str, Any]:
    """Whether the project of this row runs, and when it was used last."""
    state = "running" if row.get("running") else "opened"
    return {"state": state, "time": iso(row.get("last_edited"))}
