"""Owns the endpoints of API v2: about accounts, projects, files, commands and copies."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..http import AnsweredError, Handler
from ..services import (
    accounts,
    api_keys,
    commands,
    copies,
    files,
    kernels,
    latex,
    projects,
    queries,
)
from ..services.failures import ServiceError, check_uuid, shown_path
from ..services.projects import project_of
from ..state.database import iso, now

if TYPE_CHECKING:
    from ..state.accounts import Caller

Body = dict[str, Any]
Action = Callable[[Handler, "Caller | None", Body], Awaitable[Any]]
# passwords that everybody tries first
_COMMON = frozenset({
    "password", "password1", "123456", "12345678", "qwerty", "abc123", "letmein", "iloveyou",
    "admin",
})  # fmt: skip


class IssuesError(Exception):
    """Ends a request with `{issues: {field: message}}` (sign-up)."""

    def __init__(self, **issues: str) -> None:
        super().__init__(issues)
        self.issues = issues


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path: what it does, and what it says to those who are not signed in."""

    action: Action
    signed_out: str | None
    only: str = ""  # the one generation that has it
    project_key: bool = False  # whether a project's own key may ask it; it checks which project


ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(
    path: str,
    signed_out: str | None = "must be signed in",
    *,
    only: str = "",
    project_key: bool = False,
) -> Callable[[Action], Action]:
    """Enter a function into the table; `signed_out=None` serves everybody."""

    def enter(action: Action) -> Action:
        ENDPOINTS[path] = Endpoint(action, signed_out, only, project_key)
        return action

    return enter


