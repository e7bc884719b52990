"""The books of the commands, and what goes to the page: rules without a page."""

import threading

import pytest
from framepage import HOST, P1, P2, eventually

from cocalc_widget.errors import ConfigurationError
from cocalc_widget.frame.channel.steering import DOUBT, Steering
from cocalc_widget.frame.messages import outbox, postbox
from cocalc_widget.frame.messages.outbox import budget, deadlines
from cocalc_widget.frame.messages.postbox import Postbox
from cocalc_widget.frame.messages.reply import Reply
from cocalc_widget.frame.session.ledger import REMEMBERED, UNSEEN, Ledger
from cocalc_widget.frame.session.signin import GivenToken, SignIn
from cocalc_widget.redact import Secret

A, B, C = (P1, "a.md"), (P1, "b.md"), (P2, "c.md")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(clock):
    return Ledger(None, lambda _command: None, deadlines(), clock)


# which commands there are, and how long they may take


def test_commands_are_numbered_and_remembered(ledger):
    one, two = ledger.add("status"), ledger.add("open", A)
    assert ledger.number() == 3
    three = ledger.add("closeall")
    assert [it.seq for it in (one, two, three)] == [1, 2, 4]
    assert ledger.pending == [one, two, three]
    assert (ledger.get(2), ledger.get(3)) == (two, None)
    ledger.forget(two)
    assert ledger.pending == [one, three]
    assert list(ledger.history) == [one, two, three]
    for _ in range(REMEMBERED):
        last = ledger.add("status")
    assert len(ledger.history) == REMEMBERED
    assert ledger.history[-1] is last


def test_what_should_be_open_is_what_was_asked_for_and_did_not_fail(ledger):
    for target in (A, B, C):
        good = ledger.add("open", target)
    ledger.forget(good)
    assert ledger.desired == [A, B, C]
    bad = ledger.add("open", B)
    assert ledger.desired == [A, B, C, B], "the active one last, in the order of the tabs"
    ledger.add("open", B)
    assert ledger.desired == [A, B, C, B]
    ledger.add("open", C)
    assert ledger.desired == [A, B, C]
    ledger.forget(bad, failed=True)
    assert ledger.desired == [A, C]
    ledger.forget(ledger.add("status"), failed=True)
    assert ledger.desired == [A, C]
    ledger.add("closeall")
    assert ledger.desired == []


def test_a_command_has_its_time_from_the_last_sign_of_life(ledger, clock):
    assert ledger.left() is None
    ledger.heard()
    clock.now += 500
    status = ledger.add("status")
    limit = budget("status", deadlines())
    assert ledger.left() == limit, "whatever was before it was asked"
    clock.now += 10
    ledger.add("open", A)
    assert ledger.left() == limit - 10, "another command is no sign of the page"
    ledger.advance(status, "sent")
    assert ledger.left() == limit
    clock.now += limit - 0.5
    assert ledger.overdue() == []
    clock.now += 0.5
    assert ledger.overdue() == [status]
    assert ledger.get(status.seq) is None
    assert ledger.desired == [A], "what is late may still come"


def test_before_any_page_there_is_more_time(ledger, clock):
    command = ledger.add("status")
    assert ledger.left() == UNSEEN
    clock.now += UNSEEN - 1
    ledger.heard()
    assert ledger.left() == budget("status", deadlines())
    assert ledger.overdue() == []
    assert command.state == "queued"


def test_how_far_a_command_has_come(ledger, clock):
    command = ledger.add("open", A)
    ledger.advance(command, "sent")
    assert (command.state, command.acked) == ("sent", None)
    ledger.advance(command, "ack")
    assert (command.state, command.acked) == ("ack", 1000.0)
    clock.now += 5
    ledger.advance(command, "done")
    assert (command.state, command.acked) == ("ack", 1000.0), "since it was taken first"
    ledger.advance(command, "timeout")
    assert command.state == "ack"
    unheard = ledger.add("open", B)
    ledger.advance(unheard, "done")
    assert unheard.acked == 1005.0, "what is done was taken"
    assert command.elapsed == 5


