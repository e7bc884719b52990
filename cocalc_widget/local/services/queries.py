"""Owns user queries: reading and setting rows of `projects` and `accounts`, reading the log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from ..state.database import iso, now
from ..state.project_log import MOST_OF_ALL, RECENT
from .failures import ServiceError
from .projects import state_of, status_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..state.accounts import Caller
    from ..state.site_state import SiteState

# the second of each pair is the same without limits of time
_KINDS = {
    "projects": "projects",
    "projects_all": "projects",
    "accounts": "accounts",
    "project_log": "project_log",
    "project_log_all": "project_log",
}
_FIELDS = {
    "projects": (
        "project_id", "title", "description", "users", "created", "last_edited", "state",
        "deleted", "name", "hidden", "last_active", "status", "run_quota",
        # those that CoCalc has and a stand-in has no use for: there is nothing in them (source)
        "action_request", "avatar_image_tiny", "color", "compute_image", "course", "env",
        "ephemeral", "host", "invite", "invite_requests", "notes", "pay_as_you_go_quotas",
        "sandbox", "settings", "site_license",
    ),
    "accounts": (
        "account_id", "email_address", "first_name", "last_name", "created", "name", "groups",
        "last_active",
        "autosave", "balance", "editor_settings", "email_address_problem",
        "email_address_verified", "evaluate_key", "font_size", "other_settings", "passports",
        "profile", "purchase_closing_day", "sign_up_usage_intent", "ssh_keys",
        "stripe_customer", "tags", "terminal", "tours", "unlisted",
    ),
    "project_log": ("id", "project_id", "time", "account_id", "event"),
}  # fmt: skip
# what a project that runs may use, as free projects of a CoCalc of one's own have it (recording)
_QUOTA = {
    "gpu": False, "network": False, "cpu_limit": 1, "disk_quota": 3000, "privileged": False,
    "cpu_request": 0.02, "member_host": False, "dedicated_vm": False, "idle_timeout": 1800,
    "memory_limit": 1000, "always_running": False, "memory_request": 200, "dedicated_disks": [],
}  # fmt: skip
# what an account keeps for its own use, any JSON
_OWN = ("autosave", "editor_settings", "evaluate_key", "font_size", "other_settings", "profile",
        "terminal")  # fmt: skip
_SETTABLE: dict[str, tuple[str, ...]] = {
    "projects": ("title", "description", "deleted"),
    "accounts": ("first_name", "last_name", *_OWN),
    "project_log": (),
}


_Wanted = dict[str, Any]
_Rows = list[dict[str, Any]]


def user_query(
    site: SiteState,
    caller: Caller | None,
    query: Any,
    *,
    options: object = None,
) -> Any:
    """Answer a query: one object, or a list of them.

    A null asks for a value; a query without nulls sets them; a list of one
    object asks for all rows that match. Of `options` the limit of the log
    counts (the bridge's alone passes them on: API v1 ignores them, recording).
    """
    if isinstance(query, list):
        return [user_query(site, caller, q, options=options) for q in query]
    if not isinstance(query, dict):
        raise ServiceError("FATAL: must specify exactly one key in the query")
    if not query:
        raise ServiceError("FATAL: invalid user_query of 'undefined' -- query must be an object")
    if len(query) != 1:
        raise ServiceError("FATAL: must specify exactly one key in the query")
    ((table, pattern),) = query.items()
    kind = _KINDS.get(table, "")
    many = isinstance(pattern, list)
    wanted = (pattern[0] if pattern else {}) if many else pattern
    if not kind or not isinstance(wanted, dict):
        raise ServiceError(f"FATAL: get queries not allowed for table '{table}'")
    if caller is None:
        raise ServiceError(f"FATAL: anonymous get queries not allowed for table '{table}'")
    if not many and wanted and None not in wanted.values():
        _set(site, caller, kind, wanted)
        return {}
    for field in wanted:
        if field not in _FIELDS[kind]:
            raise ServiceError(f"FATAL: user get query not allowed for {table}.{field}")
    rows = _READ[kind](site, caller, wanted, table.endswith("_all"))
    rows = rows[: _limit(options)] if kind == "project_log" else rows
    shown = [{field: row.get(field) for field in wanted} for row in rows]
    if many:  # which leaves out what is null (recording)
        return {table: [{k: v for k, v in row.items() if v is not None} for row in shown]}
    return {table: shown[0]} if shown else {}


def _projects(site: SiteState, caller: Caller, wanted: _Wanted, all_of_them: bool) -> _Rows:  # noqa: FBT001 (a table's)
    project_id = wanted.get("project_id")
    if project_id is not None:
        row = site.projects.one_of(caller.account_id, str(project_id))
        if row is None or caller.project_id not in (None, project_id):
            raise _no_access(site, caller)
        rows = [row]
    elif caller.project_id:
        rows = []
    else:
        rows = site.projects.of(caller.account_id, deleted=all_of_them)
    shown = [_shown(site, row, with_users="users" in wanted) for row in rows]
    fixed = {k: v for k, v in wanted.items() if v is not None and k != "project_id"}
    return [row for row in shown if all(row.get(k) == v for k, v in fixed.items())]


def _shown(site: SiteState, row: dict[str, Any], *, with_users: bool) -> dict[str, Any]:
    state = state_of(row)
    if site.options.generation == "A":
        state["ip"] = "localhost"
    return {
        **row,
        "created": iso(row["created"]),
        "last_edited": iso(row["last_edited"]),
        "deleted": bool(row["deleted"]) or None,
        "state": state,
        "last_active": {site.projects.owner(row["project_id"]): iso(row["last_edited"])},
        "status": status_of(site, row["project_id"]) or None,
        "run_quota": _QUOTA if row["running"] else None,
        "users": site.projects.users(row["project_id"]) if with_users else None,
    }


def _log(site: SiteState, caller: Caller, wanted: _Wanted, all_of_it: bool) -> _Rows:  # noqa: FBT001 (a table's)
    project_id = str(wanted.get("project_id"))
    if not is_uuid(project_id) or not site.may(caller, project_id):
        raise _no_access(site, caller)
    condition = wanted.get("time")
    begin = _seconds(condition.get(">=")) if isinstance(condition, dict) else 0.0
    if all_of_it:
        return site.project_log.rows(project_id, since=begin, limit=MOST_OF_ALL)
    return site.project_log.rows(project_id, since=max(begin, now() - RECENT))


def _seconds(time: object) -> float:
    try:
        return datetime.fromisoformat(str(time).replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise ServiceError(f'error: invalid input syntax for type timestamp: "{time}"') from None


def _limit(options: object) -> int | None:
    told = options[0] if isinstance(options, list) and options else None
    most = told.get("limit") if isinstance(told, dict) else None
    return most if isinstance(most, int) and most >= 0 else None


def _no_access(site: SiteState, caller: Caller) -> ServiceError:
    # the newer generation says for whom (recording)
    who = f" -- account_id={caller.account_id}, project_id_=undefined"
    more = who if site.options.generation == "B" else ""
    return ServiceError(f"FATAL: you do not have read access to this project{more}")


def _account(site: SiteState, caller: Caller, wanted: _Wanted, _all: bool) -> _Rows:  # noqa: FBT001 (a table's)
    row = site.accounts.get(caller.account_id)
    fixed = {k: v for k, v in wanted.items() if v is not None}
    if row is None or any(row.get(k) != v for k, v in fixed.items()):
        return []
    groups = ["admin"] if row["admin"] else []  # source; the only group there is
    seen = site.accounts.active.get(caller.account_id)
    shown = {"created": iso(row["created"]), "last_active": iso(seen), "groups": groups}
    return [{**row, **site.accounts.settings(caller.account_id), **shown}]


def _set(site: SiteState, caller: Caller, kind: str, values: dict[str, Any]) -> None:
    changes = {k: v for k, v in values.items() if k not in ("project_id", "account_id")}
    for field in changes:
        if field not in _SETTABLE[kind]:
            raise ServiceError(f"FATAL: user set query not allowed for {kind}.{field}")
    if kind == "projects":
        if not site.may(caller, str(values.get("project_id"))):
            raise ServiceError("FATAL: user must be an admin")
        as_kept = {k: int(bool(v)) if k == "deleted" else str(v) for k, v in changes.items()}
        site.projects.change(str(values["project_id"]), **as_kept)
        return
    if values.get("account_id", caller.account_id) != caller.account_id:
        raise ServiceError("FATAL: user must be an admin")
    for name in [name for name in changes if name in _OWN]:
        site.accounts.set_setting(caller.account_id, name, changes.pop(name))
    site.accounts.change(caller.account_id, **{k: str(v) for k, v in changes.items()})


_READ: dict[str, Callable[[SiteState, Caller, _Wanted, bool], _Rows]] = {
    "projects": _projects,
    "accounts": _account,
    "project_log": _log,
}
