"""Owns what can be asked about organizations, and who may ask for it.

Site admins may do all of it, an organization's admins what concerns theirs.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from ..state.database import now
from ..state.organizations import PROPERTIES
from . import accounts, messages
from .failures import ServiceError

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState

_NAME = 39  # characters at most (documentation)
_TOKEN_SECONDS = 24 * 3600  # (source)
_NOT_ALLOWED = "user must be an admin of the organization or site-admin"
_SHOWN = ("name", *PROPERTIES, "admin_account_ids")


def create(site: SiteState, caller: Caller, name: str) -> str:
    """A new organization's id; site admins only."""
    if not caller.admin:
        raise ServiceError("only admins may create organizations")
    if not 0 < len(name) <= _NAME:
        raise ServiceError(f"name must be between 1 and {_NAME} characters")
    if site.organizations.get(name):
        raise ServiceError(f"name {name} is already used by some account or organization")
    return site.organizations.create(name)


def all_of_them(site: SiteState, caller: Caller) -> list[dict[str, Any]]:
    """Names and titles of all; site admins only (recording)."""
    if not caller.admin:
        raise ServiceError("must be a site admin")
    return site.organizations.all()


def get(site: SiteState, caller: Caller, name: str) -> dict[str, Any]:
    """An organization's properties and admins."""
    row = _governed(site, caller, name)
    return {field: row[field] for field in _SHOWN}


def change(site: SiteState, caller: Caller, name: str, values: dict[str, Any]) -> None:
    """Set those properties that are given."""
    _governed(site, caller, name)
    given = {field: str(values[field]) for field in PROPERTIES if values.get(field) is not None}
    site.organizations.change(name, **given)


def add_admin(site: SiteState, caller: Caller, name: str, user: object) -> None:
    """Make a member, or an account without an organization, an admin; site admins only."""
    row = _account(site, user, "no such account '{}'")
    if row["org"] not in (None, name):
        raise ServiceError(f"User '{user}' is already member of another organization")
    if not caller.admin:
        raise ServiceError("only site admins can make a user an organization admin right now")
    if site.organizations.get(name) is None:
        raise _unknown(name)
    site.organizations.join(row["account_id"], name)
    site.organizations.add_admin(name, row["account_id"])


def remove_admin(site: SiteState, caller: Caller, name: str, user: object) -> None:
    """An admin of an organization is a mere member again."""
    _governed(site, caller, name)
    site.organizations.remove_admin(name, _account(site, user)["account_id"])


def add_user(site: SiteState, caller: Caller, name: str, user: object) -> None:
    """Move an account into an organization; site admins only."""
    if not caller.admin:
        raise ServiceError("only site admins can add/move a user to an org right now")
    row = _account(site, user)
    if site.organizations.get(name) is None:
        raise _unknown(name)
    _leave(site, row)
    site.organizations.join(row["account_id"], name)


def remove_user(site: SiteState, caller: Caller, name: str, user: object) -> None:
    """Take a member out of an organization."""
    _governed(site, caller, name)
    row = _account(site, user)
    if site.organizations.is_admin(name, row["account_id"]):
        raise ServiceError(
            "admin cannot be removed from org; first remove them from being an admin"
        )
    if row["org"] == name:
        site.organizations.join(row["account_id"], None)


async def create_user(site: SiteState, caller: Caller, name: str, o: dict[str, Any]) -> str:
    """A new account that is a member; its id. Without a password nobody can sign in by one."""
    _governed(site, caller, name)
    email = str(o.get("email") or "")
    if not accounts.is_email(email):
        raise ServiceError("invalid email address")
    if site.accounts.by_email(email) is not None:
        raise ServiceError(f'email address "{email}" already in use')
    names = o.get("firstName"), o.get("lastName")
    password = str(o.get("password") or secrets.token_urlsafe(16))
    account_id = await accounts.create(site, caller, names, email, password)
    site.organizations.join(account_id, name)
    return account_id


def users(site: SiteState, caller: Caller, name: str) -> list[dict[str, Any]]:
    """The members."""
    _governed(site, caller, name)
    fields = ("first_name", "last_name", "account_id", "email_address")
    return [{field: row[field] for field in fields} for row in site.organizations.members(name)]


def message(site: SiteState, caller: Caller, name: str, subject: str, body: str) -> None:
    """Write to all members."""
    _governed(site, caller, name)
    members = [row["account_id"] for row in site.organizations.members(name)]
    if members:
        messages.send(site, caller, members, (subject, body))


def create_token(site: SiteState, caller: Caller, user: object, expire: object) -> str:
    """An auth token for a member, for an admin of the organization or of the site."""
    row = site.accounts.get(str(user)) if is_uuid(user) else site.accounts.by_email(str(user))
    if row is None or not row["org"]:
        raise ServiceError("user is not in an org")  # unknown users, too (recording)
    if not caller.admin and not site.organizations.is_admin(row["org"], caller.account_id):
        raise ServiceError(_NOT_ALLOWED)
    told = isinstance(expire, int | float) and not isinstance(expire, bool)
    seconds = float(str(expire)) / 1000 if told else now() + _TOKEN_SECONDS
    return site.accounts.new_token(row["account_id"], seconds)


def _governed(site: SiteState, caller: Caller, name: str) -> dict[str, Any]:
    """The organization, if the caller has a say in it."""
    if not caller.admin and not site.organizations.is_admin(name, caller.account_id):
        raise ServiceError(_NOT_ALLOWED)
    row = site.organizations.get(name)
    if row is None:
        raise _unknown(name)
    return row


def _account(site: SiteState, user: object, words: str = "cannot find user '{}'") -> dict[str, Any]:
    row = site.accounts.get(str(user)) if is_uuid(user) else site.accounts.by_email(str(user))
    if row is None:
        raise ServiceError(words.format(user))
    return row


def _leave(site: SiteState, row: dict[str, Any]) -> None:
    if row["org"]:
        site.organizations.remove_admin(row["org"], row["account_id"])
        site.organizations.join(row["account_id"], None)


def _unknown(name: str) -> ServiceError:
    return ServiceError(f"no org named '{name}'")
