"""Owns user queries: reading and setting rows of `projects` and `accounts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..address import is_uuid
from .events import RefusedError
from .store import iso

if TYPE_CHECKING:
    from .accounts import Caller
    from .core import Core

_PROJECT_TABLES = ("projects", "projects_all")
_FIELDS = {
    "projects": (
        "project_id", "title", "description", "users", "created", "last_edited", "state",
        "deleted", "name", "hidden",
    ),
    "accounts": (
        "account_id", "email_address", "first_name", "last_name", "created", "name", "groups",
    ),
}  # fmt: skip
_SETTABLE = {"projects": ("title", "description"), "accounts": ("first_name", "last_name")}


class QueryError(Exception):
    """What a query is refused with."""


def user_query(core: Core, caller: Caller | None, query: Any, *, multi: object = None) -> Any:
    """Answer a query: one object, or a list of them.

    A null asks for a value; a query without nulls sets them; a list of one
    object asks for all rows that match.
    """
    if isinstance(query, list):
        return [user_query(core, caller, q) for q in query]
    if not isinstance(query, dict):
        raise QueryError("FATAL: must specify exactly one key in the query")
    if not query:
        raise QueryError("FATAL: invalid user_query of 'undefined' -- query must be an object")
    if len(query) != 1:
        raise QueryError("FATAL: must specify exactly one key in the query")
    if multi:
        # a slip of this server's generation, kept because clients meet it (recording)
        raise RefusedError("ReferenceError: otps is not defined")
    ((table, pattern),) = query.items()
    kind = "projects" if table in _PROJECT_TABLES else str(table)
    many = isinstance(pattern, list)
    wanted = (pattern[0] if pattern else {}) if many else pattern
    if kind not in _FIELDS or not isinstance(wanted, dict):
        raise QueryError(f"FATAL: get queries not allowed for table '{table}'")
    if caller is None:
        raise QueryError(f"FATAL: anonymous get queries not allowed for table '{table}'")
    if not many and wanted and None not in wanted.values():
        _set(core, caller, kind, wanted)
        return {}
    for field in wanted:
        if field not in _FIELDS[kind]:
            raise QueryError(f"FATAL: user get query not allowed for {table}.{field}")
    rows = _projects(core, caller, wanted) if kind == "projects" else _account(core, caller, wanted)
    shown = [{field: row.get(field) for field in wanted} for row in rows]
    if many:
        return {table: shown}
    return {table: shown[0]} if shown else {}


def _projects(core: Core, caller: Caller, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    project_id = wanted.get("project_id")
    if project_id is not None:
        row = core.projects.get(str(project_id)) if is_uuid(project_id) else None
        if row is None or not core.may(caller, str(project_id)):
            raise QueryError("FATAL: you do not have read access to this project")
        rows = [row]
    else:
        rows = [] if caller.project_id else core.projects.of(caller.account_id)
    shown = [_shown(core, row, with_users="users" in wanted) for row in rows]
    fixed = {k: v for k, v in wanted.items() if v is not None and k != "project_id"}
    return [row for row in shown if all(row.get(k) == v for k, v in fixed.items())]


def _shown(core: Core, row: dict[str, Any], *, with_users: bool) -> dict[str, Any]:
    state = "running" if row["running"] else "opened"
    return {
        **row,
        "created": iso(row["created"]),
        "last_edited": iso(row["last_edited"]),
        "deleted": None,
        "state": {"state": state, "time": iso(row["last_edited"])},
        "users": core.projects.users(row["project_id"]) if with_users else None,
    }


def _account(core: Core, caller: Caller, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    row = core.accounts.get(caller.account_id)
    fixed = {k: v for k, v in wanted.items() if v is not None}
    if row is None or any(row.get(k) != v for k, v in fixed.items()):
        return []
    groups = ["admin"] if row["admin"] else []  # source; the only group there is
    return [{**row, "created": iso(row["created"]), "groups": groups}]


def _set(core: Core, caller: Caller, kind: str, values: dict[str, Any]) -> None:
    changes = {k: v for k, v in values.items() if k not in ("project_id", "account_id")}
    for field in changes:
        if field not in _SETTABLE[kind]:
            raise QueryError(f"FATAL: user set query not allowed for {kind}.{field}")
    if kind == "projects":
        if not core.may(caller, str(values.get("project_id"))):
            raise QueryError("FATAL: user must be an admin")
        core.projects.change(str(values["project_id"]), **{k: str(v) for k, v in changes.items()})
        return
    if values.get("account_id", caller.account_id) != caller.account_id:
        raise QueryError("FATAL: user must be an admin")
    for name, value in changes.items():
        sql = f"UPDATE accounts SET {name} = ? WHERE account_id = ?"  # noqa: S608 (names checked)
        core.store.run(sql, str(value), caller.account_id)
