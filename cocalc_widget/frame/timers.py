"""Owns delayed and background calls: a daemon thread, or the event loop where there are none."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from ..forking import new_lock, on_fork

if TYPE_CHECKING:
    from collections.abc import Callable


class Alarm:
    """Calls `look` after some seconds; each new time replaces the one before."""

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look
        self._lock = new_lock()
        self._handle: threading.Timer | asyncio.TimerHandle | None = None
        on_fork(self)

    def after_fork(self) -> None:
        """In a child it is not set: the thread that would ring is its parent's."""
        self._handle = None

    def set(self, seconds: float | None) -> None:
        """Ring in so many seconds; None: not at all."""
        with self._lock:
            if self._handle is not None:
                self._handle.cancel()
            self._handle = None if seconds is None else later(seconds, self._look)

    @property
    def is_set(self) -> bool:
        """Whether it is going to ring."""
        return self._handle is not None


def later(
    seconds: float, call: Callable[[], object]
) -> threading.Timer | asyncio.TimerHandle | None:
    """Call it after so many seconds, on a daemon thread (in Pyodide: on the loop)."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    try:
        timer.start()
    except RuntimeError:  # no threads here
        with contextlib.suppress(RuntimeError):
            return asyncio.get_running_loop().call_later(seconds, call)
        return None
    return timer


def background(call: Callable[[], object], name: str) -> bool:
    """Call it on a daemon thread now; False where there are no threads."""
    try:
        threading.Thread(target=call, name=name, daemon=True).start()
    except RuntimeError:
        return False
    return True
