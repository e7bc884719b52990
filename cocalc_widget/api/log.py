"""Owns a project's log: what was opened in it, by whom, and how long that took to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ..errors import ValidationError
from .dialects import records as rows
from .http.answers import unexpected
from .http.timeouts import check_seconds
from .results import tables as rich
from .results.values import parse_time

if TYPE_CHECKING:
    from .connection import Connection
    from .results.projects import Project

# `project_log` goes back two months and has 300 entries at most, `project_log_all` 7,500 (source)
_RECENT = timedelta(days=58)


@dataclass(frozen=True, slots=True, repr=False)
class LogEntry(rich.Card):
    """Something that happened in a project.

    Attributes:
        id: of the entry (a UUID).
        project_id: where.
        account_id: who did it; "" where CoCalc did.
        time: when (UTC).
        event: its kind, in CoCalc's word: "open", "start_project", "file_action", ...
        path: of the file that was opened; "" for other events.
        opened_in: seconds until the file was shown. None until it is: CoCalc writes
            the entry when it begins to open a file, and this time later
            (recording), for most kinds of file (generation B).
        details: the event as CoCalc wrote it.
    """

    id: str
    project_id: str
    account_id: str
    time: datetime | None
    event: str
    path: str = ""
    opened_in: float | None = None
    details: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    _title = "Entry of a project's log"


class Log(list[LogEntry]):
    """Entries of a project's log, newest first; shows itself as a table."""

    def _table(self) -> tuple[str, list[str], list[list[str]]]:
        title = "1 entry" if len(self) == 1 else f"{len(self)} entries"
        return (
            title,
            ["time (UTC)", "event", "path", "shown after", "account_id"],
            [
                [
                    f"{entry.time:%Y-%m-%d %H:%M:%S}" if entry.time else "",
                    entry.event,
                    entry.path,
                    "" if entry.opened_in is None else f"{entry.opened_in:.2f} s",
                    entry.account_id,
                ]
                for entry in self
            ],
        )

    def _repr_html_(self) -> str:
        return rich.table(*self._table())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001, ARG002 - IPython's form
        printer.text(rich.text_table(*self._table()))


def read_log(
    connection: Connection, project: str | Project, since: object, *, timeout: float | None = None
) -> Log:
    """The entries of a project's log, newest first; one request.

    The arguments, and the errors, are those of `Client.log`.
    """
    when = check_since(since)
    limit = None if timeout is None else check_seconds(timeout)
    dialect = connection.dialect if limit is None else connection.speaks(limit)
    project_id = connection.project_id(project)
    recent = when is None or datetime.now(timezone.utc) - when < _RECENT
    table = "project_log" if recent else "project_log_all"
    asked = {"id": None, "project_id": project_id, "account_id": None, "event": None}
    told = {**asked, "time": None if when is None else {">=": _iso(when)}}
    found = dialect.query(table, [told], timeout=limit)
    entries = [entry_of(row, table) for row in rows.list_of(found or [], table)]
    if when is not None:  # a server that does not know the condition sends all
        entries = [it for it in entries if it.time is None or it.time >= when]
    ages = datetime.min.replace(tzinfo=timezone.utc)
    return Log(sorted(entries, key=lambda it: it.time or ages, reverse=True))


def check_since(given: object) -> datetime | None:
    """When to begin: a time, or how long ago; a naive time is local, as everywhere in Python.

    Raises:
        ValidationError: neither.
    """
    try:
        if isinstance(given, timedelta):
            return datetime.now(timezone.utc) - given
        if isinstance(given, datetime):
            return given.astimezone(timezone.utc)
    except (OverflowError, OSError, ValueError):
        raise ValidationError(f"since={given!r} is no time that a calendar has.") from None
    if given is None:
        return None
    raise ValidationError(
        f"since must be a datetime or a timedelta, not {type(given).__name__}.",
        remedy="For the last hour: since=timedelta(hours=1).",
    )


def entry_of(row: Any, endpoint: str) -> LogEntry:
    """An entry as a query returns it."""
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise unexpected(endpoint, row, "id")
    event = rows.dict_of(row.get("event"))
    told = event.get("time")
    took = told / 1000 if isinstance(told, (int, float)) and not isinstance(told, bool) else None
    return LogEntry(
        row["id"],
        rows.text_of(row.get("project_id")),
        rows.text_of(row.get("account_id")),
        parse_time(row.get("time")),
        rows.text_of(event.get("event")),
        rows.text_of(event.get("filename")),
        took,
        event,
    )


def _iso(time: datetime) -> str:
    # to the millisecond and with Z, as CoCalc itself writes times (recording)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
