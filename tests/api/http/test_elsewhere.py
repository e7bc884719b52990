"""Redirects, clocks, rates, encodings, certificates: what the table of faults has no room for."""

from __future__ import annotations

import socket
import ssl
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from cocalc_widget import errors
from cocalc_widget.api import Client
from cocalc_widget.api.http import messages as wire

from ..copying.queue_server import SRC, Queue, project
from ..fake import RESET, Answer, Reaction, Seen, serving
from .faults import BODY, FAULTS, LENGTH, OK, PROJECT, encoded, good, says
from .server import Act, Misbehaving, Talk, misbehaving
from .test_wire import KEY, _quick, client

__all__ = ["_quick"]
PONG = OK + LENGTH % len(BODY)


# -- redirects --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("form", ["http://127.0.0.1:{}/x", "//127.0.0.1:{}/x", "http://k@127.0.0.1:{}",
                                  "HTTP://127.0.0.1:{}/x", "\thttp://127.0.0.1:{}"])  # fmt: skip
def test_the_key_goes_to_no_other_host(status: int, form: str) -> None:
    with misbehaving(good) as other:
        place = form.format(other.port).encode()
        act = says(b"HTTP/1.1 %d x\r\nLocation: %s" % (status, place))
        for call in (lambda c: c.ping(), lambda c: c.create_project("x")):
            with misbehaving(act) as server:
                with pytest.raises(errors.ServerError):
                    call(client(server.url))
                assert server.connections == 1
        assert other.connections == 0, "nobody even called there"


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_within_the_host_is_the_same_request_again(status: int) -> None:
    """Certain not to have been done: so it may be sent there, by every call."""
    act = says(b"HTTP/1.1 %d x\r\nLocation: /moved?to=1" % status)
    for call in (lambda c: c.ping(), lambda c: c.create_project("x")):
        with misbehaving(act, then=good) as server:
            call(client(server.url))
            first, second = server.requests
        assert second.startswith(b"POST /moved?to=1 HTTP/1.1\r\n")
        assert second.partition(b"\r\n")[2] == first.partition(b"\r\n")[2], "but for the address"


def test_a_loop_of_redirects_ends() -> None:
    with misbehaving(says(b"HTTP/1.1 307 x\r\nLocation: /a?")) as server:
        for call in (lambda c: c.ping(), lambda c: c.create_project("x")):
            before = server.connections
            with pytest.raises(errors.ServerError):
                call(client(server.url))
            assert server.connections - before <= 4


# -- clocks and rates -------------------------------------------------------------------------


def limited(wait: bytes, clock: datetime | None = None) -> Act:
    date = b"" if clock is None else b"\r\nDate: " + format_datetime(clock, usegmt=True).encode()
    body = b'{"error": "slow down"}'
    head = b"HTTP/1.1 429 x\r\nContent-Type: application/json\r\nRetry-After: " + wait
    return says(head + date + LENGTH % len(body), body)


@pytest.mark.parametrize("skew", [timedelta(hours=-5), timedelta(0), timedelta(hours=5)], ids=str)
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_how_long_to_wait_is_told_by_the_servers_clock(form: str, skew: timedelta) -> None:
    """Hours off, in either direction: the wait is the one that was meant."""
    clock = (datetime.now(timezone.utc) + skew).replace(microsecond=0)
    until = format_datetime(clock + timedelta(seconds=90), usegmt=True).encode()
    with misbehaving(limited(b"90" if form == "seconds" else until, clock)) as server:
        with pytest.raises(errors.RateLimitError) as caught:
            client(server.url).ping()
        assert server.connections == 1, "the deadline comes first"
        assert caught.value.retry_after == 90.0
        with pytest.raises(errors.RateLimitError):
            client(server.url).create_project("x")
    until = format_datetime(clock - timedelta(days=2), usegmt=True).encode()
    with misbehaving(limited(until, clock), then=good) as server:  # a time that has passed: at once
        assert client(server.url).ping().now is not None
        assert server.connections == 2


@pytest.mark.parametrize("wait", [b"", b"soon", b"nan", b"inf", b"-1", b"0", b"1e-3", b"\x00"])
def test_times_that_are_none_do_not_stop_the_client(wait: bytes) -> None:
    with misbehaving(limited(wait), then=good) as server:
        assert client(server.url).ping().now is not None
        assert server.connections == 2