def test_the_budget_is_longer_than_every_deadline_of_the_page():
    limits = deadlines({"done": 30})
    assert budget("status", limits) > limits["ready"] + limits["status"]
    for action in ("open", "closeall"):
        assert budget(action, limits) > limits["ready"] + limits["ack"] + 30 + limits["render"]
        assert budget(action, deadlines()) >= budget(action, limits) + 270, "300 until 2025"


# deadlines


@pytest.mark.parametrize("seconds", [0, -1, 0.0009, 1e6, True, "5", None, float("nan")])
def test_a_deadline_that_is_none(seconds):
    with pytest.raises(ConfigurationError, match="'ack' must be a positive number"):
        deadlines({"ack": seconds})


def test_deadlines_that_are_given_replace_the_defaults():
    plain = deadlines()
    assert "done" not in plain
    given = deadlines({"ack": 1, "done": 0.001})
    assert (given["ack"], given["done"]) == (1.0, 0.001)
    assert {name: given[name] for name in plain if name != "ack"} == {
        name: plain[name] for name in plain if name != "ack"
    }
    with pytest.raises(ConfigurationError, match=r"no deadline 'acks'; there are ack, .*, done"):
        deadlines({"acks": 1})


@pytest.mark.parametrize(("generation", "done"), [("A", 300_000), ("B", 30_000), (None, 300_000)])
def test_how_long_an_open_may_take_depends_on_whether_somebody_is_asked(generation, done):
    def told(limits):
        welcome = outbox.welcome(
            HOST, "messages", place=None, desired=[], token=False, generation=generation,
            limits=limits,
        )  # fmt: skip
        return welcome["deadlines"]

    assert told(deadlines())["done"] == done
    assert told(deadlines({"done": 7}))["done"] == 7000


# messages to the page


def test_the_page_is_told_in_whole_messages():
    assert outbox.say("wait", "x") == {"type": "say", "mood": "wait", "words": "x", "more": False}
    one, two = {"type": "reload"}, {"type": "bye"}
    assert outbox.batch([one]) == one
    assert outbox.batch([one, two]) == {"type": "batch", "messages": [one, two]}


@pytest.mark.parametrize(
    ("path", "tells"),
    [
        ("a.md", True), ("a.ipynb", True), ("tex", True), ("a.tex.md", True), ("a.texx", True),
        ("a.tex", False), ("A.TEX", False), ("x/a.sagews", False), ("a.jpg", False),
        ("a.jpeg", False), ("a.tif", False), ("a.tiff", False), ("a.chat", False),
    ],
)  # fmt: skip
def test_kinds_that_are_never_told_to_be_rendered(path, tells):
    assert outbox.tells(path) is tells


class Post(list):
    """What a postbox has sent, in its order."""

    def box(self):
        return Postbox(self.append, self.append)


def test_what_is_put_in_one_moment_is_sent_once_with_the_traits_last(monkeypatch):
    monkeypatch.setattr(postbox, "MOMENT", 60)
    post = Post()
    box = post.box()
    box.put({"type": "reload"})
    box.put_traits({"busy"})
    box.put({"type": "bye"})
    box.put_traits({"ready"})
    assert post == []
    box.flush()
    assert post == [outbox.batch([{"type": "reload"}, {"type": "bye"}]), {"busy", "ready"}]
    box.flush()
    assert len(post) == 2
    box.put_traits({"busy"})
    box.flush()
    assert post[2:] == [{"busy"}]


def test_of_two_places_in_one_moment_the_frame_goes_to_the_last(monkeypatch):
    monkeypatch.setattr(postbox, "MOMENT", 60)
    post = Post()
    box = post.box()
    for message in (outbox.steer(HOST, A), outbox.say("wait", "x"), outbox.steer(HOST, B)):
        box.put(message)
    box.flush()
    assert post == [outbox.batch([outbox.say("wait", "x"), outbox.steer(HOST, B)])]


def test_a_moment_ends_by_itself_and_the_next_one_too(monkeypatch):
    monkeypatch.setattr(postbox, "MOMENT", 0.01)
    post = Post()
    box = post.box()
    box.put({"type": "reload"})
    eventually(lambda: len(post) == 1)
    box.put({"type": "bye"})
    eventually(lambda: len(post) == 2)


