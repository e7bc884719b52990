"""Owns API v1 (`/api/v1/<event>`), which generation A speaks."""

# What each method does is said once, in dialect.py; not every API needs every argument.
# ruff: noqa: D102, ARG002

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

from ..address import Generation, is_uuid
from ..errors import APIError, NotFoundError, PermissionDeniedError, ValidationError
from ..redact import Secret
from . import rows
from .copies_v1 import CopiesV1
from .dialect import Person, lacking
from .results import Account, ExecResult, Ping, Project, Token, parse_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .caller import Caller

TOKEN_LIFE = timedelta(hours=12)  # source
_PROJECT = {"project_id": None, "title": None, "description": None}


class DialectV1(CopiesV1):
    """API v1. Everything here is from the recordings, where nothing else is said."""

    name: Literal["v1", "v2"] = "v1"
    generation: Generation = "A"
    form = True
    part_size = 900_000

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._call = caller.v1

    def ping(self) -> Ping:
        return Ping(parse_time(self._call("ping", {}, idempotent=True).get("now")))

    def person(self) -> Person:
        asked = {"account_id": None, "email_address": None, "first_name": None, "last_name": None}
        return rows.person_of(self._query({"accounts": asked}).get("accounts"), "query")

    def create_account(self, told: dict[str, str | Secret], *, get_api_key: bool) -> Account:
        params: dict[str, Any] = {**told, "agreed_to_terms": True}
        if get_api_key:
            params["get_api_key"] = True
        answer = self._call("create_account", params)
        key = answer.get("api_key")
        account = rows.text_at(answer, "account_id", "create_account")
        return Account(account, Secret(key) if isinstance(key, str) and key else None)

    def create_project(self, title: str, description: str, *, start: bool) -> str:
        params: dict[str, Any] = {"title": title, "description": description}
        if start:
            params["start"] = True
        return rows.text_at(self._call("create_project", params), "project_id", "create_project")

    def projects(self) -> list[Project]:
        # `projects` leaves out what was not used lately; `projects_all` has all (source)
        try:
            told = self._query({"projects_all": [_PROJECT]}).get("projects_all")
        except (PermissionDeniedError, NotFoundError, ValidationError):
            told = self._query({"projects": [_PROJECT]}).get("projects")
        return [rows.project_of(row, "query") for row in rows.list_of(told or [], "query")]

    def start_project(self, project_id: str) -> None:
        # no event for it: the first call that needs a stopped project starts it
        self.exec(project_id, "true", [], path="", timeout=30)

    def read_text(self, project_id: str, path: str) -> str:
        event = "read_text_file_from_project"
        told = self._call(event, {"project_id": project_id, "path": path}, idempotent=True)
        return rows.text_at(told, "content", event)

    def write_text(self, project_id: str, path: str, text: str) -> None:
        params = {"project_id": project_id, "path": path, "content": text}
        self._call("write_text_file_to_project", params, idempotent=True)

    def exec(
        self,
        project_id: str,
        command: str,
        args: Sequence[str] | None,
        *,
        path: str,
        timeout: float,
        env: dict[str, str] | None = None,
    ) -> ExecResult:
        told = rows.exec_params(command, args, path, timeout, env)
        limit = timeout + self._caller.transport.timeouts.total
        answer = self._call("project_exec", {"project_id": project_id, **told}, timeout=limit)
        return rows.exec_of(answer, "project_exec")

    def create_token(self, account: str, password: Secret | None, expire: datetime | None) -> Token:
        if expire is not None:
            raise ValidationError(
                "API v1 mints tokens for 12 hours, no other time.", remedy="Leave `expire` out."
            )
        account_id = self._account(account)
        if password is None:
            self._check_admin()
        params = {"account_id": account_id, "password": "" if password is None else password}
        value = rows.text_at(self._call("user_auth", params), "auth_token", "user_auth")
        until = datetime.now(timezone.utc) + TOKEN_LIFE
        return Token(Secret(value), until, "A", self._caller.transport.host)

    def revoke_token(self, token: Secret) -> None:
        raise lacking(
            "revoke_token",
            "API v1 cannot revoke an auth token.",
            "It ends by itself 12 hours after it was made, or with its first use's sign-out.",
        )

    def _query(self, query: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = self._call("query", {"query": query}, idempotent=True)
        return rows.dict_of(told.get("query"))

    def _account(self, account: str) -> str:
        if is_uuid(account):
            return account.lower()
        found = self._call("user_search", {"query": account, "limit": 2}, idempotent=True)
        people = rows.list_of(found.get("results") or [], "user_search")
        ids = [rows.dict_of(it).get("account_id") for it in people]
        if len(ids) == 1 and isinstance(ids[0], str):
            return ids[0]
        raise NotFoundError(
            f"{len(ids) or 'no'} accounts match {account!r}.",
            endpoint="user_search",
            status=200,
            remedy="Give the account_id.",
        )

    def _check_admin(self) -> None:
        # An empty password from who is no admin counts as a wrong one, and bans
        # the right one for 60 s (recording): ask first.
        why = "only site admins may leave it out, and this account is none"
        try:
            told = self._query({"accounts": {"account_id": None, "groups": None}})
        except APIError as error:
            why = f"whether this account is a site admin's could not be asked ({error.message})"
            told = {}
        groups = rows.dict_of(told.get("accounts")).get("groups")
        if isinstance(groups, list) and "admin" in groups:
            return
        raise ValidationError(
            f"a token needs the account's password: {why}.",
            remedy='Pass password=; password="" asks without one all the same.',
        )
