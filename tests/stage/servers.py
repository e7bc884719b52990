"""Owns web servers on loopback for pages, with or without TLS."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Server(http.server.ThreadingHTTPServer):
    """Many connections at once; those that a browser drops are no news."""

    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Silence."""


@contextlib.contextmanager
def serving(
    handler: type[http.server.BaseHTTPRequestHandler],
    certfile: Path | str | None = None,
    keyfile: Path | str | None = None,
) -> Iterator[int]:
    """A server for this handler, by https with a certificate; its port."""
    server = Server(("127.0.0.1", 0), handler)
    if certfile is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certfile, keyfile)
        # a browser opens connections that say nothing: each thread waits for its own alone
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
