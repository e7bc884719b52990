"""The rules of one exchange, each by itself: patience, bodies, answers, the clock, the way."""

from __future__ import annotations

import io
import json
import logging
import random
import socket
from email.utils import formatdate
from typing import Any

import pytest
import requests
import urllib3

from cocalc_widget import errors
from cocalc_widget.api.http import messages as wire
from cocalc_widget.api.http import timeouts
from cocalc_widget.api.http import transport as transport_module
from cocalc_widget.api.http.answers import read, unexpected
from cocalc_widget.api.http.connections import DeadlineAdapter, Exchange, _Socket, exchange
from cocalc_widget.api.http.messages import Reply, encode
from cocalc_widget.api.http.session import make_route, make_session
from cocalc_widget.api.http.timeouts import (
    Timeouts,
    backoff,
    check_seconds,
    check_timeout,
    copy_limit,
    http_date,
    retry_after,
    worth_retrying,
)
from cocalc_widget.api.http.transport import Transport
from cocalc_widget.redact import Secret

from ..fake import Answer, Reaction, Seen, serving

KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"
P = "aaaaaaaa-0000-4000-8000-000000000001"


# patience


def test_a_timeout_is_for_a_call_or_to_connect_and_for_a_call() -> None:
    assert check_timeout(None) == Timeouts(timeouts.CONNECT, timeouts.TOTAL, timeouts.COPY_WAIT)
    assert check_timeout(30) == Timeouts(10.0, 30, 30)
    assert check_timeout(5.0) == Timeouts(5.0, 5.0, 5.0), "no longer to connect than for all"
    assert check_timeout((2, 30)) == Timeouts(2, 30, 30)
    assert check_timeout((30, 2)) == Timeouts(2, 2, 2)


@pytest.mark.parametrize(
    "bad", [0, -1, 1e6, True, "5", (1,), (1, 2, 3), (0, 5), (5, None), float("nan")]
)
def test_a_timeout_that_is_none(bad: Any) -> None:
    with pytest.raises(errors.ConfigurationError, match="pair of seconds"):
        check_timeout(bad)
    if not isinstance(bad, tuple):
        with pytest.raises(errors.ValidationError, match="timeout must be seconds"):
            check_seconds(bad)


def test_seconds_are_any_number_that_a_clock_can_count() -> None:
    assert [check_seconds(it) for it in (1, 0.001, 999_999)] == [1, 0.001, 999_999]


def test_a_server_without_a_queue_is_waited_for_as_long_as_its_copy_may_take() -> None:
    limits = Timeouts(1, 10, 300)
    assert copy_limit(None, limits, queues=False) == 300
    assert copy_limit(7, limits, queues=False) == 17
    assert copy_limit(7, limits, queues=True) == 10


@pytest.mark.parametrize(
    ("outcome", "worth"),
    [
        *((Reply(status, "", "", {}), True) for status in (408, 429, 500, 502, 503, 504)),
        *((Reply(status, "", "", {}), False) for status in (200, 307, 400, 401, 403, 404, 501)),
        (errors.APIConnectionError("broke", sent=True), True),
        (errors.APITimeoutError("late"), False),
        (errors.ServerError("redirected"), False),
    ],
)
def test_what_is_worth_another_attempt(outcome: Any, worth: bool) -> None:
    assert worth_retrying(outcome) is worth


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    busy = Reply(503, "", "", {})
    assert [backoff(n, busy, 1.0, 0.0) for n in range(6)] == [0.5, 1, 2, 4, 8, 8]
    assert backoff(0, busy, 0.0, 0.0) == 0.25, "at least half of it"
    refused, broke = errors.APIConnectionError("x"), errors.APIConnectionError("x", sent=True)
    assert backoff(0, refused, 0.0, 0.0) == 0.1, "often a server that is just starting"
    assert backoff(0, refused, 1.0, 0.0) == 0.2
    assert backoff(1, refused, 1.0, 0.0) == 1.0
    assert backoff(0, broke, 1.0, 0.0) == 0.5