@endpoint("auth/sign-up", None)
async def sign_up(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Make an account and sign it in; an own account with its password signs in."""
    email, password = str(body.get("email") or ""), str(body.get("password") or "")
    known = handler.site.accounts
    if not email and not password:
        raise IssuesError(email="Anonymous account creation is disabled.")
    if not body.get("terms"):
        raise IssuesError(terms="You must agree to the terms of usage.")
    if not accounts.is_email(email):
        raise IssuesError(email="You must provide a valid email address.")
    if len(password) < 6:
        raise IssuesError(password="Your password must not be trivial to guess.")  # noqa: S106
    if password.lower() in _COMMON:
        weak = "Password is too weak. This is a heavily used password."
        raise IssuesError(password=f"{weak}\n Add more words that are less common.")
    row = known.by_email(email)
    if row is not None:
        if not await handler.site.run(known.password_ok, row["account_id"], password):
            raise IssuesError(email=f'Email address "{email}" already in use.')
        account_id = row["account_id"]
    else:
        names = body.get("firstName"), body.get("lastName")
        account_id = await accounts.create(handler.site, caller, names, email, password)
    handler.sign_in(account_id)
    return {"account_id": account_id}


@endpoint("auth/sign-in", None)
async def sign_in(handler: Handler, _caller: Caller | None, body: Body) -> Any:
    """Sign in by password: sets the cookie."""
    if "email" not in body or "password" not in body:
        handler.page(500, "", "")
        raise AnsweredError
    email, known = str(body["email"]), handler.site.accounts
    row = known.by_email(email)
    problem = "Problem signing into account"
    if row is None:
        raise ServiceError(f"{problem} -- no account with email address '{email}'.")
    if not await handler.site.run(known.password_ok, row["account_id"], str(body["password"])):
        raise ServiceError(f"{problem} -- password for '{email}' is incorrect.")
    handler.sign_in(row["account_id"])
    return {"account_id": row["account_id"]}


@endpoint("accounts/sign-out", None)
async def sign_out(handler: Handler, _caller: Caller | None, _body: Body) -> Any:
    """Forget the cookie."""
    handler.clear_cookie("remember_me")
    return {}


@endpoint("user-query", None, project_key=True)
async def query(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Read or set what the database has about projects and accounts."""
    if body.get("query") is None:
        raise ServiceError("Cannot read properties of undefined (reading 'undefined')")
    site = handler.site
    # this generation's answers leave names out (recording)
    hidden = ("first_name", "last_name") if site.options.generation == "A" else ()
    return {"query": queries.user_query(site, caller, body["query"], hidden=hidden)}


@endpoint("customize", None, project_key=True)
async def customize(handler: Handler, _caller: Caller | None, body: Body) -> Any:
    """Some settings; the parents of the kiosk page are not among them (recording)."""
    known = {"siteName": handler.site.options.site_name, "kucalc": "no"}
    fields = body.get("fields")
    wanted = fields if isinstance(fields, list) else list(known)
    return {name: value for name, value in known.items() if name in wanted}


@endpoint("api-keys")
async def manage_keys(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Make, rename, delete and list an account's API keys, or a project's."""
    assert caller is not None  # noqa: S101 (the table lets nobody else in)
    response = api_keys.manage(handler.site, caller, body)
    return {} if response is None else {"response": response}


@endpoint("projects/create", "user must be signed in")
async def create(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Make a project; what is not known is ignored (recording)."""
    assert caller is not None  # noqa: S101 (the table lets nobody else in)
    return {"project_id": projects.create(handler.site, caller, body, untitled="No Title")}


def _shown(handler: Handler, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    fields = ("project_id", "title", "description")
    extra = {"name": None} if handler.site.options.generation == "B" else {}
    return [{**{f: row[f] for f in fields}, **extra} for row in rows]


@endpoint("projects/get", "must be authenticated", project_key=True)
async def get(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """The account's projects, the latest first; a project's key has none."""
    if caller is None or caller.project_id is not None:
        return []
    limit = body.get("limit")
    rows = handler.site.projects.of(caller.account_id, hidden=False)  # nor deleted (recording)
    return _shown(handler, rows[: limit if isinstance(limit, int) else 1000])


@endpoint("projects/get-one", "must be authenticated", project_key=True)
async def get_one(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """One project."""
    project_id = project_of(handler.site, caller, body.get("project_id"))
    row = handler.site.projects.get(project_id)
    return _shown(handler, [row])[0] if row else {}


@endpoint("projects/start", project_key=True)
async def start(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Start a project."""
    check_uuid(body.get("project_id"))
    await handler.site.start_project(project_of(handler.site, caller, body["project_id"]))
    return {"status": "ok"}


@endpoint("projects/stop", project_key=True)
async def stop(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Stop a project."""
    check_uuid(body.get("project_id"))
    handler.site.stop_project(project_of(handler.site, caller, body["project_id"]))
    return {"status": "ok"}


@endpoint("projects/touch", project_key=True)
async def touch(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Mark a project as used, which starts it."""
    check_uuid(body.get("project_id"))
    assert caller is not None  # noqa: S101 (the table lets nobody else in)
    project_id = project_of(handler.site, caller, body["project_id"])
    await projects.touch(handler.site, caller, project_id)
    return {}


@endpoint("projects/write-text-file", "must be authenticated", project_key=True)
async def write_text(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Write a file. It says ok even where the path is a directory (recording)."""
    check_uuid(body.get("project_id"), "must set project_id to a valid uuid")
    if body.get("content") is None:
        raise ServiceError("must include content of file")
    project_id = project_of(handler.site, caller, body["project_id"])
    path, content = str(body.get("path") or ""), str(body["content"])
    try:
        await files.write_text(handler.site, project_id, path, content)
    except IsADirectoryError:
        pass
    except OSError as error:
        raise ServiceError(error.strerror or "failed") from None
    return {"status": "ok"}


@endpoint("projects/call", project_key=True)
async def call(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Hand a message to a project: reading a file, on generation A."""
    mesg = body.get("mesg")
    mesg = mesg if isinstance(mesg, dict) else {}
    if mesg.get("event") != "read_text_file_from_project":
        raise ServiceError("not implemented")
    project_id = project_of(handler.site, caller, body.get("project_id"))
    content = await files.read_as_project(handler.site, project_id, str(mesg.get("path")))
    reply = {"event": "text_file_read_from_project", "id": mesg.get("id") or str(uuid.uuid4())}
    return {**reply, "content": content}


@endpoint("exec", project_key=True)
async def exec_(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Run a command, or ask for one that was started without waiting."""
    site = handler.site
    check_uuid(body.get("project_id"), "invalid input")
    project_id = project_of(site, caller, body["project_id"])
    lead = f"Error executing command '{body.get('command', 'undefined')}' with args 'undefined' --"
    if body.get("async_get") is not None:
        return await commands.standing(site, project_id, body)
    if body.get("command") is None:
        hint = "Cannot read properties of undefined (reading 'split')"
        raise ServiceError(f"{lead} TypeError: {hint}")
    run = commands.begin if body.get("async_call") else commands.execute
    return await run(site, project_id, body, none="undefined")


@endpoint("jupyter/kernels", None, project_key=True)
async def jupyter_kernels(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """The kernels of a project."""
    project_id = _with_kernels(handler, caller, body)
    return {"kernels": await kernels.specs(handler.site, project_id), **_worked(handler)}


@endpoint("jupyter/execute", None, project_key=True)
async def jupyter_execute(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Run code in a project's kernel."""
    if not body.get("kernel"):
        raise ServiceError("kernel must be specified in hash is not specified")
    project_id = _with_kernels(handler, caller, body)
    outputs = await kernels.execute(handler.site, project_id, body)
    handler.site.runs += 1
    told = {"output": outputs, "created": iso(now()), **_worked(handler)}
    return {"id": handler.site.runs, **told} if handler.site.options.generation == "B" else told


def _with_kernels(handler: Handler, caller: Caller | None, body: Body) -> str:
    if body.get("project_id") is None:
        raise ServiceError(kernels.NO_PROJECT)
    if caller is None:
        raise ServiceError("account_id must be specified -- make sure you are signed in")
    return project_of(handler.site, caller, check_uuid(body["project_id"]))


def _worked(handler: Handler) -> dict[str, bool]:
    return {"success": True} if handler.site.options.generation == "B" else {}


@endpoint("latex", None, project_key=True)
async def make_pdf(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Make a PDF of TeX in a project of the caller's: the one that is named, or the latest."""
    if not isinstance(body.get("path"), str):
        received = "undefined" if body.get("path") is None else type(body["path"]).__name__
        wrong = {"code": "invalid_type", "expected": "string", "received": received,
                 "path": ["path"], "message": "Required"}  # fmt: skip
        handler.answer({"message": "Invalid request body.", "errors": [wrong]}, 400)
        raise AnsweredError
    if caller is None:
        raise ServiceError("must be authenticated")
    project_id = body.get("project_id")
    if project_id is None:
        own = handler.site.projects.of(caller.account_id)
        if caller.project_id is not None or not own:
            raise ServiceError("no project")
        project_id = own[0]["project_id"]
    if not handler.site.may(caller, str(project_id)):
        raise ServiceError("must be signed in as a collaborator on the project")
    return await latex.compile_(handler.site, str(project_id), body)


@endpoint("projects/copy-path", project_key=True)
async def copy_path(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Copy a path. Generation A answers `{}` whatever the target is (recording)."""
    site, b = handler.site, handler.site.options.generation == "B"
    if not body.get("path"):
        raise ServiceError("path must be specified")
    check_uuid(body.get("src_project_id"), "src_project_id must be a valid uuid")
    target = body.get("target_project_id") or body["src_project_id"]
    check_uuid(target, "target_project_id must be a valid uuid")
    request = copies.parse({**body, "scheduled": None}, str(body["path"]))
    for project_id, side in ((body["src_project_id"], "source"), (target, "target")):
        unknown = site.projects.get(project_id) is None and not b
        if not site.may(caller, project_id) and not unknown:
            raise ServiceError(f"must be a collaborator on {side} project")
    if site.projects.get(request.source_project_id) is None:
        place = shown_path(request.source_project_id, request.source_path)
        raise ServiceError(f"ENOENT: no such file or directory, stat '{place}'")
    if site.projects.get(target) is None:
        return {}
    wait = not b or bool(body.get("wait_until_done", True))
    copy_id = await copies.copy(site, request, wait=wait)
    return {"copy_id": copy_id} if b else {}


@endpoint("projects/copy-path-status", only="B", project_key=True)
async def copy_path_status(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """How a queued copy stands (generation B alone has this, source)."""
    check_uuid(body.get("copy_id"), "copy_id must be a valid uuid")
    row = handler.site.queue.get(str(body["copy_id"]))
    if row is None or not handler.site.may(caller, row["source_project_id"]):
        raise ServiceError("copy_id not found")
    times = {name: iso(row[name]) for name in ("started", "finished")}
    return {**times, "copy_error": row["error"]}
