"""Owns generation B: API v2 together with the conat bridge to the hub and to projects."""

# What each method does is said once, in dialect.py; not every API needs every argument.
# ruff: noqa: D102, ARG002

from __future__ import annotations

import posixpath
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ..address import Address, Generation
from ..errors import APIError, AuthenticationError, NotFoundError
from ..redact import Secret
from . import rows
from .dialect import CopyOptions, Listing, Person, lacking
from .dialect_v2 import DialectV2
from .policy import copy_limit
from .results import ExecResult, Ping, Token, parse_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .jobs import CopyJob

TOKEN_LIFE = timedelta(hours=24)  # source
_WITHOUT = {
    "exclude": "Leave it out, or copy what you want from a folder of its own.",
    "scheduled": "Leave it out, and copy when the time has come.",
}


class DialectConat(DialectV2):
    """API v2 with the bridge. From the recordings, where nothing else is said."""

    generation: Generation = "B"
    _queues = False

    def ping(self) -> Ping:
        body = self._caller.conat("system.ping", [], idempotent=True)
        return Ping(parse_time(rows.dict_of(body).get("now")))

    def person(self) -> Person:
        asked = {"account_id": None, "email_address": None, "first_name": None, "last_name": None}
        name = "db.userQuery"
        try:
            body = self._caller.conat(name, [{"query": {"accounts": asked}}], idempotent=True)
        except AuthenticationError as error:
            try:  # the key of a project is nobody's account, but its project's
                told = self._caller.conat("system.test", [], idempotent=True, project=True)
            except APIError:
                raise error from None
            return Person("", project_id=rows.text_at(told, "project_id", "system.test"))
        return rows.person_of(rows.dict_of(body).get("accounts"), name)

    def create_project(self, title: str, description: str, *, start: bool) -> str:
        args = [{"title": title, "description": description}]
        made = rows.string_of(self._caller.conat("projects.createProject", args), "project_id")
        if start:
            self.start_project(made)
        return made

    def start_project(self, project_id: str) -> None:
        self._caller.conat("projects.start", [{"project_id": project_id}], idempotent=True)

    def read_text(self, project_id: str, path: str) -> str:
        name = "system.readTextFileFromProject"
        body = self._caller.conat(name, [{"path": path}], project_id=project_id, idempotent=True)
        return rows.string_of(body, "content", name)

    def write_text(self, project_id: str, path: str, text: str) -> None:
        name, args = "system.writeTextFileToProject", [{"path": path, "content": text}]
        try:
            self._caller.conat(name, args, project_id=project_id, idempotent=True)
        except NotFoundError:
            folder = posixpath.dirname(path)
            if not folder:
                raise
        else:
            return
        # the bridge does not make folders, the other APIs do
        self.exec(project_id, "mkdir", ["-p", "--", folder], path="", timeout=30)
        self._caller.conat(name, args, project_id=project_id, idempotent=True)

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
        body = self._caller.conat("system.exec", [told], project_id=project_id, timeout=limit)
        return rows.exec_of(body, "system.exec")

    def create_token(self, account: str, password: Secret | None, expire: datetime | None) -> Token:
        # no password here: who may mint is decided by the organization (source)
        told: dict[str, Any] = {"user": account}
        if expire is not None:
            told["expire"] = int(expire.timestamp() * 1000)
        body = self._caller.conat("org.createToken", [told])
        value = rows.text_at(body, "token", "org.createToken")
        until = expire or datetime.now(timezone.utc) + TOKEN_LIFE
        return Token(Secret(value), until, "B", self._caller.transport.host)

    def revoke_token(self, token: Secret) -> None:
        self._caller.conat("org.expireToken", [{"token": token}], idempotent=True)

    def check_options(self, how: CopyOptions) -> None:
        """Refuse what this generation does not know; it has no API v1 beside it that does."""
        for name, value in (("exclude", how.exclude), ("scheduled", how.scheduled)):
            if value:
                raise lacking(
                    "projects/copy-path",
                    f"this generation of CoCalc cannot copy with `{name}`.",
                    _WITHOUT[name],
                )

    def check_copies(self, source: Address, targets: list[Address], how: CopyOptions) -> None:
        """Refuse what the server does not know; it refuses unknown projects itself."""
        self.check_options(how)

    def send_copy(self, source: Address, target: Address, how: CopyOptions) -> str:
        params = {**self.copy_params(source, target, how), "wait_until_done": False}
        limit = copy_limit(how.timeout, self._caller.transport.timeouts, queues=self._queues)
        body = self._call("projects/copy-path", params, timeout=limit)
        copy_id = rows.copy_id_of(body, "projects/copy-path")
        self._queues = self._queues or bool(copy_id)
        return copy_id

    def copy_status(self, copy_id: str) -> CopyJob:
        endpoint = "projects/copy-path-status"
        row = rows.dict_of(self._call(endpoint, {"copy_id": copy_id}, idempotent=True))
        source = Address(
            rows.text_of(row.get("source_project_id")), rows.text_of(row.get("source_path"))
        )
        target = Address(
            rows.text_of(row.get("target_project_id")), rows.text_of(row.get("target_path"))
        )
        return rows.make_job(row, copy_id, source, target, endpoint)

    def list_copies(self, which: Listing) -> list[CopyJob]:
        raise lacking(
            "copies",
            "This generation of CoCalc does not list copies.",
            "Keep the ids of the jobs: copy_status(id) asks for one.",
        )

    def cancel_copy(self, copy_id: str) -> None:
        raise lacking(
            "cancel_copy",
            "This generation of CoCalc cannot cancel a copy.",
            "copy_status(id) tells when it is done.",
        )
