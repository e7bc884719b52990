"""Owns commands where CoCalc takes no messages: the frame or tab is sent to a URL (pure).

An `open` ends when there is evidence that its file is shown; one at a time, as
a URL shows one file. Nothing tells that a `closeall` has worked but that the
empty page has loaded, and there is no way to ask for a status.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .evidence import Proof

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..messages.command import Command
    from ..messages.outbox import Document

DOUBT = 0.6  # of the time for evidence: then see whether CoCalc is there


@dataclass(frozen=True, slots=True)
class Ending:
    """How a steered command ended.

    Attributes:
        state: `done`, or `timeout`.
        verified: whether the file is shown.
        instead: the file that was opened in its place.
        popup: the browser did not let the page open the tab.
    """

    command: Command
    state: Literal["done", "timeout"] = "done"
    verified: bool | None = None
    proof: Proof = field(default_factory=Proof)
    instead: str = ""
    popup: bool = False


class Steering:
    """The commands that wait for what the frame or tab was sent to.

    Args:
        limits: deadlines in seconds: `evidence` and `ready`.
    """

    def __init__(self, limits: Mapping[str, float]) -> None:
        self._limits = limits
        self._active: list[Command] = []
        self._begun = self._since = 0.0
        self.place: Document | None = None
        self.popup = False  # the browser did not let the page open the tab
        self.shown = False  # the frame or tab has loaded
        self.used = False  # it was sent somewhere
        self.proved = False  # over the API: the tab shows the place

    @property
    def active(self) -> list[Command]:
        """The commands that wait for evidence."""
        return list(self._active)

    def order(self, command: Command, now: float) -> tuple[list[Ending], bool]:
        """Take a command: what that ends, and whether the frame is to be sent to `place`."""
        moves = command.target != self.place or not self._active or not command.target
        ended = []
        if moves:
            instead = command.path or ""
            ended = [
                Ending(old, verified=False if old.path else None, instead=instead)
                for old in self._active
            ]
            self._active = []
            self.send(command.target, now)
        self._active.append(command)
        return ended, moves

    def send(self, place: Document | None, now: float) -> None:
        """The frame is sent to a document, or to CoCalc without a file."""
        self.place, self._begun, self._since = place, now, now
        self.shown, self.popup, self.used, self.proved = False, False, True, False

    def forget(self, command: Command) -> None:
        """The command has ended otherwise."""
        self._active = [other for other in self._active if other is not command]

    def arrive(self, proof: Proof) -> list[Ending]:
        """There is proof that the place is shown."""
        return self._end(lambda command: Ending(command, verified=True, proof=proof))

    def load(self) -> list[Ending]:
        """The frame has loaded: which tells nothing of a file."""
        self.shown = True
        return [] if self.place else self._end(Ending)

    def visit(self) -> list[Ending]:
        """The tab was opened."""
        self.shown, self.popup = True, False
        return self._end(Ending)

    def hold(self, now: float) -> None:
        """Something else keeps the evidence away for the time being."""
        self._since = now

    def doubtful(self, now: float) -> bool:
        """Whether evidence is later than it ever was."""
        return now - self._since >= DOUBT * self._limits["evidence"]

    def late(self, now: float) -> bool:
        """Whether evidence was waited for long enough."""
        return now - self._since >= self._limits["evidence"] and not self.popup

    def overdue(self, now: float) -> list[Ending]:
        """What has waited for too long."""
        if now - self._begun >= self._limits["ready"]:
            popup = self.popup
            return self._end(lambda command: Ending(command, "timeout", popup=popup))
        return self._end(Ending) if self.late(now) else []

    def _end(self, ending: Callable[[Command], Ending]) -> list[Ending]:
        ended, self._active = [ending(command) for command in self._active], []
        return ended