def test_what_the_server_asks_for_wins() -> None:
    asked = Reply(429, "", "", {"retry-after": "30"})
    assert backoff(5, asked, 0.0, 0.0) == 30
    assert backoff(5, asked, 1.0, 0.0) == pytest.approx(30.1)
    assert backoff(0, Reply(429, "", "", {"retry-after": "0"}), 0.0, 0.0) == 0


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 7.5 "}, 7.5),
        ({"retry-after": "-7"}, 0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": formatdate(1060)}, 60),
        ({"retry-after": formatdate(940)}, 0),
        ({"retry-after": formatdate(5060), "date": formatdate(5000)}, 60),
        ({"retry-after": formatdate(1060), "date": "yesterday"}, 60),
    ],
)
def test_how_long_a_server_asks_to_wait(head: dict[str, str], seconds: float | None) -> None:
    assert retry_after(head, 1000.0) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "Mon, 99 Jan 2026 00:00:00 GMT", "1"])
def test_a_date_that_is_none(text: str) -> None:
    assert http_date(text) is None
    assert http_date("Thu, 01 Jan 1970 00:01:00 GMT") == 60.0


# bodies, as they travel


def test_a_body_is_json_or_a_form() -> None:
    assert encode(None) == (b"", "")
    data, kind = encode({"a": "ü", "key": Secret("hidden")})
    assert json.loads(data) == {"a": "ü", "key": "hidden"}
    assert "ü".encode() in data, "as short as can be"
    assert kind == "application/json"
    assert encode({"a": "b c"}, form=True) == (b"a=b+c", "application/x-www-form-urlencoded")
    assert encode([1], form=True) == (b"[1]", "application/json")
    assert encode(b"x") == (b"x", "application/json")
    assert encode(b"x", form=True)[1] == "application/x-www-form-urlencoded"


def test_a_body_does_not_show_itself() -> None:
    for data, _kind in (
        encode({"password": "x"}),
        encode(b"password"),
        encode({"p": "x"}, form=True),
    ):
        assert repr(data) == str(data) == f"<{len(data)} bytes>"


@pytest.mark.parametrize("bad", [{"x": {1}}, {"x": float("nan")}, {"x": "\ud800"}, {"x": b"y"}])
def test_what_json_has_not(bad: Any) -> None:
    with pytest.raises(errors.ValidationError, match="cannot be sent as JSON"):
        encode(bad)


def test_headers_that_come_several_times() -> None:
    told = urllib3.HTTPHeaderDict([("A", "1"), ("a", "2"), ("b", "3")])
    assert Reply(200, "", "", told).all("a") == ("1", "2")
    assert Reply(200, "", "", told).all("c") == ()


# sessions


def test_a_session_keeps_nothing_but_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")
    session = make_session("https://cocalc.test", verify=True, pool=7)
    assert session.trust_env is False
    assert session.proxies["https"] == "http://proxy.test:3128"
    assert session.verify is True
    assert session.headers["Accept"] == "application/json"
    assert make_session("https://localhost", verify=True, pool=7).proxies == {}
    assert make_session("https://cocalc.test", verify=False, pool=7).verify is False
    monkeypatch.setenv("CURL_CA_BUNDLE", "/curl.pem")
    assert make_session("https://a.test", verify=True, pool=7).verify == "/curl.pem"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/requests.pem")
    assert make_session("https://a.test", verify=True, pool=7).verify == "/requests.pem"
    assert make_session("https://a.test", verify="/own.pem", pool=7).verify == "/own.pem"
    assert make_session("https://a.test", verify=False, pool=7).verify is False


def test_a_token_in_a_url_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    make_session("https://cocalc.test", verify=True, pool=1)
    caplog.set_level(logging.DEBUG)
    log = logging.getLogger("urllib3.connectionpool")
    log.debug("%s %s %d", "GET", "/app?auth_token=T0ken", 200)
    log.debug("%s %s", "GET", "/app?x=1")
    assert "T0ken" not in caplog.text
    assert "/app?auth_token=••• 200" in caplog.text
    assert "/app?x=1" in caplog.text


# reading an answer


class Response:
    """What urllib3 gives for an answer, of these pieces; an error is raised."""

    status, headers = 200, urllib3.HTTPHeaderDict({"Content-Type": "text/plain"})

    def __init__(self, *pieces: Any) -> None:
        self.pieces, self.done = pieces, []

    def stream(self, _size: int, *, decode_content: bool) -> Any:
        assert decode_content
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def close(self) -> None:
        self.done.append("closed")

    def release_conn(self) -> None:
        self.done.append("released")


