"""Owns turns: what is decided under a lock, and told to others after it, in the right order."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from ...forking import new_rlock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Turns:
    """Whoever decides something takes a turn; any thread may, and one within its own.

    What others are told of it (traits, commands, callbacks) they are told when the lock is
    free again: they may do whatever they like, and wait for other threads that take turns.

    Args:
        tell: shows the values of traits.
        report: decides what all that comes to, at the end of a turn.

    Attributes:
        lock: held while something is decided.
    """

    def __init__(
        self, tell: Callable[[Mapping[str, Any]], object], report: Callable[[], object]
    ) -> None:
        self._show, self._report = tell, report
        self.lock = new_rlock()
        self._turns = 0
        self._todo: list[Callable[[], object]] = []
        self._moment = 0  # counts what was decided to be shown
        self._told: dict[str, tuple[int, Any]] = {}  # trait -> its value, and of which moment

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Decide under the lock; then tell how things are, and do what was decided."""
        with self.lock:
            self._turns += 1
            try:
                yield
                if self._turns == 1:
                    self._report()
            finally:
                self._turns -= 1
            todo: list[Callable[[], object]] = []
            if not self._turns:
                todo, self._todo = self._todo, []
        for call in todo:
            call()

    def after(self, call: Callable[[], object]) -> None:
        """Call it when this turn is over."""
        self._todo.append(call)

    def show(self, **values: Any) -> None:
        """Have these traits shown when this turn is over."""
        self._moment += 1
        moment = self._moment
        self._todo.append(lambda: self._tell(moment, values))

    def _tell(self, moment: int, values: Mapping[str, Any]) -> None:
        """Show what was decided at that moment, but never in the place of what is newer.

        Two threads may be telling at a time, and each of them be overtaken.
        """
        for name, value in values.items():
            with self.lock:
                newer = self._told.get(name, (0, None))[0] > moment
                if not newer:
                    self._told[name] = moment, value
            if newer:
                continue
            self._show({name: value})
            with self.lock:
                last, latest = self._told[name]
            if last > moment:
                self._show({name: latest})
