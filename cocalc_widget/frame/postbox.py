"""Owns what goes to the page: what is said in one moment travels in one message.

Each message of a comm costs the kernel, its server and the page tens of
milliseconds, so that ten commands in a row would cost a second.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ..redact import discreet
from . import outbox
from .timers import later

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
        self._lock = threading.RLock()
        self._messages: list[dict[str, Any]] = []
        self._traits: set[str] = set()
        self._waits = False

    def put(self, message: Mapping[str, Any]) -> None:
        """Send this soon."""
        with self._lock:
            if message["type"] == "steer":  # the frame shows one document at a time
                self._messages = [one for one in self._messages if one["type"] != "steer"]
            self._messages.append(dict(message))
            self._soon()

    def put_traits(self, names: set[str]) -> None:
        """Send the values that these have then, before the messages of the same moment."""
        with self._lock:
            self._traits |= names
            self._soon()

    @discreet
    def flush(self) -> None:
        """Send now what lies here."""
        with self._lock:
            self._waits = False
            traits, self._traits = self._traits, set()
            messages, self._messages = self._messages, []
            if traits:
                self._sync(traits)
            if messages:
                self._send(outbox.batch(messages))

    def _soon(self) -> None:
        if self._waits:
            return
        self._waits = True
        if later(MOMENT, self.flush) is None:  # neither threads nor a loop
            self.flush()
