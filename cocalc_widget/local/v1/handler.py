"""Owns HTTP at `/api/v1/...`: envelope, key, bodies, and the four shapes of failure."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from ..http import NO_KEY, AnsweredError, Handler, parse_form, parse_json
from ..services.failures import ServiceError
from .events import EVENTS, NOT_HTTP, Event, RefusedError, SilentError

if TYPE_CHECKING:
    from ..state.accounts import Caller

MAX_JSON = 100 * 1024  # bytes (recording)
MAX_FORM = 1024 * 1024


class V1Handler(Handler):
    """`POST /api/v1/<event>`; a longer path counts by its last name (recording)."""

    async def get(self, path: str) -> None:
        """Everything but POST is a page that says so."""
        self.page(404, f"Cannot {self.request.method} /api/v1/{path}")

    put = delete = patch = get

    async def post(self, path: str) -> None:
        """Run one event."""
        name = path.strip("/").rpartition("/")[2] or "v1"
        try:
            fault = await self.pass_faults(f"v1/{name}")
            body = self._body()
            caller_event = self._event(name)
            params = caller_event.check(body)
            caller = self._caller()
            reply_id = str(params.get("id") or "") or str(uuid.uuid4())
            try:
                if caller.project_id and not caller_event.project_key:
                    raise ServiceError("user must be signed in")
                reply = await caller_event.action(self.site, caller, params)
            except ServiceError as error:
                reply = {"event": "error", "error": error.error}
            await self.end(fault, {"id": reply_id, **reply})
        except RefusedError as error:
            self.answer({"error": str(error)}, 400)
        except SilentError:
            await self.site.ended.wait()
            self.hang_up()
        except AnsweredError:
            return

    def _body(self) -> Any:
        data = self.request.body
        kind = self.content_type()
        if kind == "application/x-www-form-urlencoded":
            self._limit(MAX_FORM)
            return parse_form(data.decode("utf-8", "replace"))
        if kind != "application/json":
            return {}
        self._limit(MAX_JSON)
        if not data.strip():
            return {}
        try:
            body = parse_json(data)
        except ValueError as error:
            at_end = isinstance(error, json.JSONDecodeError) and error.pos >= len(
                error.doc.rstrip()
            )
            words = "end of JSON input" if at_end else "token in JSON"
            self.page(400, f"SyntaxError: Unexpected {words}")
            raise AnsweredError from None
        if not isinstance(body, dict | list):
            self.page(400, "SyntaxError: Unexpected token in JSON")
            raise AnsweredError
        return body

    def _limit(self, size: int) -> None:
        if len(self.request.body) > size:
            self.page(413, "PayloadTooLargeError: request entity too large")
            raise AnsweredError

    def _event(self, name: str) -> Event:
        scheme, _ = self.key()
        if not scheme:
            raise RefusedError(NO_KEY)
        if scheme not in ("Basic", "Bearer"):
            raise RefusedError(f"Unknown authorization type '{scheme}'")
        if name in EVENTS:
            return EVENTS[name]
        if name in NOT_HTTP:
            raise RefusedError(f"endpoint '{name}' is not part of the HTTP API")
        raise RefusedError(f"unknown endpoint '{name}'")

    def _caller(self) -> Caller:
        caller = self.key_caller()
        if caller is None:
            raise RefusedError(self.site.accounts.no_key_reason(self.key()[1]))
        return caller
