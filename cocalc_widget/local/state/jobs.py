"""Owns the copy queue: its rows, and the worker that does them."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .copying import CopyOptions, copy_path
from .database import Database, now

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_COLUMNS = (
    "copy_path_id, time, source_project_id, source_path, target_project_id, target_path, "
    "overwrite_newer, delete_missing, backup, started, finished, scheduled, error, exclude"
)
_AT_ONCE = 4  # copies that run side by side
_IDLE = 0.25  # seconds between looks for jobs whose time has come


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """One copy as it was asked for; `scheduled` is seconds since 1970, None for now."""

    source_project_id: str
    source_path: str
    target_project_id: str
    target_path: str
    options: CopyOptions = field(default_factory=CopyOptions)
    scheduled: float | None = None


class CopyQueue:
    """Copies that are done by a worker, one row each; or at once by `do`."""

    def __init__(
        self,
        database: Database,
        root: Callable[[str], Path],
        run: Callable[..., Any],
        seconds: float,
    ) -> None:
        self._database = database
        self._root = root
        self._run = run  # awaitable: a function in the thread pool
        self._wake = asyncio.Event()
        self.paused = False  # for tests: queued copies stay where they are
        self.seconds = seconds  # how long a queued copy takes at least

    async def do(self, request: CopyRequest) -> int:
        """Copy now; raises OSError."""
        return int(
            await self._run(
                copy_path,
                self._root(request.source_project_id),
                request.source_path,
                self._root(request.target_project_id),
                request.target_path,
                request.options,
            )
        )

    def put(self, request: CopyRequest) -> str:
        """Queue a copy; its id."""
        copy_path_id = str(uuid.uuid4())
        options = request.options
        self._database.insert(
            "copies",
            copy_path_id=copy_path_id,
            time=now(),
            source_project_id=request.source_project_id,
            source_path=request.source_path,
            target_project_id=request.target_project_id,
            target_path=request.target_path,
            overwrite_newer=int(options.overwrite_newer),
            delete_missing=int(options.delete_missing),
            backup=int(options.backup),
            exclude=json.dumps(options.exclude) if options.exclude else None,
            scheduled=request.scheduled,
        )
        self._wake.set()
        return copy_path_id

    def get(self, copy_path_id: str) -> dict[str, Any] | None:
        """One job's row."""
        sql = f"SELECT {_COLUMNS} FROM copies WHERE copy_path_id = ?"  # noqa: S608 (own names)
        return self._database.one(sql, copy_path_id)

    def find(self, where: str, values: list[Any], limit: int, offset: int) -> list[dict[str, Any]]:
        """Rows by a condition written in this package, the latest first."""
        sql = f"SELECT {_COLUMNS} FROM copies WHERE {where} ORDER BY n DESC LIMIT ? OFFSET ?"  # noqa: S608
        return self._database.all(sql, *values, limit, offset)

    def delete(self, copy_path_id: str) -> bool:
        """Take a job out that has not begun; whether there was one."""
        sql = "DELETE FROM copies WHERE copy_path_id = ? AND started IS NULL"
        return self._database.run(sql, copy_path_id) > 0

    async def wait(self, copy_path_id: str, seconds: float) -> dict[str, Any] | None:
        """The row once it is finished; None past the deadline."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (row := self.get(copy_path_id)) and not row["finished"]:
            if asyncio.get_running_loop().time() > deadline:
                return None
            await asyncio.sleep(0.02)
        return row

    async def work(self) -> None:
        """Do the jobs, for as long as the site runs (cancelled at its end)."""
        gate = asyncio.Semaphore(_AT_ONCE)
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._wake.clear()
                for row in self._due():
                    await gate.acquire()
                    self._mark(row["copy_path_id"], "started", now())
                    task = asyncio.create_task(self._one(row, gate))
                    running.add(task)
                    task.add_done_callback(running.discard)
                try:
                    await asyncio.wait_for(self._wake.wait(), _IDLE)
                except asyncio.TimeoutError:
                    continue
        finally:
            for task in running:
                task.cancel()

    def _due(self) -> list[dict[str, Any]]:
        if self.paused:
            return []
        sql = (
            f"SELECT {_COLUMNS} FROM copies WHERE started IS NULL "  # noqa: S608 (own names)
            "AND (scheduled IS NULL OR scheduled <= ?) ORDER BY n LIMIT 100"
        )
        return self._database.all(sql, now())

    async def _one(self, row: dict[str, Any], gate: asyncio.Semaphore) -> None:
        try:
            if self.seconds:
                await asyncio.sleep(self.seconds)
            exclude = tuple(json.loads(row["exclude"] or "[]"))
            await self.do(
                CopyRequest(
                    row["source_project_id"],
                    row["source_path"],
                    row["target_project_id"],
                    row["target_path"],
                    CopyOptions(
                        overwrite_newer=bool(row["overwrite_newer"]),
                        delete_missing=bool(row["delete_missing"]),
                        backup=bool(row["backup"]),
                        exclude=exclude,
                    ),
                )
            )
        except OSError as error:
            reason = error.strerror or "failed"
            words = f"copy from {row['source_path']} failed: {reason}"
            self._mark(row["copy_path_id"], "error", words)
        finally:
            self._mark(row["copy_path_id"], "finished", now())
            gate.release()

    def _mark(self, copy_path_id: str, column: str, value: object) -> None:
        sql = f"UPDATE copies SET {column} = ? WHERE copy_path_id = ?"  # noqa: S608 (own names)
        self._database.note(sql, value, copy_path_id)
