"""Owns the conat bridge of generation B: `/api/conat/hub` and `/api/conat/project`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..http import AnsweredError
from ..services.queries import QueryError
from ..v1.events import EventError
from ..v1.handler import NO_KEY
from ..v2.handler import V2Handler, project_of
from . import org as conat_org
from .methods import HUB
from .project import PROJECT

if TYPE_CHECKING:
    from ..state.accounts import Caller

_PARTS = (conat_org,)  # enters its methods into the table
_DEADLINE = 15.0  # seconds, unless the request says otherwise (source)
_BAD_KEY = "must be signed in and MUST provide an api key (cookies are not allowed)"
_NO_NAME = "TypeError: Cannot read properties of undefined (reading 'split')"
_BARE = ("system.getNames", "system.revokeUserAuthToken")  # a list, a string
_BAD_UUID = "invalid account_id or project_id -- all must be valid uuid's"


class ConatHandler(V2Handler):
    """One call by name. Results come bare, failures as 200 and `{error}` (recording)."""

    async def _run(self, path: str, params: dict[str, Any] | None) -> None:
        try:
            body = self.body() if params is None else params
            fault = await self.pass_faults(f"conat/{path}:{body.get('name')}")
            try:
                reply = await self._call(path, body)
            except EventError as error:
                reply = {"error": error.error}
            except QueryError as error:
                reply = {"error": str(error)}
            await self.end(fault, reply)
        except AnsweredError:
            return

    async def _call(self, path: str, body: dict[str, Any]) -> Any:
        scheme, key = self.key()
        if not scheme:
            raise EventError(NO_KEY)
        caller = self.core.accounts.by_key(key) if key else None
        if caller is None:
            raise EventError(_BAD_KEY)
        name = body.get("name")
        args = body.get("args")
        first = args[0] if isinstance(args, list) and args else {}
        if path == "project":
            return await self._project(caller, body, str(name), first)
        if caller.project_id is not None:
            raise EventError(_BAD_KEY)  # the hub takes accounts' keys only (source)
        if not isinstance(name, str):
            raise EventError(_NO_NAME)
        if name not in HUB:
            raise EventError(f"Error: unknown function '{name}'")
        if first is None:
            raise EventError("TypeError: Cannot read properties of null (reading 'account_id')")
        # whatever else is no object has no fields; two methods take another argument
        options = first if isinstance(first, dict) or name in _BARE else {}
        work = HUB[name](self.core, caller, options)
        return await self._within(work, body, "hub.account", name)

    async def _project(self, caller: Caller, body: dict[str, Any], name: str, options: Any) -> Any:
        from ...address import is_uuid

        project_id = caller.project_id or body.get("project_id")
        if not project_id:
            raise EventError("must specify project_id or use project-specific api key")
        if not is_uuid(project_id):
            raise EventError(_BAD_UUID)
        project_of(self.core, caller, project_id)
        if name not in PROJECT:
            raise EventError(f"Error: unknown function '{name}'")
        await self.core.start_project(project_id)
        options = options if isinstance(options, dict) else {}
        work = PROJECT[name](self.core, project_id, options)
        return await self._within(work, body, f"project.{project_id}", name)

    async def _within(self, work: Any, body: dict[str, Any], subject: str, name: str) -> Any:
        """Wait up to the deadline; the work goes on past it (source)."""
        task = asyncio.ensure_future(work)
        self.core.keep(task)
        timeout = body.get("timeout")
        seconds = timeout / 1000 if isinstance(timeout, int | float) and timeout > 0 else _DEADLINE
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            where = f"callHub: subject='{subject}.api', name='{name}', code='408'"
            raise EventError(f"Error: operation has timed out - {where}")
        return task.result()
