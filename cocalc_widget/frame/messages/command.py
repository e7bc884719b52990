"""Owns a command: its progress to its one end, and how it is waited for; for any thread."""

from __future__ import annotations

import copy
import logging
import threading
import time
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from ...errors import CommandCancelledError
from ...forking import new_lock
from .reply import Reply, target_words

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ...errors import CoCalcError
    from ..kernel.waiting import KernelWaiter
    from .outbox import Document


CommandState = Literal["queued", "sent", "ack", "done", "error", "timeout", "cancelled"]
_log = logging.getLogger(__name__)


class Command:
    """A command on its way to CoCalc: await it, or ask for its `result()`.

    `await command` and `command.result()` give the `Reply` or raise what went
    wrong; an error that nobody asks for stays silent.
    """

    def __init__(
        self,
        seq: int,
        action: str,
        target: Document | None,
        *,
        waiter: KernelWaiter,
        cancel: Callable[[Command], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seq = seq
        self.action = action
        self.target = target
        self._waiter = waiter
        self._ask_cancel = cancel
        self._clock = clock
        self._begun = clock()
        self.acked: float | None = None  # when the page told that CoCalc has taken it
        self._state: CommandState = "queued"
        self._reply: Reply | None = None
        self._error: CoCalcError | None = None
        self._ended = threading.Event()
        self._lock = new_lock()
        self._callbacks: list[Callable[[Any], object]] = []

    @property
    def project_id(self) -> str | None:
        """The project of the file to open, None for other commands."""
        return self.target[0] if self.target else None

    @property
    def path(self) -> str | None:
        """The file to open, None for other commands."""
        return self.target[1] if self.target else None

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

    def result(self, timeout: float | None = None) -> Reply:
        """Block the cell until the reply is there.

        Args:
            timeout: seconds to wait at most; the command goes on after that.

        Raises:
            CommandError: CoCalc refused it; the message is CoCalc's.
            CommandTimeoutError: no answer within CoCalc's deadline, or `timeout`.
            CommandCancelledError: it was cancelled, or the widget was closed.
            ChannelBlockedError: the page cannot talk to CoCalc, or shows no CoCalc.
            WouldDeadlockError: this kernel cannot hear the page while a cell blocks.
        """
        if not self.done():
            self._waiter.block(self, timeout)
        return self._outcome()

    def exception(self, timeout: float | None = None) -> CoCalcError | None:
        """What went wrong, None if nothing did; waits as `result` does."""
        if not self.done():
            self._waiter.block(self, timeout)
        return self._error

    def cancel(self) -> bool:
        """Give it up; False if it had ended. CoCalc may still do what it was told."""
        ended = self.settle("cancelled", error=CommandCancelledError("The command was cancelled."))
        if ended:
            self._ask_cancel(self)
        return ended

    def __await__(self) -> Generator[Any, None, Reply]:
        return self._wait().__await__()

    async def _wait(self) -> Reply:
        if not self.done():
            await self._waiter.until_done(self)
        return self._outcome()

    @property
    def elapsed(self) -> float:
        """Seconds since the call."""
        return self._clock() - self._begun

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

    def _outcome(self) -> Reply:
        if self._error is not None:
            # a copy each time: a shared one would collect everybody's traceback
            raise copy.copy(self._error)
        if self._reply is None:
            raise CommandCancelledError("The command ended without a reply.")
        return self._reply

    def __repr__(self) -> str:
        return f"<Command {target_words(self.action, self.path)}: {self._words()}>"

    def _repr_html_(self) -> str:
        action = escape(target_words(self.action, self.path))
        return f"<code>{action}</code> {escape(self._words())}"

    def _words(self) -> str:
        if self._error is not None:
            return f"{self._state}: {self._error.message}"
        if self._reply is not None:
            return f"done in {self._reply.elapsed:.2f} s"
        return self._state
