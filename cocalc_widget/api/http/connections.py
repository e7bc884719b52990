"""Owns connections that obey one overall deadline and know whether anything was sent.

The timeouts of sockets (and so of requests) count the time between two bytes:
a server that sends one byte now and then would hold a call for ever. Here the
whole exchange of a thread has one end, and so has its connecting (the name, all
addresses, a proxy, TLS); every read and write gets what is left.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import os
import queue
import re
import socket
import threading
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from ...forking import new_lock, on_fork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typing_extensions import Buffer

_MIN = 0.001
_PIECE = 65536  # bytes that are written at once
_REFUSED = re.compile(r"Tunnel connection failed: (\d{3})\b")


class Exchange(threading.local):
    """What this thread is exchanging right now: when it must end, whether bytes left."""

    ends: float = float("inf")
    until: float = float("inf")  # of this part of it
    sent: bool = False  # to the host: what a proxy is told does not count
    refused: int = 0  # the status with which a proxy did not let it through

    def begin(self, seconds: float) -> None:
        """Start the clock of one request."""
        self.ends = self.until = time.monotonic() + seconds
        self.sent, self.refused = False, 0

    def connecting(self, seconds: float | None) -> None:
        """Start the clock of connecting, which is a part of the exchange."""
        if seconds is not None:
            self.until = min(self.ends, time.monotonic() + seconds)

    def connected(self) -> None:
        """From here on, the end of the whole counts."""
        self.until = self.ends

    def left(self) -> float:
        """Seconds left, never 0 or less (0 would mean "do not block")."""
        return max(_MIN, self.until - time.monotonic())

    def check(self) -> None:
        """Raise `TimeoutError` where nothing is left."""
        if time.monotonic() >= self.until:
            raise TimeoutError("the deadline of the request has passed")


exchange = Exchange()


# Finding a host, and connecting to it.

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


# Sockets, connections and pools that keep the deadline.


class _Raw(io.RawIOBase):
    """The reading side of a socket; each read may last only until the exchange ends."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._io = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        exchange.check()
        self._sock.settimeout(exchange.left())
        count: int | None = self._io.readinto(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            self._io.close()
            super().close()


class _Socket:
    """A socket whose files read through `_Raw`; all else is the socket's own."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def makefile(self, mode: str = "rb", *_args: Any, **_options: Any) -> io.BufferedReader:
        if mode != "rb":
            raise ValueError(f"only reading is supported, not {mode!r}")
        return io.BufferedReader(_Raw(self._sock))


class _Exchanging:
    """What both kinds of connection do: note that something left, in as few pieces as can be."""

    sock: Any
    timeout: float | None
    _held: bytearray | None = None
    _dialing = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        on_fork(self)

    def after_fork(self) -> None:
        """Let go of the parent's connection in a child: closed here, without a word to the host."""
        sock, self.sock = self.sock, None
        if sock is not None:
            with contextlib.suppress(OSError):
                os.close(getattr(sock, "socket", sock).detach())  # `socket`: TLS in TLS

    def connect(self) -> None:
        self._dialing = True
        exchange.connecting(self.timeout)
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._dialing = False
            exchange.connected()
        self.sock = _Socket(self.sock)

    def request(self, *args: Any, **options: Any) -> None:
        # head and body in one piece: one record of TLS, one packet
        self._held = bytearray()
        try:
            super().request(*args, **options)  # type: ignore[misc]
            held = bytes(self._held)
        finally:
            self._held = None
        if held:
            self.send(held)

    def send(self, data: Any) -> None:
        if self._held is not None and isinstance(data, bytes):
            self._held += data
            return
        if self.sock is None:
            self.connect()
        exchange.sent = exchange.sent or not self._dialing
        view = memoryview(data)
        for at in range(0, len(view), _PIECE):
            exchange.check()  # over TLS the timeout of a socket is for each record
            self.sock.settimeout(exchange.left())
            super().send(view[at : at + _PIECE])  # type: ignore[misc]

    def _tunnel(self) -> None:
        # the way through a proxy; its answer obeys the deadline like any other
        bare = self.sock
        self.sock = _Socket(bare)
        try:
            super()._tunnel()  # type: ignore[misc]
        except OSError as error:
            found = _REFUSED.search(str(error))
            exchange.refused = int(found[1]) if found else 0
            raise
        finally:
            if self.sock is not None:
                self.sock = bare
        bare.settimeout(exchange.left())  # of the handshake with the host


class _Dialing(_Exchanging):
    """What direct connections, and those to most proxies, do."""

    port: int
    source_address: tuple[str, int] | None
    socket_options: Any
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        try:
            return dial(
                self._dns_host, self.port, exchange.left, self.source_address, self.socket_options
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(self, str(error)) from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error  # type: ignore[arg-type]


class _Plain(_Dialing, HTTPConnection):
    pass


class _Secure(_Dialing, HTTPSConnection):
    pass


class _Pooling:
    """What both kinds of pool do: in a child they begin anew."""

    pool: queue.LifoQueue[Any] | None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        on_fork(self)

    def after_fork(self) -> None:
        """Make the same queue new: its lock may be held for ever, and closing it would take it."""
        if (mine := self.pool) is not None:
            queue.LifoQueue.__init__(mine, mine.maxsize)
            for _ in range(mine.maxsize):
                mine.put(None)  # a place for a connection, as urllib3 has it


class _PlainPool(_Pooling, HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(_Pooling, HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS: dict[str, Any] = {"http": _PlainPool, "https": _SecurePool}


@cache
def _socks_pools() -> dict[str, Any]:
    # the same for a proxy that speaks SOCKS; with the package for that, which requests asks for
    from urllib3.contrib import socks

    class Plain(_Exchanging, socks.SOCKSConnection):
        pass

    class Secure(_Exchanging, socks.SOCKSHTTPSConnection):
        pass

    class PlainPool(_Pooling, socks.SOCKSHTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(_Pooling, socks.SOCKSHTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter on the connections above."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        """Make the pools for a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        socks = proxy.lower().startswith("socks")
        manager.pool_classes_by_scheme = _socks_pools() if socks else _POOLS
        return manager
