"""Owns the events of API v1: about accounts, projects, files, commands and copies."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from ..services import accounts, collaborators, commands, copies, files, projects, queries
from ..services.failures import ServiceError, check_uuid, node_error, shown_path
from ..state.accounts import Caller
from ..state.database import iso, now
from ..state.files import OutsideError
from ..state.site_state import SiteState

Params = dict[str, Any]
Action = Callable[[SiteState, Caller, Params], Awaitable[dict[str, Any]]]
_NOTE = (
    "Query copy_path_status with the copy_path_id to learn if the copy operation was successful."
)
_DATES = ("time", "started", "finished", "scheduled")
_FLAGS = ("overwrite_newer", "delete_missing", "backup")
# what the key of a project may ask for, of that project alone; the rest is for accounts
FOR_PROJECTS = frozenset({
    "ping", "project_exec", "write_text_file_to_project", "read_text_file_from_project",
    "touch_project", "copy_path_between_projects",
    "copy_path_status", "copy_path_delete",
})  # fmt: skip
# events of CoCalc's socket that its HTTP API refuses by name
NOT_HTTP = frozenset({
    "sign_in", "sign_out", "signed_in", "error", "success", "pong", "account_created",
    "sign_in_failed",
})  # fmt: skip


class RefusedError(Exception):
    """Ends a request with 400 and `{error}`."""


class SilentError(Exception):
    """The request is never answered (recording: a number as a file's content)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its parameters in their order, and what it does."""

    action: Action
    required: tuple[str, ...]
    optional: tuple[str, ...]
    project_key: bool = False  # whether a project's own key may send it; it checks which project

    def check(self, body: Any) -> Params:
        """The parameters, or `RefusedError` in CoCalc's words (recording)."""
        if isinstance(body, list):
            body = {str(i): value for i, value in enumerate(body)}
        for name in self.required:
            if body.get(name) is None:
                raise RefusedError(_type_error(f"property '{name}' must be specified: "))
        for name in body:
            if name not in self.required and name not in self.optional:
                raise RefusedError(_type_error(f"got an unexpected argument '{name}' "))
        return {**dict.fromkeys((*self.required, *self.optional)), **body}


EVENTS: dict[str, Event] = {}


def event(
    name: str,
    *,
    required: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
    takes_id: bool = True,
    project_key: bool = False,
) -> Callable[[Action], Action]:
    """Enter a function into the table."""

    def enter(action: Action) -> Action:
        names = (*optional, "id") if takes_id else optional
        EVENTS[name] = Event(action, required, names, project_key)
        return action

    return enter


def _type_error(what: str) -> str:
    return f"invalid parameters 'Error: misc.defaults -- TypeError: {what}'"


@event("ping", project_key=True)
async def ping(_site: SiteState, _caller: Caller, _p: Params) -> dict[str, Any]:
    """Tell the time."""
    return {"event": "pong", "now": iso(now())}


@event(
    "create_account",
    optional=(
        "first_name", "last_name", "email_address", "password", "agreed_to_terms", "token",
        "get_api_key", "usage_intent",
    ),
)  # fmt: skip
async def create_account(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Make an account, with a key for it if asked."""
    email, password = str(p["email_address"] or ""), str(p["password"] or "")
    reason: dict[str, str] = {}
    if not email and not password:
        reason["other"] = "Anonymous sign up is disabled."
    else:
        if not accounts.is_email(email):
            reason["email_address"] = "Email address does not appear to be valid."
        elif site.accounts.by_email(email):
            reason["email_address"] = "This e-mail address is already taken."
        if not 6 <= len(password) <= 64:
            reason["password"] = "Password must be between 6 and 64 characters in length."  # noqa: S105
    if reason:
        return {"event": "account_creation_failed", "reason": reason}
    names = p["first_name"], p["last_name"]
    account_id = await accounts.create(site, caller, names, email, password)
    reply = {"event": "account_created", "account_id": account_id}
    if p["get_api_key"]:
        reply["api_key"] = site.accounts.new_key(account_id, legacy=True)[1]
    return reply


@event("user_auth", required=("account_id", "password"))
async def user_auth(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Make an auth token for an account, for whoever knows its password, or for an admin."""
    account_id, password = str(p["account_id"]), str(p["password"])
    check_uuid(account_id, f"invalid account_id -- {account_id}")
    if site.accounts.get(account_id) is None:
        raise ServiceError("no such account")
    freely = caller.admin and password == ""
    ask = accounts.user_token(site, caller, account_id, password, freely=freely, wait="60s")
    return {"event": "user_auth_token", "auth_token": await ask}


@event("get_usernames", required=("account_ids",))
async def get_usernames(site: SiteState, _caller: Caller, p: Params) -> dict[str, Any]:
    """First and last names of accounts."""
    return {"event": "usernames", "usernames": accounts.names(site, p["account_ids"])}


@event("user_search", required=("query",), optional=("limit", "admin", "active"))
async def user_search(site: SiteState, _caller: Caller, p: Params) -> dict[str, Any]:
    """Accounts by the beginning of a name, or by their whole e-mail address."""
    results = accounts.search(site, str(p["query"]), p["limit"])
    return {"event": "user_search_results", "results": results}


def check_access(site: SiteState, caller: Caller, project_id: object, what: str) -> str:
    """The project's id, or the refusal in CoCalc's words; `what` is "read" or "write"."""
    check_uuid(project_id, f"{what.title()} access denied -- invalid project_id -- {project_id}")
    if not site.may(caller, str(project_id)):
        user = f"User {caller.account_id or 'undefined'}"
        raise ServiceError(f"{user} does not have {what} access to project {project_id}")
    return str(project_id)


@event("create_project", optional=("title", "description", "image", "start", "license"))
async def create_project(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Make a project."""
    project_id = projects.create(site, caller, p, untitled="", running=bool(p["start"]))
    return {"event": "project_created", "project_id": project_id}


@event("write_text_file_to_project", required=("project_id", "path", "content"), project_key=True)
async def write_text(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Write a file."""
    project_id = check_access(site, caller, p["project_id"], "write")
    if not isinstance(p["content"], str):
        raise SilentError
    path = str(p["path"])
    try:
        await files.write_text(site, project_id, path, p["content"])
    except OutsideError:
        raise ServiceError(files.OUTSIDE) from None
    except OSError as error:
        raise ServiceError(node_error(error, "open", shown_path(project_id, path))) from None
    site.projects.touch(project_id)
    return {"event": "file_written_to_project"}


@event("read_text_file_from_project", required=("project_id", "path"), project_key=True)
async def read_text(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Read a file, or several: lists of the same length, answered in no certain order."""
    name = {"event": "text_file_read_from_project"}
    if not isinstance(p["path"], list):
        return {**name, "content": await _read(site, caller, p["project_id"], p["path"])}
    rows = []
    for project_id, path in zip(p["project_id"], p["path"], strict=False):
        row: dict[str, Any] = {"path": path, "project_id": project_id}
        try:
            row["content"] = await _read(site, caller, project_id, path)
        except ServiceError as error:
            row["error"] = error.error
        rows.append(row)
    return {**name, "content": rows}


async def _read(site: SiteState, caller: Caller, project_id: object, path: object) -> str:
    readable = check_access(site, caller, project_id, "read")
    return await files.read_as_project(site, readable, str(path))


@event(
    "project_exec",
    required=("project_id", "command"),
    optional=(
        "compute_server_id", "path", "args", "timeout", "aggregate", "max_output", "bash",
        "err_on_exit",
    ),
    project_key=True,
)  # fmt: skip
async def project_exec(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Run a command in a project."""
    project_id = check_access(site, caller, p["project_id"], "write")
    return {"event": "project_exec_output", **await commands.execute(site, project_id, p, none="")}


@event("touch_project", required=("project_id",), project_key=True)
async def touch_project(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Mark a project as used, which starts it."""
    project_id = check_access(site, caller, p["project_id"], "write")
    await projects.touch(site, caller, project_id)
    return {"event": "success"}


@event(
    "invite_collaborator",
    required=("project_id", "account_id"),
    optional=("title", "link2proj", "replyto", "replyto_name", "email", "subject"),
)
async def invite_collaborator(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Let an account into a project, and tell it."""
    check_access(site, caller, p["project_id"], "write")
    collaborators.invite(site, caller, p)
    return {"event": "success"}


@event("add_collaborator", required=("account_id",), optional=("project_id", "token_id"))
async def add_collaborator(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Let accounts into projects; one of each, or lists of the same length."""
    if p["token_id"]:  # nothing here makes such tokens
        raise ServiceError("Error: Project invite token is not valid - no such token")
    try:
        collaborators.add(site, caller, p["account_id"], p["project_id"])
    except ServiceError as error:
        raise ServiceError(f"{error.kind}: {error.error}") from None
    return {"event": "success"}


@event("remove_collaborator", required=("project_id", "account_id"))
async def remove_collaborator(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Take an account out of a project."""
    project_id = check_access(site, caller, p["project_id"], "write")
    collaborators.remove(site, caller, p["account_id"], project_id)
    return {"event": "success"}


@event(
    "invite_noncloud_collaborators",
    required=("project_id", "to", "email", "title", "link2proj"),
    optional=("replyto", "replyto_name", "subject"),
)
async def invite_by_email(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Let those with some e-mail addresses into a project."""
    check_access(site, caller, p["project_id"], "write")
    collaborators.invite_by_email(site, caller, p)
    reply = {"event": "invite_noncloud_collaborators_resp"}
    return {**reply, "mesg": f"Invited {p['to']} to collaborate on a project."}


@event(
    "query",
    required=("query",),
    optional=("changes", "multi_response", "options", "timeout"),
    project_key=True,
)
async def query(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Read or set what the database has about projects and accounts."""
    if p["multi_response"] and isinstance(p["query"], dict) and len(p["query"]) == 1:
        # a slip of this server's generation, kept because clients meet it (recording)
        raise RefusedError("ReferenceError: otps is not defined")
    result = queries.user_query(site, caller, p["query"])
    reply = {"query": result, "multi_response": False, "event": "query"}
    return {**reply, "options": p["options"]} if p["options"] is not None else reply


@event(
    "copy_path_between_projects",
    required=("src_project_id", "src_path", "target_project_id"),
    optional=(
        "target_path", "overwrite_newer", "delete_missing", "backup", "timeout", "exclude",
        "wait_until_done", "scheduled", "public", "bwlimit",
    ),
    project_key=True,
)  # fmt: skip
async def copy(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Copy at once, or queue the copy, as this site does it."""
    for name in ("src_project_id", "target_project_id"):
        check_uuid(p[name], f"{name}='{p[name]}' not valid")
    check_side(site, caller, p["src_project_id"], "read", "source")
    check_side(site, caller, p["target_project_id"], "write", "target")
    # sent as a form, "true" is a string and does not wait (recording)
    asked = p["wait_until_done"]
    wait = asked is True or (asked is None and not site.options.queue)
    copy_path_id = await copies.copy(site, copies.parse(p, str(p["src_path"])), wait=wait)
    reply = {"event": "copy_path_between_projects_response"}
    return {**reply, "copy_path_id": copy_path_id, "note": _NOTE}


def check_side(site: SiteState, caller: Caller, project_id: str, what: str, side: str) -> None:
    """Refuse those who may not read, or write, one of the two projects of a copy."""
    if not site.may(caller, project_id):
        words = f"No {what} access to {side} project"
        raise ServiceError(f"ACCESS BLOCKED -- {words} -- {project_id}")


@event(
    "copy_path_status",
    optional=(
        "copy_path_id", "src_project_id", "target_project_id", "src_path", "limit", "offset",
        "pending", "failed",
    ),
    takes_id=False,
    project_key=True,
)  # fmt: skip
async def status(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """One copy by its id, or many by their projects."""
    reply = {"event": "copy_path_status_response"}
    if p["copy_path_id"] is not None:
        row = _row(site, caller, p["copy_path_id"])
        if row is None:
            raise ServiceError(f"Can't find copy operation with ID={p['copy_path_id']}")
        shown = {k: v for k, v in _shown(row).items() if v is not None}
        return {**reply, "data": shown}
    where: list[str] = []
    values: list[Any] = []
    for name, side in (("src_project_id", "source"), ("target_project_id", "target")):
        if p[name] is None:
            continue
        check_uuid(p[name], f"invalid {name}={p[name]}")
        check_side(site, caller, p[name], "read", side)
        where.append(f"{side}_project_id = ?")
        values.append(p[name])
    if not where:
        wanted = "'copy_path_id' (UUID) of a copy operation or 'src_project_id/target_project_id'"
        raise ServiceError(f"{wanted} must be defined")
    if p["src_path"] is not None:
        where.append("source_path = ?")
        values.append(str(p["src_path"]))
    if p["failed"]:
        where.append("error IS NOT NULL")
    else:
        pending = p["pending"] is None or p["pending"]
        where.append(f"finished IS {'' if pending else 'NOT '}NULL")
    limit, offset = _number(p["limit"], "limit", 1000), _number(p["offset"], "offset", 0)
    rows = site.queue.find(" AND ".join(where), values, limit, offset)
    return {**reply, "data": [_shown(row) for row in rows]}


@event("copy_path_delete", required=("copy_path_id",), project_key=True)
async def delete(site: SiteState, caller: Caller, p: Params) -> dict[str, Any]:
    """Cancel a copy that has not begun."""
    copy_path_id = p["copy_path_id"]
    if _row(site, caller, copy_path_id) is None or not site.queue.delete(str(copy_path_id)):
        name = f"Copy operation '{copy_path_id}'"
        raise ServiceError(f"{name} either does not exist or already finished")
    return {
        "event": "copy_path_status_response",
        "data": f"copy_path_id = '{copy_path_id}' deleted",
    }


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A job as the API shows it in a list: everything, null where it is not set."""
    shown = {**row, **{k: iso(row[k]) for k in _DATES}}
    shown["exclude"] = json.loads(row["exclude"]) if row["exclude"] else None
    return {**shown, **{k: None if row[k] is None else bool(row[k]) for k in _FLAGS}}


def _row(site: SiteState, caller: Caller, copy_path_id: object) -> dict[str, Any] | None:
    words = f'postgresql error: invalid input syntax for type uuid: "{copy_path_id}"'
    row = site.queue.get(check_uuid(copy_path_id, words))
    if row is not None:
        check_side(site, caller, row["source_project_id"], "read", "source")
    return row


def _number(value: object, name: str, default: int) -> int:
    if value is None:
        return default
    number = int(value) if str(value).lstrip("-").isdigit() and isinstance(value, int | str) else -1
    if not 0 <= number <= (1000 if name == "limit" else 10**9):
        raise ServiceError(f"ILLEGAL VALUE {name}='{value}' (must be in [0, 1000])")
    return number
