"""Owns the hub's methods about organizations, and about messages between accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..services import messages, organizations
from ..services.failures import UndefinedError
from .hub import HUB
from .methods import Options, method, thrown

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState


@method("org.getAll", HUB)
async def get_all(site: SiteState, caller: Caller, _o: Options) -> Any:
    """All organizations."""
    with thrown():
        return organizations.get_all(site, caller)


@method("org.create", HUB)
async def create(site: SiteState, caller: Caller, o: Options) -> Any:
    """A new organization's id."""
    with thrown():
        return organizations.create(site, caller, o.get("name"))


@method("org.get", HUB)
async def get(site: SiteState, caller: Caller, o: Options) -> Any:
    """One organization."""
    with thrown():
        return organizations.get(site, caller, o.get("name"))


@method("org.set", HUB)
async def change(site: SiteState, caller: Caller, o: Options) -> Any:
    """Set what an organization says of itself."""
    with thrown():
        organizations.change(site, caller, o)


@method("org.addAdmin", HUB)
async def add_admin(site: SiteState, caller: Caller, o: Options) -> Any:
    """Make an account an admin."""
    with thrown():
        organizations.add_admin(site, caller, o)


@method("org.addUser", HUB)
async def add_user(site: SiteState, caller: Caller, o: Options) -> Any:
    """Make an account a member."""
    with thrown():
        organizations.add_user(site, caller, o)


@method("org.createUser", HUB)
async def create_user(site: SiteState, caller: Caller, o: Options) -> Any:
    """A new account's id, which is a member."""
    with thrown():
        return await organizations.create_user(site, caller, o)


@method("org.createToken", HUB)
async def create_token(site: SiteState, caller: Caller, o: Options) -> Any:
    """An auth token for a member, and where it signs in."""
    with thrown():
        token = organizations.create_token(site, caller, o)
    # a site without a DNS name gives a broken address (recording)
    return {"token": token, "url": f"https:/auth/impersonate?auth_token={token}"}


@method("org.expireToken", HUB)
async def expire_token(site: SiteState, _caller: Caller, o: Options) -> Any:
    """End a token; whoever holds it may, and an unknown one is no error (recording)."""
    site.accounts.expire_token(str(o.get("token")))


@method("org.getUsers", HUB)
async def get_users(site: SiteState, caller: Caller, o: Options) -> Any:
    """The members."""
    with thrown():
        return organizations.get_users(site, caller, o.get("name"))


@method("org.removeUser", HUB)
async def remove_user(site: SiteState, caller: Caller, o: Options) -> Any:
    """Take a member out."""
    with thrown():
        organizations.remove_user(site, caller, o)


@method("org.removeAdmin", HUB)
async def remove_admin(site: SiteState, caller: Caller, o: Options) -> Any:
    """Make an admin a mere member."""
    with thrown():
        organizations.remove_admin(site, caller, o)


@method("org.message", HUB)
async def message(site: SiteState, caller: Caller, o: Options) -> Any:
    """Send a message to every member."""
    with thrown():
        organizations.message(site, caller, o)


@method("messages.send", HUB)
async def send(site: SiteState, caller: Caller, o: Options) -> Any:
    """Send a message; its number."""
    with thrown():
        to_ids = o.get("to_ids")
        if not isinstance(to_ids, list):
            raise UndefinedError("filter")
        to_ids = messages.by_address(site, [str(one) for one in to_ids])
        return messages.send(site, caller, o, to_ids)


@method("messages.get", HUB)
async def received(site: SiteState, caller: Caller, o: Options) -> Any:
    """Messages that the account has got or sent."""
    with thrown():
        return messages.get(site, caller, o)
