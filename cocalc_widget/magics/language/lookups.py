"""Owns what completion asks CoCalc for: in the background, remembered for a while, never long.

Typing must not wait: whoever asks gets what is known after at most `PATIENCE`,
and the answer that comes later is there for the next key stroke.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from ...forking import new_lock, on_fork

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

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
