"""Deadlines, retries, redirects, keys: what the transport does and never does."""

from __future__ import annotations

import base64
import logging
import socket
import threading
import time
import traceback
from email.utils import formatdate
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Client
from cocalc_widget.api.dialects import detection as detect
from cocalc_widget.api.http.messages import Reply
from cocalc_widget.api.http.timeouts import backoff, retry_after

from ..fake import DRIP, DRIP_HEAD, HALF, HANG, RESET, Answer, Reaction, Seen, serving

KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"
P = "aaaaaaaa-0000-4000-8000-000000000001"
PONG = Answer({"event": "pong", "id": "x", "now": "2026-11-23T09:49:53.077Z"})


def client(url: str, **options: Any) -> Client:
    options = {"api": "v1", "timeout": 5.0, "retries": 2, **options}
    return Client(KEY, host=url, **options)


@pytest.mark.parametrize("fault", [HANG, DRIP, DRIP_HEAD])
def test_every_wait_ends(fault: str) -> None:
    """Also where bytes keep coming: the deadline is for the whole exchange."""
    with serving(lambda _seen: fault) as server:
        began = time.monotonic()
        with pytest.raises(errors.APITimeoutError) as caught:
            client(server.url, timeout=0.4).ping()
        assert 0.3 < time.monotonic() - began < 2.0
    assert caught.value.sent
    assert caught.value.endpoint == "ping"
    assert "0.4 s" in caught.value.message
    assert len(server.seen) == 1, "a deadline leaves no time for another attempt"


def test_no_connection_within_the_deadline() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fill = [socket.socket() for _ in range(4)]
        for it in fill:
            it.setblocking(False)
            it.connect_ex(("127.0.0.1", port))
        try:
            with pytest.raises(errors.APITimeoutError) as caught:
                client(f"http://127.0.0.1:{port}", timeout=(0.3, 5.0), retries=0).ping()
        finally:
            for it in fill:
                it.close()
    assert not caught.value.sent