def test_an_answer_is_read_to_its_end_and_its_connection_is_given_back() -> None:
    response: Any = Response("grü".encode()[:-1], "grü".encode()[-1:], b"\xff")
    assert wire.read_reply(response) == Reply(200, "text/plain", "grü\ufffd", response.headers)
    assert response.done == ["released"], "for the next request"


def test_a_connection_that_broke_is_not_used_again() -> None:
    broken: Any = Response(b"x", OSError("reset"))
    with pytest.raises(OSError, match="reset"):
        wire.read_reply(broken)
    assert broken.done == ["closed", "released"]
    head: Any = Response()
    assert wire.read_head(head) == Reply(200, "text/plain", "", head.headers)
    assert head.done == ["closed", "released"], "its body was not read"


def test_an_answer_may_have_as_many_bytes_as_that_and_not_one_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "MAX_REPLY", 4)
    exactly: Any = Response(b"ab", b"cd")
    assert wire.read_reply(exactly).text == "abcd"
    longer: Any = Response(b"abc", b"de")
    with pytest.raises(OSError, match="longer than 4 bytes"):
        wire.read_reply(longer)
    assert "closed" in longer.done


# what an answer says


def said(body: Any, status: int = 200, kind: Any = "v1", content: str = "application/json") -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return read(status, content, text, endpoint="ping", kind=kind)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"event": "pong"}, "v1"),
        ({"event": "pong", "error": "none of ours"}, "v1"),
        ({"error": None}, "v2"),
        ({"error": ""}, "v2"),
        ({"error": False}, "v2"),
        ({"issues": []}, "v2"),
        ({"issues": ["x"]}, "conat"),
        ("null", "conat"),
        ([1], "conat"),
        ('"text"', "conat"),
    ],
)
def test_an_answer_that_is_a_result(body: Any, kind: str) -> None:
    wanted = json.loads(body) if isinstance(body, str) else body
    assert said(body, kind=kind) == wanted


@pytest.mark.parametrize(
    ("body", "status", "kind", "words"),
    [
        ({"event": "error", "error": "no"}, 200, "v1", "no"),
        ({"event": "error", "mesg": "no"}, 200, "v1", "no"),
        ({"event": "error", "message": "no"}, 200, "v1", "no"),
        ({"event": "error", "error": "no", "mesg": "other"}, 200, "v1", "no"),
        ({"event": "error"}, 200, "v1", "the server gave no reason"),
        (
            {"event": "account_creation_failed", "reason": {"email": "taken"}},
            200,
            "v1",
            "email: taken",
        ),
        ({"error": "no"}, 200, "v2", "no"),
        ({"issues": ["one", "two"]}, 200, "v2", "one; two"),
        ({"error": "Error: no - callHub: subject='x'"}, 200, "conat", "no"),
        ({"error": "Error: no"}, 200, "v2", "Error: no"),
        ({"error": "no"}, 400, "v2", "no"),
        ({"message": "no"}, 400, "v2", "no"),
        ({"event": "x", "error": "no"}, 500, "v1", "no"),
        ({}, 500, "v1", "the server answered `ping` with HTTP 500."),
        (["no"], 500, "v1", "no"),
        ("broken {", 500, "v1", "broken {"),
    ],
)
def test_an_answer_that_is_none(body: Any, status: int, kind: str, words: str) -> None:
    with pytest.raises(errors.APIError) as caught:
        said(body, status, kind)
    assert caught.value.message == words
    assert (caught.value.endpoint, caught.value.status) == ("ping", status)


