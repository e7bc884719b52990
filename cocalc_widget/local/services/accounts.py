"""Owns what can be asked about accounts: making them, names, searching, auth tokens."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from .failures import ServiceError

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FOUND, _MOST_FOUND = 20, 100  # accounts: unless asked otherwise, and at most


def is_email(text: str) -> bool:
    """Whether this looks like an e-mail address."""
    return _EMAIL.fullmatch(text) is not None


async def create(
    site: SiteState, caller: Caller | None, names: tuple[object, object], email: str, password: str
) -> str:
    """A new account; its id. Hashing its password takes a while."""
    first, last = (str(name or "") for name in names)
    return await site.run(partial(site.accounts.create, first, last, email, password, by=caller))


def names(site: SiteState, ids: object) -> dict[str, dict[str, str]]:
    """First and last names of the accounts in a list that there are, by their ids."""
    listed = ids if isinstance(ids, list) else []
    rows = [row for i in listed if (row := site.accounts.get(str(i)))]
    return {r["account_id"]: {k: r[k] for k in ("first_name", "last_name")} for r in rows}


def names_or_deleted(site: SiteState, ids: object) -> dict[str, dict[str, Any]]:
    """The same as the newer generation tells it, with what they look like in a chat."""
    known = names(site, ids)
    listed = ids if isinstance(ids, list) else []
    deleted = {"first_name": "Deleted", "last_name": "User"}
    return {
        str(i): {**known[i], "profile": site.accounts.extras(i).get("profile")}
        if i in known
        else dict(deleted)
        for i in map(str, listed)
    }


def search(site: SiteState, query: str, limit: object = None) -> list[dict[str, Any]]:
    """Accounts as a search shows them."""
    most = int(limit) if isinstance(limit, int | str) and str(limit).isdigit() else _FOUND
    asked = [each.strip() for each in query.split(",")][:_MOST_FOUND]  # several, with commas (doc)
    addresses = {each.lower() for each in asked}
    found = {row["account_id"]: row for each in asked for row in _found(site, each, most)}
    return [
        {
            "account_id": row["account_id"],
            "first_name": row["first_name"],
            "last_name": row["last_name"],
            "name": site.accounts.extras(row["account_id"]).get("name"),
            # told to who knows it already (recording)
            **(
                {"email_address": row["email_address"]} if row["email_address"] in addresses else {}
            ),
            "last_active": _ms(site.accounts.last_active(row["account_id"])),
            "created": int(row["created"] * 1000),
            "email_address_verified": None,
        }
        for row in [*found.values()][:most]
    ]


def _found(site: SiteState, query: str, most: int) -> list[dict[str, Any]]:
    if is_uuid(query):
        row = site.accounts.get(query.lower())
        return [row] if row else []
    return site.accounts.search(query, min(most, _MOST_FOUND))


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


async def user_token(
    site: SiteState, caller: Caller, account_id: str, password: str, *, freely: bool, wait: str
) -> str:
    """An auth token for an account; a wrong password bans whoever gave it for a while.

    Args:
        site: the site.
        caller: who asks.
        account_id: whom the token signs in.
        password: that account's.
        freely: without looking at the password.
        wait: what the banned are told.
    """
    accounts = site.accounts
    if accounts.banned(caller.account_id, account_id):
        raise ServiceError(f"banned -- please wait at least {wait} before trying again")
    if not freely and not await site.run(accounts.password_ok, account_id, password):
        accounts.ban(caller.account_id, account_id)
        raise ServiceError("incorrect password")
    return accounts.new_token(account_id)
