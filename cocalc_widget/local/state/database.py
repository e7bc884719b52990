"""Owns the stand-in's SQLite database: its schema, its one connection and its lock."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    n INTEGER PRIMARY KEY, account_id TEXT UNIQUE, first_name TEXT, last_name TEXT,
    email_address TEXT UNIQUE, password TEXT, admin INTEGER DEFAULT 0, org TEXT, created REAL);
CREATE TABLE IF NOT EXISTS guests (account_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS api_keys (
    id INTEGER PRIMARY KEY, hash TEXT UNIQUE, trunc TEXT, account_id TEXT, project_id TEXT,
    name TEXT, created REAL, expire REAL);
CREATE TABLE IF NOT EXISTS tokens (hash TEXT PRIMARY KEY, account_id TEXT, expire REAL);
CREATE TABLE IF NOT EXISTS sessions (hash TEXT PRIMARY KEY, account_id TEXT, expire REAL);
CREATE TABLE IF NOT EXISTS orgs (name TEXT PRIMARY KEY, org_id TEXT, owner TEXT);
CREATE TABLE IF NOT EXISTS org_admins (
    name TEXT, account_id TEXT, PRIMARY KEY (name, account_id));
CREATE TABLE IF NOT EXISTS extras (
    kind TEXT, id TEXT, field TEXT, value TEXT, PRIMARY KEY (kind, id, field));
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, from_id TEXT, to_ids TEXT, subject TEXT, body TEXT,
    sent REAL, thread_id INTEGER);
CREATE TABLE IF NOT EXISTS message_to (
    message_id INTEGER, account_id TEXT, PRIMARY KEY (account_id, message_id));
CREATE TABLE IF NOT EXISTS projects (
    project_id TEXT PRIMARY KEY, title TEXT, description TEXT, created REAL, last_edited REAL,
    running INTEGER DEFAULT 0, deleted INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS collaborators (
    project_id TEXT, account_id TEXT, role TEXT, PRIMARY KEY (project_id, account_id));
CREATE TABLE IF NOT EXISTS runs (project_id TEXT PRIMARY KEY, started REAL, session_id TEXT);
CREATE TABLE IF NOT EXISTS active (
    project_id TEXT, account_id TEXT, time REAL, PRIMARY KEY (project_id, account_id));
CREATE TABLE IF NOT EXISTS invitations (
    email_address TEXT, project_id TEXT, time REAL, PRIMARY KEY (email_address, project_id));
CREATE INDEX IF NOT EXISTS by_account ON collaborators (account_id);
CREATE TABLE IF NOT EXISTS hidden (
    project_id TEXT, account_id TEXT, PRIMARY KEY (project_id, account_id));
CREATE TABLE IF NOT EXISTS copies (
    n INTEGER PRIMARY KEY, copy_path_id TEXT UNIQUE, time REAL, source_project_id TEXT,
    source_path TEXT, target_project_id TEXT, target_path TEXT, overwrite_newer INTEGER,
    delete_missing INTEGER, backup INTEGER, exclude TEXT, scheduled REAL, started REAL,
    finished REAL, error TEXT);
CREATE INDEX IF NOT EXISTS by_source ON copies (source_project_id);
CREATE INDEX IF NOT EXISTS by_target ON copies (target_project_id);
CREATE TABLE IF NOT EXISTS project_log (
    n INTEGER PRIMARY KEY, id TEXT UNIQUE, project_id TEXT, account_id TEXT, time REAL, event TEXT);
CREATE INDEX IF NOT EXISTS by_project ON project_log (project_id, time);
"""


class Database:
    """One SQLite file, used from the server's thread, its workers and the tests.

    Statements are short and the file is local, so that one lock is enough
    and the event loop may call it directly. Writes are gathered in a transaction:
    a statement that commits by itself takes five times as long.

    Args:
        file: where it lies.
        later: gets a function to call after a moment: it commits what is gathered.

    Attributes:
        changes: counts the writes that may change who may do what; what was
            read and kept is good as long as this stays the same.
    """

    def __init__(self, file: Path, later: Callable[[Callable[[], None]], object]) -> None:
        self.changes = 0
        self._later = later
        self._lock = threading.RLock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # the stand-in may lose its last second in a crash; it must not wait for the disk
        self._db.executescript("PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF;" + _SCHEMA)

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement; the number of rows changed."""
        with self._lock:
            self.changes += 1
            return self.note(sql, *values)

    def note(self, sql: str, *values: Any) -> int:
        """The same for what changes nobody's rights: progress and times."""
        with self._lock:
            self._gather()
            return self._db.execute(sql, values).rowcount

    def insert(self, table: str, **row: Any) -> int:
        """Insert one row; its row id. Table and columns are this package's own names."""
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        with self._lock:
            self.changes += table not in ("copies", "project_log")
            self._gather()
            sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 (own names)
            return self._db.execute(sql, tuple(row.values())).lastrowid or 0

    def set_extras(self, kind: str, key: str, values: dict[str, Any]) -> None:
        """Keep values, any JSON, of what has no column of its own; null takes one away."""
        for field, value in values.items():
            if value is None:
                sql = "DELETE FROM extras WHERE kind = ? AND id = ? AND field = ?"
                self.run(sql, kind, key, field)
            else:
                sql = "INSERT OR REPLACE INTO extras VALUES (?, ?, ?, ?)"
                self.run(sql, kind, key, field, json.dumps(value))

    def extras(self, kind: str, key: str) -> dict[str, Any]:
        """What is kept of one thing beside its columns."""
        rows = self.all("SELECT field, value FROM extras WHERE kind = ? AND id = ?", kind, key)
        return {row["field"]: json.loads(row["value"]) for row in rows}

    def all(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """All rows of a SELECT."""
        with self._lock:
            return [dict(row) for row in self._db.execute(sql, values)]

    def one(self, sql: str, *values: Any) -> dict[str, Any] | None:
        """The first row of a SELECT, or None."""
        with self._lock:
            row = self._db.execute(sql, values).fetchone()
        return None if row is None else dict(row)

    def commit(self) -> None:
        """Write what is gathered to the file; nothing where it is closed."""
        with self._lock, contextlib.suppress(sqlite3.ProgrammingError):
            self._db.commit()

    def close(self) -> None:
        """Close the connection; the file stays."""
        with self._lock:
            self.commit()
            self._db.close()

    def _gather(self) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN")
            self._later(self.commit)


def now() -> float:
    """Seconds since 1970, as all times are kept."""
    return time.time()


def iso(seconds: float | None) -> str | None:
    """A time as CoCalc writes it: UTC with milliseconds."""
    if seconds is None:
        return None
    stamp = datetime.fromtimestamp(seconds, timezone.utc)
    return stamp.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
