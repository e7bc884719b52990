"""Owns what completion asks CoCalc for: in the background, remembered for a while, never long.

Typing must not wait: whoever asks gets what is known after at most `PATIENCE`,
and the answer that comes later is there for the next key stroke.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ...address import is_uuid
from ...forking import new_lock, on_fork

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from ...api import Client, Project

T = TypeVar("T")
PATIENCE = 0.2  # seconds that one completion may wait; with all else it stays below 0.3
FRESH = 60.0  # seconds for which an answer is good; then it is asked for again, and used meanwhile
FAILED = 10.0  # seconds after a failure in which nothing is asked
_MOST = 200  # answers that are kept


@dataclass
class _Entry(Generic[T]):
    value: T | None = None
    until: float = 0.0  # on the clock: when to ask again
    running: bool = False
    ready: threading.Event = field(default_factory=threading.Event)


class Lookups(Generic[T]):
    """Answers by key, each fetched on a thread of its own.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = new_lock()
        self._entries: dict[Hashable, _Entry[T]] = {}
        on_fork(self)

    def after_fork(self) -> None:
        """In a child nothing is under way: the threads that ask are its parent's."""
        self._entries = {key: it for key, it in self._entries.items() if not it.running}

    def get(self, key: Hashable, fetch: Callable[[], T], patience: float) -> T | None:
        """What is known, after at most `patience` seconds; None if nothing is."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                while len(self._entries) >= _MOST:
                    del self._entries[next(iter(self._entries))]
                entry = self._entries[key] = _Entry()
            if not entry.running and self._clock() >= entry.until:
                entry.running = True
                threading.Thread(
                    target=self._ask, args=(entry, fetch), name="cocalc-completion", daemon=True
                ).start()
        entry.ready.wait(max(0.0, patience))
        return entry.value

    def put(self, key: Hashable, value: T) -> None:
        """Remember an answer that came by another way."""
        entry = _Entry(value, self._clock() + FRESH)
        entry.ready.set()
        with self._lock:
            self._entries[key] = entry

    def clear(self) -> None:
        """Forget everything; what is under way comes to nothing."""
        with self._lock:
            self._entries.clear()

    def _ask(self, entry: _Entry[T], fetch: Callable[[], T]) -> None:
        good = FAILED
        try:
            entry.value = fetch()
            good = FRESH
        except Exception:  # noqa: BLE001, S110 - no completion then: a command says what is wrong
            pass
        entry.until = self._clock() + good
        entry.running = False
        entry.ready.set()


class Source(Protocol):
    """Who can be asked, and where the answers are kept: what the commands of one shell share."""

    projects: Lookups[list[Project]]  # by whose key was used
    folders: Lookups[list[str]]

    def client(self) -> Client:
        """The client for the key and host of this moment."""

    def credentials(self) -> Hashable | None:
        """Whose key and host that is; None without a key."""


class Known:
    """What one completion may know of CoCalc; asks within one deadline, however much is wanted.

    Args:
        source: its client is used, if there is a key.
        patience: seconds for everything together.
    """

    def __init__(self, source: Source, patience: float = PATIENCE) -> None:
        self._source = source
        self._until = time.monotonic() + patience

    def projects(self) -> list[Project]:
        """The account's projects; none where there is no key, or no answer yet."""
        source = self._source
        who = source.credentials()
        if who is None:
            return []
        fetch = lambda: list(source.client().projects())  # noqa: E731
        return source.projects.get(who, fetch, self._left()) or []

    def entries(self, project: str, folder: str) -> list[str]:
        """Names in a folder ("" for the home) of a project; those of folders end in `/`.

        A project that is stopped is started by this, as by any work in it.
        """
        source = self._source
        who, project_id = source.credentials(), self._id(project)
        if who is None or project_id is None:
            return []

        def fetch() -> list[str]:
            # on every generation of CoCalc the same; -p marks folders
            told = source.client().exec(
                project_id, "ls", ["-1Ap", "--", folder or "."], timeout=10.0
            )
            return told.stdout.splitlines() if told.exit_code == 0 else []

        return source.folders.get((who, project_id, folder), fetch, self._left()) or []

    def _id(self, project: str) -> str | None:
        if is_uuid(project):
            return project.lower()
        listed = self.projects()
        if not listed:
            return None
        from ...api.results.projects import called  # which the listing has loaded

        hits = called(project, listed)
        return hits[0].project_id if len(hits) == 1 else None

    def _left(self) -> float:
        return self._until - time.monotonic()
