"""Owns the logs of projects: which files were opened, by whom, and how long each took to show."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from .store import iso, now

if TYPE_CHECKING:
    from .store import Store

RECENT = 61 * 86400.0  # s: as far as `project_log` goes back, two months (source)
MOST, MOST_OF_ALL = 300, 7500  # entries: of `project_log`, and of `project_log_all` (source)


class ProjectLog:
    """Entries as CoCalc writes them (recording): one for each opening, completed when it shows."""

    def __init__(self, store: Store, *, compute_servers: bool = False) -> None:
        self._store = store
        # generation B names the machine that the file is on (recording)
        self._place = {"compute_server_id": 0} if compute_servers else {}

    def opened(self, project_id: str, account_id: str, filename: str) -> str:
        """Write that a file is being opened; the id of the entry."""
        entry_id = str(uuid.uuid4())
        event = {"event": "open", "action": "open", "filename": filename, **self._place}
        self._store.insert(
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
        row = self._store.one("SELECT event FROM project_log WHERE id = ?", entry_id)
        if row is not None:
            event = {"time": round(ms), **json.loads(row["event"])}
            sql = "UPDATE project_log SET event = ? WHERE id = ?"
            self._store.note(sql, json.dumps(event), entry_id)

    def rows(
        self, project_id: str, *, since: float = 0.0, limit: int = MOST
    ) -> list[dict[str, Any]]:
        """A project's entries as a query shows them, newest first; `since` is in seconds."""
        found = self._store.all(
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
