"""Owns the commands under way: numbers, results, deadlines, and which files should be open."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from ..errors import CommandCancelledError
from .commands import Command
from .endings import conclude, silence
from .inbox import ENDS, Result
from .outbox import Document, budget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .waiting import KernelWaiter

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
        self._lock = threading.RLock()
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

    def forget(self, command: Command) -> None:
        """Take a command that has ended off the books."""
        with self._lock:
            self._pending.pop(command.seq, None)
            if command.target and command.state in ("error", "cancelled"):
                self._desired = [item for item in self._desired if item != command.target]

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

    def apply(self, result: Result, known: Mapping[str, Any], remedy: str = "") -> Command | None:
        """Let the page's `result` take effect; the command if that ended it.

        Args:
            result: what the page said.
            known: `open_files` and `connection` as last heard of.
            remedy: what to do where the channel is blocked.
        """
        with self._lock:
            command = self._pending.get(result.seq)
            if command is None:
                return None  # cancelled here before, or another page's: nobody waits for it
            self._progress = self._clock()
        if result.state not in ENDS:
            command.advance("ack" if result.state == "ack" else "sent")
            return None
        ended = conclude(command, result, known, remedy)
        self.forget(command)
        return command if ended else None

    def overdue(self) -> tuple[list[Command], float | None]:
        """End what the page has forgotten; and the seconds until the next look, None if idle."""
        now = self._clock()
        late: list[Command] = []
        wait: float | None = None
        with self._lock:
            for command in self._pending.values():
                limit = budget(command.action, self._limits) if self.page else UNSEEN
                left = self._progress + limit - now
                if left <= 0:
                    late.append(command)
                else:
                    wait = left if wait is None else min(wait, left)
        for command in late:
            command.settle("timeout", error=silence(page=self.page))
            self.forget(command)
        return late, wait

    def cancel_all(self, why: str) -> None:
        """End everything: the widget is closing."""
        for command in self.pending:
            command.settle("cancelled", error=CommandCancelledError(why))
            self.forget(command)
