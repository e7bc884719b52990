"""Bad input, one by one, that examples at random meet too seldom to be relied on."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from jupyter_client.session import json_packer

from cocalc_widget import errors
from cocalc_widget.address import Address
from cocalc_widget.api.dialects import records as rows
from cocalc_widget.api.http.answers import page_words, read, words_of
from cocalc_widget.api.http.failures import judge, seconds_to_wait
from cocalc_widget.api.http.messages import Reply
from cocalc_widget.api.http.secrets import masked
from cocalc_widget.api.http.timeouts import retry_after
from cocalc_widget.api.http.unanswered import target_of
from cocalc_widget.frame.messages import inbox, outbox
from cocalc_widget.magics.language.expansion import expand
from cocalc_widget.magics.language.splitter import scan
from cocalc_widget.redact import Secret, redact

from . import strategies as bad
from .test_answers import Wire

# What once took the square of a text's length, for hours, ends the test here.
pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("sign", ["[", '{"error":'])
@pytest.mark.parametrize("status", [200, 500])
def test_answers_of_any_depth(sign: str, status: int) -> None:
    for depth in (60, 500, 100_000):
        end = {"[": "]"}.get(sign, "}") * depth
        text = sign * depth + "1" + end
        try:
            found = read(status, "application/json", text, endpoint="x", kind="v1")
        except errors.APIError as error:
            found = error.body
        assert masked(found) is not None


def test_values_of_any_depth() -> None:
    """Deeper than Python itself can show."""
    deep = bad.nested(5000, "list")
    assert words_of({"error": deep}).endswith("...")
    assert words_of({"code": deep, "message": 1})
    assert len(json.dumps(masked(deep))) < 500
    assert rows.project_of({"project_id": bad.ID, "title": deep}, "x").title.startswith("[[")


@pytest.mark.parametrize("part", ["<pre", "<pre>", "<title>", "<", "<br ", "&amp;"])
def test_pages_of_any_length(part: str) -> None:
    assert len(page_words(part * 300_000)) <= 500
    assert len(page_words("<pre>" + part * 300_000 + "</pre>")) <= 500


@pytest.mark.parametrize("part", ["1", "password ", "please wait ", "'", '"', "must be an "])
def test_words_of_any_length(part: str) -> None:
    assert issubclass(judge(part * 300_000, 200).error, errors.APIError)
    assert seconds_to_wait(part * 300_000) is None


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_times_to_wait_that_are_none(text: str) -> None:
    asked = retry_after({"retry-after": text}, time.time())
    assert asked is None or 0 <= asked < 1e12


@pytest.mark.parametrize("place", ["http://[::1", "http://a]b/"])
def test_redirects_to_what_is_no_address(place: str) -> None:
    assert target_of("https://cocalc.test/a", place) == ""
    wire = Wire([Reply(302, "", "", {"location": place})])
    with pytest.raises(errors.ServerError, match="what is no address"):
        wire.client(bad.CANARY).ping()


def test_a_redirect_that_repeats_the_key() -> None:
    wire = Wire([Reply(302, "", "", {"location": f"https://{bad.CANARY}@evil.test/"})])
    with pytest.raises(errors.ServerError) as caught:
        wire.client(bad.CANARY).ping()
    assert bad.CANARY not in str(caught.value)
    assert "evil.test" in str(caught.value)


@pytest.mark.parametrize(
    "body", [{"x": bad.CANARY}, {bad.CANARY: 1}, {"event": "error", "id": bad.CANARY}, [bad.CANARY]]
)
def test_answers_that_repeat_the_key_where_nobody_looks(body: Any) -> None:
    wire = Wire([Reply(200, "application/json", json.dumps(body), {})])
    with pytest.raises(errors.ServerError) as caught:
        wire.client(bad.CANARY).create_project("x")
    assert bad.CANARY not in f"{caught.value} {vars(caught.value)}"


def test_a_secret_is_masked_everywhere_while_it_lives() -> None:
    secret = Secret(bad.WORD)
    assert redact(f"a {bad.WORD} b") == "a ••• b"
    again = Secret(bad.WORD)
    del secret
    assert redact(bad.WORD) == "•••", "the other one lives"
    del again
    assert redact(bad.WORD) == bad.WORD
    short = Secret("lesson")
    assert redact("a lesson") == "a lesson", "too short to be sure of"
    assert redact("a lesson", short) == "a •••"


def test_errors_can_be_printed_whatever_the_server_said() -> None:
    error = errors.ServerError("a\x1b[2J\ud800\nb\x85", remedy="\x00")
    assert str(error) == "a\ufffd[2J\ufffd\nb\ufffd. \ufffd"


@pytest.mark.parametrize("data", [5, True, {"a": 1}, "x"])
def test_lists_that_are_none(data: Any) -> None:
    lists = {"event": "x", "data": data, "results": data, "query": {"projects_all": data}}
    for call in (
        lambda c: c.copies(bad.ID),
        lambda c: c.projects(),
        lambda c: c.create_token("a@b.test", "secret-7"),
    ):
        wire = Wire([Reply(200, "application/json", json.dumps(lists), {})])
        with pytest.raises(errors.ServerError, match="has no list"):
            call(wire.client(bad.CANARY))


def test_people_without_names() -> None:
    row = {"account_id": bad.ID, "first_name": 5, "last_name": None, "email_address": ["x"]}
    person = rows.person_of(row, "query")
    assert (person.name, person.email) == ("5", "['x']")


@pytest.mark.parametrize(
    "place",
    [Address(bad.ID, "../x"), Address(bad.ID, "/x"), Address(bad.ID, "a\0"), Address(" ", "x"),
     Address(5, "x"), Address(bad.ID, 5)],  # type: ignore[arg-type]
)  # fmt: skip
def test_addresses_that_were_made_by_hand_are_checked_too(place: Address) -> None:
    other = bad.ID.replace("1", "2")
    for call in (
        lambda c: c.copy(f"{other}:a", place),
        lambda c: c.copy(place, other),
        lambda c: c.copies(place),
    ):
        wire = Wire([Reply(200, "application/json", "{}", {})])
        with pytest.raises(errors.ValidationError):
            call(wire.client(bad.CANARY))
        assert wire.sent == []


@pytest.mark.parametrize("timeout", ["5", float("inf"), float("nan"), 0, -1, True, 1e300])
def test_times_that_no_clock_counts(timeout: Any) -> None:
    for call in (
        lambda c: c.exec(bad.ID, "ls", timeout=timeout),
        lambda c: c.call("system.test", timeout=timeout),
        lambda c: c.copy(f"{bad.ID}:a", bad.ID.replace("1", "2"), timeout=timeout),
    ):
        wire = Wire([Reply(200, "application/json", "{}", {})])
        with pytest.raises(errors.ValidationError):
            call(wire.client(bad.CANARY))
        assert wire.sent == []


def test_patterns_that_are_none() -> None:
    wire = Wire([Reply(200, "application/json", "{}", {})])
    for exclude in (None, 5, [None], ""):
        with pytest.raises(errors.ValidationError, match="patterns"):
            wire.client(bad.CANARY).copy(f"{bad.ID}:a", bad.ID[:-1] + "2", exclude=exclude)


def test_messages_of_the_page_can_be_sent_on() -> None:
    """Jupyter refuses half of a surrogate pair, and NaN: in a trait, an output, a welcome."""
    deep = bad.nested(5000, "list")
    told = {"\ud83d": "\ud800", "n": float("nan"), "deep": deep, "ok": [1, True, None, 0.5]}
    message = inbox.read(
        {"type": "result", "seq": 1, "state": "error", "reply": told, "opened_as": deep}
    )
    assert isinstance(message, inbox.Result)
    assert json_packer(message.reply)
    assert message.reply["\ufffd"] == "\ufffd"
    assert message.reply["ok"] == [1, True, None, 0.5]
    assert len(message.opened_as) < 100
    hello = inbox.read({"type": "hello", "protocol": 1, "page": "\ud800"})
    assert isinstance(hello, inbox.Hello)
    assert hello.page == "\ufffd"


def test_a_secret_at_the_end_of_a_long_sentence_is_masked_whole() -> None:
    assert "auth_token=t" not in inbox.sentence("x" * 1985 + "auth_token=t0ken-t0ken")


@pytest.mark.parametrize("seconds", [1e-9, 1e7, float("inf"), float("nan"), True, "5"])
def test_deadlines_that_no_clock_counts(seconds: Any) -> None:
    with pytest.raises(errors.ConfigurationError):
        outbox.deadlines({"ack": seconds})


@pytest.mark.parametrize("line", ["{" + "-" * 200_000 + "1}", "{" + "(" * 5000 + ")" * 5000 + "}"])
def test_expressions_of_any_depth(line: str) -> None:
    with pytest.raises(errors.ValidationError):
        expand(scan(line), {})


def test_values_that_cannot_be_written_on_a_line() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("broken")

    for value in (Broken(), 10**5000):
        with pytest.raises(errors.ValidationError, match="cannot be written as text"):
            expand(scan("cat $value"), {"value": value})
