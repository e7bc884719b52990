"""Owns what the parts of a session share, and how the frame's state is shown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from ..channel.proving import Proving
from ..channel.situation import WATCH, Situation
from ..channel.steering import Steering
from ..kernel.timers import Alarm
from ..kernel.waiting import KernelWaiter
from ..messages import outbox
from ..messages.postbox import Postbox
from .ledger import Ledger
from .turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..channel.inquiries import Knowledge, LogWatch
    from ..kernel.waiting import Link
    from ..messages.command import Command
    from ..messages.events import Event
    from .greeting import Greeting


class Port(Protocol):
    """The widget, as far as a session needs it."""

    def deliver(self, content: dict[str, Any]) -> None:
        """Send one message to the page."""

    def deliver_traits(self, names: set[str]) -> None:
        """Send the values of these traits to the page."""

    def show(self, values: Mapping[str, Any]) -> None:
        """Set read-only traits."""

    def tell(self, event: Event) -> None:
        """Tell whoever listens."""


class Context:
    """One widget's end of the wire, as all parts of its session see it.

    Args:
        port: the widget.
        host: CoCalc, normalized.
        link: what is known of the page.
        greeting: what the page's welcome depends on.
        limits: the deadlines, in seconds (`outbox.deadlines`).
        clock: a monotonic clock in seconds.
        cancel: called with a command that a user has given up.
        look: called when time may have brought something about.

    Attributes:
        here: how things stand with the frame.
        ledger: the commands under way.
        postbox: what goes to the page.
        turns: in which all that is changed.
        alarm: rings when time may have brought something about.
        knowledge: what a client knows of the documents; None without a client.
        log: the project's log, by a client; likewise.
        line: the status line, as told to the page.
        closed: the session is over.
    """

    def __init__(
        self,
        port: Port,
        host: str,
        link: Link,
        greeting: Greeting,
        limits: Mapping[str, float],
        *,
        cancel: Callable[[Command], None],
        look: Callable[[], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.port, self.host, self.link, self.greeting = port, host, link, greeting
        self.limits, self.clock = limits, clock
        self.here = Situation(Steering(limits), Proving(limits["render"]), limits)
        self.ledger = Ledger(KernelWaiter(link), cancel, limits, clock)
        self.postbox = Postbox(port.deliver, port.deliver_traits)
        self.turns = Turns(port.show, self._report)
        self.alarm = Alarm(look)
        self.knowledge: Knowledge | None = None
        self.log: LogWatch | None = None
        self.line: tuple[str, str] = ("good", "")
        self.closed = False

    def cause(self, project_id: str | None = None) -> str:
        """What is wrong, with this project or with any; "" where nothing is known to be."""
        return self.here.cause(self.words(project_id), project_id)[1]

    def words(self, project_id: str | None = None) -> dict[str, str]:
        """What is said where CoCalc is silent, about this project or any."""
        usable = self.knowledge is not None and self.knowledge.usable(project_id)
        return self.greeting.words(usable=usable)

    def _report(self) -> None:
        """Traits, the status line, and when to look again."""
        if self.closed:
            return
        here, words, pending = self.here, self.words(), self.ledger.pending
        if self.link.heard:
            self.turns.show(**here.traits(words))
        self.turns.show(busy=bool(pending))
        line = here.line(words, pending, self.clock())
        if self.link.heard and line != self.line:
            self.line = line
            self.postbox.put(outbox.say(*line, more=bool(here.health.note)))
        self.alarm.set(WATCH if here.watched(pending) else self.ledger.left())