def test_json_is_known_by_its_type_or_its_look() -> None:
    for content in (
        "application/json",
        "Application/Problem+JSON; charset=utf-8",
        "",
        "text/plain",
    ):
        assert said('\ufeff {"a": 1}', content=content) == {"a": 1}
    assert said("[1]", content="text/plain") == [1]
    assert said('"x"', content="") == "x"
    assert said(" null\n", content="") is None
    for content, text in (
        ("text/plain", '"x"'),
        ("text/html", '{"a": 1}'),
        ("", "x"),
        ("", "nullx"),
    ):
        with pytest.raises(errors.ServerError, match="a web page came instead"):
            said(text, content=content)
    with pytest.raises(errors.ServerError, match=r"broken JSON came instead of an answer: \{x"):
        said("{x")
    with pytest.raises(errors.ServerError, match=r"^a web page came instead of an answer$"):
        said("", content="text/html")


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("v1", "no API v1"),
        ("v2", "no such endpoint"),
        ("conat", "no conat bridge"),
        ("page", "CoCalc?"),
    ],
)
def test_a_page_that_is_not_there_has_its_advice(kind: str, advice: str) -> None:
    with pytest.raises(errors.NotFoundError, match="Cannot POST") as caught:
        said("<pre>Cannot POST /x</pre>", 404, kind, "text/html")
    assert advice in caught.value.remedy
    with pytest.raises(errors.NotFoundError) as caught:
        said({"error": "no such job"}, 404, "v1")
    assert advice not in caught.value.remedy


def test_a_page_need_not_be_json() -> None:
    assert said("plain text", kind="page", content="text/plain") == "plain text"
    assert said("<h1>Hi</h1>", kind="page", content="text/html") == "<h1>Hi</h1>"
    with pytest.raises(errors.NotFoundError, match=r"^no such token$"):
        said("ERROR: no such token", kind="page", content="text/html")
    with pytest.raises(errors.ServerError, match="Oops"):
        said("<h1>Oops</h1>", 500, "page", "text/html")
    assert said({"a": 1}, kind="page") == {"a": 1}
    assert said("ERROR:", kind="page", content="text/plain") == "ERROR:"


def test_who_is_too_fast_reads_how_long_to_wait() -> None:
    def limited(**more: Any) -> errors.RateLimitError:
        with pytest.raises(errors.RateLimitError) as caught:
            read(429, "application/json", more.pop("text", '{"error": "slow"}'), endpoint="x",
                 kind="v1", **more)  # fmt: skip
        return caught.value

    assert limited(retry_after=0.0).retry_after == 0.0
    told = limited(retry_after=7.0)
    assert (told.retry_after, told.remedy) == (7.0, "Wait 7 s.")
    assert limited(text='{"error": "try again in 30 seconds"}').retry_after == 30
    assert limited(text='{"error": "again in 30 seconds"}', retry_after=7.0).retry_after == 7.0
    assert limited().remedy == "" or "Wait" not in limited().remedy


def test_an_error_keeps_the_answer_without_its_secrets() -> None:
    text = json.dumps(
        {"event": "error", "id": "say hush-hush", "error": "hush-hush", "url": "x" * 20}
    )
    with pytest.raises(errors.APIError) as caught:
        read(200, "application/json", text, endpoint="x", kind="v1", secrets=("hush-hush",))
    assert caught.value.message == "•••"
    assert caught.value.request_id == "say •••"
    assert "hush" not in repr(caught.value.body)
    with pytest.raises(errors.APIError) as caught:
        read(500, "text/html", "<title>hush-hush</title>", endpoint="x", kind="v1",
             secrets=("hush-hush",))  # fmt: skip
    assert "hush" not in str(caught.value)
    with pytest.raises(errors.APIError) as caught:
        said({"event": "error", "id": 7, "error": "x"})
    assert caught.value.request_id is None


def test_an_answer_that_lacks_something() -> None:
    error = unexpected("ping", {"password": "x" * 20}, "time")
    assert error.message == "the answer to `ping` has no time."
    assert (type(error), error.status) == (errors.ServerError, 200)
    assert "x" * 8 not in repr(error.body)


# the deadline of an exchange


def test_an_exchange_ends_when_it_was_told_to() -> None:
    one = Exchange()
    assert one.left() == float("inf")
    one.sent = True
    one.begin(10)
    assert 9 < one.left() <= 10
    assert one.sent is False
    one.begin(-5)
    assert 0 < one.left() < 0.01, "0 would mean for ever"


