"""A small loopback server that does as told: answers, hangs, resets, drips."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass
class Answer:
    body: Any = None
    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        if "json" in self.content_type:
            return json.dumps(self.body).encode()
        return str(self.body or "").encode()


# how API v1 answers a ping without a key: generation A (recording: ping.no_auth_header)
NO_KEY = Answer({"error": "You must provide authentication via an API key."}, 400)
HANG, RESET, DRIP, DRIP_HEAD, HALF = "hang", "reset", "drip", "drip_head", "half"
Reaction = Answer | str
Handler = Callable[[Seen], Reaction]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handle: Handler) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.handle: Handler = handle
        self.seen: list[Seen] = []
        self.closing = threading.Event()
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that go away are part of these tests

    def paths(self) -> list[str]:
        return [seen.path for seen in self.seen]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, body)
        self.server.seen.append(seen)
        reaction = self.server.handle(seen)
        if isinstance(reaction, Answer):
            self._answer(reaction)
        else:
            self.close_connection = True
            getattr(self, f"_{reaction}")()

    do_GET = do_PUT = do_POST  # noqa: N815

    def _answer(self, answer: Answer) -> None:
        data = answer.encoded()
        head = [f"HTTP/1.1 {answer.status} x", f"Content-Length: {len(data)}"]
        if answer.content_type:
            head.append(f"Content-Type: {answer.content_type}")
        if "Date" not in answer.headers:
            head.append(f"Date: {self.date_time_string()}")
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        self.wfile.write("\r\n".join(head).encode() + b"\r\n\r\n" + data)

    def _hang(self) -> None:
        self.server.closing.wait(30)

    def _reset(self) -> None:
        option = struct.pack("ii", 1, 0)  # RST instead of FIN
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        self.connection.close()

    def _half(self) -> None:
        self.wfile.write(b'HTTP/1.1 200 x\r\nContent-Length: 100\r\n\r\n{"event')

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 x\r\nContent-Length: 100000\r\n\r\n")
        while not self.server.closing.wait(0.05):
            self.wfile.write(b" ")

    def _drip_head(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 x\r\nX-Slow: ")
        while not self.server.closing.wait(0.05):
            self.wfile.write(b"a")

    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def serving(handle: Handler) -> Iterator[Server]:
    server = Server(handle)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
