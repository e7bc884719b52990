"""Owns what can be asked about projects: making one, who may use it, whether it runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from ..state.database import iso
from .accounts import is_email
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


def state_of(row: dict[str, Any]) -> dict[str, Any]:
    """Whether the project of this row runs, and when it was used last."""
    state = "running" if row.get("running") else "opened"
    return {"state": state, "time": iso(row.get("last_edited"))}


def status_of(site: SiteState, project_id: str) -> dict[str, Any]:
    """What a running project tells of itself; nothing where it does not run.

    Here all projects run in one process, whose id this is.
    """
    row = site.projects.get(project_id)
    if row is None or not row["running"]:
        return {}
    begun, session_id = site.session_of(project_id)
    ports = {"hub-server.port": site.port, "browser-server.port": site.port}
    return {
        "project.pid": os.getpid(), **ports, "start_ts": int(begun * 1000), "session_id": session_id
    }  # fmt: skip


def add_collaborators(
    site: SiteState, caller: Caller, project_ids: object, account_ids: object
) -> list[str]:
    """Let accounts into projects, one each; the projects' ids.

    Args:
        site: the site.
        caller: is a collaborator of all these projects.
        project_ids: an id, or a list of them.
        account_ids: as many; the first account goes to the first project.
    """
    pairs = _pairs(site, caller, project_ids, account_ids)
    for _project_id, account_id in pairs:
        if site.accounts.get(account_id) is None:
            raise ServiceError(f"no account with id '{account_id}'")
    for project_id, account_id in pairs:
        site.projects.add(project_id, account_id)
    return [project_id for project_id, _account_id in pairs]


def remove_collaborators(
    site: SiteState, caller: Caller, project_ids: object, account_ids: object
) -> None:
    """Take accounts out of projects, one each; nobody is taken out where one is an owner."""
    pairs = _pairs(site, caller, project_ids, account_ids)
    if any(site.projects.role(*pair) == "owner" for pair in pairs):
        raise OwnershipError
    for project_id, account_id in pairs:
        site.projects.remove(project_id, account_id)


class OwnershipError(ServiceError):
    """An owner would be taken out of a project (recording)."""

    def __init__(self) -> None:
        super().__init__("Cannot remove an owner. Demote to collaborator first.")


def invite(site: SiteState, caller: Caller, project_id: object, to: object) -> None:
    """Let the accounts of these e-mail addresses into a project, now or when they are made.

    No mail is sent: a stand-in has nobody to send it by.

    Args:
        site: the site.
        caller: is a collaborator.
        project_id: where to.
        to: addresses, with commas, semicolons or blanks between them.
    """
    into = project_of(site, caller, check_uuid(project_id))
    addresses = str(to or "").replace(",", " ").replace(";", " ").lower().split()
    for address in addresses:
        if not is_email(address):
            raise ServiceError(f"invalid email address '{address}'")
    for address in addresses:
        row = site.accounts.by_email(address)
        if row is None:
            site.projects.invite(into, address)
        else:
            site.projects.add(into, row["account_id"])


def collaborators(site: SiteState, project_id: str) -> list[dict[str, str]]:
    """Who may use a project: ids and names."""
    rows = [site.accounts.get(account_id) for account_id in site.projects.users(project_id)]
    fields = ("account_id", "first_name", "last_name")
    return [{field: row[field] for field in fields} for row in rows if row is not None]


def _pairs(
    site: SiteState, caller: Caller, project_ids: object, account_ids: object
) -> list[tuple[str, str]]:
    projects = project_ids if isinstance(project_ids, list) else [project_ids]
    accounts = account_ids if isinstance(account_ids, list) else [account_ids]
    if len(projects) != len(accounts) or not all(map(is_uuid, (*projects, *accounts))):
        raise ServiceError("invalid account_id or project_id -- all must be valid uuid's")
    return [
        (project_of(site, caller, project_id), str(account_id))
        for project_id, account_id in zip(projects, accounts, strict=True)
    ]
