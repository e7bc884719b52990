"""Deadlines while connecting and while sending: names, addresses, handshakes, slow readers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Client
from cocalc_widget.api.http import connections

from .faults import PROJECT, good
from .server import Misbehaving, Talk, misbehaving
from .test_elsewhere import ca, context
from .test_wire import KEY, _quick

__all__ = ["_quick", "ca"]
LONG = 60.0  # s that a call may take as a whole; what is tested ends long before


def client(url: str, connect: float, **options: Any) -> Client:
    options = {"api": "v1", "retries": 0, "timeout": (connect, LONG), **options}
    return Client(KEY, host=url, **options)


@contextmanager
def dead() -> Iterator[tuple[str, int]]:
    """An address that takes no connection and refuses none."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        place = listener.getsockname()
        fill = [socket.socket() for _ in range(4)]
        for it in fill:
            it.setblocking(False)
            it.connect_ex(place)
        try:
            yield place
        finally:
            for it in fill:
                it.close()


def lead(monkeypatch: pytest.MonkeyPatch, *places: tuple[str, int]) -> None:
    """A name that has these addresses."""
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: rows)


def test_a_name_with_several_dead_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them share the time to connect."""
    with dead() as place:
        lead(monkeypatch, *[place] * 12)
        began = time.monotonic()
        with pytest.raises(errors.APITimeoutError, match="could not connect") as caught:
            client(f"http://localhost:{place[1]}", 2.0).create_project("x")
        assert time.monotonic() - began < 14, "once, not twelve times"
    assert not caught.value.sent


def test_a_dead_address_before_one_that_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    with dead() as place, misbehaving(good) as server:
        lead(monkeypatch, place, (server.url.split("/")[2].split(":")[0], server.port))
        assert client(f"http://localhost:{server.port}", 4.0).create_project("x") == PROJECT


def test_a_slow_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    answer, asked = threading.Event(), []
    plain = socket.getaddrinfo

    def slow(host: Any, *args: Any, **options: Any) -> Any:
        if host != "localhost":
            return plain(host, *args, **options)
        asked.append(host)
        answer.wait(LONG)
        return plain("127.0.0.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with misbehaving(good, tls=None) as server:
        subject = client(f"http://localhost:{server.port}", 0.3)
        try:
            began = time.monotonic()
            for _ in range(3):
                with pytest.raises(errors.APITimeoutError, match="could not connect") as caught:
                    subject.create_project("x")
                assert not caught.value.sent
            assert time.monotonic() - began < 20
            assert len(asked) == 1, "one thread waits for the answer, however many calls"
        finally:
            answer.set()


def test_a_name_that_is_none() -> None:
    with pytest.raises(errors.APIConnectionError, match="could not reach") as caught:
        client("https://no-such-host.invalid", 10.0).create_project("x")
    assert not caught.value.sent


def test_a_handshake_that_drips() -> None:
    def act(talk: Talk) -> None:
        talk.send(b"\x16\x03\x03\x40\x00")
        talk.drip(b"\2")

    with misbehaving(act) as server:
        began = time.monotonic()
        with pytest.raises(errors.APITimeoutError, match="could not connect") as caught:
            client(server.url.replace("http", "https"), 0.5).create_project("x")
        assert time.monotonic() - began < 20
    assert not caught.value.sent


@pytest.mark.parametrize("secure", [False, True])
def test_a_server_that_reads_slowly(ca: Any, secure: bool) -> None:
    """Over TLS each record had a deadline of its own."""

    def act(talk: Talk) -> None:
        while not talk.server.closing.wait(0.2) and talk.sock.recv(16384):
            pass

    server = Misbehaving(lambda _n: act, context(ca[0], "127.0.0.1") if secure else None)
    try:
        subject = Client(KEY, host=server.url, api="v1", timeout=1.5, verify=str(ca[1]))
        began = time.monotonic()
        with pytest.raises(errors.APITimeoutError) as caught:
            subject.call("anything", text="x" * 2**25)
        assert time.monotonic() - began < 20
        assert caught.value.sent
    finally:
        server.stop()


def test_who_is_interrupted_while_a_name_is_looked_up_keeps_nobody_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = connections.Names()

    def interrupt(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(names, "_begin", interrupt)
        with pytest.raises(KeyboardInterrupt):
            names.find("localhost", 80, 5)
    assert names.find("localhost", 80, 5)
