"""Owns what can be asked about messages: sending one, and reading one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from .failures import ServiceError

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState

_LIMIT, _MOST = 100, 500  # messages in an answer: unless asked otherwise, and at most (source)
_KINDS = ("received", "sent", "new", "starred", "liked")


def send(
    site: SiteState, caller: Caller, to: object, words: tuple[str, str], reply_to: object = None
) -> int:
    """Send a message to accounts, by their ids or e-mail addresses; its id. `words`: both texts."""
    wanted = to if isinstance(to, list) else []
    if not wanted:
        raise ServiceError("at least one recipient must be specified")
    recipients = []
    for each in wanted:
        row = site.accounts.get(each) if is_uuid(each) else site.accounts.by_email(str(each))
        if row is None:
            raise ServiceError(f"invalid account_id -- {each}")
        recipients.append(row["account_id"])
    reply = reply_to if isinstance(reply_to, int) else None
    return site.messages.send(caller.account_id, recipients, *words, reply)


def own(site: SiteState, caller: Caller, o: dict[str, Any]) -> list[dict[str, Any]]:
    """The caller's messages, the latest first."""
    kind = o.get("type") or "received"
    if kind not in _KINDS:
        raise ServiceError(f"unknown type '{kind}'")
    limit, offset = (_count(o.get(name), default) for name, default in _PAGE)
    if limit > _MOST:
        raise ServiceError(f"limit must be at most {_MOST}")
    return site.messages.of(caller.account_id, str(kind), limit, offset)


_PAGE = (("limit", _LIMIT), ("offset", 0))


def _count(value: object, default: int) -> int:
    return value if isinstance(value, int) and value >= 0 else default
