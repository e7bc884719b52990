"""Owns sending a message to accounts, and getting those that an account has sent or got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..state.database import iso
from .failures import DatabaseError, ServiceError

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState

_LIMIT, _MOST = 100, 500  # messages at once: unless asked otherwise, and at most (source)
_MARKS = ("read", "saved", "deleted")  # set in CoCalc's page, which the stand-in has not


def by_address(site: SiteState, to_ids: list[str]) -> list[str]:
    """The accounts of a list of ids and e-mail addresses.

    Addresses of nobody are left out without a word, and with any address all
    that is neither (source).
    """
    if not any("@" in one for one in to_ids):
        return to_ids
    ids = [one for one in to_ids if site.accounts.get(one)]
    rows = [site.accounts.by_email(one) for one in to_ids if "@" in one]
    return [*ids, *(row["account_id"] for row in rows if row)]


def send(site: SiteState, caller: Caller, o: dict[str, Any], to_ids: list[str]) -> int | None:
    """Send a message to accounts; its number, or None where it is for nobody."""
    if not to_ids:
        return None
    for account_id in to_ids:
        if site.accounts.get(account_id) is None:
            raise ServiceError(f"invalid account_id -- {account_id}")
    reply_id, thread = o.get("reply_id"), None
    if reply_id and isinstance(reply_id, int) and reply_id < 2**31:
        thread = site.messages.thread(reply_id)
    subject, body = (str(o.get(field) or "") for field in ("subject", "body"))
    return site.messages.send(caller.account_id, to_ids, subject, body, thread)


def get(site: SiteState, caller: Caller, o: dict[str, Any]) -> list[dict[str, Any]]:
    """An account's messages, the latest first."""
    limit, offset = (_number(o, "limit", _LIMIT), _number(o, "offset", 0))
    if limit > _MOST:
        raise ServiceError(f"limit must be at most {_MOST}")
    kind = o.get("type") or "received"
    if kind == "starred":  # nor can any be starred here
        return []
    if kind not in ("received", "sent", "new"):
        raise DatabaseError('syntax error at or near "undefined"')
    read = site.messages.sent if kind == "sent" else site.messages.received
    marks = {} if kind == "new" else dict.fromkeys(_MARKS, False)
    rows = read(caller.account_id, limit, offset)
    return [{**row, "sent": iso(row["sent"]), **marks} for row in rows]


def _number(o: dict[str, Any], name: str, default: int) -> int:
    value = o.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise DatabaseError(f"{name.upper()} must not be negative")
    return value
