"""Owns v2's endpoints about accounts: sign-up, sign-in, API keys, queries, settings."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..http import AnsweredError
from ..services.queries import QueryError, user_query
from ..state.store import iso
from ..v1.accounts import EMAIL
from ..v1.events import EventError
from .handler import IssuesError, V2Handler, endpoint, project_of

if TYPE_CHECKING:
    from ..state.accounts import Caller

_COMMON = frozenset(
    [
        "password",
        "password1",
        "123456",
        "12345678",
        "qwerty",
        "abc123",
        "letmein",
        "iloveyou",
        "admin",
    ]
)
Body = dict[str, Any]


@endpoint("auth/sign-up", None)
async def sign_up(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """Make an account and sign it in; an own account with its password signs in."""
    email, password = str(body.get("email") or ""), str(body.get("password") or "")
    accounts = handler.core.accounts
    if not email and not password:
        raise IssuesError(email="Anonymous account creation is disabled.")
    if not body.get("terms"):
        raise IssuesError(terms="You must agree to the terms of usage.")
    if not EMAIL.fullmatch(email):
        raise IssuesError(email="You must provide a valid email address.")
    if len(password) < 6:
        raise IssuesError(password="Your password must not be trivial to guess.")  # noqa: S106
    if password.lower() in _COMMON:
        weak = "Password is too weak. This is a heavily used password."
        raise IssuesError(password=f"{weak}\n Add more words that are less common.")
    row = accounts.by_email(email)
    if row is not None:
        if not await handler.core.run(accounts.password_ok, row["account_id"], password):
            raise IssuesError(email=f'Email address "{email}" already in use.')
        account_id = row["account_id"]
    else:
        names = str(body.get("firstName") or ""), str(body.get("lastName") or "")
        make = partial(accounts.create, *names, email, password, by=caller)
        account_id = await handler.core.run(make)
    handler.sign_in(account_id)
    return {"account_id": account_id}


@endpoint("auth/sign-in", None)
async def sign_in(handler: V2Handler, _caller: Caller | None, body: Body) -> Any:
    """Sign in by password: sets the cookie."""
    if "email" not in body or "password" not in body:
        handler.page(500, "", "")
        raise AnsweredError
    email, accounts = str(body["email"]), handler.core.accounts
    row = accounts.by_email(email)
    problem = "Problem signing into account"
    if row is None:
        raise EventError(f"{problem} -- no account with email address '{email}'.")
    if not await handler.core.run(accounts.password_ok, row["account_id"], str(body["password"])):
        raise EventError(f"{problem} -- password for '{email}' is incorrect.")
    handler.sign_in(row["account_id"])
    return {"account_id": row["account_id"]}


@endpoint("auth/sign-out", None)
async def sign_out(handler: V2Handler, _caller: Caller | None, _body: Body) -> Any:
    """Forget the cookie."""
    handler.clear_cookie("remember_me")
    return {}


@endpoint("user-query", None)
async def query(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """Read or set what the database has about projects and accounts."""
    if body.get("query") is None:
        raise EventError("Cannot read properties of undefined (reading 'undefined')")
    try:
        return {"query": user_query(handler.core, caller, body["query"])}
    except QueryError as error:
        raise EventError(str(error)) from None


@endpoint("customize", None)
async def customize(handler: V2Handler, _caller: Caller | None, body: Body) -> Any:
    """Some settings; the parents of the kiosk page are not among them (recording)."""
    known = {"siteName": handler.core.options.site_name, "kucalc": "no"}
    fields = body.get("fields")
    wanted = fields if isinstance(fields, list) else list(known)
    return {name: value for name, value in known.items() if name in wanted}


@endpoint("api-keys")
async def api_keys(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """Make, rename, delete and list an account's API keys."""
    core, action = handler.core, body.get("action")
    if caller is None:
        raise EventError("must be signed in")
    if action == "create":
        project_id = body.get("project_id")
        if project_id is not None:
            project_of(core, caller, project_id)
        name = str(body.get("name") or "")
        number, key = core.accounts.new_key(caller.account_id, project_id=project_id, name=name)
        return {"response": [{**_keys(handler, caller, number)[0], "secret": key}]}
    if action == "get":
        return {"response": _keys(handler, caller, None)}
    if action in ("edit", "delete"):
        wanted = body.get("id")
        if action == "edit":
            if not _keys(handler, caller, wanted if isinstance(wanted, int) else -1):
                raise EventError(f"no api key with id {wanted}")
            sql = "UPDATE api_keys SET name = ? WHERE id = ? AND account_id = ?"
            core.store.run(sql, str(body.get("name") or ""), wanted, caller.account_id)
        else:
            sql = "DELETE FROM api_keys WHERE id = ? AND account_id = ?"
            core.store.run(sql, wanted, caller.account_id)
    return {}


def _keys(handler: V2Handler, caller: Caller, number: int | None) -> list[dict[str, Any]]:
    rows = handler.core.store.all(
        "SELECT * FROM api_keys WHERE account_id = ? AND (? IS NULL OR id = ?) ORDER BY id",
        caller.account_id,
        number,
        number,
    )
    return [
        {
            "id": row["id"],
            "account_id": row["account_id"],
            "expire": iso(row["expire"]),
            "created": iso(row["created"]),
            "name": row["name"],
            "last_active": None,
            "trunc": row["trunc"],
        }
        for row in rows
    ]
