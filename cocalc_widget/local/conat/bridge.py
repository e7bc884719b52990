"""Owns the conat bridge of generation B: `/api/conat/hub` and `/api/conat/project`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..http import NO_KEY, AnsweredError, ParametersHandler
from ..services.failures import ServiceError, check_uuid
from ..services.projects import project_of
from . import organizations, people  # noqa: F401 (they enter their methods)
from .hub import HUB
from .methods import BAD_UUID
from .project import PROJECT

if TYPE_CHECKING:
    from ..state.accounts import Caller

_DEADLINE = 15.0  # seconds, unless the request says otherwise (source)
_BAD_KEY = "must be signed in and MUST provide an api key (cookies are not allowed)"
_NO_NAME = "TypeError: Cannot read properties of undefined (reading 'split')"
# these take a list or a string
_BARE = ("system.getNames", "system.revokeUserAuthToken", "system.realpath")


class ConatHandler(ParametersHandler):
    """One call by name. Results come bare, failures as 200 and `{error}` (recording)."""

    async def post(self, path: str) -> None:
        """Call a method, by a request of any kind; parameters are those of a POST's body only."""
        try:
            body = self.parameters()
            fault = await self.pass_faults(f"conat/{path}:{body.get('name')}")
            try:
                reply = await self._call(path, body)
            except ServiceError as error:
                reply = {"error": error.error}
            await self.end(fault, reply)
        except AnsweredError:
            return

    get = put = post

    async def _call(self, path: str, body: dict[str, Any]) -> Any:
        if not self.key()[0]:
            raise ServiceError(NO_KEY)
        caller = self.key_caller()
        if caller is None:
            raise ServiceError(_BAD_KEY)
        name = body.get("name")
        args = body.get("args")
        first = args[0] if isinstance(args, list) and args else {}
        if path == "project":
            return await self._project(caller, body, str(name), first)
        if caller.project_id is not None:
            raise ServiceError(_BAD_KEY)  # the hub takes accounts' keys only (source)
        if not isinstance(name, str):
            raise ServiceError(_NO_NAME)
        if name not in HUB:
            raise ServiceError(f"Error: unknown function '{name}'")
        if first is None:
            raise ServiceError("TypeError: Cannot read properties of null (reading 'account_id')")
        # whatever else is no object has no fields; two methods take another argument
        options = first if isinstance(first, dict) or name in _BARE else {}
        work = HUB[name](self.site, caller, options)
        return await self._within(work, body, "hub.account", name)

    async def _project(self, caller: Caller, body: dict[str, Any], name: str, options: Any) -> Any:
        project_id = body.get("project_id", caller.project_id)
        if not project_id:
            raise ServiceError("must specify project_id or use project-specific api key")
        if caller.project_id not in (None, project_id):
            raise ServiceError("project specific api key must match requested project")
        project_of(self.site, caller, check_uuid(project_id, BAD_UUID))
        if name not in PROJECT:
            raise ServiceError(f"Error: unknown function '{name}'")
        await self.site.start_project(project_id)
        options = options if isinstance(options, dict) or name in _BARE else {}
        work = PROJECT[name](self.site, project_id, options)
        return await self._within(work, body, f"project.{project_id}", name)

    async def _within(self, work: Any, body: dict[str, Any], subject: str, name: str) -> Any:
        """Wait up to the deadline; the work goes on past it (source)."""
        task = asyncio.ensure_future(work)
        self.site.keep(task)
        timeout = body.get("timeout")
        seconds = timeout / 1000 if isinstance(timeout, int | float) and timeout > 0 else _DEADLINE
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            if subject.startswith("project."):  # the two word it differently (recordings)
                where = f"callHub: subject='{subject}.0.api.-', name='{name}', code='408' "
                raise ServiceError(f"timeout - {where}")
            where = f"callHub: subject='{subject}.api', name='{name}', code='408'"
            raise ServiceError(f"Error: operation has timed out - {where}")
        return task.result()
