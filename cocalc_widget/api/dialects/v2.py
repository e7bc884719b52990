"""Owns API v2 (`/api/v2`) as generation A speaks it; what generation B shares is here too."""

# What each method does is said once, in interface.py; not every API needs every argument.
# ruff: noqa: D102, ARG002

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ...errors import APIError, NotFoundError, ServerError
from ..http.timeouts import copy_limit
from ..results.values import Account, Minted, Ping, Token, parse_time
from . import records as rows
from .base import BaseDialect
from .interface import CopyOptions, Listing, folder_named, lacking
from .starting import START_WAIT, Start

if TYPE_CHECKING:
    from datetime import datetime

    from ...address import Address, Generation
    from ...redact import Secret
    from ..results.jobs import CopyJob
    from ..results.projects import Project
    from .calls import Caller

MOST_PROJECTS = 10_000


class DialectV2(BaseDialect):
    """API v2 without the conat bridge; the base of that with it, which has its endpoints, too.

    From the recordings, where nothing else is said.
    """

    name: Literal["v1", "v2"] = "v2"
    generation: Generation = "A"
    lists_copies = False
    waits = True
    form = False
    part_size = 90_000
    query_name = "user-query"
    exec_name = "exec"

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller)
        self._call = caller.v2

    def ping(self) -> Ping:
        # no ping here: whose key this is, and the clock of the answer
        self.person()
        now = self._caller.server_time()
        return Ping(None if now is None else parse_time(now * 1000))

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
        made = self._make_project({"title": title, "description": description})
        if start:
            self.start_project(made, START_WAIT)
        return made

    def _make_project(self, told: dict[str, str]) -> str:
        return rows.text_at(self._call("projects/create", told), "project_id", "projects/create")

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
            raise folder_named(path, endpoint)
        if found.stdout.strip() != str(len(text.encode())):
            raise ServerError(
                f"{path!r} was not written though the server said so.",
                endpoint=endpoint,
                status=200,
            )

    def _run(self, project_id: str, told: dict[str, Any], seconds: float, *, hard: bool) -> Any:
        return self._call("exec", {"project_id": project_id, **told}, timeout=seconds)

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

    def check_copies(self, source: Address, targets: list[Address], how: CopyOptions) -> None:
        """Refuse projects that are not there: the server copies to them all the same."""
        self.check_options(how)
        wanted = {source.project, *(target.project for target in targets)}
        for project_id in wanted - {project.project_id for project in self.projects()}:
            found: Any = None
            try:
                found = self.query("projects", {"project_id": project_id, "title": None})
            except APIError as error:
                if error.status != 200:
                    raise
            if not found:
                raise NotFoundError(
                    f"there is no project {project_id}, or this account may not use it: "
                    "nothing was copied.",
                    endpoint="projects/copy-path",
                )

    def check_options(self, how: CopyOptions) -> None:
        """Refuse what `projects/copy-path` does not know."""
        for name, value in (("exclude", how.exclude), ("scheduled", how.scheduled)):
            if value:
                raise lacking(
                    "projects/copy-path",
                    f"API v2 cannot copy with `{name}`.",
                    'Leave it out, or use Client(api="v1") where the server has API v1.',
                )

    def send_copy(self, source: Address, target: Address, how: CopyOptions, *, wait: bool) -> str:
        limit = copy_limit(how.timeout, self._caller.transport.timeouts, queues=False)
        self._copy_path(source, target, how, wait=True, limit=limit)
        return ""  # `{}`: done, this generation always waits (recording)

    def _copy_path(
        self, source: Address, target: Address, how: CopyOptions, *, wait: bool, limit: float
    ) -> Any:
        params = self._copy_params(source, target, how, wait=wait)
        return self._call("projects/copy-path", {**params, "path": source.path}, timeout=limit)

    def copy_status(self, copy_id: str) -> CopyJob:
        raise self._no_status("copy_status")

    def list_copies(self, which: Listing) -> list[CopyJob]:
        raise self._no_status("copies")

    def cancel_copy(self, copy_id: str) -> None:
        raise self._no_status("cancel_copy")

    def _no_status(self, endpoint: str) -> NotFoundError:
        return lacking(
            endpoint,
            "API v2 of this generation of CoCalc has no copy jobs: a copy is done when it returns.",
            'This server has API v1 too, which has: Client(api="v1").',
        )
