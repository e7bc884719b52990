"""Owns what can be asked about organizations, and who may ask it: site admins, an org's admins."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from ..state.database import iso, now
from ..state.organizations import ABOUT
from . import accounts, messages
from .failures import DatabaseError, ServiceError

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState

_LONGEST_NAME = 39  # characters (source)
_TOKEN_SECONDS = 24 * 3600  # (source)
_Options = dict[str, Any]


def get_all(site: SiteState, caller: Caller) -> list[dict[str, Any]]:
    """All organizations, for site admins."""
    if not caller.admin:
        raise ServiceError("must be a site admin")
    fields = ("name", "title", "admin_account_ids")
    return [{field: org[field] for field in fields} for org in site.organizations.all()]


def create(site: SiteState, caller: Caller, name: object) -> str:
    """A new organization's id; site admins only."""
    if not caller.admin:
        raise ServiceError("only admins may create organizations")
    if not isinstance(name, str) or not name:
        raise ServiceError("name must be given")
    if len(name) > _LONGEST_NAME:
        raise DatabaseError(f"value too long for type character varying({_LONGEST_NAME})")
    if site.organizations.get(name) or site.accounts.named(name):
        raise ServiceError(f"name {name} is already used by some account or organization")
    return site.organizations.create(name)


def _managed(site: SiteState, caller: Caller, name: object) -> str:
    """The name of an organization that the caller may manage, whether there is one or not."""
    if not caller.admin and caller.account_id not in site.organizations.admins(str(name)):
        raise ServiceError("user must be an admin of the organization or site-admin")
    return str(name)


def _existing(site: SiteState, name: object) -> dict[str, Any]:
    org = site.organizations.get(str(name))
    if org is None:
        raise ServiceError(f"no org named '{name}'")
    return org


def get(site: SiteState, caller: Caller, name: object) -> dict[str, Any]:
    """What an organization says of itself, and who its admins are."""
    return _existing(site, _managed(site, caller, name))


def change(site: SiteState, caller: Caller, o: _Options) -> None:
    """Set what an organization says of itself; what is not given stays."""
    name = _managed(site, caller, o.get("name"))
    about = {field: str(o[field]) for field in ABOUT if o.get(field) is not None}
    if not about:  # CoCalc's own statement is empty then (source)
        raise DatabaseError('syntax error at or near "WHERE"')
    if site.organizations.get(name):
        site.organizations.set(name, about)


def account_of(site: SiteState, user: object) -> dict[str, Any] | None:
    """The account of this id or e-mail address."""
    return site.accounts.get(str(user)) if is_uuid(user) else site.accounts.by_email(str(user))


def _found(site: SiteState, user: object) -> dict[str, Any]:
    row = account_of(site, user)
    if row is None:
        raise ServiceError(f"cannot find user '{user}'")
    return row


def add_admin(site: SiteState, caller: Caller, o: _Options) -> None:
    """Make an account an admin, and a member; not one of another organization's."""
    name, user = str(o.get("name")), o.get("user")
    row = account_of(site, user)
    if row is None:
        raise ServiceError(f"no such account '{user}'")
    if row["org"] is not None and row["org"] != name:
        raise ServiceError(f"User '{user}' is already member of another organization")
    if not caller.admin:
        raise ServiceError("only site admins can make a user an organization admin right now")
    _existing(site, name)
    site.organizations.add_admin(name, row["account_id"])
    site.organizations.join(row["account_id"], name)


def add_user(site: SiteState, caller: Caller, o: _Options) -> None:
    """Make an account a member, perhaps out of another organization; site admins only."""
    if not caller.admin:
        raise ServiceError("only site admins can add/move a user to an org right now")
    row = _found(site, o.get("user"))
    name = _existing(site, o.get("name"))["name"]
    site.organizations.join(row["account_id"], name)


async def create_user(site: SiteState, caller: Caller, o: _Options) -> str:
    """A new account that is a member; its id."""
    name = _existing(site, _managed(site, caller, o.get("name")))["name"]
    email = str(o.get("email") or "")
    if not accounts.is_email(email):
        raise ServiceError(f"invalid email address '{email}'")
    if site.accounts.by_email(email):
        raise ServiceError(f'Email address "{email}" already in use.')
    password = str(o.get("password") or secrets.token_urlsafe(16))
    who = o.get("firstName"), o.get("lastName")
    account_id = await accounts.create(site, caller, who, email, password)
    site.organizations.join(account_id, name)
    return account_id


def remove_user(site: SiteState, caller: Caller, o: _Options) -> None:
    """Take a member out; an admin must be made none first."""
    name = _managed(site, caller, o.get("name"))
    row = _found(site, o.get("user"))
    if row["account_id"] in site.organizations.admins(name):
        words = "admin cannot be removed from org; first remove them from being an admin"
        raise ServiceError(words)
    if row["org"] == name:
        site.organizations.join(row["account_id"], None)


def remove_admin(site: SiteState, caller: Caller, o: _Options) -> None:
    """Make an admin a mere member."""
    name = _managed(site, caller, o.get("name"))
    site.organizations.remove_admin(name, _found(site, o.get("user"))["account_id"])


def get_users(site: SiteState, caller: Caller, name: object) -> list[dict[str, Any]]:
    """The members."""
    fields = ("first_name", "last_name", "account_id", "email_address")
    return [
        {
            **{field: row[field] for field in fields},
            "last_active": iso(site.accounts.last_active(row["account_id"])),
        }
        for row in site.organizations.members(_managed(site, caller, name))
    ]


def create_token(site: SiteState, caller: Caller, o: _Options) -> str:
    """An auth token for a member."""
    row = account_of(site, o.get("user"))
    if row is None or not row["org"]:
        raise ServiceError("user is not in an org")
    _managed(site, caller, row["org"])
    if row["admin"] and not caller.admin:  # else an organization's admin would become the site's
        raise ServiceError("user must be an admin of the organization or site-admin")
    expire = o.get("expire")
    given = isinstance(expire, int | float) and not isinstance(expire, bool)
    seconds = float(expire) / 1000 if given else now() + _TOKEN_SECONDS  # type: ignore[arg-type]
    return site.accounts.new_token(row["account_id"], seconds)


def message(site: SiteState, caller: Caller, o: _Options) -> None:
    """Send a message to every member."""
    members = site.organizations.members(_managed(site, caller, o.get("name")))
    to_ids = [row["account_id"] for row in members]
    messages.send(site, caller, {"subject": o.get("subject"), "body": o.get("body")}, to_ids)
