"""Owns generation B: API v2 together with the conat bridge to the hub and to projects."""

# What each method does is said once, in interface.py; not every API needs every argument.
# ruff: noqa: D102, ARG002

from __future__ import annotations

import posixpath
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ...address import Address, Generation, is_uuid
from ...errors import (
    APIError,
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    ValidationError,
)
from ...redact import Secret
from ..http.timeouts import copy_limit
from ..results.values import Minted, Ping, Token, parse_time
from . import records as rows
from .calls import BRIDGE_EXTRA
from .interface import CopyOptions, Listing, Person, is_admin, lacking
from .starting import Start
from .v2 import DialectV2

if TYPE_CHECKING:
    from ..results.jobs import CopyJob

ORG_TOKEN_LIFE = timedelta(hours=24)  # of org.createToken (source)
TOKEN_LIFE = timedelta(hours=12)  # of generateUserAuthToken (source)
_OTHERS = (
    "For somebody else's account give its password, client.create_token(ACCOUNT, PASSWORD), or use "
    "the key of an admin of its organization."
)
_WITHOUT = {
    "exclude": "Leave it out, or copy what you want from a folder of its own.",
    "scheduled": "Leave it out, and copy when the time has come.",
}


class DialectConat(DialectV2):
    """API v2 with the bridge, which does all but sign-up, the list of projects, and copies.

    From the recordings, where nothing else is said.
    """

    generation: Generation = "B"
    waits = False
    query_name = "db.userQuery"
    exec_name = "system.exec"

    def ping(self) -> Ping:
        body = self._caller.conat("system.ping", [], idempotent=True)
        return Ping(parse_time(rows.dict_of(body).get("now")))

    def person(self) -> Person:
        try:
            return super().person()
        except AuthenticationError as error:
            try:  # the key of a project is nobody's account, but its project's
                told = self._caller.conat("system.test", [], idempotent=True, project=True)
            except APIError:
                raise error from None
            return Person("", project_id=rows.text_at(told, "project_id", "system.test"))

    def query(self, table: str, wanted: Any, *, timeout: float | None = None) -> Any:
        args = [{"query": {table: wanted}}]
        extra = BRIDGE_EXTRA if timeout is None else 0.0
        body = self._caller.conat(
            "db.userQuery", args, idempotent=True, timeout=timeout, extra=extra
        )
        return rows.dict_of(body).get(table)

    def _make_project(self, told: dict[str, str]) -> str:
        return rows.string_of(self._caller.conat("projects.createProject", [told]), "project_id")

    def start_project(self, project_id: str, timeout: float) -> None:
        args, start = [{"project_id": project_id}], Start(project_id, timeout)

        def call(name: str, left: float) -> Any:
            return self._caller.conat(name, args, idempotent=True, timeout=left, extra=0.0)

        start.within(lambda left: call("projects.start", left))
        start.watch(
            lambda left: rows.text_at(call("projects.state", left), "state", "projects.state")
        )

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

    def _run(self, project_id: str, told: dict[str, Any], seconds: float, *, hard: bool) -> Any:
        extra = 0.0 if hard else BRIDGE_EXTRA
        return self._caller.conat(
            "system.exec", [told], project_id=project_id, timeout=seconds, extra=extra
        )

    def create_token(self, account: str, password: Secret | None, expire: datetime | None) -> Token:
        if password is not None:
            if expire is not None:
                raise ValidationError(
                    "a token that is minted with a password ends after 12 hours, no other time.",
                    remedy="Leave `expire` out; an organization's admin can set it, without a "
                    "password.",
                )
            return self._by_password(account, password)
        # Not generateUserAuthToken at once: for who is no admin, no password counts as
        # a wrong one, and bans the right one (source). An organization's way bans nobody.
        told: dict[str, Any] = {"user": account}
        if expire is not None:
            told["expire"] = int(expire.timestamp() * 1000)
        try:
            body = self._caller.conat("org.createToken", [told])
        except PermissionDeniedError as error:
            refused = error
        else:
            value = rows.text_at(body, "token", "org.createToken")
            until = expire or datetime.now(timezone.utc) + ORG_TOKEN_LIFE
            return Token(Secret(value), until, "B", self._caller.transport.host, "organization")
        if not is_admin(self)[0]:
            refused.advise(self._advice(account))
        elif expire is None:
            return self._by_password(account, None)
        else:
            refused.advise(
                "Leave `expire` out: a site admin's token ends after 12 hours; only an admin of "
                "that user's organization can choose."
            )
        raise refused

    def revoke_token(self, token: Secret, minted: Minted | None) -> None:
        # both end a token of either kind (source), but not every server has both
        ways: list[tuple[str, Any]] = [
            ("system.revokeUserAuthToken", token),
            ("org.expireToken", {"token": token}),
        ]
        if minted == "organization":
            ways.reverse()
        (first, one), (second, other) = ways
        try:
            self._caller.conat(first, [one], idempotent=True)
        except NotFoundError:
            self._caller.conat(second, [other], idempotent=True)

    def _by_password(self, account: str, password: Secret | None) -> Token:
        name = "system.generateUserAuthToken"
        told: dict[str, Any] = {"user_account_id": self._account(account)}
        if password is not None:
            told["password"] = password
        try:
            body = self._caller.conat(name, [told])
        except NotFoundError as error:
            if "unknown function" in error.message:
                error.advise("This server mints tokens for admins of an organization only.")
            raise
        value = rows.string_of(body, "token", name)
        until = datetime.now(timezone.utc) + TOKEN_LIFE
        return Token(Secret(value), until, "B", self._caller.transport.host, "password")

    def _account(self, account: str) -> str:
        if is_uuid(account):
            return account.lower()
        told = [{"query": account, "limit": 2}]
        found = self._caller.conat("system.userSearch", told, idempotent=True)
        return rows.account_of(found, account, "system.userSearch")

    def _advice(self, account: str) -> str:
        """What to do where no organization mints the token."""
        try:
            me = self.person()
        except APIError:
            return _OTHERS
        if account.lower() in (me.account_id.lower(), me.email.lower()):
            return "For your own account give its password: client.create_token(password=...)."
        return _OTHERS

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

    def send_copy(self, source: Address, target: Address, how: CopyOptions, *, wait: bool) -> str:
        limit = copy_limit(how.timeout, self._caller.transport.timeouts, queues=not wait)
        body = self._copy_path(source, target, how, wait=wait, limit=limit)
        return rows.copy_id_of(body, "projects/copy-path")

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
            "Keep the ids of the jobs: client.copy_status(ID) asks for one.",
        )

    def cancel_copy(self, copy_id: str) -> None:
        raise lacking(
            "cancel_copy",
            "This generation of CoCalc cannot cancel a copy.",
            "client.copy_status(ID) tells when it is done.",
        )
