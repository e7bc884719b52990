"""Owns finding a host and connecting to it: all of its addresses within one deadline."""

from __future__ import annotations

import ipaddress
import socket
import threading
from typing import TYPE_CHECKING, Any

from urllib3.util.connection import allowed_gai_family

from ...forking import new_lock, on_fork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Key = tuple[str, int, int]


class _Asking:
    """A name that is being looked up."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.found: list[Any] = []
        self.error: Exception | None = None

    def ask(self, key: Key) -> None:
        host, port, family = key
        try:
            self.found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        except Exception as error:  # noqa: BLE001 - raised by whoever waits
            self.error = error
        self.done.set()


class Names:
    """Looks names up on threads: nothing else can end the wait for a name server.

    Who asks for a name that is being looked up waits for the same thread, so that
    a name server that is away does not gather threads.
    """

    def __init__(self) -> None:
        self._lock = new_lock()
        self._asking: dict[Key, _Asking] = {}
        on_fork(self)

    def after_fork(self) -> None:
        """In a child nobody is looking anything up."""
        self._asking = {}

    def find(self, host: str, port: int, seconds: float) -> list[Any]:
        """The addresses of a host, as `socket.getaddrinfo` gives them.

        Raises:
            OSError: no such name; TimeoutError: not known in time.
            UnicodeError: what cannot be a name.
        """
        key = (host, port, allowed_gai_family())
        if _is_address(host):
            return socket.getaddrinfo(*key, socket.SOCK_STREAM)
        with self._lock:
            asking = self._asking.get(key)
            if asking is None:
                asking = self._asking[key] = _Asking()
                self._begin(asking, key)
        if not asking.done.wait(seconds):
            raise TimeoutError(f"no answer to where {host} is")
        if asking.error is not None:
            raise type(asking.error)(*asking.error.args)  # its own for each who waited
        return asking.found

    def _begin(self, asking: _Asking, key: Key) -> None:
        def work() -> None:
            asking.ask(key)
            self._asking.pop(key, None)

        try:
            threading.Thread(target=work, name="cocalc-name", daemon=True).start()
        except RuntimeError:  # no threads here, or no more of them
            work()


_names = Names()


def dial(
    host: str,
    port: int,
    left: Callable[[], float],
    source: tuple[str, int] | None = None,
    options: Iterable[Any] | None = None,
) -> socket.socket:
    """A connection to the first address of a host that takes it.

    Each address gets its share of the time that is left: one that is dead leaves
    something for those after it.

    Args:
        host: a name or an address.
        port: of TCP.
        left: seconds that are left, whenever it is called.
        source: to come from.
        options: of the socket, as for `setsockopt`.

    Returns:
        The socket; its timeout is what is left now.

    Raises:
        OSError: no address, or none that answers; the error of the last one.
    """
    places = _names.find(host.strip("[]"), port, left())
    error = OSError("the name has no address")
    for number, (family, kind, protocol, _, address) in enumerate(places):
        sock = None
        try:
            sock = socket.socket(family, kind, protocol)
            for option in options or ():
                sock.setsockopt(*option)
            if source:
                sock.bind(source)
            sock.settimeout(left() / (len(places) - number))
            sock.connect(address)
            sock.settimeout(left())
        except OSError as failed:
            error = failed
            if sock is not None:
                sock.close()
        else:
            return sock
    raise error


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
