"""Who may frame CoCalc, as its headers say; and its settings. Nobody's key, no body, no waiting."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Client, Framing
from cocalc_widget.local import LocalCoCalc

from .fake import DRIP, DRIP_HEAD, HANG, RESET, Answer, Reaction, Seen, serving

KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"
HTML = "text/html; charset=utf-8"


def client(url: str, **options: Any) -> Client:
    return Client(KEY, host=url, **{"timeout": 5.0, "retries": 0, **options})


def test_the_headers_after_the_redirect() -> None:
    """`/app` leads to the page of the app (recording)."""

    def handle(seen: Seen) -> Reaction:
        if seen.path == "/app":
            headers = {"Location": "/static/app.html", "Content-Security-Policy": "of the redirect"}
            return Answer("", 302, "", headers)
        headers = {
            "Content-Security-Policy": "frame-ancestors 'self' https://*.uni.edu",
            "X-Frame-Options": "SAMEORIGIN",
        }
        return Answer("<p>the app</p>", 200, HTML, headers)

    with serving(handle) as server:
        found = client(server.url).framing()
        assert server.paths() == ["/app", "/static/app.html"]
        assert {seen.method for seen in server.seen} == {"GET"}
        assert not any("authorization" in seen.headers for seen in server.seen), "nobody's key"
        assert not any("cookie" in seen.headers for seen in server.seen)
    assert found == Framing(("frame-ancestors 'self' https://*.uni.edu",), "SAMEORIGIN")


@contextmanager
def raw(head: str) -> Iterator[str]:
    """A server that sends this head, then nothing more, and keeps the connection open."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(head.replace("\n", "\r\n").encode())
            ended.wait(30)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        thread.join(5)


def test_several_headers_stay_apart_and_the_body_is_not_waited_for() -> None:
    head = (
        "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 1000000\n"
        "Content-Security-Policy: default-src 'self'\n"
        "content-security-policy: frame-ancestors https://a.test, frame-ancestors *\n"
        "Content-Security-Policy-Report-Only: frame-ancestors 'none'\n"
        "X-Frame-Options: DENY\nX-FRAME-OPTIONS: sameorigin\n\n"
    )
    with raw(head) as url:
        found = client(url).framing(timeout=5)
    assert found.policies == (
        "default-src 'self'",
        "frame-ancestors https://a.test, frame-ancestors *",
    )
    assert found.x_frame_options == "DENY, sameorigin"


def test_no_headers_at_all() -> None:
    with serving(lambda _seen: Answer("", 200, HTML)) as server:
        assert client(server.url).framing() == Framing((), None)
    with serving(lambda _seen: Answer("", 200, HTML, {"X-Frame-Options": ""})) as server:
        assert client(server.url).framing().x_frame_options == ""


@pytest.mark.parametrize("status", [401, 404, 500, 502])
def test_a_page_that_is_not_there_says_nothing_about_frames(status: int) -> None:
    headers = {"X-Frame-Options": "DENY"}  # of the proxy's own error page
    refused = pytest.raises(errors.ServerError, match=f"HTTP {status}")
    with serving(lambda _seen: Answer("x", status, HTML, headers)) as server, refused as caught:
        client(server.url).framing()
    assert caught.value.status == status


def test_a_page_elsewhere_is_not_asked() -> None:
    to = {"Location": "https://login.example.test/"}
    with serving(lambda _seen: Answer("", 302, "", to)) as server:
        with pytest.raises(errors.ServerError, match="redirects to https://login"):
            client(server.url).framing()
        assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("reaction", "error"),
    [
        (HANG, errors.APITimeoutError),
        (DRIP_HEAD, errors.APITimeoutError),
        (RESET, errors.APIConnectionError),
    ],
)
def test_it_ends_in_time(reaction: str, error: type[Exception]) -> None:
    with serving(lambda _seen: reaction) as server:
        began = time.monotonic()
        with pytest.raises(error):
            client(server.url).framing(timeout=0.4)
        assert time.monotonic() - began < 3


def test_a_body_that_never_ends_is_no_matter() -> None:
    with serving(lambda _seen: DRIP) as server:
        assert client(server.url).framing(timeout=2) == Framing((), None)
        assert server.connections == 1
        server.handle = lambda _seen: Answer({"configuration": {"site_name": "x"}})
        assert client(server.url).customize() == {"site_name": "x"}


def test_a_connection_with_an_unread_body_is_not_used_again() -> None:
    def handle(seen: Seen) -> Reaction:
        if seen.path == "/app":
            return Answer("x" * 3_000_000, 200, HTML)
        return Answer({"configuration": {}})

    with serving(handle) as server:
        subject = client(server.url)
        for _ in range(3):
            assert subject.framing() == Framing((), None)
            assert subject.customize() == {}


def test_the_stand_in_lets_itself_be_framed() -> None:
    """As self-hosted servers do (recording), on both generations."""
    for generation in ("A", "B"):
        with LocalCoCalc(content={}, generation=generation) as site:  # type: ignore[arg-type]
            subject = Client(site.api_key, host=site.url, verify=site.ca_file)
            assert subject.framing() == Framing((), None)


@pytest.mark.parametrize("value", ["strict", "lax", "none"])
def test_the_settings_come_through(value: str) -> None:
    """`samesite_remember_me` decides about frames on another site (recording)."""
    told = {
        "samesite_remember_me": value,
        "iframe_comm_hosts": ["hub.test"],
        "kucalc": "no",
        "site_name": "A CoCalc",
    }
    with serving(lambda _seen: Answer({"configuration": told, "strategies": []})) as server:
        subject = client(server.url)
        assert subject.customize() == told
        assert subject.customize()["samesite_remember_me"] == value
        assert server.paths() == ["/customize"] * 2
        assert not any("authorization" in seen.headers for seen in server.seen)
