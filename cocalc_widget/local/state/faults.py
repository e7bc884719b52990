"""Owns the faults that a site can be told to show: their table, which are on, who is told."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Protocol

from ...errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

# name -> (where it shows, what happens and what the value means).
# A fault is switched on by True or by a number; True stands for the default.
FAULTS: dict[str, tuple[str, float, str]] = {
    # the kiosk page
    "slow-listener": ("page", 10.0, "the page listens only after this many seconds"),
    "dead-listener": ("page", 1.0, "the page never answers anybody, although all is right"),
    "slow-config": ("page", 5.0, "settings load for seconds; then all replies come in a burst"),
    "silent-open": ("page", 1.0, "an open gets no answer at all"),
    "slow-ack": ("page", 3.0, "an open is acknowledged only after this many seconds"),
    "ack-without-done": ("page", 1.0, "an open is acknowledged and never finished"),
    "late-done": ("page", 3.0, "an open is done this many seconds after its ack"),
    "done-without-open": ("page", 1.0, "an open says done, but the file is not open"),
    "reversed-dones": ("page", 1.0, "of two opens the second is done first (waits this long)"),
    "error-without-action": ("page", 1.0, "an open is refused before its ack, without its action"),
    "error-after-ack": ("page", 1.0, "an open fails after its ack"),
    "duplicate-replies": ("page", 1.0, "every reply comes twice"),
    "project-log-noise": ("page", 5.0, "this many messages of CoCalc's own between ack and done"),
    "junk-replies": ("page", 1.0, "junk, huge and cyclic data come before each reply"),
    "forged-source": ("page", 1.0, "a frame inside the page sends replies that are made up"),
    "forged-origin": ("page", 1.0, "a frame of an opaque origin sends replies that are made up"),
    "reload-in-flight": ("once", 1.0, "at the next open the page reloads itself instead of acking"),
    "reload-after-ack": ("once", 1.0, "at the next open the page reloads itself after the ack"),
    "signed-out": ("page", 1.0, "the page is signed out, whatever its cookies"),
    "stuck-connecting": ("page", 1.0, "status says connecting for ever"),
    "slow-rendering": ("page", 5.0, "a file counts as rendered only after this many seconds"),
    # the HTTP API; the value is the share of requests that it meets
    "error-500": ("api", 1.0, "500 with a page of HTML, nothing done"),
    "reset": ("api", 1.0, "the connection breaks before anything is done"),
    "lost-reply": ("api", 1.0, "the work is done, then the connection breaks without an answer"),
    "timeout": ("api", 1.0, "no answer, ever; nothing done"),
    "slow-loris": ("api", 1.0, "the answer comes byte by byte, one a second"),
    "wrong-length": ("api", 1.0, "the answer ends before its Content-Length"),
    "wrong-json": ("api", 1.0, "200 and application/json, but the body is not JSON"),
    "html-page": ("api", 1.0, "200 with a page of HTML"),
    "redirect": ("api", 1.0, "302 to another host"),
    "rate-limit": ("api", 1.0, "429 with Retry-After: 1, nothing done"),
    # everything
    "bad-gateway": ("server", 1.0, "a proxy answers everything with its page for 502"),
    "server-gone": ("server", 1.0, "nobody listens at the site's address until switched off"),
}


def check_fault(name: str) -> None:
    """Refuse a name that is not in the table."""
    if name not in FAULTS:
        raise ConfigurationError(
            f"there is no fault named {name!r}.", remedy=f"One of: {', '.join(sorted(FAULTS))}."
        )


class Faults:
    """Which faults are on, and with which value."""

    def __init__(self, seed: int = 0) -> None:
        self.on: dict[str, float] = {}
        self.changed: Callable[[], None] = lambda: None
        # a fixed seed: the same run meets the same failures
        self._random = random.Random(seed)  # noqa: S311 (no secret)

    def set(self, name: str, on: float) -> None:
        """Switch one fault.

        Raises:
            ConfigurationError: there is no fault of this name.
        """
        check_fault(name)
        if on is False:
            self.on.pop(name, None)
        else:
            self.on[name] = FAULTS[name][1] if on is True else float(on)
        self.changed()

    def page(self) -> dict[str, float]:
        """The faults that the kiosk page shows."""
        return {k: v for k, v in self.on.items() if FAULTS[k][0] in ("page", "once")}

    def once(self, name: str) -> bool:
        """Whether a fault that shows only once is on; it is off afterwards."""
        if FAULTS.get(name, ("",))[0] != "once" or self.on.pop(name, None) is None:
            return False
        self.changed()
        return True

    def api(self) -> str:
        """The fault that the next API request meets, "" for none."""
        for name, share in list(self.on.items()):
            if FAULTS[name][0] == "api" and self._random.random() < share:
                return name
        return ""


class OpenPage(Protocol):
    """A page that somebody has open. It enters itself into `OpenPages.all` and leaves it again."""

    known: int
    """The last round of faults that the page said it knows."""

    def say_faults(self) -> None:
        """Tell the page which faults are on."""

    def close(self) -> None:
        """End its line to the site."""


class OpenPages:
    """The pages that are open; used on the site's loop, but for `tell`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.all: set[OpenPage] = set()
        self.round = 0  # how often faults were switched
        self.taken_in = asyncio.Event()  # by a page, which says so

    def tell(self) -> None:
        """Tell all which faults are on; from any thread, whereas sockets belong to the loop's."""
        self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self.round += 1
        for page in list(self.all):
            page.say_faults()

    async def know(self, seconds: float) -> None:
        """Wait until all know which faults are on; so long at most, as a page may sleep."""
        until = self._loop.time() + seconds
        while any(page.known < self.round for page in self.all) and self._loop.time() < until:
            self.taken_in.clear()
            with contextlib.suppress(asyncio.TimeoutError):  # its own class before 3.11
                await asyncio.wait_for(self.taken_in.wait(), until - self._loop.time())

    def close(self) -> None:
        """End the lines of all."""
        for page in list(self.all):
            page.close()