def test_reading_stops_at_the_deadline_and_goes_on_before_it() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        raw = _Socket(ours)
        assert raw.fileno() == ours.fileno()
        with pytest.raises(ValueError, match="only reading"):
            raw.makefile("wb")
        file = raw.makefile("rb")
        assert isinstance(file, io.BufferedReader)
        assert file.readable()
        theirs.sendall(b"one\n")
        exchange.begin(5)
        assert file.readline() == b"one\n"
        assert 0 < (ours.gettimeout() or 0) <= 5
        exchange.begin(-1)
        theirs.sendall(b"two\n")
        with pytest.raises(TimeoutError, match="deadline"):
            file.readline()
        exchange.begin(0.05)
        file.close()
        file.close()
    exchange.begin(5)


def test_head_and_body_leave_in_one_piece() -> None:
    sent: list[bytes] = []

    class Sock:
        def settimeout(self, _seconds: object) -> None:
            pass

        def sendall(self, data: bytes) -> None:
            sent.append(bytes(data))

        def close(self) -> None:
            pass

    adapter = DeadlineAdapter(pool_connections=1, pool_maxsize=1)
    pool = adapter.poolmanager.connection_from_url("http://127.0.0.1:9")
    connection = pool._get_conn()
    connection.sock = Sock()
    exchange.begin(5)
    connection.request("POST", "/x", body=b"body", headers={})
    assert len(sent) == 1
    assert sent[0].endswith(b"\r\n\r\nbody")
    assert exchange.sent
    assert connection._held is None


