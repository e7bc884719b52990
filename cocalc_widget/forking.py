"""Owns what a child made by `os.fork` must have anew: locks, and whatever else is its parent's.

The child has the thread that forked and no other. A lock that another thread held
at that moment would never be released in it, and a connection that both use would
mix up the answers of one with those of the other (over TLS, break for both).
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Inherits(Protocol):
    """Something of which a child needs its own."""

    def after_fork(self) -> None:
        """Make it new; called in the child, before anything else runs there."""


class Lock:
    """A lock like `threading`'s, which nobody holds in a child."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._lock, self._inherited = make, make(), False
        on_fork(self)

    def acquire(self, timeout: float = -1) -> bool:
        """Take it, within so many seconds; for ever unless told."""
        taken: bool = self._lock.acquire(timeout=timeout)
        return taken

    def release(self) -> None:
        """Give it back."""
        try:
            self._lock.release()
        except RuntimeError:
            if not self._inherited:
                raise  # else: who forked while holding it gives back the one of its parent

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_exc: object) -> None:
        self.release()

    def after_fork(self) -> None:
        """Make it new: nobody holds it."""
        self._lock, self._inherited = self._make(), True


_heirs: weakref.WeakValueDictionary[int, Inherits] = weakref.WeakValueDictionary()


def on_fork(heir: Inherits) -> None:
    """Have `heir.after_fork()` called in each child, as long as it lives."""
    _heirs[id(heir)] = heir


def new_lock() -> Lock:
    """A `threading.Lock` that nobody holds in a child."""
    return Lock(threading.Lock)


def new_rlock() -> Lock:
    """A `threading.RLock` that nobody holds in a child."""
    return Lock(threading.RLock)


def _in_the_child() -> None:
    failed: list[Exception] = []
    for heir in list(_heirs.values()):
        try:
            heir.after_fork()
        except Exception as error:  # noqa: BLE001, PERF203 - the others have their turn first
            failed.append(error)
    if failed:
        raise failed[0]


_LONGEST_IMPORT = 10.0  # s that a fork waits for one at most
_imports = threading.RLock()


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """For imports on first use that a thread may come to: nothing forks meanwhile.

    The lock of a module that is half imported would never be released in the child, which
    would wait for it for ever, at its own import of that.
    """
    with _imports:
        yield


def _hold_imports() -> None:
    global _held  # noqa: PLW0603 - between the hooks of one fork, which holds a lock of Python's
    _held = _imports.acquire(timeout=_LONGEST_IMPORT)


def _go_on_importing() -> None:
    if _held:
        _imports.release()


def _forget_imports() -> None:
    global _imports  # noqa: PLW0603 - the parent's may be held by a thread that is not here
    _imports = threading.RLock()


_held = False
if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(
        before=_hold_imports,
        after_in_parent=_go_on_importing,
        after_in_child=_forget_imports,
    )
    os.register_at_fork(after_in_child=_in_the_child)
