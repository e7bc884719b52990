"""Owns a server on loopback made of bare sockets: it does with a connection what it is told to."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import randrange

GONE = (OSError, ssl.SSLError)  # the client went away, which is part of these tests


class Talk:
    """One connection, from the server's side."""

    def __init__(self, server: Misbehaving, sock: socket.socket) -> None:
        self.server, self.sock = server, sock

    def read(self) -> bytes:
        """A whole request; counted."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        length = int(found[1]) if found else 0
        while len(body) < length:
            body += self._more()
        self.server.requests.append(head + b"\r\n\r\n" + body)
        return body

    def _more(self) -> bytes:
        part = self.sock.recv(65536)
        if not part:
            raise ConnectionError("the client has closed")
        return part

    def arrived(self) -> None:
        """Wait until a request begins to arrive; it is not read."""
        self.sock.recv(1, socket.MSG_PEEK)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, head: bytes, body: bytes = b"") -> None:
        """Read a request, answer, close."""
        self.read()
        self.send(head + b"\r\n\r\n" + body)

    def reset(self) -> None:
        """RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def half_close(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)

    def hang(self) -> None:
        """Until the server stops."""
        self.server.closing.wait(60)

    def drip(self, data: bytes, every: float = 0.05) -> None:
        """The same again and again, for ever."""
        while not self.server.closing.wait(every):
            self.send(data)


Act = Callable[[Talk], None]


def relay(port: int, host: str = "127.0.0.1") -> Act:
    """All that comes goes to a server at that port, and back."""

    def act(talk: Talk) -> None:
        with socket.create_connection((host, port), 30) as behind:

            def back() -> None:
                with suppress(*GONE):
                    while data := behind.recv(65536):
                        talk.send(data)
                with suppress(*GONE):
                    talk.half_close()

            thread = threading.Thread(target=back, daemon=True)
            thread.start()
            with suppress(*GONE):
                while data := talk.sock.recv(65536):
                    behind.sendall(data)
            with suppress(*GONE):
                behind.shutdown(socket.SHUT_RDWR)
            thread.join(10)

    return act


def tunnel(port: int) -> Act:
    """A proxy that lets everything through, to a server at that port whatever its name."""

    def act(talk: Talk) -> None:
        talk.read()
        talk.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        relay(port)(talk)

    return act


class Misbehaving:
    """Does `plan(number)` with its connections, numbered from 0; a thread for each."""

    def __init__(self, plan: Callable[[int], Act], tls: ssl.SSLContext | None = None) -> None:
        self._plan, self._tls = plan, tls
        self.requests: list[bytes] = []  # those that were read
        self.connections = 0
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        # An address of its own: a port that was somebody's a moment ago may still be tried by
        # whoever knew it, and such a visitor would be counted.
        place = (
            "127.0.0.1" if tls else f"127.{randrange(1, 255)}.{randrange(256)}.{randrange(1, 255)}"
        )
        self._listener = socket.create_server((place, 0), backlog=64)
        self._listener.settimeout(0.05)  # so that it notices its end
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{place}:{self.port}"
        self._main = threading.Thread(target=self._accept, daemon=True)
        self._main.start()

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(30)
            self._open.add(sock)
            thread = threading.Thread(
                target=self._serve, args=(sock, self.connections), daemon=True
            )
            self.connections += 1
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            with suppress(*GONE):
                if self._tls:
                    self._open.discard(sock)
                    sock = self._tls.wrap_socket(sock, server_side=True)
                    self._open.add(sock)
                self._plan(number)(Talk(self, sock))
        finally:
            self._open.discard(sock)
            sock.close()

    def stop(self) -> None:
        """End all threads, or say which does not."""
        self.closing.set()
        for sock in list(self._open):
            with suppress(*GONE):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in (self._main, *self._threads):
            thread.join(10)
            assert not thread.is_alive(), thread
        self._listener.close()


@contextmanager
def misbehaving(
    *acts: Act, then: Act | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Misbehaving]:
    """A server that does each act with one connection, and `then` (or the last) with the others."""
    last = then or acts[-1]
    server = Misbehaving(lambda n: acts[n] if n < len(acts) else last, tls)
    try:
        yield server
    finally:
        server.stop()
