"""Owns the hub's methods on the conat bridge about organizations and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..services import messages, organizations
from .methods import Method, Options, method, thrown

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState

PEOPLE: dict[str, Method] = {}


@method("org.getAll", PEOPLE)
async def get_all(site: SiteState, caller: Caller, _o: Options) -> Any:
    """All organizations."""
    with thrown():
        return organizations.all_of_them(site, caller)


@method("org.create", PEOPLE)
async def create(site: SiteState, caller: Caller, o: Options) -> Any:
    """A new organization's id."""
    with thrown():
        return organizations.create(site, caller, _name(o))


@method("org.get", PEOPLE)
async def get(site: SiteState, caller: Caller, o: Options) -> Any:
    """An organization's properties and admins."""
    with thrown():
        return organizations.get(site, caller, _name(o))


@method("org.set", PEOPLE)
async def change(site: SiteState, caller: Caller, o: Options) -> Any:
    """Set an organization's properties."""
    with thrown():
        organizations.change(site, caller, _name(o), o)


@method("org.addAdmin", PEOPLE)
async def add_admin(site: SiteState, caller: Caller, o: Options) -> Any:
    """Make an account an admin."""
    with thrown():
        organizations.add_admin(site, caller, _name(o), o.get("user"))


@method("org.removeAdmin", PEOPLE)
async def remove_admin(site: SiteState, caller: Caller, o: Options) -> Any:
    """An admin is a mere member again."""
    with thrown():
        organizations.remove_admin(site, caller, _name(o), o.get("user"))


@method("org.addUser", PEOPLE)
async def add_user(site: SiteState, caller: Caller, o: Options) -> Any:
    """Move an account into an organization."""
    with thrown():
        organizations.add_user(site, caller, _name(o), o.get("user"))


@method("org.removeUser", PEOPLE)
async def remove_user(site: SiteState, caller: Caller, o: Options) -> Any:
    """Take a member out."""
    with thrown():
        organizations.remove_user(site, caller, _name(o), o.get("user"))


@method("org.createUser", PEOPLE)
async def create_user(site: SiteState, caller: Caller, o: Options) -> Any:
    """A new member's id."""
    with thrown():
        return await organizations.create_user(site, caller, _name(o), o)


@method("org.getUsers", PEOPLE)
async def users(site: SiteState, caller: Caller, o: Options) -> Any:
    """The members."""
    with thrown():
        return organizations.users(site, caller, _name(o))


@method("org.createToken", PEOPLE)
async def create_token(site: SiteState, caller: Caller, o: Options) -> Any:
    """An auth token for a member; a site without a DNS name gives a broken address (recording)."""
    with thrown():
        token = organizations.create_token(site, caller, o.get("user"), o.get("expire"))
    return {"token": token, "url": f"https:/auth/impersonate?auth_token={token}"}


@method("org.expireToken", PEOPLE)
async def expire_token(site: SiteState, _caller: Caller, o: Options) -> Any:
    """End a token; whoever holds it may, and an unknown one is no error (recording)."""
    site.accounts.expire_token(str(o.get("token")))


@method("org.message", PEOPLE)
async def message(site: SiteState, caller: Caller, o: Options) -> Any:
    """Write to all members."""
    with thrown():
        organizations.message(site, caller, _name(o), _text(o, "subject"), _text(o, "body"))


@method("messages.send", PEOPLE)
async def send(site: SiteState, caller: Caller, o: Options) -> Any:
    """A new message's id."""
    words = _text(o, "subject"), _text(o, "body")
    with thrown():
        return messages.send(site, caller, o.get("to_ids"), words, o.get("reply_id"))


@method("messages.get", PEOPLE)
async def own(site: SiteState, caller: Caller, o: Options) -> Any:
    """The caller's messages."""
    with thrown():
        return messages.own(site, caller, o)


def _name(o: Options) -> str:
    return _text(o, "name")


def _text(o: Options, field: str) -> str:
    return str(o.get(field) or "")
