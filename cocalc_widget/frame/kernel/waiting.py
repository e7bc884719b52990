"""Owns waiting for a command's end inside the kernel: how it can be done here, or why not.

While a cell blocks, the page's messages must arrive on another thread, or
nobody reads them. Where they arrive depends on the kernel and the front end:

- JupyterLab 4 with ipykernel 7 sends them to a subshell, a thread of its own
  (from 7.4 on only with `ipykernel.own_replies`): wait on an event.
- ipykernel 6 and marimo have one thread for all: `ipykernel6` and `marimo` read them in between.
- Otherwise the wait would never end: refuse, and name the line that works.
"""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import ChannelBlockedError, CommandTimeoutError, WouldDeadlockError
from . import ipykernel, ipykernel6, marimo

if TYPE_CHECKING:
    from collections.abc import Callable

UNDISPLAYED = 3.0  # seconds in which a display may still turn out to have happened
DEAF = 5.0  # seconds in which a front end makes its subshell
COLD = 30.0  # seconds in which a page loads its widgets and says hello
_SLICE = 0.05


class Waited(Protocol):
    """A command, as far as waiting for its end needs it."""

    @property
    def action(self) -> str:
        """Its name, for sentences."""

    @property
    def path(self) -> str | None:
        """The file it opens, if it opens one."""

    def done(self) -> bool:
        """Whether it has ended."""

    def wait_event(self, seconds: float) -> bool:
        """Block this thread until it has ended, for `seconds` at most."""

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Call `callback` at its end, on whatever thread that comes."""


@dataclass
class Link:
    """What is known of the page: written by the widget, read by who waits."""

    comm: Callable[[], object] = lambda: None
    displayed: bool = False
    heard: bool = False
    shown: bool = False
    threads: set[int] = field(default_factory=set)  # those that have heard the page
    busy: set[int] = field(default_factory=set)  # threads inside a message handler
    flush: Callable[[], object] = lambda: None  # sends the page what waits to be sent
    why: Callable[[], str] = lambda: ""  # what keeps commands from ending, if anything is known


class KernelWaiter:
    """Waits for commands of one widget, in whatever way this kernel allows."""

    def __init__(self, link: Link, clock: Callable[[], float] = time.monotonic) -> None:
        self._link = link
        self._clock = clock

    def block(self, command: Waited, timeout: float | None) -> None:
        """Return when the command has ended.

        Raises:
            CommandTimeoutError: after `timeout` seconds.
            ChannelBlockedError: no page shows the widget.
            WouldDeadlockError: waiting would keep the page's messages from being read.
        """
        begun = self._clock()
        until = None if timeout is None else begun + timeout
        self._link.flush()
        serve = self._server()
        while not command.done():
            now = self._clock()
            self._refuse(command, now - begun, polling=serve is not None)
            if until is not None and now >= until:
                why = self._link.why()
                raise CommandTimeoutError(
                    f"No answer to the {command.action} within {timeout:g} s; it goes on."
                    + (f" {why}" if why else ""),
                    remedy="" if why else "Ask the same command's result() again, or wait longer.",
                )
            seconds = _SLICE if until is None else max(0.0, min(_SLICE, until - now))
            if serve is None:
                command.wait_event(seconds)
            else:
                serve(seconds)

    async def until_done(self, command: Waited) -> None:
        """Return when the command has ended; the loop runs on meanwhile."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        self._link.flush()

        def wake(_command: object) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(ended.set)

        command.add_done_callback(wake)
        begun = self._clock()
        serve = self._server()
        while not ended.is_set():
            if not self._link.shown:
                waited = self._clock() - begun
                self._refuse_unseen(command, waited)
                if waited >= DEAF and ipykernel.by_program() and ipykernel.in_cell():
                    raise no_page(command)
            if serve is not None:
                serve(0.0)
            try:
                await asyncio.wait_for(ended.wait(), 0.5 if serve is None else 0.005)
            except asyncio.TimeoutError:  # its own class before 3.11
                continue

    def _server(self) -> Callable[[float], None] | None:
        """What reads the page's messages while this thread waits, if it must and can."""
        comm = self._link.comm()
        if threading.get_ident() in self._link.busy:
            return None
        if marimo.is_marimo(comm):
            queue = marimo.ahead()
            return None if queue is None else lambda seconds: marimo.serve(comm, queue, seconds)
        kernel = ipykernel.kernel()
        if not (ipykernel.kind(comm) == "ipykernel" and ipykernel.version()[0] == 6):
            return None
        if not (ipykernel6.can_serve(kernel) and ipykernel.is_cell_thread()):
            return None
        return lambda seconds: ipykernel6.serve(kernel, seconds)

    def _refuse(self, command: Waited, waited: float, *, polling: bool) -> None:
        """Raise if the command's end cannot be heard on this thread."""
        link = self._link
        self._refuse_unseen(command, waited)
        if not link.heard and ipykernel.by_program():
            raise no_page(command)
        if polling:
            return
        here = threading.get_ident()
        if here in link.busy:
            raise deadlock(command, "This runs inside a callback of the widget itself.")
        if link.threads - {here} or not (link.heard or ipykernel.is_cell_thread()):
            return
        # A page's first hello comes before its subshell is made, and then on this very
        # thread: with a subshell around, the next message may well come there.
        subshell = ipykernel.has_subshells()
        if subshell and not link.heard:
            return
        hope = subshell if link.heard else ipykernel.version()[0] >= 7
        hope = hope and ipykernel.is_cell_thread()
        if waited >= (DEAF if hope else 0.0):
            raise deadlock(
                command,
                "This kernel does not hear the page while a cell blocks."
                if link.heard
                else "Either no browser shows this notebook, or its page cannot be heard "
                "while a cell blocks.",
            )

    def _refuse_unseen(self, command: Waited, waited: float) -> None:
        """Raise if there is no page that could answer."""
        link = self._link
        if ipykernel.kind(link.comm()) == "none":
            raise ChannelBlockedError(
                f"There is no page that could answer the {command.action}: "
                "this Python does not run inside a notebook.",
                remedy="Use the widget in JupyterLab, Notebook, Voilà or marimo.",
            )
        displayed = link.displayed or marimo.is_marimo(link.comm())  # which does not say
        if not displayed and not link.shown and waited >= UNDISPLAYED:
            raise ChannelBlockedError(
                f"The {command.action} waits for a widget that is not displayed.",
                remedy="Display it first, in a cell above: display(widget).",
            )
        if not link.heard and waited >= COLD:
            raise ChannelBlockedError(
                f"No page has answered for {waited:.0f} s.",
                remedy="Is the notebook open in a browser, and the widget's output visible there?",
            )


def no_page(command: Waited) -> ChannelBlockedError:
    """The cell was run by a program, before or without a page."""
    return ChannelBlockedError(
        f"No page shows the widget, so that nobody can answer the {command.action}: this cell was "
        "run by a program (Voilà does so before it shows the page, nbclient and papermill "
        "without any).",
        remedy="Do it when the page is there: widget.status().add_done_callback(print); or run the "
        "cell in JupyterLab.",
    )


def deadlock(command: Waited, why: str) -> WouldDeadlockError:
    """Waiting here would stop the messages that it waits for; names the line that works."""
    call = f'open("{command.path}")' if command.path else f"{command.action}()"
    return WouldDeadlockError(
        f"{why} Waiting for the {command.action} here would never end.",
        remedy=f"Write `reply = await widget.{call}` instead.",
    )
