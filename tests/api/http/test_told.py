"""What errors say of servers and proxies that fail: who, what, how long; at a bounded cost."""

from __future__ import annotations

import time
import tracemalloc
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from cocalc_widget import errors
from cocalc_widget.api.http.answers import patience

from .faults import LENGTH, good, says
from .server import Act, Talk, misbehaving
from .test_proxy import _no_proxy, through
from .test_wire import KEY, _quick, client

__all__ = ["_no_proxy", "_quick", "through"]
PAGE = b"<html><head><title>502 Bad Gateway</title></head></html>"


def fails(status: int, body: bytes = PAGE, kind: bytes = b"text/html", more: bytes = b"") -> Act:
    head = b"HTTP/1.1 %d x\r\nContent-Type: %s%s" % (status, kind, more)
    return says(head + LENGTH % len(body), body)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", [PAGE, b""])
def test_a_page_of_a_failing_server_names_host_and_call(status: int, body: bytes) -> None:
    with misbehaving(fails(status, body)) as server, pytest.raises(errors.ServerError) as caught:
        client(server.url, retries=0).create_project("x")
    assert server.url in caught.value.message
    assert "`create_project`" in caught.value.message
    assert f"HTTP {status}" in caught.value.message
    assert ("Bad Gateway" in caught.value.message) == bool(body)


def test_a_gateway_that_speaks_json() -> None:
    with (
        misbehaving(fails(502, b'{"error": "no upstream"}', b"application/json")) as server,
        pytest.raises(errors.ServerError, match="no upstream") as caught,
    ):
        client(server.url, retries=0).create_project("x")
    assert server.url in caught.value.message


def test_a_failure_behind_a_proxy_names_it(through: object) -> None:
    with misbehaving(fails(502)) as proxy:
        subject = through(proxy, host="http://cocalc.test", allow_http=True)  # type: ignore[operator]
        with pytest.raises(errors.ServerError) as caught:
            subject.create_project("x")
    assert f"http://cocalc.test through the proxy {proxy.url} answered" in caught.value.message


@pytest.mark.parametrize("status", [429, 502, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_long_wait_is_said_and_not_waited_for(status: int, form: str) -> None:
    now = datetime.now(timezone.utc).replace(microsecond=0)
    until = format_datetime(now + timedelta(hours=24), usegmt=True).encode()
    more = b"\r\nRetry-After: " + (b"86400" if form == "seconds" else until)
    more += b"\r\nDate: " + format_datetime(now, usegmt=True).encode()
    with misbehaving(fails(status, more=more)) as server:
        began = time.monotonic()
        with pytest.raises(errors.APIError) as caught:
            client(server.url).ping()
        assert time.monotonic() - began < 15
        assert server.connections == 1
    assert "Wait 24 h, as the server asks." in str(caught.value)


@pytest.mark.parametrize("wait", [b"0", b"-5", b"0.2"])
def test_nobody_is_told_to_wait_for_nothing(wait: bytes) -> None:
    with (
        misbehaving(fails(429, more=b"\r\nRetry-After: " + wait), then=good) as server,
        pytest.raises(errors.RateLimitError) as caught,
    ):
        client(server.url, retries=0).create_project("x")
    assert "Wait 0" not in str(caught.value)
    assert "at once" in caught.value.remedy


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "at once"),
        (1, "Wait 1 s."),
        (60, "Wait 60 s."),
        (90.5, "Wait 91 s."),
        (600, "Wait 10 min"),
        (5400, "Wait 90 min"),
        (86400, "Wait 24 h"),
        (86400 * 7.5, "Wait 7.5 days"),
        (1e9, "days"),
    ],
)
def test_waits_in_units_for_people(seconds: float, told: str) -> None:
    assert told in patience(seconds)


@pytest.mark.parametrize("kind", [b"text/html", b"application/json", b"text/plain"])
def test_a_huge_failure_costs_little(kind: bytes) -> None:
    """150 MB of it: the beginning is read, the connection closed, and the next call works."""
    size = 150 * 2**20

    def act(talk: Talk) -> None:
        talk.read()
        talk.send(b"HTTP/1.1 500 x\r\nContent-Type: " + kind + LENGTH % size + b"\r\n\r\n")
        talk.send(b'{"error": "' + KEY.encode())
        for _ in range(size // 2**20):
            talk.send(b"x" * 2**20)

    with misbehaving(act, then=good) as server:
        subject = client(server.url, retries=0)
        tracemalloc.start()
        try:
            with pytest.raises(errors.ServerError) as caught:
                subject.create_project("x")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 64 * 2**20, f"{peak / 2**20:.0f} MB"
        assert len(str(caught.value)) < 25_000
        assert KEY not in f"{caught.value} {vars(caught.value)}"
        assert subject.ping().now is not None


def test_a_huge_error_that_says_200_is_cut() -> None:
    """Half a secret at the place of the cut would not be known for one."""
    words = b"x" * (20_000 - 7) + KEY.encode() + b"y" * 2**23
    body = b'{"event": "error", "error": "' + words + b'"}'
    with (
        misbehaving(fails(200, body, b"application/json")) as server,
        pytest.raises(errors.APIError) as caught,
    ):
        client(server.url, retries=0).create_project("x")
    assert len(str(caught.value)) < 25_000
    assert KEY[:6] not in f"{caught.value} {vars(caught.value)}"
