"""Owns connections that obey one overall deadline and know whether anything was sent.

The timeouts of sockets (and so of requests) count the time between two bytes:
a server that sends one byte now and then would hold a call for ever. Here the
whole exchange of a thread has one end, and every read gets what is left.
"""

from __future__ import annotations

import contextlib
import io
import os
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ..forking import on_fork

if TYPE_CHECKING:
    from typing_extensions import Buffer

_MIN = 0.001


class Exchange(threading.local):
    """What this thread is exchanging right now: when it must end, whether bytes left."""

    ends: float = float("inf")
    sent: bool = False

    def begin(self, seconds: float) -> None:
        """Start the clock of one request."""
        self.ends = time.monotonic() + seconds
        self.sent = False

    def left(self) -> float:
        """Seconds left, never 0 or less (0 would mean "do not block")."""
        return max(_MIN, self.ends - time.monotonic())


exchange = Exchange()


class _Raw(io.RawIOBase):
    """The reading side of a socket; each read may last only until the exchange ends."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._io = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        if time.monotonic() >= exchange.ends:
            raise TimeoutError("the deadline of the request has passed")
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
    _held: bytearray | None = None

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
        super().connect()  # type: ignore[misc]
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
        exchange.sent = True
        super().send(data)  # type: ignore[misc]


class _Plain(_Exchanging, HTTPConnection):
    pass


class _Secure(_Exchanging, HTTPSConnection):
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


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter on the connections above."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        """Make the pools for a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager
