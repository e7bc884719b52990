"""Through a proxy: what it refuses was not sent, and what it lets through keeps its deadlines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Client

from ..copying.queue_server import SRC, Queue, project
from ..fake import serving
from .faults import PROJECT, good, never_answers, reset_read, says
from .server import Act, Misbehaving, Talk, misbehaving, relay, tunnel
from .test_elsewhere import ca, context
from .test_wire import KEY, _quick

__all__ = ["_quick", "ca"]
HOST = "https://cocalc.test"
PASSWORD = "canary-of-the-proxy"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of a host that is called through a proxy which does this."""

    def make(server: Misbehaving, **options: Any) -> Client:
        place = server.url.replace("://", f"://user:{PASSWORD}@")
        monkeypatch.setenv("HTTPS_PROXY", place)
        monkeypatch.setenv("HTTP_PROXY", place)
        options = {"host": HOST, "api": "v1", "timeout": 20.0, **options}
        return Client(KEY, **options)

    return make


@contextmanager
def behind(ca: Any, *acts: Act) -> Iterator[Misbehaving]:
    """The host itself, which the proxy leads to."""
    with misbehaving(*acts, tls=context(ca[0], "cocalc.test")) as server:
        yield server


def refusal(status: int, words: bytes, body: bytes = b"<h1>No</h1>") -> Act:
    return says(b"HTTP/1.1 %d %s\r\nContent-Length: %d" % (status, words, len(body)), body)


CALLS = {"may be repeated": lambda c: c.ping(), "may not": lambda c: c.create_project("x")}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("status", "words", "said", "advice", "times"),
    [
        (407, b"Proxy Authentication Required", "wants a sign-in", "USER:PASSWORD@", 1),
        (403, b"Forbidden", "403 Forbidden", "NO_PROXY=cocalc.test", 1),
        (502, b"Bad Gateway", "502 Bad Gateway", "NO_PROXY=cocalc.test", 3),
    ],
)
def test_a_proxy_that_refuses(
    through: Any, call: Any, status: int, words: bytes, said: str, advice: str, times: int
) -> None:
    with misbehaving(refusal(status, words)) as proxy:
        with pytest.raises(errors.APIConnectionError) as caught:
            call(through(proxy))
        assert proxy.connections == times
        assert all(it.startswith(b"CONNECT cocalc.test:443 ") for it in proxy.requests)
    error = caught.value
    assert not error.sent
    assert "nothing was sent" in error.message
    assert said in error.message
    assert f"the proxy {proxy.url}" in error.message
    assert "HTTPS_PROXY" in error.remedy
    assert advice in error.remedy
    assert PASSWORD not in f"{error} {vars(error)}"


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_proxy_that_refuses_what_is_not_encrypted(through: Any, call: Any) -> None:
    with misbehaving(refusal(407, b"Proxy Authentication Required")) as proxy:
        with pytest.raises(errors.APIConnectionError, match="wants a sign-in") as caught:
            call(through(proxy, host="http://cocalc.test", allow_http=True))
        assert proxy.connections == 1
    assert not caught.value.sent


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_proxy_that_is_not_there(through: Any, call: Any) -> None:
    with misbehaving(good) as proxy:
        subject = through(proxy)
    with pytest.raises(errors.APIConnectionError, match="through the proxy") as caught:
        call(subject)
    assert not caught.value.sent
    assert proxy.url in caught.value.message
    assert "refused" in caught.value.message


def test_copies_that_a_proxy_refused_failed_and_are_sent_again(through: Any, ca: Any) -> None:
    queue, refuses = Queue(at_once=True), True
    with serving(queue) as server, behind(ca, relay(server.server_address[1])) as host:

        def act(talk: Talk) -> None:
            (refusal(403, b"Forbidden") if refuses else tunnel(host.port))(talk)

        with misbehaving(act) as proxy:
            subject = through(proxy, verify=str(ca[1]))
            with pytest.raises(errors.APIConnectionError, match="did not let"):
                subject.copy(SRC, project(1), project(2))
            batch = subject.last_copy
            assert batch.states == {"error": 2}
            refuses = False
            assert batch.retry().done
    assert queue.copied == {project(1): 1, project(2): 1}


def test_what_broke_behind_a_proxy_was_sent(through: Any, ca: Any) -> None:
    with behind(ca, reset_read, good) as host, misbehaving(tunnel(host.port)) as proxy:
        subject = through(proxy, verify=str(ca[1]))
        with pytest.raises(errors.APIConnectionError, match="may have worked") as caught:
            subject.create_project("x")
        assert caught.value.sent
        assert f"through the proxy {proxy.url}" in caught.value.message
        assert subject.create_project("x") == PROJECT


def test_a_host_that_does_not_answer_behind_a_proxy(through: Any, ca: Any) -> None:
    with behind(ca, never_answers) as host, misbehaving(tunnel(host.port)) as proxy:
        subject = through(proxy, verify=str(ca[1]), timeout=1.0)
        with pytest.raises(errors.APITimeoutError, match="through the proxy") as caught:
            subject.create_project("x")
        assert caught.value.sent


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (b"HTTP/1.1 200 ", b"O"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 407 No\r\n", b"X: y\r\n"),
    ],
)
def test_a_proxy_that_drips_its_answer(through: Any, start: bytes, part: bytes) -> None:
    def act(talk: Talk) -> None:
        talk.read()
        talk.send(start)
        talk.drip(part)

    with misbehaving(act) as proxy:
        began = time.monotonic()
        with pytest.raises(errors.APIConnectionError) as caught:
            through(proxy, timeout=(0.5, 60.0), retries=0).create_project("x")
        assert time.monotonic() - began < 20
    assert not caught.value.sent


def test_a_handshake_that_drips_behind_a_proxy(through: Any) -> None:
    def act(talk: Talk) -> None:
        talk.read()
        talk.send(b"HTTP/1.1 200 OK\r\n\r\n")
        talk.arrived()
        talk.send(b"\x16\x03\x03\x40\x00")
        talk.drip(b"\2")

    with misbehaving(act) as proxy:
        began = time.monotonic()
        with pytest.raises(errors.APITimeoutError, match="could not connect") as caught:
            through(proxy, timeout=(0.5, 60.0), retries=0).create_project("x")
        assert time.monotonic() - began < 20
    assert not caught.value.sent


def test_a_proxy_that_speaks_socks(monkeypatch: pytest.MonkeyPatch, ca: Any) -> None:
    """What breaks behind it was sent, as elsewhere; and deadlines hold."""

    def socks5(act: Act) -> Act:
        def greet(talk: Talk) -> None:
            talk.sock.recv(100)
            talk.send(b"\5\0")
            talk.sock.recv(300)
            talk.send(b"\5\0\0\1\0\0\0\0\0\0")
            act(talk)

        return greet

    with behind(ca, reset_read, never_answers, good) as host:  # noqa: SIM117
        with misbehaving(socks5(relay(host.port))) as proxy:
            place = proxy.url.replace("http://", "socks5h://")
            monkeypatch.setenv("ALL_PROXY", place)
            subject = Client(KEY, host=HOST, api="v1", timeout=2.0, verify=str(ca[1]))
            with pytest.raises(errors.APIConnectionError, match="may have worked") as caught:
                subject.create_project("x")
            assert caught.value.sent
            with pytest.raises(errors.APITimeoutError) as late:
                subject.create_project("x")
            assert late.value.sent
            assert place in late.value.message
            assert subject.create_project("x") == PROJECT
            assert len(host.requests) == 3