class Due:
    def __init__(self, call):
        self.call, self.cancelled = call, False

    def cancel(self):
        self.cancelled = True


def test_a_moment_is_waited_for_once(monkeypatch):
    rung = []
    monkeypatch.setattr(postbox, "later", lambda _seconds, call: rung.append(Due(call)) or rung[-1])
    box = Post().box()
    for _ in range(3):
        box.put({"type": "reload"})
    assert len(rung) == 1
    rung[0].call()
    box.put({"type": "reload"})
    assert len(rung) == 2
    box.flush()
    assert rung[1].cancelled, "it does not cut the next moment short"


def test_an_errand_is_done_after_what_was_said(monkeypatch):
    monkeypatch.setattr(postbox, "MOMENT", 60)
    post = Post()
    box = post.box()
    box.put_errand(lambda: post.append("errand"))
    box.put({"type": "bye"})
    box.put_traits({"busy"})
    assert post == []
    box.flush()
    assert post == [{"type": "bye"}, {"busy"}, "errand"]
    box.flush()
    assert len(post) == 3


def test_what_is_this_threads_alone_may_be_sent_at_once(monkeypatch):
    monkeypatch.setattr(postbox, "MOMENT", 60)
    post = Post()
    box = post.box()
    box.flush_mine()
    box.put({"type": "reload"})
    box.flush_mine()
    assert post == [{"type": "reload"}]
    thread = threading.Thread(target=lambda: box.put({"type": "bye"}))
    thread.start()
    thread.join()
    box.put({"type": "reload"})
    box.flush_mine()
    assert len(post) == 1, "another one may be in the midst of more"
    box.flush()
    assert len(post) == 2


def test_without_threads_or_a_loop_everything_is_sent_at_once(monkeypatch):
    monkeypatch.setattr(postbox, "later", lambda _seconds, _call: None)
    post = Post()
    post.box().put({"type": "bye"})
    assert post == [{"type": "bye"}]


# the token


def test_a_token_is_given_away_once():
    sign_in = SignIn()
    assert (sign_in.kept, sign_in.used, sign_in.take()) == (False, False, None)
    sign_in.keep(GivenToken(Secret("t" * 24), "B", "me"), 7)
    assert (sign_in.kept, sign_in.used) == (True, True)
    assert (sign_in.generation, sign_in.account, sign_in.seq) == ("B", "me", 7)
    assert sign_in.take().reveal() == "t" * 24
    assert (sign_in.kept, sign_in.used, sign_in.take()) == (False, True, None)


def test_a_token_that_comes_later_replaces_the_one_before():
    sign_in = SignIn()
    sign_in.keep(GivenToken(Secret("t" * 24), "B", "me"), 7)
    sign_in.keep(GivenToken(Secret("u" * 24)))
    assert sign_in.take().reveal() == "u" * 24
    assert (sign_in.generation, sign_in.account, sign_in.seq) == ("B", "", 0)
    assert sign_in.used, "whomever it signs in"


def test_two_pages_that_ask_at_once_get_one_token():
    sign_in, got = SignIn(), []
    sign_in.keep(GivenToken(Secret("t" * 24)))
    threads = [threading.Thread(target=lambda: got.append(sign_in.take())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([it for it in got if it is not None]) == 1


# the reply, as it is read


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        (Reply("open", P1, "a.md", True, "rendered"), "yes: CoCalc reported it as rendered"),
        (Reply("open", P1, "a.md", True, "opened"), "yes: CoCalc reported it as opened"),
        (Reply("open", P1, "a.md", True, "api"), "yes: the project&#x27;s log has it"),
        (Reply("open", P1, "a.md", None, "status"), "not known"),
        (Reply("open", P1, "a.md", False), "no"),
        (Reply("open", P1, "a.md", False, "opened", why="<b>"), "no: &lt;b&gt;"),
    ],
)
def test_a_reply_says_whether_it_is_shown_and_what_tells_so(reply, shown):
    assert f"<th style='text-align:left'>shown</th><td style='text-align:left'>{shown}</td>" in (
        reply._repr_html_()
    )