def test_refused_connections_are_tried_again_for_all_calls() -> None:
    """Nothing arrived, that is certain: even a copy may be sent again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    attempts: list[float] = []
    subject = client(f"http://127.0.0.1:{port}")
    inner = subject._connection.transport._attempt

    def count(*args: Any) -> Any:
        attempts.append(time.monotonic())
        return inner(*args)

    subject._connection.transport._attempt = count  # type: ignore[method-assign]
    with pytest.raises(errors.APIConnectionError) as caught:
        subject.copy(f"{P}:a.txt", P.replace("1", "2"))
    assert len(attempts) == 3
    assert not caught.value.sent
    assert "refused" in str(caught.value)


@pytest.mark.parametrize("fault", [RESET, HALF])
def test_a_broken_connection(fault: str) -> None:
    """Reading is tried again; what changes something is not, and the error says why."""
    left = {"n": 1}

    def handle(_seen: Seen) -> Reaction:
        left["n"] -= 1
        return fault if left["n"] >= 0 else PONG

    with serving(handle) as server:
        assert client(server.url).ping().now is not None
        assert len(server.seen) == 2
        left["n"] = 1
        with pytest.raises(errors.APIConnectionError) as caught:
            client(server.url).create_project("x")
        assert len(server.seen) == 3
    assert type(caught.value) is errors.APIConnectionError
    assert caught.value.sent
    assert "may have worked" in str(caught.value)


def test_failing_servers() -> None:
    page = Answer("<html><title>502</title><pre>Bad Gateway</pre></html>", 502, "text/html")
    with serving(lambda _seen: page) as server:
        with pytest.raises(errors.ServerError) as caught:
            client(server.url, timeout=20).ping()
        assert len(server.seen) == 3
        said = f"{server.url} answered `ping` with HTTP 502: Bad Gateway"
        assert caught.value.message == said
        assert caught.value.status == 502
        with pytest.raises(errors.ServerError):
            client(server.url).exec(P, "make")
        assert len(server.seen) == 4


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after(form: str) -> None:
    said = {"seconds": "1", "date": formatdate(time.time() + 2, usegmt=True)}[form]
    replies = [Answer({"error": "slow down"}, 429, headers={"Retry-After": said}), PONG]
    with serving(lambda _seen: replies.pop(0)) as server:
        began = time.monotonic()
        client(server.url).ping()
        assert time.monotonic() - began > 0.9


def test_retry_after_longer_than_the_deadline() -> None:
    answer = Answer({"error": "slow down"}, 429, headers={"Retry-After": "3600"})
    with serving(lambda _seen: answer) as server:
        with pytest.raises(errors.RateLimitError) as caught:
            client(server.url).ping()
        assert len(server.seen) == 1
    assert caught.value.retry_after == 3600
    assert caught.value.message == "slow down"


def test_backoff_is_pure_and_spread() -> None:
    reply = Reply(503, "", "", {})
    waits = [backoff(n, reply, 0.5, 0.0) for n in range(6)]
    assert waits == sorted(waits)
    assert waits[-1] <= 8.0
    assert backoff(0, reply, 0.0, 0.0) < backoff(0, reply, 0.99, 0.0)
    assert retry_after({"retry-after": "soon"}, 0.0) is None
    assert retry_after({"retry-after": formatdate(100)}, 40.0) == 60.0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_elsewhere_never_carry_the_key(status: int) -> None:
    with serving(lambda _seen: PONG) as other:
        there = Answer("", status, "text/html", {"Location": f"{other.url}/api/v1/ping"})
        with serving(lambda _seen: there) as server:  # noqa: SIM117
            with pytest.raises(errors.ServerError) as caught:
                client(server.url).ping()
        assert other.seen == []
    assert "API key" in str(caught.value)
    assert other.url in str(caught.value)


def test_redirects_within_the_host() -> None:
    def handle(seen: Seen) -> Reaction:
        if seen.path == "/api/v1/ping":
            return Answer("", 308, "text/html", {"Location": "/base/api/v1/ping"})
        return PONG

    with serving(handle) as server:
        assert client(server.url).ping().now is not None
        assert [seen.method for seen in server.seen] == ["POST", "POST"]
    back = Answer("", 302, "text/html", {"Location": "/api/v1/ping"})
    with serving(lambda _seen: back) as server, pytest.raises(errors.ServerError):
        client(server.url).ping()
    loop = Answer("", 307, "text/html", {"Location": "/a"})
    with serving(lambda s: loop if s.path != "/a" else Answer("", 307, "", {"Location": "/b"})) as (
        server
    ):
        with pytest.raises(errors.ServerError):
            client(server.url).ping()
        assert len(server.seen) <= 4


def test_what_is_on_the_wire() -> None:
    with serving(lambda _seen: PONG) as server:
        subject = Client(f"  {KEY}\r\n", host=server.url, api="v1")
        subject.ping()
        subject.ping()
        assert server.connections == 1, "the connection is kept"
    head = server.seen[0].headers
    assert head["authorization"] == "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
    assert head["user-agent"].startswith("cocalc-widget/")
    assert head["content-type"] == "application/json"


def test_cookies_are_not_kept() -> None:
    """The sign-up of API v2 sets one that would sign later calls in as the new account."""
    answer = Answer(PONG.body, headers={"Set-Cookie": "remember_me=x; path=/"})
    with serving(lambda _seen: answer) as server:
        subject = client(server.url)
        subject.ping()
        subject.ping()
    assert all("cookie" not in seen.headers for seen in server.seen)


def test_netrc_does_not_replace_the_key(tmp_path: Any, monkeypatch: Any) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(file))
    with serving(lambda _seen: PONG) as server:
        client(server.url).ping()
    assert base64.b64decode(server.seen[0].headers["authorization"][6:]).decode() == f"{KEY}:"


def test_http_to_another_machine_needs_a_word() -> None:
    with pytest.raises(errors.ConfigurationError, match="not encrypted"):
        Client(KEY, host="http://cocalc.example.com")
    allowed = Client(KEY, host="http://cocalc.example.com", allow_http=True)
    assert allowed.host == "http://cocalc.example.com"


def test_secrets_are_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hush = "hush-" + "hush-hush"
    echo = Answer({"event": "error", "id": "1", "error": f"no account for {KEY} or {hush}"})
    with serving(lambda _seen: echo) as server:
        subject = client(server.url)
        with pytest.raises(errors.APIError) as caught:
            subject.create_token(P, hush)
        texts = [repr(subject), str(subject), str(caught.value), repr(caught.value.body)]
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=False)
    texts += ["".join(shown.format()), caplog.text, repr(vars(caught.value))]
    with serving(lambda _seen: RESET) as server:  # noqa: SIM117
        with pytest.raises(errors.APIConnectionError) as broken:
            client(server.url, retries=0).ping()
    error: BaseException | None = broken.value
    while error is not None:
        texts += [str(error), repr(error)]
        error = error.__cause__ or error.__context__
    assert not any(KEY in text for text in texts)
    assert not any(hush in text for text in texts)


def test_masked_bodies() -> None:
    body = {"event": "error", "error": "no", "auth_token": "T" * 24, "list": [{"secret": "S" * 20}]}
    with serving(lambda _seen: Answer(body)) as server, pytest.raises(errors.APIError) as caught:
        client(server.url).ping()
    assert "T" * 8 not in repr(caught.value.body)
    assert "S" * 8 not in repr(caught.value.body)


def test_many_threads_share_one_client() -> None:
    def handle(seen: Seen) -> Reaction:
        return Answer({"event": "x", "id": seen.json["n"]})

    wrong: list[Any] = []
    with serving(handle) as server:
        subject = client(server.url)

        def work(number: int) -> None:
            for turn in range(10):
                told = subject.call("anything", n=f"{number}-{turn}")
                if told["id"] != f"{number}-{turn}":
                    wrong.append(told)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(server.seen) == 80
    assert wrong == []


@pytest.mark.parametrize(
    ("answer", "api", "generation"),
    [
        (Answer({"error": "You must provide authentication via an API key."}, 400), "v1", "A"),
        (Answer("<title>404 Page Not Found</title>", 404, "text/html"), "v2", "B"),
    ],
)
def test_detection(answer: Answer, api: str, generation: str) -> None:
    with serving(lambda seen: answer if "v1" in seen.path else PONG) as server:
        first, second = (Client(KEY, host=server.url) for _ in range(2))
        assert (first.api, first.generation) == (api, generation)
        assert (second.api, second.generation) == (api, generation)
        assert len(server.seen) == 1, "once for each host and process"
        assert "authorization" not in server.seen[0].headers


def test_detection_of_what_is_no_cocalc() -> None:
    with serving(lambda _seen: Answer("<title>Welcome</title>", 200, "text/html")) as server:  # noqa: SIM117
        with pytest.raises(errors.ServerError, match="like no CoCalc"):
            Client(KEY, host=server.url).ping()
    with serving(lambda _seen: Answer("<title>Sign in</title>", 403, "text/html")) as server:
        with pytest.raises(errors.AuthenticationError):
            Client(KEY, host=server.url).ping()
        assert detect._known == {}, "what failed is asked again"


@pytest.mark.parametrize(
    "options",
    [
        {"api": "v3"},
        {"retries": -1},
        {"timeout": 0},
        {"timeout": "5"},
        {"timeout": (1, 2, 3)},
        {"verify": "/no/such/file.pem"},
        {"host": "ftp://x"},
    ],
)
def test_settings_that_cannot_be_right(options: dict[str, Any]) -> None:
    with pytest.raises(errors.ConfigurationError):
        Client(KEY, **{"host": "https://localhost:1", **options})


def test_odd_answers() -> None:
    odd = [
        (Answer("{broken", 200), errors.ServerError),
        (Answer("<title>Hi</title>", 200, "text/html"), errors.ServerError),
        (Answer({"event": "pong", "error": None, "now": 5}, 200), None),
        (Answer({"event": "error", "id": "1", "error": 1}), errors.ServerError),
        (Answer({"event": "error", "id": "1", "error": {}}), errors.ServerError),
        (Answer({"error": ["a", "b"]}, 400), errors.ValidationError),
        (Answer({}, 401), errors.AuthenticationError),
        (Answer({}, 403), errors.PermissionDeniedError),
        (Answer("", 404, ""), errors.NotFoundError),
        (Answer("", 200, ""), errors.ServerError),
    ]
    current: list[Answer] = []
    with serving(lambda _seen: current[0]) as server:
        for answer, error in odd:
            current[:] = [answer]
            if error is None:
                client(server.url, retries=0).ping()
                continue
            with pytest.raises(errors.APIError) as caught:
                client(server.url, retries=0).ping()
            assert type(caught.value) is error, answer
            assert caught.value.status == answer.status
