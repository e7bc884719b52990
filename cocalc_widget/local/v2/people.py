"""Owns API v2's endpoints about people: in projects, their names, their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..services import accounts, collaborators, messages, projects, queries
from ..services.failures import ServiceError, check_uuid
from .endpoints import Body, endpoint

if TYPE_CHECKING:
    from ..http import Handler
    from ..state.accounts import Caller

_OK = {"status": "ok"}
_FOR_ADMINS = "The `account_id` field may only be specified by account administrators."


def _signed_in(caller: Caller | None) -> Caller:
    assert caller is not None  # noqa: S101 (the table lets nobody else in)
    return caller


@endpoint("projects/collaborators/add", only="B")
async def add(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Let an account into a project."""
    who, where = [body.get("account_id")], [body.get("project_id")]
    collaborators.add(handler.site, _signed_in(caller), who, where)
    return _OK


@endpoint("projects/collaborators/remove", only="B")
async def remove(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Take an account out of a project."""
    who, where = [body.get("account_id")], [body.get("project_id")]
    collaborators.remove_all(handler.site, _signed_in(caller), who, where)
    return _OK


@endpoint("projects/collaborators/list", only="B")
async def people(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """The names of a project's people."""
    return collaborators.people(handler.site, _signed_in(caller), body.get("project_id"))


@endpoint("projects/collaborators/change-user-type", only="B")
async def change_type(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Make a collaborator an owner, or an owner a collaborator."""
    who, group = body.get("target_account_id"), body.get("new_group")
    where = body.get("project_id")
    collaborators.change_type(handler.site, _signed_in(caller), where, who, group)
    return _OK


@endpoint("projects/delete", only="B")
async def delete(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Mark a project as deleted; its files stay."""
    projects.delete(handler.site, _signed_in(caller), body.get("project_id"))
    return _OK


@endpoint("projects/restore", only="B")
async def restore(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Take that mark away."""
    project_id = check_uuid(body.get("project_id"))
    site, who = handler.site, _signed_in(caller)
    if not who.admin and not site.may(who, project_id):
        raise ServiceError("must be an owner to restore a project")
    site.projects.change(project_id, deleted=0)
    return _OK


@endpoint("projects/update", "Must be signed in to update project.", only="B")
async def update(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Set what a project is called, and what is said of it."""
    who, site = _signed_in(caller), handler.site
    if body.get("account_id") and not who.admin:
        raise ServiceError(_FOR_ADMINS)
    fields = ("title", "description", "name")
    changes = {field: body[field] for field in fields if body.get(field) is not None}
    if not changes:
        return _OK
    query = {"projects": {"project_id": str(body.get("project_id")), **changes}}
    queries.user_query(site, who, query)
    return _OK


@endpoint("accounts/search", None)
async def search(handler: Handler, _caller: Caller | None, body: Body) -> Any:
    """Accounts by name or e-mail address; anybody may (source)."""
    return accounts.search(handler.site, str(body.get("query") or ""))


@endpoint("accounts/get-names", only="B")
async def names(handler: Handler, _caller: Caller | None, body: Body) -> Any:
    """Names of accounts, and how they look."""
    return {"names": accounts.names_or_deleted(handler.site, body.get("account_ids"))}


@endpoint("accounts/set-name", "Must be signed in to edit account name.", only="B")
async def set_name(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Set an account's names, its own or, for site admins, another's."""
    who = _signed_in(caller)
    account_id = str(body.get("account_id") or who.account_id)
    if body.get("account_id") and not who.admin:
        raise ServiceError(_FOR_ADMINS)
    given = {"name": "username", "first_name": "first_name", "last_name": "last_name"}
    changes = {k: body[name] for k, name in given.items() if body.get(name)}
    if handler.site.accounts.get(account_id):
        queries.set_account(handler.site, account_id, changes)
    return {"success": True}


@endpoint("accounts/get-email-address", None)
async def email_address(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """An account's e-mail address, for site admins."""
    if body.get("account_id") is None:
        return {}
    if caller is None or not caller.admin:
        words = "you must be an admin or partner to get the email address of any account_id"
        raise ServiceError(words)
    row = handler.site.accounts.get(str(body["account_id"]))
    return {"email_address": row["email_address"]} if row else {}


@endpoint("messages/send", "Must be signed in to send messages", only="B")
async def send(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Send a message to accounts, to the own one unless told; its number."""
    who, to_ids = _signed_in(caller), body.get("to_ids")
    listed = to_ids if isinstance(to_ids, list) else [who.account_id if to_ids is None else to_ids]
    number = messages.send(handler.site, who, body, [str(one) for one in listed])
    return {"success": True, **({} if number is None else {"id": number})}


@endpoint("messages/get", "Must be signed in to get messages", only="B")
async def received(handler: Handler, caller: Caller | None, body: Body) -> Any:
    """Messages that the account has got or sent."""
    rows = messages.get(handler.site, _signed_in(caller), body)
    return {"success": True, "messages": rows}
