"""Owns v1's events about accounts: ping, create_account, user_auth, names."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from ..state.store import iso, now
from .events import EventError, Params, event

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.core import Core

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@event("ping")
async def ping(_core: Core, _caller: Caller, _p: Params) -> dict[str, Any]:
    """Tell the time."""
    return {"event": "pong", "now": iso(now())}


@event(
    "create_account",
    optional=(
        "first_name", "last_name", "email_address", "password", "agreed_to_terms", "token",
        "get_api_key", "usage_intent",
    ),
)  # fmt: skip
async def create_account(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Make an account, with a key for it if asked."""
    email, password = str(p["email_address"] or ""), str(p["password"] or "")
    reason: dict[str, str] = {}
    if not email and not password:
        reason["other"] = "Anonymous sign up is disabled."
    else:
        if not EMAIL.fullmatch(email):
            reason["email_address"] = "Email address does not appear to be valid."
        elif core.accounts.by_email(email):
            reason["email_address"] = "This e-mail address is already taken."
        if not 6 <= len(password) <= 64:
            reason["password"] = "Password must be between 6 and 64 characters in length."  # noqa: S105
    if reason:
        return {"event": "account_creation_failed", "reason": reason}
    names = str(p["first_name"] or ""), str(p["last_name"] or "")
    make = partial(core.accounts.create, *names, email, password, by=caller)
    account_id = await core.run(make)
    reply = {"event": "account_created", "account_id": account_id}
    if p["get_api_key"]:
        reply["api_key"] = core.accounts.new_key(account_id, legacy=True)[1]
    return reply


@event("user_auth", required=("account_id", "password"))
async def user_auth(core: Core, caller: Caller, p: Params) -> dict[str, Any]:
    """Make an auth token for an account, for whoever knows its password, or for an admin."""
    account_id, password = str(p["account_id"]), str(p["password"])
    if not is_uuid(account_id):
        raise EventError(f"invalid account_id -- {account_id}")
    if core.accounts.banned(caller.account_id, account_id):
        raise EventError("banned -- please wait at least 60s before trying again")
    if core.accounts.get(account_id) is None:
        raise EventError("no such account")
    as_admin = caller.admin and password == ""
    if not as_admin and not await core.run(core.accounts.password_ok, account_id, password):
        core.accounts.ban(caller.account_id, account_id)
        raise EventError("incorrect password")
    return {"event": "user_auth_token", "auth_token": core.accounts.new_token(account_id)}


@event("get_usernames", required=("account_ids",))
async def get_usernames(core: Core, _caller: Caller, p: Params) -> dict[str, Any]:
    """First and last names of accounts."""
    ids = p["account_ids"] if isinstance(p["account_ids"], list) else []
    rows = [row for i in ids if (row := core.accounts.get(str(i)))]
    names = {r["account_id"]: {k: r[k] for k in ("first_name", "last_name")} for r in rows}
    return {"event": "usernames", "usernames": names}


@event("user_search", required=("query",), optional=("limit", "admin", "active"))
async def user_search(core: Core, _caller: Caller, p: Params) -> dict[str, Any]:
    """Accounts by the beginning of a name, or by their whole e-mail address."""
    results = search_users(core, str(p["query"]), p["limit"])
    return {"event": "user_search_results", "results": results}


def search_users(core: Core, query: str, limit: object = None) -> list[dict[str, Any]]:
    """Accounts as a search shows them."""
    most = int(limit) if isinstance(limit, int | str) and str(limit).isdigit() else 20
    rows = core.store.all(
        "SELECT * FROM accounts WHERE email_address = ? OR first_name LIKE ? OR last_name LIKE ? "
        "ORDER BY n DESC LIMIT ?",
        query.lower(),
        f"{query}%",
        f"{query}%",
        min(most, 100),
    )
    return [
        {
            "account_id": row["account_id"],
            "first_name": row["first_name"],
            "last_name": row["last_name"],
            "name": None,
            # told to who knows it already (recording)
            **({"email_address": query} if query.lower() == row["email_address"] else {}),
            "last_active": None,
            "created": int(row["created"] * 1000),
            "email_address_verified": None,
        }
        for row in rows
    ]
