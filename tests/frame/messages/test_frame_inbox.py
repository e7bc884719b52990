"""What the page says: each field is what it may be, or as if it had not been told."""

import math

import pytest
from framepage import P1, WIRE

from cocalc_widget.frame.messages import inbox
from cocalc_widget.frame.messages.inbox import (
    Batch,
    Hello,
    Line,
    Result,
    State,
    Told,
    WantToken,
    read,
)


def told(which, **changes):
    """A message of the wire, with some of its fields replaced."""
    return read({**WIRE["to_kernel"][which], **changes})


def without(which, field):
    return read({key: value for key, value in WIRE["to_kernel"][which].items() if key != field})


@pytest.mark.parametrize("junk", [None, 7, "hello", [], {}, {"type": None}, {"type": "news"}])
def test_what_is_no_message_of_ours(junk):
    assert read(junk) is None
    assert read({"type": ["hello"], "protocol": 2, "page": "x"}) is None
    assert read({"type": "batch", "messages": [junk]}) == Batch(())


def test_the_messages_without_fields():
    assert told("want.token") == WantToken()
    assert told("batch").messages == (Result(2, "sent"), Result(3, "sent"))


def test_hello():
    assert told("hello") == Hello("https://jupyter.test", 2, ())
    for page in (None, 7, ["https://jupyter.test"]):
        assert told("hello", page=page).page == "null", "an origin that nobody can name"
    assert told("hello", protocol="2") is None
    assert told("hello", ancestors=["https://a.test", 7]).ancestors == ("https://a.test", "7")
    for none in (None, "https://a.test", {}):
        assert told("hello", ancestors=none).ancestors is None, "its browser does not tell"
    assert without("hello", "ancestors").ancestors is None


def test_a_page_cannot_tell_without_end():
    hello = told("hello", page="https://" + "x" * 1000, ancestors=["y" * 1000] * 100)
    assert len(hello.page) == 300
    assert [len(it) for it in hello.ancestors] == [300] * 20
    assert len(told("event", name="z" * 1000).name) == 200
    many = {f"{n}": ["a.md"] * 2000 for n in range(2000)}
    files = inbox.open_files(many)
    assert len(files) == 1000
    assert {len(paths) for paths in files.values()} == {1000}
    parts = [{"type": "event", "name": "x"}] * 2000
    assert len(read({"type": "batch", "messages": parts}).messages) == 1000


@pytest.mark.parametrize("seq", [None, "1", 1.0, True])
def test_a_result_needs_the_number_of_a_command(seq):
    assert told("result.ack", seq=seq) is None
    assert told("result.ack", seq=-1).seq == -1, "of a token that came with the widget"


def test_a_result_needs_a_state():
    for state in ("sent", "ack", "done", "error", "timeout", "cancelled"):
        assert told("result.ack", state=state).state == state
    for state in (None, "queued", "", 7):
        assert told("result.ack", state=state) is None


def test_a_result_is_whole_also_without_the_rest():
    assert told("result.ack") == Result(1, "ack", {}, 0, None, 0.0, "")
    link = told("result.link")
    assert (link.listed, link.posted, link.opened_as) == (True, 1.0, "real.md")
    assert link.reply["path"] == "link.md"
    assert [told("result.timeout", at=at).at for at in (0, 1, 2, 3, -1, "1", None)] == [
        0, 1, 2, 0, 0, 0, 0,
    ]  # fmt: skip
    assert [told("result.done", listed=it).listed for it in (True, False, None, 1, "no")] == [
        True, False, None, None, None,
    ]  # fmt: skip
    assert told("result.done", reply=["done"]).reply == {}


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), (0.5, 0.5), (7, 7), (-1, 0), (True, 0), ("7", 0), (None, 0), (1e15, 0), (9e14, 9e14)],
)
def test_a_time_is_a_number_of_the_pages_clock(value, number):
    assert told("result.done", posted=value).posted == number
    assert told("log.opened", heard=value).heard == number
    assert told("state", loads=value).loads == int(number)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_that_json_lacks(value):
    assert told("result.done", reply={"connection": {"quality": value}}).reply == {
        "connection": {"quality": None}
    }
    assert told("log.opened", heard=value).heard == 0


def test_a_state_is_whole_also_where_little_is_told():
    assert read({"type": "state", "channel": "booting"}) == State("booting")
    assert State() == State("", False, 0, 0, True, False, {}, {})
    full = told("state", offscreen=True, view=False, generation=3, loads=2)
    assert full == State(
        "messages", True, 3, 2, False, True, WIRE["to_kernel"]["state"]["connection"],
        {P1: ["a.md"]},
    )  # fmt: skip


@pytest.mark.parametrize("channel", ["", "kiosk", None, 7])
def test_a_state_of_no_channel_is_none(channel):
    assert told("state", channel=channel) is None


def test_only_yes_means_ready_and_only_no_means_out_of_view():
    for junk in (1, "true", None):
        state = told("state", ready=junk, offscreen=junk, view=junk, connection=junk)
        assert (state.ready, state.offscreen, state.view) == (False, False, True)
        assert state.connection == {}


@pytest.mark.parametrize("value", [None, 7, "x", ["a.md"]])
def test_open_files_that_are_none(value):
    assert inbox.open_files(value) == {}
    assert inbox.open_files({P1: value, "b": ["a.md", value]})["b"] == [
        "a.md", *([value] if isinstance(value, str) else []),
    ]  # fmt: skip
    assert P1 not in inbox.open_files({P1: "a.md"}), "a name is no list of names"


@pytest.mark.parametrize("field", ["name", "id", "project_id"])
def test_a_line_says_what_and_where(field):
    assert told("log.opened", **{field: ""}) is None
    assert told("log.opened", **{field: 7}) is None
    assert without("log.opened", field) is None
    assert told("log.opened", **{field: "x" * 4096}) is not None
    assert told("log.opened", **{field: "x" * 4097}) is None


def test_a_line_of_the_log():
    assert told("log.rendered") == Line(
        "rendered", "d6ffdfdd-46be-4502-9e05-ba1146bdbc94", P1, "", "", 716.5, 1
    )
    assert told("log.opened", path=None) is None
    assert told("log.opened", generation="2").generation == 0


def test_news():
    assert told("event") == Told("late-reply", {"action": "open", "path": "a.md"})
    assert told("event", detail=["x"]).detail == {}
    assert told("event", name=None) is None


def test_half_of_a_character_is_none():
    reply = told("result.error", reply={"mesg": "a\ud800b", "\udc00": [("\udfff",)]}).reply
    assert reply == {"mesg": "a\ufffdb", "\ufffd": [["\ufffd"]]}


def test_what_is_nested_without_end_ends():
    deep = value = []
    for _ in range(100):
        value.append([])
        value = value[0]
    found, levels = told("result.error", reply={"x": deep}).reply["x"], 0
    while found:
        found, levels = found[0], levels + 1
    assert 10 <= levels <= 20
    around = {"a": {"b": {"c": ["d", {7: "no name", "e": 1}]}}}
    assert told("result.error", reply=around).reply == {"a": {"b": {"c": ["d", {"e": 1}]}}}


def test_a_sentence_of_cocalcs_ends_somewhere():
    assert inbox.sentence("x" * 2000) == "x" * 2000
    assert inbox.sentence("x" * 2001) == "x" * 2000 + " ..."
    assert inbox.sentence("a\tb\nc\rd\x7f") == "a\tb\nc d "
    assert "sk-0123456789abcdef" not in inbox.sentence("the key sk-0123456789abcdef is wrong")
