"""Owns API v2 (`/api/v2`) as generation A speaks it; what generation B shares is here too."""

# What each method does is said once, in dialect.py; not every API needs every argument.
# ruff: noqa: D102, ARG002

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ...errors import ServerError, ValidationError
from ..results.values import Account, ExecResult, Minted, Ping, Project, Token, parse_time
from ..standing import START_WAIT, Start
from . import records as rows
from .interface import Person, lacking
from .v2_copies import CopiesV2

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ...address import Generation
    from ...redact import Secret
    from .caller import Caller

MOST_PROJECTS = 10_000


class DialectV2(CopiesV2):
    """API v2 without the conat bridge. From the recordings, where nothing else is said."""

    name: Literal["v1", "v2"] = "v2"
    generation: Generation = "A"
    form = False
    part_size = 90_000

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._call = caller.v2

    def ping(self) -> Ping:
        # no ping here: whose key this is, and the clock of the answer
        self.person()
        now = self._caller.server_time()
        return Ping(None if now is None else parse_time(now * 1000))

    def person(self) -> Person:
        asked = {"account_id": None, "email_address": None, "first_name": None, "last_name": None}
        return rows.person_of(self.query("accounts", asked), "user-query")

    def create_account(self, told: dict[str, str | Secret], *, get_api_key: bool) -> Account:
        if get_api_key:
            raise lacking(
                "auth/sign-up",
                "API v2 gives no API key with a new account.",
                "Leave get_api_key out; the new user makes a key in the account's settings.",
            )
        names = {
            "email_address": "email",
            "first_name": "firstName",
            "last_name": "lastName",
            "token": "registrationToken",
        }
        params: dict[str, Any] = {names.get(key, key): value for key, value in told.items()}
        body = self._call("auth/sign-up", {**params, "terms": True}, key=False)
        return Account(rows.text_at(body, "account_id", "auth/sign-up"))

    def create_project(self, title: str, description: str, *, start: bool) -> str:
        params = {"title": title, "description": description}
        made = rows.text_at(self._call("projects/create", params), "project_id", "projects/create")
        if start:
            self.start_project(made, START_WAIT)
        return made

    def projects(self, *, timeout: float | None = None) -> list[Project]:
        params = {"limit": MOST_PROJECTS}
        body = self._call("projects/get", params, idempotent=True, timeout=timeout)
        return [rows.project_of(row, "projects/get") for row in rows.list_of(body, "projects/get")]

    def start_project(self, project_id: str, timeout: float) -> None:
        params, start = {"project_id": project_id}, Start(project_id, timeout)
        start.within(
            lambda left: self._call("projects/start", params, idempotent=True, timeout=left)
        )
        # generation A says ok to strangers too (recording): only a command proves it
        start.prove(self)

    def query(self, table: str, wanted: Any, *, timeout: float | None = None) -> Any:
        params = {"query": {table: wanted}}
        body = self._call("user-query", params, idempotent=True, timeout=timeout)
        return rows.dict_of(rows.dict_of(body).get("query")).get(table)

    def read_text(self, project_id: str, path: str) -> str:
        mesg = {"event": "read_text_file_from_project", "path": path}
        params = {"project_id": project_id, "mesg": mesg}
        body = self._call("projects/call", params, idempotent=True)
        return rows.text_at(body, "content", "projects/call")

    def write_text(self, project_id: str, path: str, text: str) -> None:
        endpoint = "projects/write-text-file"
        params = {"project_id": project_id, "path": path, "content": text}
        self._call(endpoint, params, idempotent=True)
        # it says ok even where the path is a directory (recording): look
        line = 'if [ -d "$1" ]; then exit 21; fi; wc -c < "$1"'
        found = self.exec(project_id, "bash", ["-c", line, "bash", path], path="", timeout=30)
        if found.exit_code == 21:
            raise ValidationError(
                f"{path!r} is a folder: nothing was written.",
                endpoint=endpoint,
                status=200,
                remedy="Name a file in that folder.",
            )
        if found.stdout.strip() != str(len(text.encode())):
            raise ServerError(
                f"{path!r} was not written though the server said so.",
                endpoint=endpoint,
                status=200,
            )

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
        told = rows.exec_params(command, args, path, timeout, env)
        limit = timeout + self._caller.transport.timeouts.total if limit is None else limit
        body = self._call("exec", {"project_id": project_id, **told}, timeout=limit)
        return rows.exec_of(body, "exec")

    def create_token(self, account: str, password: Secret | None, expire: datetime | None) -> Token:
        raise lacking(
            "create_token",
            "API v2 of this generation of CoCalc mints no auth tokens.",
            'This server has API v1 too, which does: Client(api="v1").',
        )

    def revoke_token(self, token: Secret, minted: Minted | None) -> None:
        raise lacking(
            "revoke_token",
            "This generation of CoCalc cannot revoke an auth token.",
            "It ends by itself 12 hours after it was made.",
        )
