"""Owns the messages that accounts send each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .database import iso, now

if TYPE_CHECKING:
    from .database import Database


class Messages:
    """All messages of a site."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def send(
        self, sender: str, recipients: list[str], subject: str, body: str, reply_to: int | None
    ) -> int:
        """A new message; its id. A reply is in the thread of what it answers, if that is there."""
        sql = "SELECT id, thread_id FROM messages WHERE id = ?"
        answered = self._database.one(sql, reply_to)
        return self._database.insert(
            "messages",
            from_id=sender,
            to_ids=json.dumps(recipients),
            subject=subject,
            body=body,
            sent=now(),
            thread_id=(answered["thread_id"] or answered["id"]) if answered else None,
        )

    def of(self, account_id: str, kind: str, limit: int, offset: int) -> list[dict[str, Any]]:
        """What an account sent or received, the latest first. Nobody here reads or stars any."""
        if kind == "sent":
            where = "from_id = ?"
        elif kind in ("received", "new"):
            where = "EXISTS (SELECT 1 FROM json_each(to_ids) WHERE value = ?)"
        else:
            return []
        sql = f"SELECT * FROM messages WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?"  # noqa: S608 (own words)
        rows = self._database.all(sql, account_id, limit, offset)
        return [
            {**row, "to_ids": json.loads(row["to_ids"]), "sent": iso(row["sent"])} for row in rows
        ]
