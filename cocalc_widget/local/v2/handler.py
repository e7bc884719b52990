"""Owns HTTP at `/api/v2/...`: who asks, and the envelope of answers and failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..http import AnsweredError, ParametersHandler
from ..services.failures import ServiceError
from . import people  # noqa: F401 (it enters its endpoints)
from .endpoints import ENDPOINTS, IssuesError

if TYPE_CHECKING:
    from ..state.accounts import Caller


class V2Handler(ParametersHandler):
    """One request to `/api/v2`. Failures are 200 and `{error}` (recording)."""

    async def post(self, path: str) -> None:
        """Run an endpoint, of any method; parameters are those of a POST's body only."""
        try:
            fault = await self.pass_faults(f"v2/{path}")
            known = ENDPOINTS.get(path)
            if known is None or known.only not in ("", self.site.options.generation):
                self.page(404, "", "404 Page Not Found")
                return
            body = self.parameters()
            caller = self.caller()
            try:
                if caller is None and known.signed_out is not None:
                    raise ServiceError(known.signed_out)
                if caller is not None and caller.project_id and not known.project_key:
                    raise ServiceError(known.signed_out or "must be signed in")
                reply = await known.action(self, caller, body)
            except ServiceError as error:
                reply = {"error": error.error}
            except IssuesError as error:
                reply = {"issues": error.issues}
            await self.end(fault, reply)
        except AnsweredError:
            return

    get = put = post

    def caller(self) -> Caller | None:
        """Who sends this: by API key, or by cookie from the site's own pages."""
        if self.key()[0] in ("Basic", "Bearer"):
            return self.key_caller()
        # a page of another site can send a cookie along, but not JSON without asking
        json_body = self.request.headers.get("Content-Type", "").startswith("application/json")
        return self.cookie_caller() if json_body and self.request.method == "POST" else None
