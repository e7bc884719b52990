"""Owns a command's progress: its state, its one end, who is told of it; for any thread."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Literal

from ...forking import new_lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...errors import CoCalcError
    from .reply import Reply

CommandState = Literal["queued", "sent", "ack", "done", "error", "timeout", "cancelled"]
_log = logging.getLogger(__name__)


class Progress:
    """What a command has come to."""

    def __init__(self) -> None:
        self._state: CommandState = "queued"
        self._reply: Reply | None = None
        self._error: CoCalcError | None = None
        self._ended = threading.Event()
        self._lock = new_lock()
        self._callbacks: list[Callable[[Any], object]] = []

    @property
    def state(self) -> CommandState:
        """`queued`, `sent`, `ack`, or one of the ends `done`, `error`, `timeout`, `cancelled`."""
        return self._state

    @property
    def reply(self) -> Reply | None:
        """The reply if it is there, without waiting or raising."""
        return self._reply

    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._ended.is_set()

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call `callback(command)` at the end, at once if it has ended.

        It runs on the thread that hears the page, which need not be the cell's.
        """
        with self._lock:
            if not self._ended.is_set():
                self._callbacks.append(callback)
                return
        self._call(callback)

    def wait_event(self, seconds: float) -> bool:
        """Block this thread for `seconds` at most; whether the command has ended."""
        return self._ended.wait(seconds)

    def advance(self, state: Literal["sent", "ack"]) -> None:
        """Note a step on the way (`sent`, `ack`); never a step back."""
        order = ("queued", "sent", "ack")
        with self._lock:
            if not self._ended.is_set() and order.index(state) > order.index(self._state):
                self._state = state

    def settle(
        self,
        state: Literal["done", "error", "timeout", "cancelled"],
        *,
        reply: Reply | None = None,
        error: CoCalcError | None = None,
    ) -> bool:
        """End it, once; False if it had ended before."""
        with self._lock:
            if self._ended.is_set():
                return False
            self._state, self._reply, self._error = state, reply, error
            self._ended.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            self._call(callback)
        return True

    def _call(self, callback: Callable[[Any], object]) -> None:
        try:
            callback(self)
        except Exception:  # noqa: BLE001 - whatever a callback does, the wire goes on
            _log.exception("a callback of %r failed", self)