# the transport


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits between two attempts; how long they would have."""
    slept: list[float] = []
    monkeypatch.setattr(transport_module.time, "sleep", slept.append)
    monkeypatch.setattr(random, "random", lambda: 1.0)
    return slept


@pytest.mark.parametrize(("idempotent", "attempts"), [(True, 3), (False, 1)])
def test_only_what_does_no_harm_is_tried_again(
    quick: list[float], idempotent: bool, attempts: int
) -> None:
    with serving(lambda _seen: Answer({}, 503)) as server:
        subject = Transport(server.url, Secret(KEY), retries=2)
        found = subject.request("POST", "/x", endpoint="x", idempotent=idempotent)
        assert found.status == 503
        assert len(server.seen) == attempts
        assert quick == [0.5, 1.0][: attempts - 1]
        subject.close()


def test_without_retries_there_is_one_attempt(quick: list[float]) -> None:
    with serving(lambda _seen: Answer({}, 503)) as server:
        Transport(server.url, retries=0).request("GET", "/x", endpoint="x", idempotent=True)
        assert len(server.seen) == 1
    assert quick == []


def test_a_wait_that_leaves_no_time_is_not_begun(quick: list[float]) -> None:
    with serving(lambda _seen: Answer({}, 503)) as server:
        subject = Transport(server.url)
        subject.request("GET", "/x", endpoint="x", idempotent=True, timeout=0.4)
        assert len(server.seen) == 1
        subject.request("GET", "/x", endpoint="x", idempotent=True, timeout=30)
        assert len(server.seen) == 4


@pytest.mark.parametrize(
    ("auth", "header"),
    [("none", None), ("bearer", f"Bearer {KEY}"), ("basic", "Basic ")],
)
def test_how_the_key_travels(auth: Any, header: str | None) -> None:
    with serving(lambda _seen: Answer({})) as server:
        subject = Transport(server.url, Secret(KEY))
        for _ in range(2):
            subject.request("POST", "/x", endpoint="x", body={"a": 1}, auth=auth)
        nobody = Transport(server.url)
        nobody.request("POST", "/x", endpoint="x", auth=auth)
        told = [seen.headers.get("authorization") for seen in server.seen]
    assert told[0] == told[1]
    assert told[2] is None
    assert (told[0] or "").startswith(header or "")
    assert (told[0] is None) is (header is None)


def test_one_way_for_each_endpoint_and_a_limit_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "ROUTES", 2)
    with serving(lambda _seen: Answer({})) as server:
        subject = Transport(server.url)
        for path in ("/a", "/b", "/a", "/c", "/c"):
            assert subject.request("POST", path, endpoint="x", body={}).status == 200
        assert len(subject._routes) == 2
        assert [seen.path for seen in server.seen] == ["/a", "/b", "/a", "/c", "/c"]
        subject.close()
        assert subject._routes == {}
        assert subject.request("GET", "/a", endpoint="x").status == 200, "it opens again"


@pytest.mark.parametrize(
    ("method", "status", "followed"),
    [
        *(("GET", status, True) for status in (301, 302, 303, 307, 308)),
        *(("POST", status, status > 306) for status in (301, 302, 303, 307, 308)),
        ("GET", 300, None), ("GET", 304, None),
    ],
)  # fmt: skip
def test_which_redirects_are_followed(method: str, status: int, followed: bool | None) -> None:
    def handle(seen: Seen) -> Reaction:
        there = {"Location": "/there"}
        return Answer({}) if seen.path == "/there" else Answer({}, status, headers=there)

    with serving(handle) as server:
        subject = Transport(server.url, Secret(KEY))
        if followed is False:
            with pytest.raises(errors.ServerError, match="would change the request"):
                subject.request(method, "/x", endpoint="x")
        else:
            found = subject.request(
                method, "/x", endpoint="x", body={} if method == "POST" else None
            )
            assert found.status == (status if followed is None else 200)
        assert [seen.path for seen in server.seen] == ["/x", *(["/there"] if followed else [])]


def test_a_way_that_goes_on_and_on_ends() -> None:
    def handle(seen: Seen) -> Reaction:
        return Answer({}, 307, headers={"Location": f"{seen.path}x"})

    with serving(handle) as server:
        with pytest.raises(errors.ServerError):
            Transport(server.url).request("GET", "/x", endpoint="x")
        assert len(server.seen) == timeouts.REDIRECTS + 1
    with serving(lambda _seen: Answer({}, 307, headers={"Location": "/x"})) as server:
        found = Transport(server.url).request("GET", "/x", endpoint="x")
        assert (found.status, len(server.seen)) == (307, 1), "to itself: an answer"


def test_ctrl_c_is_no_error_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_args: Any) -> None:
        raise KeyboardInterrupt

    subject = Transport("https://localhost:1", Secret(KEY))
    monkeypatch.setattr(subject, "_once", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        subject.request("GET", "/x", endpoint="x")
    assert caught.value.__context__ is None, "its frames would hold the key"


@pytest.mark.parametrize(
    ("raised", "error", "words"),
    [
        (TimeoutError("late"), errors.APITimeoutError, "no answer to `x`"),
        (
            urllib3.exceptions.ReadTimeoutError(None, "", "late"),
            errors.APITimeoutError,
            "no answer",
        ),  # type: ignore[arg-type]
        (ValueError("chunk of -1"), errors.APIConnectionError, "chunk of -1; it may have worked"),
        (OSError(f"reset {KEY}"), errors.APIConnectionError, "reset •••; it may have worked"),
        (requests.RequestException("odd"), errors.APIConnectionError, "odd"),
    ],
)
def test_what_breaks_has_a_name(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, error: Any, words: str
) -> None:
    def fail(*_args: Any) -> None:
        exchange.sent = True
        raise raised

    subject = Transport("https://localhost:1", Secret(KEY), retries=0)
    monkeypatch.setattr(subject, "_once", fail)
    with pytest.raises(error, match="x") as caught:
        subject.request("GET", "/x", endpoint="x")
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert caught.value.__context__ is None


def test_a_route_is_asked_for_by_the_settings_of_its_session() -> None:
    session = make_session("https://cocalc.test", verify=False, pool=3)
    request = requests.Request("POST", "https://cocalc.test/api?x=1")
    request.auth = (KEY, "")
    route = make_route(session, request)
    assert (route.method, route.target) == ("POST", "/api?x=1")
    assert route.pool.cert_reqs == "CERT_NONE"
    assert route.pool.pool.maxsize == 3
    assert "Authorization" not in route.headers
    assert "Content-Length" not in route.headers
    assert route.headers["User-Agent"].startswith("cocalc-widget/")
    assert route.auth is not None
    assert KEY not in repr(route)
    plain = make_route(session, requests.Request("GET", "https://cocalc.test/"))
    assert plain.auth is None
    session.verify = None
    assert make_route(session, request).pool.cert_reqs == "CERT_REQUIRED"
