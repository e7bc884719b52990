"""Owns the logs of projects: which files were opened, by whom, and how long each took to show."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from .database import iso, now

if TYPE_CHECKING:
    from .database import Database

RECENT = 61 * 86400.0  # s: as far as `project_log` goes back, two months (source)
MOST, MOST_OF_ALL = 300, 7500  # entries: of `project_log`, and of `project_log_all` (source)


class ProjectLog:
    """Entries as CoCalc writes them (recording): one for each opening, completed when it shows."""

    def __init__(self, database: Database, *, compute_servers: bool = False) -> None:
        self._database = database
        # generation B names the machine that the file is on (recording)
        self._place = {"compute_server_id": 0} if compute_servers else {}

    def opened(self, project_id: str, account_id: str, filename: str) -> str:
        """Write that a file is being opened; the id of the entry."""
        entry_id = str(uuid.uuid4())
        event = {"event": "open", "action": "open", "filename": filename, **self._place}
        self._database.insert(
            "project_log",
            id=entry_id,
            project_id=project_id,
            account_id=account_id,
            time=now(),
            event=json.dumps(event),
        )
        return entry_id

    def rendered(self, entry_id: str, ms: float) -> None:
        """Complete an entry: the file was shown so many milliseconds after it was opened."""
        row = self._database.one("SELECT event FROM project_log WHERE id = ?", entry_id)
        if row is not None:
            event = {"time": round(ms), **json.loads(row["event"])}
            sql = "UPDATE project_log SET event = ? WHERE id = ?"
            self._database.note(sql, json.dumps(event), entry_id)

    def rows(
        self, project_id: str, *, since: float = 0.0, limit: int = MOST
    ) -> list[dict[str, Any]]:
        """A project's entries as a query shows them, newest first; `since` is in seconds."""
        found = self._database.all(
            "SELECT * FROM project_log WHERE project_id = ? AND time >= ? "
            "ORDER BY time DESC, n DESC LIMIT ?",
            project_id,
            since,
            limit,
        )
        return [
            {
                "id": row["id"],
                "project_id": row["project_id"],
                "time": iso(row["time"]),
                "account_id": row["account_id"],
                "event": json.loads(row["event"]),
            }
            for row in found
        ]
