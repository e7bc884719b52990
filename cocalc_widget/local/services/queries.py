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
# what CoCalc's users may read; null where the stand-in has nothing
_FIELDS = {
    "projects": frozenset({
        "project_id", "name", "title", "description", "users", "invite", "invite_requests",
        "deleted", "host", "settings", "run_quota", "site_license", "status",
        "manage_users_owner_only", "secret_token", "state", "last_edited", "last_active",
        "action_request", "course", "compute_image", "created", "ephemeral", "env", "sandbox",
        "avatar_image_tiny", "color", "pay_as_you_go_quotas",
    }),
    "accounts": frozenset({
        "account_id", "email_address", "org", "lti_id", "stripe_checkout_session",
        "email_address_verified", "email_address_problem", "editor_settings", "other_settings",
        "name", "first_name", "last_name", "terminal", "autosave", "evaluate_key", "font_size",
        "passports", "groups", "last_active", "stripe_customer", "coupon_history", "profile",
        "customize", "ssh_keys", "created", "ephemeral", "unlisted", "tags", "tours",
        "min_balance", "balance", "balance_alert", "auto_balance", "purchase_closing_day",
        "stripe_usage_subscription", "email_daily_statements", "unread_message_count",
    }),
    "project_log": frozenset({"id", "project_id", "time", "account_id", "event"}),
}  # fmt: skip
_SETTABLE: dict[str, frozenset[str]] = {
    "projects": frozenset({
        "title", "name", "description", "deleted", "invite_requests", "users",
        "manage_users_owner_only", "action_request", "compute_image", "site_license", "env",
        "sandbox", "avatar_image_tiny", "avatar_image_full", "color",
    }),
    "accounts": frozenset({
        "name", "editor_settings", "other_settings", "first_name", "last_name", "terminal",
        "autosave", "evaluate_key", "font_size", "profile", "ssh_keys", "sign_up_usage_intent",
        "unlisted", "tags", "tours", "email_daily_statements", "auto_balance",
    }),
    "project_log": frozenset(),
}  # fmt: skip
# what a project may ask of itself, with its own key (source)
_OF_ITSELF = frozenset({"project_id", "title", "description", "status"})
_COLUMNS = frozenset({"title", "description", "deleted"})
_LONGEST = 254  # characters of a name (source)
# what an account has that has set nothing (source)
_DEFAULTS = {
    "autosave": 45, "evaluate_key": "Shift-Enter", "font_size": 14, "passports": {},
    "ssh_keys": {}, "unlisted": False,
}  # fmt: skip
# what a project may use that has no upgrades (recording)
_QUOTA = {
    "network": False, "member_host": False, "privileged": False, "always_running": False,
    "memory_request": 200, "cpu_request": 0.02, "disk_quota": 3000, "memory_limit": 1000,
    "cpu_limit": 1, "idle_timeout": 1800, "gpu": False, "dedicated_vm": False,
    "dedicated_disks": [],
}  # fmt: skip


_Wanted = dict[str, Any]
_Rows = list[dict[str, Any]]


def user_query(
    site: SiteState,
    caller: Caller | None,
    query: Any,
    *,
    options: object = None,
    hidden: tuple[str, ...] = (),
) -> Any:
    """Answer a query: one object, or a list of them.

    A null asks for a value; a query without nulls sets them; a list of one
    object asks for all rows that match. Of `options` the limit of the log
    counts (the bridge's alone passes them on: API v1 ignores them, recording).
    The `hidden` fields of accounts are left out of answers.
    """
    if isinstance(query, list):
        return [user_query(site, caller, q, options=options, hidden=hidden) for q in query]
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
        if caller.project_id is not None:
            raise ServiceError(f"FATAL: set queries not allowed for table '{table}'")
        _set(site, caller, kind, wanted)
        return {}
    _check_readable(caller, table, kind, wanted)
    rows = _READ[kind](site, caller, wanted, table.endswith("_all"))
    rows = rows[: _limit(options)] if kind == "project_log" else rows
    left_out = hidden if kind == "accounts" else ()
    fields = [field for field in wanted if field not in left_out]
    shown = [{field: row.get(field) for field in fields} for row in rows]
    if many:  # which leaves out what is null (recording)
        return {table: [{k: v for k, v in row.items() if v is not None} for row in shown]}
    return {table: shown[0]} if shown else {}


def _check_readable(caller: Caller, table: str, kind: str, wanted: _Wanted) -> None:
    if caller.project_id is not None and (kind != "projects" or set(wanted) - _OF_ITSELF):
        raise ServiceError(f"FATAL: get queries not allowed for table '{table}'")
    for field in wanted:
        if field not in _FIELDS[kind]:
            raise ServiceError(f"FATAL: user get query not allowed for {table}.{field}")


def _projects(site: SiteState, caller: Caller, wanted: _Wanted, all_of_them: bool) -> _Rows:  # noqa: FBT001 (a table's)
    project_id = wanted.get("project_id") or caller.project_id
    if project_id is not None:
        row = site.projects.get(str(project_id)) if site.may(caller, str(project_id)) else None
        if row is None:
            raise _no_access(site, caller)
        rows = [row]
    else:
        rows = site.projects.of(caller.account_id, deleted=all_of_them)
    shown = [_shown(site, row, wanted) for row in rows]
    fixed = {k: v for k, v in wanted.items() if v is not None and k != "project_id"}
    return [row for row in shown if all(row.get(k) == v for k, v in fixed.items())]