def test_a_reply_lists_what_there_is_and_no_more():
    plain = Reply("status")
    assert (plain.project_id, plain.path, plain.verified, plain.shown_after) == (None,) * 4
    assert (plain.evidence, plain.why, plain.elapsed) == ("", "", 0.0)
    html = plain._repr_html_()
    assert "shown" not in html
    assert ">none</td>" in html
    assert ">0.00 s</td>" in html
    full = Reply(
        "status",
        open_files={P1: ["a.md", "b.md"], P2: ["<c>"]},
        connection={"status": "connected", "quality": "good", "status_time": "now"},
        raw={"secret": "x"},
        elapsed=1.234,
    )
    html = full._repr_html_()
    assert ">a.md, b.md, &lt;c&gt;</td>" in html
    assert ">connected, good</td>" in html
    assert ">1.23 s</td>" in html
    assert "secret" not in repr(full)


# where the frame is sent


class Order:
    def __init__(self, target=None):
        self.target, self.path = target, target[1] if target else None


def test_a_frame_shows_one_file_and_what_it_replaces_ends():
    steering = Steering(deadlines())
    first, same, other = Order(A), Order(A), Order(B)
    assert steering.order(first, 0.0) == ([], True)
    assert steering.order(same, 1.0) == ([], False)
    assert steering.active == [first, same]
    ended, moves = steering.order(other, 2.0)
    assert moves
    assert [(it.command, it.verified, it.instead) for it in ended] == [
        (first, False, "b.md"), (same, False, "b.md"),
    ]  # fmt: skip
    [ending], _moves = steering.order(Order(), 3.0)
    assert (ending.command, ending.instead) == (other, ""), "everything was closed"
    [closed], _moves = steering.order(Order(A), 4.0)
    assert closed.verified is None, "a closeall has nothing to show"


def test_a_place_is_gone_to_again_unless_somebody_waits_for_it():
    steering = Steering(deadlines())
    steering.order(Order(A), 0.0)
    steering.arrive(None)
    assert steering.order(Order(A), 1.0)[1] is True
    steering.order(Order(), 2.0)
    assert steering.order(Order(), 3.0)[1] is True


def test_going_somewhere_begins_anew():
    steering = Steering(deadlines())
    assert (steering.used, steering.shown, steering.place) == (False, False, None)
    steering.visit()
    steering.popup = steering.proved = True
    steering.send(A, 1.0)
    assert (steering.used, steering.shown, steering.popup, steering.proved) == (
        True, False, False, False,
    )  # fmt: skip
    steering.popup = True
    steering.visit()
    assert (steering.shown, steering.popup) == (True, False)


def test_a_load_ends_what_is_about_no_file():
    steering = Steering(deadlines())
    steering.order(Order(A), 0.0)
    assert steering.load() == []
    closing = Order()
    steering.order(closing, 1.0)
    assert [it.command for it in steering.load()] == [closing]
    assert steering.active == []


def test_evidence_has_its_time_and_the_whole_has_its_own():
    limits = deadlines()
    steering = Steering(limits)
    command = Order(A)
    steering.order(command, 100.0)
    assert not steering.doubtful(100.0 + DOUBT * limits["evidence"] - 0.1)
    assert steering.doubtful(100.0 + DOUBT * limits["evidence"])
    assert not steering.late(100.0 + limits["evidence"] - 0.1)
    assert steering.late(100.0 + limits["evidence"])
    steering.hold(105.0)
    assert not steering.late(100.0 + limits["evidence"])
    steering.popup = True
    assert not steering.late(1000.0), "the user has to press a button"
    assert steering.overdue(100.0 + limits["ready"] - 0.1) == []
    [ending] = steering.overdue(100.0 + limits["ready"])
    assert (ending.state, ending.popup) == ("timeout", True)
    steering.order(command, 200.0)
    [ending] = steering.overdue(200.0 + limits["evidence"])
    assert (ending.state, ending.verified) == ("done", None)
    assert steering.overdue(1000.0) == []


def test_what_has_ended_otherwise_is_not_waited_for():
    steering = Steering(deadlines())
    one, two = Order(A), Order(A)
    steering.order(one, 0.0)
    steering.order(two, 0.0)
    steering.forget(one)
    assert steering.active == [two]
