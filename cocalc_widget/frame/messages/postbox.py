"""Owns what goes to the page: what is said in one moment travels in one message.

Each message of a comm costs the kernel, its server and the page tens of
milliseconds, so that ten commands in a row would cost a second.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ...forking import new_rlock
from ...redact import discreet
from ..kernel.timers import later
from . import outbox

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Callable, Mapping

    from ..kernel.timers import Deadline

MOMENT = 0.02  # seconds; who waits for an answer sends at once what lies here


class Postbox:
    """Gathers messages and names of traits, and sends them in their order; for any thread.

    Args:
        send: sends one message to the page.
        sync: sends the traits of these names to the page.
    """

    def __init__(
        self, send: Callable[[dict[str, Any]], object], sync: Callable[[set[str]], object]
    ) -> None:
        self._send, self._sync = send, sync
        self._lock = new_rlock()
        self._messages: list[dict[str, Any]] = []
        self._traits: set[str] = set()
        self._errands: list[Callable[[], object]] = []
        self._whose: set[int] = set()  # the threads that have put something here
        self._due: Deadline | TimerHandle | None = None

    def put(self, message: Mapping[str, Any]) -> None:
        """Send this soon."""
        with self._lock:
            if message["type"] == "steer":  # the frame shows one document at a time
                self._messages = [one for one in self._messages if one["type"] != "steer"]
            self._messages.append(dict(message))
            self._soon()

    def put_traits(self, names: set[str]) -> None:
        """Send the values that these have then, after the messages of the same moment.

        Nobody waits for them, and each message keeps the next one waiting.
        """
        with self._lock:
            self._traits |= names
            self._soon()

    def put_errand(self, call: Callable[[], object]) -> None:
        """Do this as soon as the messages of the moment are sent: work that must not delay them."""
        with self._lock:
            self._errands.append(call)
            self._soon()

    @discreet
    def flush(self) -> None:
        """Send now what lies here: somebody waits for the answer."""
        with self._lock:
            if self._due is not None:
                self._due.cancel()  # it is not to cut the next moment short
            self._due = None
            self._whose.clear()
            traits, self._traits = self._traits, set()
            messages, self._messages = self._messages, []
            errands, self._errands = self._errands, []
            if messages:
                self._send(outbox.batch(messages))
            if traits:
                self._sync(traits)
        for call in errands:
            call()

    def flush_mine(self) -> None:
        """Send it now if all of it is this thread's: another one may be in the midst of more."""
        if self._whose == {threading.get_ident()}:
            self.flush()

    def _soon(self) -> None:
        self._whose.add(threading.get_ident())
        if self._due is not None:
            return
        self._due = later(MOMENT, self.flush)
        if self._due is None:  # neither threads nor a loop
            self.flush()
