"""Owns the conat bridge's methods about organizations and auth tokens."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from ..state.store import now
from ..v1.events import EventError
from .methods import Options, method

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.core import Core

TOKEN_SECONDS = 24 * 3600  # (source)


@method("org.create")
async def create_org(core: Core, caller: Caller, o: Options) -> Any:
    """A new organization's id; site admins only."""
    if not caller.admin:
        raise EventError("Error: only admins may create organizations")
    org_id, name = str(uuid.uuid4()), str(o.get("name"))
    if core.store.one("SELECT 1 FROM orgs WHERE name = ?", name):
        raise EventError("Error: name must be globally unique")
    core.store.insert("orgs", name=name, org_id=org_id, owner=caller.account_id)
    return org_id


@method("org.addUser")
async def add_user(core: Core, caller: Caller, o: Options) -> Any:
    """Make an account a member of an organization; site admins only."""
    row = _account(core, o.get("user"))
    if not caller.admin:
        raise EventError("Error: user must be an admin")
    if row is None or not core.store.one("SELECT 1 FROM orgs WHERE name = ?", str(o.get("name"))):
        raise EventError("Error: no such user or organization")
    core.accounts.join(row["account_id"], str(o["name"]))


@method("org.createToken")
async def create_token(core: Core, caller: Caller, o: Options) -> Any:
    """An auth token for a member of an organization, for its admin or a site admin."""
    row = _account(core, o.get("user"))
    if row is None or not row["org"]:
        raise EventError("Error: user is not in an org")
    org = core.store.one("SELECT owner FROM orgs WHERE name = ?", row["org"])
    if not caller.admin and (org is None or org["owner"] != caller.account_id):
        raise EventError("Error: user must be an admin of the org")
    expire = o.get("expire")
    seconds = expire / 1000 if isinstance(expire, int | float) else now() + TOKEN_SECONDS
    token = core.accounts.new_token(row["account_id"], seconds)
    # a site without a DNS name gives a broken address (recording)
    return {"token": token, "url": f"https:/auth/impersonate?auth_token={token}"}


@method("org.expireToken")
async def expire_token(core: Core, _caller: Caller, o: Options) -> Any:
    """End a token; whoever holds it may, and an unknown one is no error (recording)."""
    core.accounts.expire_token(str(o.get("token")))


@method("system.generateUserAuthToken")
async def generate_token(core: Core, caller: Caller, o: Options) -> Any:
    """An auth token for an account, for whoever knows its password, or for a site admin.

    A wrong password bans; the sentence has a number that was never filled in (recording).
    """
    account_id, password = str(o.get("user_account_id")), str(o.get("password") or "")
    accounts = core.accounts
    if accounts.banned(caller.account_id, account_id):
        words = "banned -- please wait at least #{BAN_TIME_MS/1000}s before trying again"
        raise EventError(f"Error: {words}")
    if not caller.admin and not await core.run(accounts.password_ok, account_id, password):
        accounts.ban(caller.account_id, account_id)
        raise EventError("Error: incorrect password")
    return accounts.new_token(account_id)


@method("system.revokeUserAuthToken")
async def revoke_token(core: Core, _caller: Caller, token: Options) -> Any:
    """End a token of any kind; whoever holds it may (source)."""
    core.accounts.expire_token(str(token))


def _account(core: Core, user: object) -> dict[str, Any] | None:
    return core.accounts.get(str(user)) if is_uuid(user) else core.accounts.by_email(str(user))
