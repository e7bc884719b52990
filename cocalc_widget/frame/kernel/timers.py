"""Owns delayed and background calls: threads, or the event loop where there are none.

One thread keeps all the deadlines of a process. Setting one costs a lock and a
heap; a thread for each, as `threading.Timer` has it, costs every command of a
cell some handing over of the interpreter's lock, before its message is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import os
import threading
import time
from typing import TYPE_CHECKING

from ...forking import new_lock, on_fork

if TYPE_CHECKING:
    from collections.abc import Callable

_FEW = 100  # deadlines: below that, those that were taken back lie until their time

_LONGEST = 3600.0  # seconds of one wait: platforms have limits


class Deadline:
    """One call that is to be made."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], object]) -> None:
        self.call: Callable[[], object] | None = call

    def cancel(self) -> None:
        """Take it back. Needs no lock: a widget may be collected anywhere, even in here."""
        self.call = None


class Keeper:
    """Keeps deadlines on one daemon thread, made when the first one is set.

    Each call gets a thread of its own when its time has come: it may tell users'
    callbacks, and these may wait for other deadlines.
    """

    def __init__(self) -> None:
        # reentrant: collecting garbage in here can end widgets, whose ends may set deadlines
        self._wake = threading.Condition(threading.RLock())
        # times are of `time.monotonic`; numbers and tuples compare without a line of Python
        self._heap: list[tuple[float, int, Deadline]] = []
        self._full = _FEW  # entries at which it is time to sweep
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def set(self, seconds: float, call: Callable[[], object]) -> Deadline:
        """Have it called after so many seconds.

        Raises:
            RuntimeError: there are no threads here.
        """
        with self._wake:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="cocalc-deadlines", daemon=True)
                thread.start()
                self._thread = thread
            deadline = Deadline(call)
            entry = time.monotonic() + seconds, next(self._numbers), deadline
            if len(self._heap) >= self._full:
                self._sweep()
            heapq.heappush(self._heap, entry)
            if self._heap[0] is entry:  # else the thread wakes up in time anyway
                self._wake.notify()
        return deadline

    def _sweep(self) -> None:
        """Forget what was taken back."""
        self._heap = [entry for entry in self._heap if entry[2].call is not None]
        heapq.heapify(self._heap)
        self._full = max(_FEW, 2 * len(self._heap))

    def _run(self) -> None:
        while True:
            with self._wake:
                left = self._heap[0][0] - time.monotonic() if self._heap else _LONGEST
                if left > 0:
                    self._wake.wait(min(left, _LONGEST))
                    continue
                call = heapq.heappop(self._heap)[2].call
            if call is not None:
                background(call, "cocalc-deadline")
            del call  # nothing is kept alive by having been called last


_keeper = Keeper()


def _forget() -> None:
    """A forked process has none of the threads, and the deadlines are its parent's."""
    global _keeper  # noqa: PLW0603 - one for each process
    _keeper = Keeper()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


class Alarm:
    """Calls `look` after some seconds; each new time replaces the one before."""

    def __init__(self, look: Callable[[], object]) -> None:
        self._look = look
        self._lock = new_lock()
        self._handle: Deadline | asyncio.TimerHandle | None = None
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


def later(seconds: float, call: Callable[[], object]) -> Deadline | asyncio.TimerHandle | None:
    """Call it after so many seconds, on a daemon thread (in Pyodide: on the loop)."""
    try:
        return _keeper.set(seconds, call)
    except RuntimeError:  # no threads here
        with contextlib.suppress(RuntimeError):
            return asyncio.get_running_loop().call_later(seconds, call)
        return None


def background(call: Callable[[], object], name: str) -> bool:
    """Call it on a daemon thread now; False where there are no threads."""
    try:
        threading.Thread(target=call, name=name, daemon=True).start()
    except RuntimeError:
        return False
    return True
