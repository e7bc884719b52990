"""Owns https in front of a server that has none: bytes in, bytes out."""

import contextlib
import socket
import ssl
import threading


def _pipe(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _serve(raw, context, port):
    with contextlib.suppress(OSError):
        outer = context.wrap_socket(raw, server_side=True)
        inner = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=_pipe, args=(outer, inner), daemon=True).start()
        _pipe(inner, outer)


@contextlib.contextmanager
def in_front_of(port, certfile, keyfile):
    """The port of loopback at which the server on `port` speaks https."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certfile, keyfile)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    raw, _address = listener.accept()
                    threading.Thread(target=_serve, args=(raw, context, port), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
