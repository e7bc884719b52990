"""Owns who is let into a project, and out of it: collaborators, owners, invitations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from .accounts import is_email
from .failures import OwnershipError, ServiceError, UndefinedError

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState

_MOST_ADDRESSES, _LONGEST_ADDRESS = 1024, 128  # characters (source)


def listed(value: object) -> list[Any]:
    """One value, or a list of them, as a list."""
    return value if isinstance(value, list) else [value]


def _check_types(account_ids: list[Any], project_ids: list[Any]) -> None:
    if len(account_ids) != len(project_ids):
        lengths = f"accounts (of length {len(account_ids)}) and projects (of length"
        raise ServiceError(f"{lengths} {len(project_ids)}) must be arrays of the same length")
    for kind, ids in (("account", account_ids), ("project", project_ids)):
        for one in ids:
            if not is_uuid(one):
                or_empty = "" if kind == "account" else " (or empty)"
                words = f"all {kind} id's must be valid uuid's{or_empty}, but"
                raise ServiceError(f'{words} "{_js(one)}" is not')


def _js(value: object) -> str:
    return "undefined" if value is None else str(value)


def _check_may_write(site: SiteState, caller: Caller, project_ids: list[Any]) -> None:
    for project_id in project_ids:
        if not site.may(caller, str(project_id)):
            user = f"user {caller.account_id}"
            raise ServiceError(f"{user} does not have write access to project {_js(project_id)}")


def _check_may_manage(site: SiteState, caller: Caller, project_id: object) -> None:
    """Some projects let only their owners say who comes in."""
    if not is_uuid(project_id):
        raise ServiceError(f"Invalid project_id: {_js(project_id)}")
    if site.projects.get(str(project_id)) is None:
        raise OwnershipError("Project not found")
    strict = site.projects.extras(str(project_id)).get("manage_users_owner_only")
    if strict and site.projects.role(str(project_id), caller.account_id) != "owner":
        words = "Only owners can manage collaborators when this setting is enabled"
        raise OwnershipError(words)


def _check_no_owner(site: SiteState, project_id: object, account_id: object) -> None:
    for kind, one in (("project", project_id), ("account", account_id)):
        if not is_uuid(one):
            raise ServiceError(f"Invalid {kind}_id: {_js(one)}")
    if site.projects.role(str(project_id), str(account_id)) == "owner":
        raise OwnershipError("Cannot remove an owner. Demote to collaborator first.")


def add(site: SiteState, caller: Caller, account_ids: object, project_ids: object) -> list[str]:
    """Let accounts into projects, the first into the first; the projects' ids."""
    accounts, projects = listed(account_ids), listed(project_ids)
    b = site.options.generation == "B"
    for project_id in projects if b else ():
        _check_may_manage(site, caller, project_id)
    _check_may_write(site, caller, projects)
    _check_types(accounts, projects)
    for account_id, project_id in zip(accounts, projects, strict=True):
        _add(site, project_id, account_id)
    return projects


def _add(site: SiteState, project_id: str, account_id: str) -> None:
    # CoCalc itself enters ids that are nobody's; who is nobody can't use it anyway
    if site.accounts.get(account_id) is not None:
        site.projects.add(project_id, account_id)


def _check_member(site: SiteState, caller: Caller, project_id: object) -> str:
    if not site.may(caller, str(project_id)):
        raise ServiceError("user must be a collaborator")
    return str(project_id)


def remove(site: SiteState, caller: Caller, account_id: object, project_id: object) -> None:
    """Take one account out of one project; collaborators may do so with each other."""
    project = _check_member(site, caller, project_id)
    if site.options.generation == "B":  # the older one leaves owners in without a word (source)
        _check_no_owner(site, project, account_id)
        if account_id != caller.account_id:
            _check_may_manage(site, caller, project)
    site.projects.remove(project, str(account_id))


def remove_all(site: SiteState, caller: Caller, account_ids: object, project_ids: object) -> None:
    """Take accounts out of projects, the first out of the first; all or none."""
    accounts, projects = listed(account_ids), listed(project_ids)
    _check_may_write(site, caller, projects)
    _check_types(accounts, projects)
    for account_id, project_id in zip(accounts, projects, strict=True):
        if accounts != [caller.account_id]:
            _check_may_manage(site, caller, project_id)
        _check_no_owner(site, project_id, account_id)
    for account_id, project_id in zip(accounts, projects, strict=True):
        site.projects.remove(project_id, account_id)


def invite(site: SiteState, caller: Caller, o: dict[str, Any]) -> None:
    """Let an account into a project; the e-mail that CoCalc would send is not sent."""
    project_id = _check_member(site, caller, o.get("project_id"))
    _check_may_manage(site, caller, project_id)
    _check_types([o.get("account_id")], [project_id])
    _add(site, project_id, str(o["account_id"]))


def invite_by_email(site: SiteState, caller: Caller, o: dict[str, Any]) -> None:
    """Let those with these e-mail addresses in, now or when they make an account.

    No e-mail is sent.
    """
    project_id = _check_member(site, caller, o.get("project_id"))
    _check_may_manage(site, caller, project_id)
    to = o.get("to")
    if not isinstance(to, str):
        raise UndefinedError("length")
    if len(to) > _MOST_ADDRESSES:
        raise ServiceError("Specify less recipients when adding collaborators to project.")
    addresses = [one for one in re.split(r"[\s;,]", to) if one]
    for address in addresses:
        if not is_email(address):
            raise ServiceError(f"invalid email address '{address}'")
        if len(address) >= _LONGEST_ADDRESS:
            words = f"email address must be at most {_LONGEST_ADDRESS} characters"
            raise ServiceError(f"{words}: '{address.lower()}'")
        row = site.accounts.by_email(address)
        if row is not None:
            site.projects.add(project_id, row["account_id"])
        else:
            site.projects.invite(project_id, address)


def change_type(
    site: SiteState, caller: Caller, project_id: object, account_id: object, group: object
) -> None:
    """Make one of a project's people its owner, or a collaborator; for owners."""
    mine = site.projects.role(str(project_id), caller.account_id)
    if mine is None:
        raise OwnershipError("Not a project member")
    if mine != "owner":
        raise OwnershipError("Only project owners can change user types")
    theirs = site.projects.role(str(project_id), str(account_id))
    if theirs is None:
        raise OwnershipError("Target user is not a member of this project")
    if group not in ("owner", "collaborator"):
        raise OwnershipError("New group must be either 'owner' or 'collaborator'")
    users = site.projects.users(str(project_id)).values()
    owners = sum(user["group"] == "owner" for user in users)
    if theirs == "owner" and group == "collaborator" and owners <= 1:
        words = "Cannot change the last owner to collaborator. At least one owner is required."
        raise OwnershipError(words)
    site.projects.regroup(str(project_id), str(account_id), str(group))


def people(site: SiteState, caller: Caller, project_id: object) -> list[dict[str, Any]]:
    """The names of a project's people, for them and for site admins; else none."""
    if not is_uuid(project_id):
        raise ServiceError("project_id must be a uuid")
    if not caller.admin and site.projects.role(str(project_id), caller.account_id) is None:
        return []
    rows = [site.accounts.get(account_id) for account_id in site.projects.users(str(project_id))]
    fields = ("account_id", "first_name", "last_name")
    return [{field: row[field] for field in fields} for row in rows if row]
