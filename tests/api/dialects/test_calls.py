"""The calls of each API, and which of them a host speaks: rules, each by itself."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api.dialects import detection as detect
from cocalc_widget.api.dialects.calls import BRIDGE_EXTRA, FORM_LIMIT, JSON_LIMIT, Caller
from cocalc_widget.api.dialects.detection import Spoken, dialect_for, reason
from cocalc_widget.api.http.messages import Reply
from cocalc_widget.api.http.timeouts import (
    Timeouts,
)
from cocalc_widget.redact import Secret

from ..replies import reply

KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"
P = "aaaaaaaa-0000-4000-8000-000000000001"


# the calls


class Wire:
    """A transport that keeps what it is asked, and answers what it is told."""

    host = place = "https://cocalc.test"
    timeouts = Timeouts(1, 10, 20)

    def __init__(self, *answers: Reply, key: Any = KEY) -> None:
        self.answers, self.asked = list(answers), []
        self.key = Secret(key) if isinstance(key, str) else key

    def request(self, method: str, path: str, **options: Any) -> Reply:
        self.asked.append({"method": method, "path": path, **options})
        return self.answers.pop(0) if self.answers else reply(200, {"event": "x"})


def caller(*answers: Reply, **options: Any) -> tuple[Any, Any]:
    there = Wire(*answers, **options)
    return Caller(there), there  # type: ignore[arg-type]


def test_an_event_of_v1_is_a_form_only_where_that_alone_is_large_enough() -> None:
    subject, there = caller()
    small = {"text": "x" * (JSON_LIMIT - len('{"text": ""}'))}
    large = {"text": small["text"] + "x"}
    mixed = {**large, "n": 1}
    endless = {"text": "x" * FORM_LIMIT}
    for params in (small, large, mixed, endless):
        subject.v1("write", params, timeout=5.0, idempotent=True)
    assert [it["form"] for it in there.asked] == [False, True, False, False]
    assert there.asked[1]["body"].startswith(b"text=xxx")
    assert json.loads(there.asked[2]["body"]) == mixed
    assert {it["path"] for it in there.asked} == {"/api/v1/write"}
    assert {it["endpoint"] for it in there.asked} == {"write"}
    assert {(it["method"], it["timeout"], it["idempotent"]) for it in there.asked} == {
        ("POST", 5.0, True)
    }
    subject.v1("write", {"text": "x" * (FORM_LIMIT - len("text="))})
    assert (there.asked[-1]["form"], there.asked[-1]["idempotent"]) == (True, False)


def test_an_event_of_v1_answers_with_an_object() -> None:
    subject, _there = caller(reply(200, ["x"]), reply(200, {"event": "pong"}))
    with pytest.raises(errors.ServerError, match="the answer to `ping` has no event"):
        subject.v1("ping", {})
    assert subject.v1("ping", {}) == {"event": "pong"}


def test_an_endpoint_of_v2_may_need_no_key() -> None:
    subject, there = caller(reply(200, [1]))
    assert subject.v2("ping", {"a": False}) == [1]
    subject.v2("ping", {}, key=False, timeout=3.0, idempotent=True)
    assert [(it["auth"], it["timeout"], it["idempotent"]) for it in there.asked] == [
        ("basic", None, False), ("none", 3.0, True),
    ]  # fmt: skip
    assert there.asked[0]["path"] == "/api/v2/ping"
    assert there.asked[0]["body"] == {"a": False}


def test_the_bridge_is_told_how_long_it_may_take() -> None:
    subject, there = caller()
    subject.conat("system.ping", [])
    subject.conat("x.y", [1], project_id=P, timeout=2.5, idempotent=True)
    subject.conat("x.y", [1], project=True, timeout=2.0, extra=0.0)
    hub, ours, own = there.asked
    assert hub["path"] == "/api/conat/hub"
    assert hub["body"] == {"name": "system.ping", "args": [], "timeout": 10_000}
    assert (hub["timeout"], hub["idempotent"]) == (10 + BRIDGE_EXTRA, False)
    assert ours["path"] == "/api/conat/project"
    assert ours["body"] == {"name": "x.y", "args": [1], "timeout": 2500, "project_id": P}
    assert (ours["timeout"], ours["idempotent"]) == (2.5 + BRIDGE_EXTRA, True)
    assert own["path"] == "/api/conat/project"
    assert "project_id" not in own["body"]
    assert own["timeout"] == 2.0


def test_a_page_is_asked_for_without_a_key() -> None:
    subject, there = caller(reply(200, "hi", "text/plain"))
    assert subject.page("/customize?x=1") == "hi"
    [asked] = there.asked
    assert (asked["method"], asked["auth"], asked["endpoint"]) == ("GET", "none", "/customize")
    assert asked["idempotent"] is True
    subject, _there = caller(reply(500, "<h1>Oops</h1>", "text/html"))
    with pytest.raises(errors.ServerError) as caught:
        subject.page("/customize?x=1")
    assert caught.value.endpoint == "/customize"


def test_the_servers_clock_goes_on_by_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [50.0]
    monkeypatch.setattr("cocalc_widget.api.dialects.calls.time.monotonic", lambda: clock[0])
    subject, _there = caller(
        reply(200, {}, date=formatdate(1000)),
        reply(200, {}, date=formatdate(1000)),
        reply(200, {}, date="nonsense"),
        reply(200, {}),
        reply(500, {}, date=formatdate(2000)),
    )
    assert subject.server_time() is None
    for after in (0.0, 0.9, 1.0, 1.0):
        clock[0] += after
        subject.v1("ping", {})
    assert subject.server_time() == pytest.approx(1002.9), "by the first answer of that second"
    with pytest.raises(errors.ServerError):
        subject.v1("ping", {})
    assert subject.server_time() == 2000


@pytest.mark.parametrize(
    ("key", "source", "words"),
    [
        (None, "", "No API key was found for this host"),
        (Secret(""), "", "The API key given is blank"),
        (Secret(KEY), "", "•••StUv, which came from the argument: "),
        (Secret(KEY), "argument", "which came from the argument: "),
        (Secret(KEY), "api.key", "which came from api.key: "),
    ],
)
def test_a_refused_key_is_named_by_its_source(key: Any, source: str, words: str) -> None:
    subject, _there = caller(reply(401, {"error": "wrong key"}), key=key)
    subject.key_source = source
    with pytest.raises(errors.AuthenticationError) as caught:
        subject.v2("ping", {})
    assert words in caught.value.remedy
    assert KEY not in str(caught.value)


# which API a host speaks


@pytest.mark.parametrize(
    ("api", "v1", "bridge", "name", "generation", "words"),
    [
        ("v1", False, False, "v1", "A", "was not asked"),
        ("auto", True, False, "v1", "A", "answered at /api/v1"),
        ("auto", False, True, "v2", "B", "no /api/v1 (404)"),
        ("v2", True, False, "v2", "A", "without the conat bridge"),
        ("v2", False, True, "v2", "B", "with the conat bridge"),
    ],
)
def test_what_a_host_speaks(
    api: Any, v1: bool, bridge: bool, name: str, generation: str, words: str
) -> None:
    missing = reply(404, "<title>404 Page Not Found</title>", "text/html")
    here = reply(400, {"error": "no key"})
    answers = {"auto": [here if v1 else missing], "v2": [here] if bridge else [missing, here]}
    subject, there = caller(*answers.get(api, []))
    asked = len(there.answers)
    found = dialect_for(subject, api)
    assert (found.name, found.generation) == (name, generation)
    assert words in reason(api, found)
    assert len(there.asked) == asked
    assert {it["auth"] for it in there.asked} <= {"none"}
    again = dialect_for(subject, api)
    assert (again.name, again.generation) == (name, generation)
    assert len(there.asked) == asked, "once for each host"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(401, "x", "text/html"), errors.AuthenticationError),
        (reply(403, "x", "text/html"), errors.AuthenticationError),
        (reply(200, "x", "text/html"), errors.ServerError),
        (reply(500, {"error": "x"}), errors.ServerError),
        (reply(503, "x", "text/html"), errors.ServerError),
    ],
)
def test_what_does_not_tell_is_asked_again(answer: Reply, error: Any) -> None:
    subject, there = caller(answer, reply(200, {"now": 5}))
    with pytest.raises(error) as caught:
        dialect_for(subject, "auto")
    assert (caught.value.endpoint, caught.value.status) == ("v1/ping", answer.status)
    assert ("yet" in caught.value.message) is (answer.status >= 500), "it may be starting"
    assert dialect_for(subject, "auto").name == "v1"
    assert len(there.asked) == 2


@pytest.mark.parametrize("answer", [reply(500, {"error": "x"}), reply(200, "x", "text/html")])
def test_a_bridge_that_does_not_tell_is_no_proof_of_the_older_api(answer: Reply) -> None:
    subject, there = caller(answer, reply(200, {"now": 5}))
    with pytest.raises(errors.ServerError) as caught:
        dialect_for(subject, "v2")
    assert caught.value.endpoint == "conat/hub"
    assert len(there.asked) == 1


@pytest.mark.parametrize(
    ("answer", "is_api"),
    [
        (reply(200, {"now": 5}), True),
        (reply(400, {"error": "no key"}), True),
        (reply(200, {"error": None}), False),
        (reply(200, ["now"]), False),
        (reply(200, "{broken"), False),
        (reply(201, {"now": 5}), False),
        (reply(200, {"now": 5}, "text/plain"), False),
    ],
)
def test_only_an_answer_as_it_was_recorded_decides(answer: Reply, is_api: bool) -> None:
    subject, _there = caller(answer)
    if is_api:
        assert dialect_for(subject, "auto").name == "v1"
        return
    with pytest.raises(errors.ServerError, match="like no CoCalc"):
        dialect_for(subject, "auto")


@pytest.mark.parametrize(
    ("bridge", "found"),
    [(reply(200, {"now": 5}), "v2"), (reply(404, "x", "text/html"), None)],
)
def test_any_server_can_say_that_it_has_no_such_page(bridge: Reply, found: str | None) -> None:
    missing = reply(404, "<title>Not here</title>", "text/html")
    subject, there = caller(missing, bridge)
    if found:
        assert dialect_for(subject, "auto").name == found
    else:
        with pytest.raises(errors.ServerError, match=r"HTTP 404 to `v1/ping`"):
            dialect_for(subject, "auto")
    assert [it["path"] for it in there.asked] == ["/api/v1/ping", "/api/conat/hub"]
    assert there.asked[1]["body"] == {"name": "system.ping", "args": []}


def test_a_host_that_contradicts_itself_is_asked_anew() -> None:
    page = reply(404, "<title>404 Page Not Found</title>", "text/html")
    subject, there = caller(reply(200, {"now": 5}), page, reply(500, {"error": "busy"}), page)
    before = dialect_for(subject, "auto")
    with pytest.raises(errors.NotFoundError):
        before.ping()
    assert [it["path"] for it in there.asked] == ["/api/v1/ping"] * 3
    assert dialect_for(subject, "auto").name == "v2"
    assert len(there.asked) == 4


def test_a_host_that_somebody_else_asks_is_waited_for_so_long_and_no_longer() -> None:
    subject, there = caller(reply(200, {"now": 5}))
    lock = detect._locks.setdefault((there.host, "auto"), detect.new_lock())
    with lock:
        began = time.monotonic()
        with pytest.raises(errors.APITimeoutError, match=r"not known within 0\.05 s") as caught:
            dialect_for(subject, "auto", 0.05)
        assert caught.value.endpoint == "ping"
        assert time.monotonic() - began < 5
    assert dialect_for(subject, "auto", 3.0).name == "v1"
    assert 2.5 < there.asked[0]["timeout"] <= 3.0
    assert lock.acquire(timeout=0.1), "it is given back"
    lock.release()


# a host that speaks another API than it did


class Spoke:
    """A dialect whose calls are refused by a page, or answered by its name."""

    form = True

    def __init__(self, name: str, refusal: Any = None) -> None:
        self.name, self.refusal, self.calls = name, refusal, []

    def _call(self, *args: Any, **options: Any) -> str:
        self.calls.append((args, options))
        if self.refusal is not None:
            raise self.refusal
        return self.name

    ping = exec = _call


def gone(status: int = 404, body: Any = "<title>404</title>") -> errors.NotFoundError:
    return errors.NotFoundError("no such page", status=status, body=body)


def spoken_by(before: Spoke, after: Spoke | None) -> tuple[Any, list[Any]]:
    asked: list[Any] = []

    def again(was: Any, seconds: float | None) -> Any:
        asked.append((was, seconds))
        return after

    return Spoken(before, again), asked  # type: ignore[arg-type]


def test_a_call_that_does_no_harm_is_made_by_the_api_that_there_is_now() -> None:
    old, new = Spoke("v1", gone()), Spoke("v2")
    subject, asked = spoken_by(old, new)
    assert (subject.name, subject.form) == ("v1", True)
    assert subject.ping(1, timeout=3.0) == "v2"
    assert asked == [(old, 3.0)]
    assert new.calls == [((1,), {"timeout": 3.0})]
    assert subject.name == "v2"
    assert subject.ping() == "v2"
    assert len(asked) == 1


def test_any_other_call_is_refused_with_what_to_do() -> None:
    new = Spoke("v2")
    subject, asked = spoken_by(Spoke("v1", gone()), new)
    with pytest.raises(errors.NotFoundError, match="Nothing was done: try again") as caught:
        subject.exec("make")
    assert "API v2 now" in caught.value.remedy
    assert (len(asked), new.calls) == (1, [])
    assert subject.exec("make") == "v2"


@pytest.mark.parametrize("refusal", [gone(200), gone(body={"error": "no such job"}), gone(410)])
def test_what_is_missing_behind_an_api_does_not_deny_it(refusal: Any) -> None:
    subject, asked = spoken_by(Spoke("v1", refusal), Spoke("v2"))
    with pytest.raises(errors.NotFoundError):
        subject.ping()
    assert asked == []
    assert subject.name == "v1"


def test_where_nothing_new_is_known_the_refusal_stays() -> None:
    subject, asked = spoken_by(Spoke("v1", gone()), None)
    with pytest.raises(errors.NotFoundError) as caught:
        subject.ping()
    assert caught.value.remedy == ""
    assert len(asked) == 1
    with pytest.raises(AttributeError):
        _ = subject._private


def test_who_was_refused_by_the_one_before_need_not_ask_again() -> None:
    old, new = Spoke("v1"), Spoke("v2")
    subject, asked = spoken_by(new, Spoke("v3"))
    assert subject.reconsider(old) is True
    assert asked == []
    assert subject.reconsider(timeout=5.0) is True
    assert asked == [(new, 5.0)]
    same, _asked = spoken_by(old, None)
    assert same.reconsider() is False
