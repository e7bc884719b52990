"""Owns the checks of a CoCalc: whether it answers, what it speaks, whether it takes the key."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import APIError, AuthenticationError, CoCalcError
from .report import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...address import Generation
    from ...api.framing import Framing
    from ...frame import CoCalc

NAMES = ("host", "api", "key")
# s to connect, and for a whole call: three of them, and a fourth beside, fit the doctor's time
_TIMEOUT = (3.0, 5.0)
_LOGIN = "%cocalc login asks for one; it is made in CoCalc's account settings."


class Site:
    """One CoCalc, and what the checks have found out about it for those that follow.

    Args:
        host: its address as the user gave it; None for the configured one.
        widget: the frame shown last, which may show another CoCalc than that.

    Attributes:
        settings: what `/customize` tells, None while it is not known.
        generation: of the server, None while it is not known.
        framing: who may frame it, None if it does not tell.
        unframed: why it does not tell.
    """

    def __init__(self, host: str | None, widget: CoCalc | None) -> None:
        self.given, self.widget = host, widget
        self.host = host or ""
        self.settings: dict[str, Any] | None = None
        self.generation: Generation | None = None
        self.framing: Framing | None = None
        self.unframed: CoCalcError | None = None

    def checks(self) -> Iterator[Check]:
        """Host, API and key; what is found out by the way is kept for the checks that follow."""
        from ... import config
        from ...api import Client

        found = config.resolve(host=self.given)
        self.host, has_key = found.host, found.api_key is not None
        client = Client(host=found.host, timeout=_TIMEOUT, retries=0)
        with client:
            yield self._reached(client)
            if self.settings:
                framing = threading.Thread(
                    target=self._ask_framing, args=(client,), name="cocalc-doctor", daemon=True
                )
                framing.start()
                yield self._api(client)
                yield key_works(client, found.source) if has_key else no_key()
                framing.join()  # it has a deadline of its own
            else:
                yield Check("api", "warn", "Not asked, as the host does not answer.")
                there = Check("key", "warn", f"There is one, from {found.source}; not tried.")
                yield there if has_key else no_key()

    def _reached(self, client: Any) -> Check:
        begun = time.monotonic()
        try:
            self.settings = client.customize()
        except CoCalcError as error:
            remedy = error.remedy or "Can this machine open that address?"
            if isinstance(error, APIError):
                remedy = "Is this the address of a CoCalc? %cocalc login --host HOST sets another."
            where = "" if client.host in error.message else f"{client.host}: "
            return Check("host", "fail", f"{where}{error.message}", remedy)
        took = time.monotonic() - begun
        if not self.settings:
            return Check(
                "host",
                "fail",
                f"{client.host} answers, but not as a CoCalc does.",
                "Is the address right? %cocalc login --host HOST sets another.",
            )
        return Check("host", "ok", f"{client.host} answered in {took * 1000:.0f} ms")

    def _ask_framing(self, client: Any) -> None:
        try:
            self.framing = client.framing(timeout=_TIMEOUT[1])
        except CoCalcError as error:
            self.unframed = error

    def _api(self, client: Any) -> Check:
        try:
            self.generation = client.generation
        except CoCalcError as error:
            return Check("api", "fail", error.message, error.remedy)
        speaks = {"A": "API v1 and v2 (until 2025-05)", "B": "API v2 and conat (since 2025-05)"}
        return Check("api", "ok", f"generation {self.generation}: {speaks[client.generation]}")


def no_key() -> Check:
    """The check where there is no key."""
    return Check("key", "warn", "No API key. Frames can be shown, files can't be copied.", _LOGIN)


def key_works(client: Any, source: str) -> Check:
    """Whether the server takes the key; the account is not named, as the report may go public."""
    from ... import config

    begun = time.monotonic()
    try:
        client.whoami()
    except AuthenticationError as error:
        return Check(
            "key", "fail", f"The key from {source} is refused: {error.message}",
            "Make a new one in CoCalc's settings, then %cocalc login --ask.",
        )  # fmt: skip
    except CoCalcError as error:
        return Check("key", "fail", f"The key from {source}: {error.message}", error.remedy)
    took = (time.monotonic() - begun) * 1000
    with suppress(OSError):
        if os.name == "posix" and Path(source).is_file() and Path(source).stat().st_mode & 0o077:
            return Check(
                "key", "warn", f"The key from {source} works, but others can read that file.",
                f"Run: chmod 600 {source}",
            )  # fmt: skip
    others = [name for name in config.sources(client.host) if name != source]
    also = f"; not used: the one from {', '.join(others)}" if others else ""
    return Check("key", "ok", f"The key from {source} works ({took:.0f} ms){also}")
