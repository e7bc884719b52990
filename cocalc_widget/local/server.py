"""Owns serving one site over https: certificate, sockets, event loop and thread; with deadlines."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import logging
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tornado.web import Application

NAMES = ("localhost", "127.0.0.1", "::1", "*.test")  # in the certificate
_START = 10.0  # seconds
_STOP = 10.0
_BODY = 64 * 1024 * 1024  # bytes; the APIs have limits of their own, far below
_log = logging.getLogger("tornado.general")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where the CA's certificate, the server's chain and its key lie (PEM)."""

    ca_file: str
    cert_file: str
    key_file: str


def make_certificate(folder: Path) -> Certificate:
    """Write a new CA and a certificate for loopback and `*.test` into `folder`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = trustme.CA()
    leaf = authority.issue_cert(*NAMES)
    ca_file, cert_file, key_file = (folder / n for n in ("ca.pem", "cert.pem", "key.pem"))
    authority.cert_pem.write_to_path(str(ca_file))
    cert_file.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    key_file.touch(mode=0o600)
    leaf.private_key_pem.write_to_path(str(key_file))
    return Certificate(str(ca_file), str(cert_file), str(key_file))


def public_key_hash(cert_file: str) -> str:
    """By what Chromium's `--ignore-certificate-errors-spki-list` knows a certificate."""
    data = Path(cert_file).read_bytes()
    key = x509.load_pem_x509_certificate(data).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


class Server:
    """Serves a tornado application over https on loopback, on a thread of its own."""

    def __init__(self, certificate: Certificate, port: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.cert_file, certificate.key_file)
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._http: HTTPServer | None = None
        self._app: Application | None = None
        self._thread = threading.Thread(target=self._main, name="cocalc-local", daemon=True)
        self._listening: list[socket.socket] = []

    def start(self, make: Callable[[], Coroutine[Any, Any, Application]]) -> None:
        """Bind, start the thread, make the application on it, listen.

        Raises:
            ConfigurationError: the port is taken.
        """
        try:
            self._bind()
        except OSError as error:
            self._loop.close()
            raise ConfigurationError(
                f"the local CoCalc cannot listen at port {self.port}: {error.strerror}.",
                remedy="Use another port, or port=0 for a free one.",
            ) from None
        _log.addFilter(self._no_handshakes)
        self._thread.start()

        async def begin() -> None:
            self._app = await make()
            self._listen()

        self.call(begin(), _START)

    def call(self, work: Coroutine[Any, Any, Any], seconds: float = 10.0) -> Any:
        """Run a coroutine on the site's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def soon(self, function: Callable[[], object]) -> None:
        """Call a function on the site's loop; forgotten where the loop has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function)

    async def gone(self) -> None:
        """Stop listening and break all connections; the port stays known."""
        if self._http is not None:
            self._http.stop()
            http, self._http = self._http, None
            await http.close_all_connections()
        self._listening = []

    async def back(self) -> None:
        """Listen again at the same port."""
        if self._http is None:
            self._bind()
            self._listen()

    def stop(self) -> None:
        """End connections, tasks, loop and thread."""
        if not self._thread.is_alive():
            return
        try:
            self.call(self._end(), _STOP)
        finally:
            self.soon(self._loop.stop)
            self._thread.join(_STOP)
            _log.removeFilter(self._no_handshakes)

    def _no_handshakes(self, record: logging.LogRecord) -> bool:
        # a client that resets, or does not trust the certificate, is no event worth a line;
        # a method, so that each site takes away its own filter
        return not str(record.msg).startswith("SSL Error on")

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(_quiet)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _end(self) -> None:
        await self.gone()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP / 2)

    def _bind(self) -> None:
        self._listening = bind_sockets(self.port, "127.0.0.1")
        self.port = self._listening[0].getsockname()[1]
        with contextlib.suppress(OSError):  # a machine without IPv6
            self._listening += bind_sockets(self.port, "::1", family=socket.AF_INET6)

    def _listen(self) -> None:
        if self._app is None:
            return
        self._http = HTTPServer(self._app, ssl_options=self._context, max_body_size=_BODY)
        # a clock for each request's head would cost more than it could save on loopback
        self._http.conn_params.header_timeout = None
        self._http.add_sockets(self._listening)


def _quiet(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if not isinstance(context.get("exception"), ConnectionError | ssl.SSLError):
        loop.default_exception_handler(context)
