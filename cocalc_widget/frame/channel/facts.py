"""Owns what is found out about a CoCalc in the background: whom it answers, its generation."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...errors import APIConnectionError, APIError
from ...forking import new_lock
from ..kernel.timers import background

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...address import Generation
    from ...redact import Secret

PATIENCE = 3.0  # seconds that a page's hello waits for them at most
_CONNECT, _CALL = 2.0, 8.0  # seconds, where nobody's client is used
_SAMESITE = "samesite_remember_me"
_GATEWAY = (500, 502, 503, 504)  # a proxy's, for a server that is not there


class Stranger:
    """Asks a CoCalc for what it tells everybody, with nobody's key, and leaves."""

    generation: Generation | None = None  # once it was asked

    def __init__(self, host: str) -> None:
        self._host = host

    def customize(self) -> dict[str, Any]:
        """Its settings (`GET /customize`)."""
        with self._client() as client:
            told: dict[str, Any] = client.customize()
            self.generation = client.generation
        return told

    def framing(self) -> Any:
        """Who may frame it (the headers of `GET /app`)."""
        with self._client() as client:
            return client.framing()

    def takes_token(self, token: Secret) -> bool:
        """Whether a browser would be signed in by this token (generation B)."""
        with self._client() as client:
            return bool(client.takes_token(token))

    def _client(self) -> Any:
        from ...api import Client

        timeout = (_CONNECT, _CALL)
        return Client("", host=self._host, timeout=timeout, retries=0, allow_http=True)


def read_settings(settings: Mapping[str, Any]) -> tuple[list[object] | None, str | None]:
    """Of CoCalc's settings whom it answers, and the SameSite of its sign-in; None: not told."""
    hosts, samesite = (settings.get(name) for name in ("iframe_comm_hosts", _SAMESITE))
    return (
        list(hosts) if isinstance(hosts, list | tuple) else None,
        samesite.lower() if isinstance(samesite, str) else None,
    )


class Facts:
    """What a CoCalc tells about itself; nothing known is an answer too.

    Attributes:
        hosts: `iframe_comm_hosts`.
        samesite: `samesite_remember_me` ("strict", "lax", "none"; since 2025).
        generation: of the server.
        framing: who may frame it, `api.framing.Framing`.
        reached: whether it ever answered us.
    """

    def __init__(self, host: str, client: Any, known: Generation | None = None) -> None:
        self.hosts: list[object] | None = None
        self.samesite: str | None = None
        self.generation = known or _guess(host)
        self.framing: Any = None
        self.reached = False
        self._host, self._client = host, client
        self._left = 0
        self._lock = new_lock()
        self._done = threading.Event()
        self._then: Callable[[], object] = lambda: None
        if client is None:
            self._done.set()

    def fetch(self, then: Callable[[], object]) -> None:
        """Begin; `then()` is called once, when the answers are there or are not to be had."""
        self._then = then
        if self._done.is_set():
            return
        self._left = 2
        for ask in (self._ask, self._ask_framing):
            if not background(ask, "cocalc-facts"):
                self._done.set()
                return

    @property
    def known(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self._done.is_set()

    def look(self, then: Callable[[str | None], object]) -> None:
        """Ask whether CoCalc answers: `then` gets "", what does not, in words, or None: not known.

        That it can't be reached from here counts only if it could be before: a
        kernel may have no way to a CoCalc that the browser reaches well.
        """

        def ask() -> None:
            try:
                # with the client's own certificates and proxies, and within seconds
                self._client.framing()
            except APIConnectionError as error:
                then(error.message.rstrip(".") if self.reached else None)
            except APIError as error:
                proxy = error.status in _GATEWAY
                then(f"it answers with HTTP {error.status}" if proxy else "")
            except Exception:  # noqa: BLE001 - not knowing is a normal case
                then(None)
            else:
                self.reached = True
                then("")

        if not background(ask, "cocalc-check"):
            then(None)

    def check_token(self, token: Secret, then: Callable[[bool | None], object]) -> None:
        """Ask the server whether it takes a token; `then` gets the answer, None if not known."""

        def ask() -> None:
            # a token goes to its own host only, whatever the client's is
            home = getattr(self._client, "host", self._host) == self._host
            asked = self._client if home and self._client else Stranger(self._host)
            taken: bool | None = None
            with contextlib.suppress(Exception):
                taken = bool(asked.takes_token(token))
            then(taken)

        if not background(ask, "cocalc-token"):
            then(None)

    def _ask(self) -> None:
        try:
            settings = self._client.customize()
            self.reached = True
            self.hosts, self.samesite = read_settings(settings)
            generation = self._client.generation
            self.generation = generation if generation in ("A", "B") else self.generation
        except Exception:  # noqa: BLE001, S110 - not knowing is a normal case: the page finds out
            pass
        finally:
            self._end()

    def _ask_framing(self) -> None:
        try:
            self.framing = self._client.framing()
        except Exception:  # noqa: BLE001, S110 - likewise
            pass
        finally:
            self._end()

    def _end(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left:
                return
        self._done.set()
        self._then()


def is_choosy(host: str) -> bool:
    """Whether this is the public CoCalc, which was seen to refuse most pages that frame it."""
    name = urlsplit(host).hostname or ""
    return name == "cocalc.com" or name.endswith(".cocalc.com")


def _guess(host: str) -> Generation | None:
    return "B" if is_choosy(host) else None
