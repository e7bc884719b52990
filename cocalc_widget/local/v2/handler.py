"""Owns `/api/v2/...`: its envelope, its bodies, and its table of endpoints."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from ..http import AnsweredError, Handler, parse_form
from ..v1.events import EventError, RefusedError

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.core import Core

MAX_BODY = 1024 * 1024  # bytes: the default of the framework that serves it (source)
V2Action = Callable[["V2Handler", "Caller | None", dict[str, Any]], Awaitable[Any]]


class IssuesError(Exception):
    """Ends a request with `{issues: {field: message}}` (sign-up)."""

    def __init__(self, **issues: str) -> None:
        super().__init__(issues)
        self.issues = issues


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path: what it does, and what it says to those who are not signed in."""

    action: V2Action
    signed_out: str | None
    only: str = ""  # the one generation that has it


ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(
    path: str, signed_out: str | None = "must be signed in", *, only: str = ""
) -> Callable[[V2Action], V2Action]:
    """Enter a function into the table; `signed_out=None` serves everybody."""

    def enter(action: V2Action) -> V2Action:
        ENDPOINTS[path] = Endpoint(action, signed_out, only)
        return action

    return enter


class V2Handler(Handler):
    """One request to `/api/v2`. Failures are 200 and `{error}` (recording)."""

    async def get(self, path: str) -> None:
        """Like a POST without parameters: they are read from POST bodies only."""
        await self._run(path, {})

    put = get

    async def post(self, path: str) -> None:
        """Run an endpoint with the body's parameters."""
        await self._run(path, None)

    async def _run(self, path: str, params: dict[str, Any] | None) -> None:
        try:
            fault = await self.pass_faults(f"v2/{path}")
            known = ENDPOINTS.get(path)
            if known is None or known.only not in ("", self.core.options.generation):
                self.page(404, "", "404 Page Not Found")
                return
            body = self.body() if params is None else params
            caller = self.caller()
            try:
                if caller is None and known.signed_out is not None:
                    raise EventError(known.signed_out)
                reply = await known.action(self, caller, body)
            except EventError as error:
                reply = {"error": error.error}
            except RefusedError as error:
                reply = {"error": str(error)}
            except IssuesError as error:
                reply = {"issues": error.issues}
            await self.end(fault, reply)
        except AnsweredError:
            return

    def body(self) -> dict[str, Any]:
        """The parameters; a body of another content type counts as none (recording)."""
        data = self.request.body
        if len(data) > MAX_BODY:
            self.clear_header("Content-Type")
            self.set_status(413)
            self.finish("Body exceeded 1mb limit")
            raise AnsweredError
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            return parse_form(data.decode("utf-8", "replace"))
        if kind != "application/json" or not data:
            return {}
        try:
            value = json.loads(data)
        except ValueError:
            self.clear_header("Content-Type")
            self.set_status(400)
            self.finish("Invalid JSON")
            raise AnsweredError from None
        return value if isinstance(value, dict) else {}

    def caller(self) -> Caller | None:
        """Who sends this: by API key, or by cookie from the site's own pages."""
        scheme, key = self.key()
        if scheme in ("Basic", "Bearer"):
            return self.core.accounts.by_key(key) if key else None
        # a page of another site can send a cookie along, but not JSON without asking
        json_body = self.request.headers.get("Content-Type", "").startswith("application/json")
        return self.cookie_caller() if json_body and self.request.method == "POST" else None


def project_of(core: Core, caller: Caller | None, project_id: object) -> str:
    """The project's id, if the caller may use it."""
    if not core.may(caller, str(project_id)):
        raise EventError("user must be a collaborator on the project")
    return str(project_id)


def check_uuid(project_id: object, words: str = "project_id must be a valid uuid") -> None:
    """Refuse what is no id, in the words of the endpoint."""
    if not is_uuid(project_id):
        raise EventError(words)
