"""Owns making, listing, changing and ending API keys: those of an account, and of a project."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..state.database import iso
from .failures import DatabaseError, ServiceError

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState


def manage(
    site: SiteState, caller: Caller, o: dict[str, Any]
) -> list[dict[str, Any] | None] | None:
    """Do what `action` says: "get", "create", "edit" or "delete"; other words do nothing.

    With `project_id` it is about that project's keys, which its people share.
    """
    project_id = o.get("project_id") or None
    if project_id is not None and not site.may(caller, str(project_id)):
        words = "user must be collaborator on project to manage project_id api keys"
        raise ServiceError(words)
    owner = None if project_id is None else str(project_id)
    known, action = site.accounts, o.get("action")
    if action == "create":
        name, expire = str(o.get("name") or ""), _date(o.get("expire"))
        made = known.new_key(caller.account_id, project_id=owner, name=name, expire=expire)
        rows = known.keys(caller.account_id, project_id=owner, number=made[0])
        return [{**_shown(rows[0]), "secret": made[1]}]
    if action not in ("get", "edit", "delete"):
        return None
    number = _number(o.get("id"))
    rows = known.keys(caller.account_id, project_id=owner, number=number)
    if action == "get":
        return [_shown(row) for row in rows] if not number or rows else [None]
    if action == "edit":
        if not number or not rows:
            raise ServiceError(f"no api key with id {o.get('id')}")
        if o.get("name") is not None:
            known.change_key(number, name=str(o["name"]))
        if "expire" in o:
            known.change_key(number, expire=_date(o["expire"]))
    elif number and rows:
        known.delete_key(number)
    return None


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "account_id": row["account_id"],
        "expire": iso(row["expire"]),
        "created": iso(row["created"]),
        "name": row["name"],
        "last_active": None,
        "trunc": row["trunc"],
    }


def _number(value: object) -> int | None:
    """A key's id; what CoCalc's database would not take for one is refused in its words."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    if not re.fullmatch(r"-?\d+", text, re.ASCII):
        raise DatabaseError(f'invalid input syntax for type integer: "{text}"')
    if len(text) > len("-2147483648") or not -(2**31) <= int(text) < 2**31:
        raise DatabaseError(f'value "{text}" is out of range for type integer')
    return int(text)


def _date(value: object) -> float | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return moment.timestamp()
    except (ValueError, OverflowError):
        text = value if isinstance(value, str) else json.dumps(value)
        words = f'invalid input syntax for type timestamp: "{text}"'
        raise DatabaseError(words) from None
