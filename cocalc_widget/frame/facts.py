"""Owns what is found out about a CoCalc in the background: whom it answers, its generation."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .timers import background

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..address import Generation

PATIENCE = 3.0  # seconds that a page's hello waits for them at most
_CONNECT, _CALL = 2.0, 8.0  # seconds, where nobody's client is used


class Stranger:
    """Asks a CoCalc for what it tells everybody, with nobody's key, and leaves."""

    generation: Generation | None = None  # once it was asked

    def __init__(self, host: str) -> None:
        self._host = host

    def customize(self) -> dict[str, Any]:
        """Its settings (`GET /customize`)."""
        from ..api import Client

        timeout = (_CONNECT, _CALL)
        with Client("", host=self._host, timeout=timeout, retries=0, allow_http=True) as client:
            told: dict[str, Any] = client.customize()
            self.generation = client.generation
        return told


class Facts:
    """Asks the client once, on a thread of its own; nothing known is an answer too."""

    def __init__(self, host: str, client: Any, known: Generation | None = None) -> None:
        self.hosts: list[object] | None = None
        self.generation = known or _guess(host)
        self._client = client
        self._done = threading.Event()
        self._then: Callable[[], object] = lambda: None
        if client is None:
            self._done.set()

    def fetch(self, then: Callable[[], object]) -> None:
        """Begin; `then()` is called once, when the answers are there or are not to be had."""
        self._then = then
        if not self._done.is_set() and not background(self._ask, "cocalc-facts"):
            self._done.set()

    @property
    def known(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self._done.is_set()

    def _ask(self) -> None:
        try:
            settings = self._client.customize()
            hosts = settings.get("iframe_comm_hosts")
            self.hosts = list(hosts) if isinstance(hosts, list | tuple) else None
            generation = self._client.generation
            self.generation = generation if generation in ("A", "B") else self.generation
        except Exception:  # noqa: BLE001, S110 - not knowing is a normal case: the page finds out
            pass
        finally:
            self._done.set()
            self._then()


def _guess(host: str) -> Generation | None:
    name = urlsplit(host).hostname or ""
    return "B" if name == "cocalc.com" or name.endswith(".cocalc.com") else None
