"""Owns the commands under way: numbers, deadlines, and which files should be open."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from ...errors import CommandCancelledError
from ...forking import new_rlock
from ..messages.command import Command
from ..messages.outbox import Document, budget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..kernel.waiting import KernelWaiter

REMEMBERED = 1000  # commands in the history
UNSEEN = 600.0  # seconds that a command waits for a page at most


class Ledger:
    """All commands of one widget; safe to use from any thread.

    Args:
        waiter: how commands are waited for.
        cancel: tells the page that a command is given up.
        limits: the deadlines, in seconds (`outbox.deadlines`).
        clock: a monotonic clock in seconds.
    """

    def __init__(
        self,
        waiter: KernelWaiter,
        cancel: Callable[[Command], None],
        limits: Mapping[str, float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._waiter, self._cancel, self._limits, self._clock = waiter, cancel, limits, clock
        self._lock = new_rlock()
        self._seq = 0
        self._pending: dict[int, Command] = {}
        self.history: deque[Command] = deque(maxlen=REMEMBERED)
        self._desired: list[Document] = []
        self._progress = clock()
        self.page = False  # whether a page has been heard

    def add(self, action: str, target: Document | None = None) -> Command:
        """A new command, numbered; what it wants to be open is remembered."""
        with self._lock:
            self._seq += 1
            if not self._pending:
                self._progress = self._clock()
            command = self._pending[self._seq] = Command(
                self._seq, action, target, waiter=self._waiter, cancel=self._cancel,
                clock=self._clock,
            )  # fmt: skip
            self.history.append(command)
            if target:
                self.want(target)
            elif action == "closeall":
                self._desired.clear()
            return command

    def want(self, target: Document) -> None:
        """Remember that this file should be open, as the active one."""
        with self._lock:
            tabs = list(dict.fromkeys(self._desired))
            self._desired = tabs if tabs[-1:] == [target] else [*tabs, target]

    def number(self) -> int:
        """The number of a command of our own, which nobody waits for."""
        with self._lock:
            self._seq += 1
            return self._seq

    def forget(self, command: Command, *, failed: bool = False) -> None:
        """Take a command off the books: it ends now; what failed should not be open."""
        with self._lock:
            self._pending.pop(command.seq, None)
            if command.target and failed:
                self._desired = [item for item in self._desired if item != command.target]

    def get(self, seq: int) -> Command | None:
        """The command under way of this number."""
        with self._lock:
            return self._pending.get(seq)

    def advance(self, command: Command, state: str) -> None:
        """The page has told of a command: how far it has come."""
        with self._lock:
            self._progress = self._clock()
        if state in ("ack", "done"):
            command.acked = command.acked or self._clock()
            command.advance("ack")
        elif state == "sent":
            command.advance("sent")

    @property
    def pending(self) -> list[Command]:
        """Commands under way, oldest first."""
        with self._lock:
            return list(self._pending.values())

    @property
    def desired(self) -> list[Document]:
        """Files that should be open, in the order of their tabs; the active one (again) last."""
        with self._lock:
            return list(self._desired)

    def heard(self) -> None:
        """The page has said hello: deadlines count anew."""
        with self._lock:
            self.page, self._progress = True, self._clock()

    def overdue(self) -> list[Command]:
        """The commands that the page has forgotten."""
        late = [command for command in self.pending if self._left(command) <= 0]
        for command in late:
            self.forget(command)  # it may still come
        return late

    def left(self) -> float | None:
        """Seconds until the next one may be; None if there are none."""
        return min((self._left(command) for command in self.pending), default=None)

    def _left(self, command: Command) -> float:
        limit = budget(command.action, self._limits) if self.page else UNSEEN
        return self._progress + limit - self._clock()

    def cancel_all(self, why: str) -> None:
        """End everything: the widget is closing."""
        for command in self.pending:
            self.forget(command)
            command.settle("cancelled", error=CommandCancelledError(why))
