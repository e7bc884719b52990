"""Owns the projects' log: which files were opened in them, when, by whom, and how fast shown."""

from __future__ import annotations

import uuid
from collections import deque
from typing import Any

from .store import iso, now

_MOST = 1000  # rows that are kept, of all projects together


class ProjectLog:
    """What CoCalc writes down about projects, as far as pages make it write.

    Args:
        compute_servers: whether an "open" names its compute server, as
            generation B's does (recording).
    """

    def __init__(self, *, compute_servers: bool = False) -> None:
        self._rows: deque[dict[str, Any]] = deque(maxlen=_MOST)
        self._more = {"compute_server_id": 0} if compute_servers else {}

    def opened(self, project_id: str, account_id: str, filename: str) -> str:
        """Note that an account opened a file; the row's id."""
        row = {
            "id": str(uuid.uuid4()),
            "project_id": project_id,
            "account_id": account_id,
            "time": iso(now()),
            "event": {"event": "open", "action": "open", "filename": filename, **self._more},
        }
        self._rows.append(row)
        return str(row["id"])

    def rendered(self, id: str, ms: float) -> None:  # noqa: A002 (the row's own name for it)
        """Add to a row after how many milliseconds its file was on the screen."""
        for row in self._rows:
            if row["id"] == id:
                row["event"] = {**row["event"], "time": ms}

    def rows(self, project_id: str) -> list[dict[str, Any]]:
        """A project's rows, the newest first."""
        return [row for row in reversed(self._rows) if row["project_id"] == project_id]