def _shown(site: SiteState, row: dict[str, Any], wanted: _Wanted) -> dict[str, Any]:
    project_id = row["project_id"]
    state = state_of(row)
    if site.options.generation == "A":
        state["ip"] = "localhost"
    plain = {
        **row,
        "created": iso(row["created"]),
        "last_edited": iso(row["last_edited"]),
        "deleted": bool(row["deleted"]) or None,
        "state": state,
    }
    if not set(wanted) - set(plain):  # a list of many projects asks for no more, as a rule
        return plain
    more: dict[str, Any] = site.projects.extras(project_id)
    run = status_of(site, project_id)
    more |= {"status": run or None, "run_quota": _QUOTA if run else None}
    if "users" in wanted:
        more["users"] = site.projects.users(project_id)
    if "last_active" in wanted:
        # whoever has made a project was in it when it was edited, if nobody else was
        used = site.projects.last_active(project_id)
        used = used or {site.projects.owner(project_id): row["last_edited"]}
        more["last_active"] = {account_id: iso(time) for account_id, time in used.items()}
    if "invite" in wanted:
        invited = site.projects.invited(project_id)
        more["invite"] = {mail: {"time": iso(time)} for mail, time in invited.items()} or None
    return {**more, **plain}


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
    told = {
        "created": iso(row["created"]),
        "groups": groups,
        "last_active": iso(site.accounts.last_active(row["account_id"])),
        "unread_message_count": site.messages.unread(row["account_id"]) or None,
    }
    return [{**_DEFAULTS, **site.accounts.extras(row["account_id"]), **row, **told}]


def _set(site: SiteState, caller: Caller, kind: str, values: dict[str, Any]) -> None:
    changes = {k: v for k, v in values.items() if k not in ("project_id", "account_id")}
    for field in changes:
        if field not in _SETTABLE[kind]:
            raise ServiceError(f"FATAL: user set query not allowed for {kind}.{field}")
    if kind == "projects":
        project_id = str(values.get("project_id"))
        if not site.may(caller, project_id) and not _admins(site, caller, project_id):
            raise ServiceError("FATAL: user must be an admin")
        _set_project(site, caller, project_id, changes)
        return
    if values.get("account_id", caller.account_id) != caller.account_id:
        raise ServiceError("FATAL: user must be an admin")
    set_account(site, caller.account_id, changes)


def _admins(site: SiteState, caller: Caller, project_id: str) -> bool:
    return caller.admin and site.projects.get(project_id) is not None


def _set_project(site: SiteState, caller: Caller, project_id: str, changes: _Wanted) -> None:
    if "manage_users_owner_only" in changes:
        if site.projects.role(project_id, caller.account_id) != "owner":
            words = "Only project owners can change collaborator management settings"
            raise ServiceError(f"FATAL: Error: {words}")
        changes["manage_users_owner_only"] = bool(changes["manage_users_owner_only"])
    if "users" in changes:
        mine = changes.pop("users")
        if not isinstance(mine, dict) or set(mine) - {caller.account_id}:
            raise ServiceError("FATAL: user set query not allowed for projects.users")
        settings = mine.get(caller.account_id)
        if isinstance(settings, dict) and "hide" in settings:
            hidden = bool(settings["hide"])
            site.projects.hide(project_id, caller.account_id, hidden=hidden)
    columns = {k: v for k, v in changes.items() if k in _COLUMNS}
    as_kept = {k: int(bool(v)) if k == "deleted" else str(v) for k, v in columns.items()}
    site.projects.change(project_id, **as_kept)
    site.projects.set_extras(project_id, {k: v for k, v in changes.items() if k not in _COLUMNS})


def set_account(site: SiteState, account_id: str, changes: dict[str, Any]) -> None:
    """Set what an account may set of itself."""
    names = {k: str(v)[:_LONGEST] for k, v in changes.items() if k in ("first_name", "last_name")}
    for field, value in names.items():
        if not value:
            raise ServiceError(f"FATAL: {field} must be nonempty")
    name = changes.get("name")
    if name is not None:
        taken = site.organizations.get(str(name)) or site.accounts.named(str(name))
        if taken and taken != account_id:
            words = f'name "{name}" is already taken by another organization or account'
            raise ServiceError(f"FATAL: {words}")
    site.accounts.change(account_id, **names)
    old = site.accounts.extras(account_id)
    extras = {k: v for k, v in changes.items() if k not in names}
    for field, value in extras.items():
        if isinstance(value, dict) and isinstance(old.get(field), dict):
            extras[field] = {**old[field], **value}  # what is not named stays (documentation)
    site.accounts.set_extras(account_id, extras)


_READ: dict[str, Callable[[SiteState, Caller, _Wanted, bool], _Rows]] = {
    "projects": _projects,
    "accounts": _account,
    "project_log": _log,
}