@pytest.mark.parametrize("date", [b"yesterday", b"Mon, 01 Jan 0001 00:00:00 -0000", b"\xff",
                                  b"Fri, 31 Dec 9999 23:59:59 -2359"])  # fmt: skip
def test_dates_that_are_none(date: bytes) -> None:
    with misbehaving(says(PONG + b"\r\nDate: " + date, BODY)) as server:
        assert client(server.url).ping().now is not None
        assert client(server.url).create_project("x") == PROJECT


# -- encodings --------------------------------------------------------------------------------


def bomb(size: int, times: int) -> bytes:
    """So many zeros, compressed again and again."""
    data = b"\0" * 2**20
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    found = b"".join(packer.compress(data) for _ in range(size // len(data))) + packer.flush()
    for _ in range(times - 1):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        found = packer.compress(found) + packer.flush()
    return found


@pytest.mark.parametrize("times", [1, 2])
def test_a_bomb_fills_no_memory(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """512 MB out of half a megabyte, or of a few thousand bytes: cut off at the limit."""
    monkeypatch.setattr(wire, "MAX_REPLY", 4 * 2**20)
    data = bomb(512 * 2**20, times)
    with misbehaving(encoded(b", ".join([b"gzip"] * times), data)) as server:
        tracemalloc.start()
        try:
            with pytest.raises(errors.APIConnectionError, match="longer than"):
                client(server.url, retries=0).ping()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 64 * 2**20, f"{peak / 2**20:.0f} MB"


# -- what is left over ------------------------------------------------------------------------


@pytest.mark.parametrize("more", [PONG + b"\r\n\r\n" + BODY, b"junk", b"\r\n"])
def test_what_follows_an_answer_is_nobodys_answer(more: bytes) -> None:
    """A second answer that nobody asked for must not be taken for that to the next call."""
    false = more.replace(PROJECT.encode(), b"b" * 36)

    def act(talk: Talk) -> None:
        talk.read()
        talk.send(PONG + b"\r\n\r\n" + BODY + false)
        good(talk)

    with misbehaving(act, then=good) as server:
        subject = client(server.url)
        assert subject.ping().now is not None
        assert subject.create_project("x") == PROJECT
        assert len(server.requests) == 2


def test_a_connection_that_was_closed_meanwhile_is_not_used_again() -> None:
    """So that a call that may not be repeated does not break on it."""

    def once(talk: Talk) -> None:
        talk.answer(PONG, BODY)
        talk.sock.close()
        closed.append(talk)

    closed: list[Talk] = []
    with misbehaving(once, then=good) as server:
        subject = client(server.url)
        subject.ping()
        until = time.monotonic() + 5
        while not closed and time.monotonic() < until:
            time.sleep(0.01)
        assert subject.create_project("x") == PROJECT
        assert [len(server.requests), server.connections] == [2, 2]


# -- certificates -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    made, file = trustme.CA(), tmp_path_factory.mktemp("ca") / "ca.pem"
    made.cert_pem.write_to_path(str(file))
    return made, file


def context(ca: trustme.CA, name: str, **options: Any) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name, **options).configure_cert(made)
    return made


@pytest.fixture
def secure(ca: Any) -> Iterator[Callable[..., tuple[Misbehaving, Client]]]:
    """A server with a certificate of this kind, and a client that trusts its maker."""
    made: list[Misbehaving] = []

    def make(kind: str, *acts: Act) -> tuple[Misbehaving, Client]:
        past = datetime.now(timezone.utc) - timedelta(days=1)
        tls = {
            "right": lambda: context(ca[0], "127.0.0.1"),
            "of another name": lambda: context(ca[0], "cocalc.test"),
            "expired": lambda: context(ca[0], "127.0.0.1", not_after=past),
            "of nobody we trust": lambda: context(trustme.CA(), "127.0.0.1"),
        }[kind]()
        server = Misbehaving(lambda n: acts[min(n, len(acts) - 1)], tls)
        made.append(server)
        return server, client(server.url, verify=str(ca[1]))

    yield make
    for server in made:
        server.stop()


@pytest.mark.parametrize("kind", ["of another name", "expired", "of nobody we trust"])
@pytest.mark.parametrize("call", [lambda c: c.ping(), lambda c: c.create_project("x")])
def test_a_wrong_certificate_gets_nothing(secure: Any, kind: str, call: Any) -> None:
    server, subject = secure(kind, good)
    with pytest.raises(errors.APIConnectionError, match="no secure connection") as caught:
        call(subject)
    assert not caught.value.sent
    assert "verify=" in caught.value.remedy
    assert server.requests == [], "no key, no request"


def test_faults_below_tls_are_the_same(secure: Any) -> None:
    for name in (
        "reset after the request was read",
        "Content-Length too long",
        "gzip that is none",
    ):
        server, subject = secure("right", FAULTS[name].act, good)
        with pytest.raises(errors.APIConnectionError) as caught:
            subject.create_project("x")
        assert caught.value.sent
        assert server.connections == 1
        assert subject.ping().now is not None
        server, subject = secure("right", FAULTS[name].act, good)
        assert subject.ping().now is not None
        assert server.connections == 2


def test_no_redirect_from_https_to_http(secure: Any) -> None:
    with misbehaving(good) as plain:
        place = f"http://127.0.0.1:{plain.port}/".encode()
        server, subject = secure("right", says(b"HTTP/1.1 307 x\r\nLocation: " + place))
        same = says(b"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:%d/" % server.port)
        with pytest.raises(errors.ServerError, match="redirects to http://"):
            subject.ping()
        server, subject = secure("right", same)
        with pytest.raises(errors.ServerError, match="redirects to http://"):
            subject.ping()
        assert plain.connections == 0


@pytest.mark.parametrize("call", [lambda c: c.ping(), lambda c: c.create_project("x")])
def test_a_server_that_speaks_no_tls(call: Any) -> None:
    """Nothing but the greeting went there: certain, so that all calls are tried again."""

    def plain(talk: Talk) -> None:
        talk.sock.recv(65536)
        talk.send(b"HTTP/1.1 400 x\r\n\r\nThis is no TLS")

    with misbehaving(plain) as server:
        with pytest.raises(errors.APIConnectionError) as caught:
            call(Client(KEY, host=server.url.replace("http", "https"), api="v1", timeout=10.0))
        assert not caught.value.sent
        assert server.connections == 3
    with misbehaving(lambda talk: talk.hang()) as server:  # the greeting is never answered
        host = server.url.replace("http", "https")
        with pytest.raises(errors.APITimeoutError) as late:
            call(Client(KEY, host=host, api="v1", timeout=0.5))
        assert not late.value.sent


def test_a_port_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(errors.APIConnectionError, match="refused") as caught:
        client(f"http://127.0.0.1:{port}").create_project("x")
    assert not caught.value.sent


# -- copies by a clock that is hours off ------------------------------------------------------


class Skewed(Queue):
    """A copy queue whose clock is wrong, in its headers and in its jobs."""

    def __init__(self, skew: timedelta) -> None:
        super().__init__(seconds=0.1)
        self.skew = skew

    def __call__(self, seen: Seen) -> Reaction:
        reaction = super().__call__(seen)
        if isinstance(reaction, Answer):
            clock = datetime.now(timezone.utc) + self.skew
            reaction.headers["Date"] = format_datetime(clock, usegmt=True)
        return reaction

    def _row(self, job: dict[str, Any]) -> dict[str, Any]:
        row = super()._row(job)
        when = datetime.fromisoformat(row["time"].replace("Z", "+00:00"))
        return row | {"time": (when + self.skew).isoformat()}


@pytest.mark.parametrize("skew", [timedelta(hours=-5), timedelta(0), timedelta(hours=5)], ids=str)
def test_lost_answers_are_found_again_by_the_servers_clock(skew: timedelta) -> None:
    """The jobs of an earlier batch are not taken for them, and nothing is sent twice."""
    queue = Skewed(skew)
    with serving(queue) as server:
        client(server.url).copy(SRC, project(1), project(2))
        for job in queue.jobs.values():
            job["time"] = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()
        queue.after = {project(1): RESET, project(3): RESET}
        queue.before = {project(2): RESET}
        batch = client(server.url).copy(SRC, [project(n) for n in range(1, 5)])
        assert [job.state for job in batch] == ["done", "unknown", "done", "done"]
        assert queue.copied == {project(1): 2, project(2): 1, project(3): 1, project(4): 1}
        assert batch.retry().done
    assert queue.copied == {project(1): 2, project(2): 2, project(3): 1, project(4): 1}
