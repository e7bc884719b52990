"""Owns what CoCalc tells about the frame's own activity, as users see it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ...forking import new_lock

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in the frame, whoever caused it.

    CoCalc posts what it writes to a project's log to the page that frames it,
    in every channel with a frame (recordings).

    Attributes:
        name: `"opened"`, `"rendered"` (since 2025, and not for every kind of file), or
            CoCalc's own name for other lines of its log.
        project_id: of the project.
        path: of the file, "" where it is about none.
        time: when CoCalc says it happened, else when it was heard (UTC).
        id: CoCalc's id of the line; the opening and the rendering of a file have the same.
    """

    name: str
    project_id: str
    path: str
    time: datetime
    id: str


class Listeners:
    """Who wants to hear of events."""

    def __init__(self) -> None:
        self._lock = new_lock()
        self._callbacks: list[Callable[[Event], object]] = []

    def change(self, callback: Callable[[Event], object], *, remove: bool) -> None:
        """Add a callback, once; or take it away."""
        with self._lock:
            others = [other for other in self._callbacks if other != callback]
            self._callbacks = others if remove else [*others, callback]

    def tell(self, event: Event) -> None:
        """Call them all; one that fails is logged, and keeps nobody from hearing."""
        for callback in list(self._callbacks):
            _call(callback, event)


def _call(callback: Callable[[Event], object], event: Event) -> None:
    try:
        callback(event)
    except Exception:  # noqa: BLE001 - whatever a callback does, the wire goes on
        _log.exception("a callback for %s failed", event.name)


def moment(told: str) -> datetime:
    """A time as CoCalc tells it, else now (UTC)."""
    try:
        told_time = datetime.fromisoformat(told.replace("Z", "+00:00"))
    except ValueError:
        return datetime.now(timezone.utc)
    aware = told_time if told_time.tzinfo else told_time.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc)
