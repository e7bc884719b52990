"""Owns v2's endpoint for commands, with and without waiting for them."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Any

from ..services.commands import execute
from ..state.store import iso, now
from ..v1.events import EventError
from .handler import V2Handler, check_uuid, endpoint, project_of

if TYPE_CHECKING:
    from ..state.accounts import Caller

Body = dict[str, Any]


@endpoint("exec")
async def exec_(handler: V2Handler, caller: Caller | None, body: Body) -> Any:
    """Run a command, or ask for one that was started without waiting."""
    core = handler.core
    check_uuid(body.get("project_id"), "invalid input")
    project_id = project_of(core, caller, body["project_id"])
    lead = f"Error executing command '{body.get('command', 'undefined')}' with args 'undefined' --"
    if body.get("async_get") is not None:
        job = core.background.get(str(body["async_get"]))
        if job is None:
            raise EventError(f"{lead} Error: Async operation '{body['async_get']}' does not exist.")
        return job
    if body.get("command") is None:
        hint = "Cannot read properties of undefined (reading 'split')"
        raise EventError(f"{lead} TypeError: {hint}")
    if not body.get("async_call"):
        return await execute(core, project_id, body, none="undefined")
    started = time.monotonic()
    job = {
        "stdout": f"Process started running at {iso(now())}",
        "stderr": "",
        "exit_code": 0,
        "type": "async",
        "job_id": str(uuid.uuid4()),
        "start": int(now() * 1000),
        "status": "running",
    }
    core.background[job["job_id"]] = job

    async def work() -> None:
        try:
            body["err_on_exit"] = False
            job.update(await execute(core, project_id, body, none="undefined"), type="async")
            job["status"] = "completed"
        except EventError as error:
            job.update(stderr=str(error.error), exit_code=1, status="error")
        job["elapsed_s"] = round(time.monotonic() - started, 3)

    core.keep(asyncio.get_running_loop().create_task(work()))
    return dict(job)
