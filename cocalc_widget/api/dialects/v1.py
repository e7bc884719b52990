"""Owns API v1 (`/api/v1/<event>`), which generation A speaks, its copies included."""

# What each method does is said once, in interface.py; not every API needs every argument.
# ruff: noqa: D102, ARG002

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

from ...address import Generation, is_uuid
from ...errors import NotFoundError, PermissionDeniedError, ValidationError
from ...redact import Secret
from ..http.timeouts import copy_limit
from ..results.values import Account, ExecResult, Minted, Ping, Token, parse_time
from . import records as rows
from .base import BaseDialect
from .interface import is_admin, lacking
from .starting import Start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...address import Address
    from ..results.jobs import CopyJob
    from ..results.projects import Project
    from .calls import Caller
    from .interface import CopyOptions, Listing

TOKEN_LIFE = timedelta(hours=12)  # source
_PROJECT = {"project_id": None, "title": None, "description": None, "deleted": None}
_USED = {**_PROJECT, "users": None}  # who hides a project is said there


class DialectV1(BaseDialect):
    """API v1. Everything here is from the recordings, where nothing else is said."""

    name: Literal["v1", "v2"] = "v1"
    generation: Generation = "A"
    lists_copies = True
    waits = False
    form = True
    part_size = 900_000
    query_name = "query"
    exec_name = "project_exec"

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller)
        self._call = caller.v1
        self._own_id = ""  # of the account, asked for where it matters

    def ping(self) -> Ping:
        return Ping(parse_time(self._call("ping", {}, idempotent=True).get("now")))

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

    def projects(self, *, timeout: float | None = None) -> list[Project]:
        # `projects` leaves out what was not used lately; `projects_all` has all (source),
        # and deleted and hidden ones too (recording), whose titles would be in the way
        told: Any = None
        for table, wanted in (("projects_all", _USED), ("projects_all", _PROJECT)):
            with suppress(PermissionDeniedError, NotFoundError, ValidationError):
                told = self.query(table, [wanted], timeout=timeout)
                break
        else:
            told = self.query("projects", [_PROJECT], timeout=timeout)
        found = [rows.dict_of(row) for row in rows.list_of(told or [], "query")]
        there = [row for row in found if True not in (row.get("deleted"), row.get("hidden"))]
        return [rows.project_of(row, "query") for row in there if not self._hides(row)]

    def _hides(self, row: dict[str, Any]) -> bool:
        """Whether this account has hidden a project; others may have, for themselves."""
        users = rows.dict_of(row.get("users"))
        hiding = {who for who, how in users.items() if rows.dict_of(how).get("hide") is True}
        if hiding and not self._own_id:
            self._own_id = self.person().account_id
        return self._own_id in hiding

    def start_project(self, project_id: str, timeout: float) -> None:
        # no event for it: the first call that needs a stopped project starts it
        Start(project_id, timeout).prove(self)

    def query(self, table: str, wanted: Any, *, timeout: float | None = None) -> Any:
        params = {"query": {table: wanted}}
        told: dict[str, Any] = self._call("query", params, idempotent=True, timeout=timeout)
        return rows.dict_of(told.get("query")).get(table)

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
        limit: float | None = None,
    ) -> ExecResult:
        # it knows no `env` (recording)
        line, words = rows.with_env(command, args, env)
        ended = super().exec(project_id, line, words, path=path, timeout=timeout, limit=limit)
        if env and ended.exit_code == 127 and ended.stderr.startswith("env: "):
            raise NotFoundError(
                f"there is no program {command!r} in the project: nothing was run.",
                endpoint="project_exec",
                status=200,
            )
        return ended

    def _run(self, project_id: str, told: dict[str, Any], seconds: float, *, hard: bool) -> Any:
        return self._call("project_exec", {"project_id": project_id, **told}, timeout=seconds)

    def create_token(self, account: str, password: Secret | None, expire: datetime | None) -> Token:
        if expire is not None:
            raise ValidationError(
                "API v1 mints tokens for 12 hours, no other time.", remedy="Leave `expire` out."
            )
        account_id = self._account(account)
        if password is None:
            # An empty password from who is no admin counts as a wrong one, and bans
            # the right one for 60 s (recording): ask first.
            admin, why = is_admin(self)
            if not admin:
                raise ValidationError(
                    f"a token needs the account's password: only site admins may leave it out, and "
                    f"{why}.",
                    remedy="Give it: client.create_token(password=...); "
                    'password="" asks without one all the same.',
                )
        params = {"account_id": account_id, "password": "" if password is None else password}
        value = rows.text_at(self._call("user_auth", params), "auth_token", "user_auth")
        until = datetime.now(timezone.utc) + TOKEN_LIFE
        return Token(Secret(value), until, "A", self._caller.transport.host)

    def revoke_token(self, token: Secret, minted: Minted | None) -> None:
        raise lacking(
            "revoke_token",
            "API v1 cannot revoke an auth token.",
            "It ends by itself 12 hours after it was made, or with its first use's sign-out.",
        )

    def _account(self, account: str) -> str:
        if is_uuid(account):
            return account.lower()
        found = self._call("user_search", {"query": account, "limit": 2}, idempotent=True)
        return rows.account_of(found.get("results") or [], account, "user_search")

    def check_copies(self, source: Address, targets: list[Address], how: CopyOptions) -> None:
        """Nothing to check here: the server refuses unknown projects itself."""

    def send_copy(self, source: Address, target: Address, how: CopyOptions, *, wait: bool) -> str:
        event = "copy_path_between_projects"
        params = self._copy_params(source, target, how, wait=wait)
        params["src_path"] = source.path
        if how.exclude:
            params["exclude"] = list(how.exclude)
        if how.scheduled is not None:
            params["scheduled"] = how.scheduled.astimezone(timezone.utc).isoformat()
        limit = copy_limit(how.timeout, self._caller.transport.timeouts, queues=not wait)
        return rows.copy_id_of(self._call(event, params, timeout=limit), event)

    def copy_status(self, copy_id: str) -> CopyJob:
        told = self._call("copy_path_status", {"copy_path_id": copy_id}, idempotent=True)
        row = told.get("data")
        alone = isinstance(row, list) and len(row) == 1
        return rows.job_of(row[0] if alone else row, "copy_path_status")

    def list_copies(self, which: Listing) -> list[CopyJob]:
        params: dict[str, Any] = {"pending": not which.finished, "limit": which.limit}
        if which.offset:
            params["offset"] = which.offset
        if which.source is not None:
            params["src_project_id"] = which.source.project
            if which.source.path:
                params["src_path"] = which.source.path
        if which.target is not None:
            params["target_project_id"] = which.target.project
        told = self._call("copy_path_status", params, idempotent=True).get("data")
        found = rows.list_of(told or [], "copy_path_status")
        return [rows.job_of(row, "copy_path_status") for row in found]

    def cancel_copy(self, copy_id: str) -> None:
        self._call("copy_path_delete", {"copy_path_id": copy_id})
