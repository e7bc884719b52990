"""Owns the messages that accounts send each other."""

from __future__ import annotations

import json
from typing import Any

from .database import Database, now

_FIELDS = "m.id, m.subject, m.body, m.from_id, m.to_ids, m.sent, m.thread_id"
_LATEST = "ORDER BY m.sent DESC, m.id DESC LIMIT ? OFFSET ?"


class Messages:
    """All messages of a site. Nothing here marks one as read: that is done in CoCalc's page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def send(
        self, from_id: str, to_ids: list[str], subject: str, body: str, thread: int | None = None
    ) -> int:
        """A new message; its number, which is positive."""
        sender = {"from_id": from_id, "to_ids": json.dumps(to_ids), "sent": now()}
        number = self._database.insert(
            "messages", **sender, subject=subject, body=body, thread_id=thread
        )
        for account_id in dict.fromkeys(to_ids):
            self._database.insert("message_to", message_id=number, account_id=account_id)
        return number

    def thread(self, number: int) -> int | None:
        """The thread that an answer to a message belongs to; None where there is no message."""
        row = self._database.one("SELECT id, thread_id FROM messages WHERE id = ?", number)
        return (row["thread_id"] or row["id"]) if row else None

    def sent(self, account_id: str, limit: int, offset: int) -> list[dict[str, Any]]:
        """What an account has sent, the latest first."""
        sql = f"SELECT {_FIELDS} FROM messages m WHERE m.from_id = ? {_LATEST}"  # noqa: S608
        return _shown(self._database.all(sql, account_id, limit, offset))

    def received(self, account_id: str, limit: int, offset: int) -> list[dict[str, Any]]:
        """What an account was sent, the latest first."""
        sql = (
            f"SELECT {_FIELDS} FROM messages m JOIN message_to t ON t.message_id = m.id "  # noqa: S608
            f"WHERE t.account_id = ? {_LATEST}"
        )
        return _shown(self._database.all(sql, account_id, limit, offset))

    def unread(self, account_id: str) -> int:
        """How many an account has to read."""
        sql = "SELECT COUNT(*) AS n FROM message_to WHERE account_id = ?"
        return int((self._database.one(sql, account_id) or {"n": 0})["n"])


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "to_ids": json.loads(row["to_ids"])} for row in rows]
