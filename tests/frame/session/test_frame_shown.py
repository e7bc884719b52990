"""What a user is told of an open: what proves that it is shown, what is in doubt, what is back."""

import logging
import threading

import pytest
from framepage import P1, P2, WIRE, Page, eventually

from cocalc_widget import errors
from cocalc_widget.frame import Event
from cocalc_widget.frame.channel import inquiries
from cocalc_widget.frame.messages import postbox

MINE = {"quality": "good", "status": "connected"}
LOST = {"quality": "good", "status": "disconnected"}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Standing:
    def __init__(self, project="usable", path="file"):
        self.project, self.path = project, path


class Client:
    """Knows what it is told; `asked` and `started` tell what it was asked for."""

    host, generation, account_id = "https://cocalc.test", "B", "me"

    def __init__(self, *standings, settings=None, generation="B"):
        self.answers, self.settings = list(standings) or [Standing()], settings or {}
        self.generation = generation
        self.asked, self.started, self.down = [], [], None
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.entries, self.requests = [], []
        self.takes = True

    def customize(self):
        return self.settings

    def framing(self):
        if self.down is not None:
            raise self.down
        return

    def standing(self, project_id, path, *, timeout, usable):
        self.may_answer.wait(10)
        self.asked.append((project_id, path, usable))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def standings(self, project_id, paths, **told):
        self.requests.append(list(paths))
        return [self.standing(project_id, path, **told) for path in paths]

    def start_project(self, project_id):
        self.started.append(project_id)

    def log(self, project_id):
        return list(self.entries)

    def takes_token(self, token):
        if self.takes is None:
            raise errors.APIConnectionError("no way there")
        return self.takes


class Scene:
    """A widget, its page, and a clock in hand."""

    def __init__(self, make, *, generation="B", page="https://jupyter.cocalc.test", **options):
        self.clock = Clock()
        self.widget = make(P1, **options)
        self.here = self.widget._session
        self.here.context.clock = self.here.ledger._clock = self.clock
        self.here.context.greeting.facts.generation = generation
        self.here.context.greeting.facts.look = self._look
        self.looks, self.down = 0, ""
        self.page = Page(self.widget)
        self.widget._repr_mimebundle_()
        eventually(lambda: self.here.context.greeting.facts.known)
        self.page.hello(page)
        eventually(lambda: self.page.heard("welcome"))
        self.state()

    def _look(self, then):
        self.looks += 1
        then(self.down)

    def state(self, **changes):
        self.page.send("state", **{"connection": MINE, "open_files": {}, **changes})

    def open(self, path="a.md", project_id=P1):
        """Open it, and let the moment be over."""
        command = self.widget.open(path, project_id=project_id)
        self.here.postbox.flush()
        return command

    def done(self, path="a.md", project_id=P1, **changes):
        self.page.finish("result.done", **changes)

    def wait(self, seconds):
        """Let the clock go on, in steps as the alarm would."""
        for _ in range(int(seconds * 2)):
            self.clock.now += 0.5
            self.here.background.tick()

    def listing(self, files):
        """The page's answer to the status that was asked for last."""
        self.page.send(
            "result.status",
            seq=self.page.commands[-1]["seq"],
            reply={"status": "done", "connection": MINE, "open_files": files},
        )


@pytest.fixture
def scene(make, monkeypatch):
    monkeypatch.setattr(postbox, "MOMENT", 60)  # a moment lasts until the page is looked at
    return lambda **options: Scene(make, **options)


def end(command):
    assert command.done(), command
    return command.exception() or command.result()


# proof


def test_rendered_is_the_strongest_and_tells_how_long_it_took(scene):
    s = scene()
    command = s.open()
    s.page.opened("a.md", heard=101.0)
    s.done(posted=1.0)
    assert not command.done()  # done, listed and opened: it may be a project that is stopped
    s.page.rendered(heard=601.0)
    reply = end(command)
    assert (reply.verified, reply.evidence, reply.shown_after, reply.why) == (
        True, "rendered", 0.6, ""
    )  # fmt: skip
    assert reply.open_files == {P1: ["a.md"]}


def test_rendered_before_done_ends_it_with_done(scene):
    s = scene()
    command = s.open()
    s.page.opened("a.md")
    s.page.rendered()
    assert not command.done()
    s.done()
    assert end(command).verified is True


@pytest.mark.parametrize("generation", ["B", None])
def test_opened_alone_proves_nothing_where_messages_are_taken(scene, generation):
    s = scene(generation=generation)
    command = s.open()
    s.page.opened("a.md")
    s.done()
    s.wait(5)
    assert not command.done()
    assert s.page.commands[-1]["action"] == "status"  # one more look at the list
    s.listing({P1: ["a.md"]})
    reply = end(command)
    assert (reply.verified, reply.evidence) == (None, "opened")
    assert "does not tell that it is shown" in reply.why


def test_until_2025_the_first_line_proves_it(scene):
    s = scene(generation="A")
    command = s.open()
    s.done()
    assert not command.done()
    s.page.opened("a.md")
    reply = end(command)
    assert (reply.verified, reply.evidence) == (True, "opened")


def test_until_2025_every_kind_tells_and_nothing_lies_below(scene):
    s = scene(generation="A")
    paper, page = s.open("paper.tex"), s.open("a.md")
    for command in (paper, page):
        s.page.finish("result.ack", seq=command.seq)
        s.done(seq=command.seq)
    assert not paper.done()
    s.page.opened("paper.tex")
    assert (end(paper).verified, end(paper).evidence) == (True, "opened")
    later = scene(generation="B")
    paper = later.open("paper.tex")
    later.done()
    assert end(paper).verified is None, "it is never told, and not waited for"


def test_the_list_alone_proves_nothing(scene):
    s = scene(generation="A")
    command = s.open()
    s.done()
    s.wait(5)
    s.listing({P1: ["a.md"]})
    reply = end(command)
    assert (reply.verified, reply.evidence) == (None, "status")
    assert "proves nothing" in reply.why


def test_what_is_listed_for_a_moment_only_is_not_open(scene):
    s = scene()
    command = s.open("folder")
    s.page.opened("folder")
    s.done()
    s.wait(5)
    s.listing({})
    reply = end(command)
    assert reply.verified is False
    assert "it is a folder" in reply.why
    assert (s.widget.project_id, s.widget.path) == (P1, None)


def test_a_second_look_that_nobody_answers_ends_too(scene):
    s = scene()
    command = s.open()
    s.page.opened("a.md")
    s.done()
    s.wait(11)
    assert end(command).verified is None


def test_kinds_that_never_tell_are_not_waited_for(scene):
    s = scene()
    command = s.open("paper.tex")
    s.page.opened("paper.tex")
    s.done()
    reply = end(command)
    assert (reply.verified, reply.evidence) == (None, "opened")


def test_what_lies_below_another_file_is_not_waited_for(scene):
    s = scene()
    one, two = s.open("a.md"), s.open("b.md")
    s.page.opened("a.md", line="one")
    s.page.finish("result.done", seq=one.seq)
    assert not one.done()
    s.page.opened("b.md", line="two")
    s.page.finish("result.ack", seq=two.seq)
    reply = end(one)
    assert (reply.verified, reply.evidence) == (None, "opened")
    assert "below b.md" in reply.why
    s.page.rendered("two")
    s.page.finish("result.done", seq=two.seq)
    assert end(two).verified is True


def test_a_symlink_is_proved_under_its_own_name_or_its_targets(scene):
    for name in ("link.md", "real.md"):
        s = scene()
        command = s.open("link.md")
        s.page.opened(name)
        s.page.rendered()
        s.page.finish("result.link")
        reply = end(command)
        assert (reply.verified, reply.why) == (True, "It opened as real.md.")


def test_a_file_opened_again_is_proved_by_its_new_line_and_the_old_rendering(scene):
    s = scene()
    first = s.open()
    s.page.show("a.md")
    assert end(first).verified
    hollow = s.open()
    s.done(posted=9000.0)  # and not a word
    assert not hollow.done()
    s.wait(11)
    assert end(hollow).verified is None
    again = s.open()
    s.page.opened("a.md", line="again", heard=10_000.0)
    s.done(posted=9999.0)
    reply = end(again)
    assert (reply.verified, reply.evidence, reply.shown_after) == (True, "rendered", None)


def test_another_document_shows_nothing_of_the_old_one(scene):
    s = scene(generation="A")
    command = s.open()
    s.page.opened("a.md")
    s.state(generation=2)
    s.done()
    s.wait(4)
    assert not command.done()
    s.page.opened("a.md", generation=1)  # a late word of the old one
    assert not command.done()
    s.page.opened("a.md", line="new", generation=2)
    assert end(command).verified is True


# events


def test_events_come_whoever_caused_them(scene):
    s = scene()
    seen = []
    s.widget.on_event(seen.append)
    assert s.widget.last_event is None
    s.page.opened("mine.md", line="x")
    s.page.opened("mine.md", line="x")  # said twice, heard once
    s.page.rendered("x")
    s.page.rendered("nobody's")
    s.page.say({**WIRE["to_kernel"]["log.opened"], "name": "miniTerm", "path": "", "id": "y"})
    assert [(e.name, e.path) for e in seen] == [
        ("opened", "mine.md"), ("rendered", "mine.md"), ("miniTerm", ""),
    ]  # fmt: skip
    assert isinstance(seen[0], Event)
    assert seen[0].id == seen[1].id == "x"
    assert seen[0].project_id == P1
    assert seen[0].time.isoformat() == "2026-11-25T22:19:45.343000+00:00"
    assert seen[1].time.tzinfo is not None
    assert s.widget.last_event == seen[-1]
    s.widget.on_event(seen.append, remove=True)
    s.page.opened("more.md", line="z")
    assert len(seen) == 3
    with pytest.raises(AttributeError):
        seen[0].name = "other"


def test_a_callback_that_fails_keeps_nobody_from_hearing(scene, caplog):
    s = scene()
    seen = []
    s.widget.on_event(lambda _event: 1 / 0)
    s.widget.on_event(seen.append)
    with caplog.at_level(logging.ERROR):
        s.page.opened("a.md")
    assert len(seen) == 1
    assert "ZeroDivisionError" in caplog.text
    assert "last_event" not in s.widget.get_state()


# what the client knows


def test_a_client_makes_opened_and_the_list_enough(scene):
    client = Client()
    s = scene(client=client)
    command = s.open()
    s.page.opened("a.md")
    s.done()
    eventually(command.done)
    reply = end(command)
    assert (reply.verified, reply.evidence) == (True, "opened")
    seen = []
    s.widget.on_event(seen.append)
    s.page.rendered()
    assert [e.name for e in seen] == ["rendered"]  # follows as an event


def test_the_client_is_asked_beside_and_not_waited_for(scene):
    client = Client()
    client.may_answer.clear()
    s = scene(client=client)
    command = s.open()
    s.page.opened("a.md")
    s.done()
    s.page.rendered()
    assert end(command).evidence == "rendered"
    client.may_answer.set()


def test_a_client_that_does_not_answer_is_waited_for_a_little(scene):
    client = Client()
    client.may_answer.clear()
    s = scene(client=client)
    command = s.open("paper.tex")
    s.page.opened("paper.tex")
    s.done()
    s.wait(4)
    assert not command.done()
    s.wait(2)
    assert end(command).verified is None
    client.may_answer.set()


@pytest.mark.parametrize(
    ("standing", "error", "words"),
    [
        (Standing("not mine"), errors.PermissionDeniedError, "somebody else's, or there is none"),
        (Standing("usable", "folder"), errors.ValidationError, "is a folder"),
    ],
)
def test_what_can_never_be_shown_is_refused_at_once(scene, standing, error, words):
    s = scene(client=Client(standing))
    command = s.open("x.md", project_id=P2)
    eventually(command.done)
    assert isinstance(end(command), error)
    assert words in str(end(command))
    assert s.page.heard("cancel")[-1]["seq"] == command.seq
    eventually(lambda: s.widget.project_id == P1)  # the next open goes to where it was
    assert s.widget.path is None


def test_unknown_is_no_refusal(scene):
    s = scene(client=Client(Standing("unknown", "unknown")))
    command = s.open()
    s.page.opened("a.md")
    s.page.rendered()
    s.done()
    eventually(command.done)
    assert end(command).verified is True


def test_a_stopped_project_is_started_by_itself(scene):
    client = Client(Standing("stopped", "unknown"), Standing())
    s = scene(client=client)
    told = []
    s.widget.observe(lambda change: told.append(change["new"]), "reason")
    command = s.open()
    eventually(lambda: client.started == [P1])
    eventually(lambda: any(m["words"] == "Starting the project …" for m in s.page.heard("say")))
    s.page.opened("a.md")
    s.done()
    eventually(command.done)
    assert end(command).verified is True
    assert [m["more"] for m in s.page.heard("say") if m["words"].startswith("Starting")] == [True]
    assert "Starting the project …" in told
    assert s.widget.reason == ""


def test_a_stopped_project_is_left_alone_if_so_asked(scene):
    client = Client(Standing("stopped", "unknown"))
    s = scene(client=client, start=False)
    command = s.open()
    eventually(command.done)
    assert isinstance(end(command), errors.CommandError)
    assert "client.start_project(" in str(end(command))
    assert client.started == []


def test_a_start_that_fails_is_the_reason(scene):
    client = Client(Standing("stopped", "unknown"))
    client.start_project = lambda _id: (_ for _ in ()).throw(errors.ServerError("no quota"))
    s = scene(client=client)
    command = s.open()
    eventually(command.done)
    assert "no quota" in str(end(command))


def test_another_accounts_token_may_open_what_the_client_may_not(scene):
    class Token:
        value, generation, host = "t" * 24, "B", "https://cocalc.test"
        account = "somebody else"

    client = Client(Standing("not mine"))
    s = scene(client=client, token=Token())
    command = s.open()
    eventually(lambda: client.asked)
    s.page.opened("a.md")
    s.page.rendered()
    s.done()
    eventually(command.done)
    assert end(command).verified is True


def test_what_was_found_out_a_moment_ago_is_not_asked_again(scene):
    client = Client()
    s = scene(client=client)
    for path in ("a.md", "b.md", "a.md"):
        command = s.open(path)
        s.page.opened(path, line=f"{path}{command.seq}", heard=1e4)
        s.done()
        eventually(command.done)
    assert client.asked == [(P1, "a.md", False), (P1, "b.md", True)]


@pytest.mark.parametrize("account", ["me", None])
def test_the_clients_own_token_opens_no_more_than_the_client(scene, account):
    class Token:
        value, generation, host = "t" * 24, "B", "https://cocalc.test"

    Token.account = account
    client = Client(Standing("not mine"))
    s = scene(client=client, **({"token": Token()} if account else {}))
    command = s.open()
    eventually(command.done)
    assert isinstance(end(command), errors.PermissionDeniedError)


def test_a_project_that_was_started_is_gone_to_again_where_there_are_no_messages(scene):
    client = Client(Standing("stopped", "unknown"), Standing())
    client.may_answer.clear()
    s = steered(scene, client=client)
    s.open()
    before = len(s.page.heard("steer"))
    s.here.background.note("Starting the project …", False)
    assert len(s.page.heard("steer")) == before, "it is not there yet"
    s.here.background.note("", True)
    assert len(s.page.heard("steer")) == before + 1
    s.page.opened("a.md")
    s.here.background.note("", True)
    assert len(s.page.heard("steer")) == before + 1, "it shows what it was sent to"
    listening = scene(client=Client())
    listening.open()
    listening.here.background.note("", True)
    assert listening.page.heard("steer") == [], "CoCalc's listener goes on by itself"
    client.may_answer.set()


# doubt


def test_an_open_that_meets_silence_puts_its_project_in_doubt(scene):
    s = scene()
    one, two = s.open("a.md"), s.open("b.md")
    s.page.finish("result.timeout", seq=one.seq)
    for command in (one, two):  # both, whatever deadline the other has
        assert isinstance(end(command), errors.ChannelBlockedError)
        assert "signed out here, or has no access" in str(end(command))
    assert s.page.say_line()[0] == "warn"
    # the next one is acked, listed and done, and nothing is shown
    three = s.open("a.md")
    s.page.finish("result.ack")
    s.state(open_files={P1: ["a.md"]})
    assert s.widget.open_files == {}
    s.done()
    s.wait(5)
    s.listing({P1: ["a.md"]})
    assert isinstance(end(three), errors.ChannelBlockedError)
    assert "signed out" in s.widget.reason
    # only evidence ends the doubt
    four = s.open("a.md")
    s.page.show("a.md")
    assert end(four).verified is True
    assert s.widget.reason == ""
    assert s.page.say_line() == ("good", "")


def test_a_hollow_ack_is_not_waited_for_until_its_deadline(scene):
    s = scene()
    s.open("a.md")
    s.page.finish("result.timeout")
    command = s.open("b.md")
    s.page.finish("result.ack")
    s.wait(7)
    assert isinstance(end(command), errors.ChannelBlockedError)
    assert s.page.heard("cancel")[-1]["seq"] == command.seq


def test_somebody_who_is_signed_in_lacks_access_to_one_project(scene):
    s = scene()
    s.page.opened("mine.md")
    command = s.open("a.md", project_id=P2)
    s.page.finish("result.timeout")
    assert "no access to the project, or there is no such project" in str(end(command))
    other = s.open("b.md")
    s.page.show("b.md")
    assert end(other).verified is True


def test_a_file_of_the_pages_own_that_meets_silence_is_told(scene):
    s = scene()
    s.page.send("event.unanswered")
    assert "signed out here" in s.widget.reason


def test_a_lasting_disconnection_means_that_nobody_is_signed_in(scene):
    s = scene()
    command = s.open()
    s.state(ready=False, connection=LOST)
    s.wait(2)
    assert not command.done()
    s.wait(4)
    assert s.looks
    assert isinstance(end(command), errors.ChannelBlockedError)
    assert "signed out" in s.widget.reason
    assert s.widget.ready is False
    later = s.open()
    assert isinstance(end(later), errors.ChannelBlockedError)  # at once
    s.state(generation=2)  # another document: somebody may have signed in
    assert s.widget.reason == ""


def test_an_open_whose_time_ends_before_that_is_known_gets_the_reason_too(scene):
    s = scene()
    command = s.open()
    s.state(ready=False, connection=LOST)
    s.page.finish("result.timeout")
    assert not command.done()
    s.wait(6)
    assert "signed out" in str(end(command))
    other = scene()
    command = other.open()
    other.down = "it answers with HTTP 502"
    other.state(ready=False, connection=LOST)
    other.page.finish("result.timeout")
    other.wait(12)
    assert "502" in str(end(command))


def test_a_server_that_is_gone_is_not_a_sign_out(scene):
    s = scene()
    s.page.opened("x.md")
    command = s.open()
    s.down = "it answers with HTTP 502"
    s.state(ready=False, connection=LOST)
    s.wait(10)
    assert not command.done()
    assert s.page.say_line() == ("bad", s.widget.reason)
    assert "can't be reached, and is tried again: it answers with HTTP 502" in s.widget.reason
    assert s.widget.ready is False
    s.down = ""
    s.wait(4)
    assert s.page.heard("reload")  # without a click
    s.state(generation=2)
    assert s.widget.ready is True


# silence


def test_a_listener_that_never_answers_is_done_without(scene):
    s = scene()
    s.state(ready=False, channel="booting", connection={})
    command, status = s.open("a.md"), s.widget.status()
    s.page.send("event.silent")
    s.wait(2)
    assert not command.done()
    s.wait(4)
    assert s.widget.channel == "navigation"
    assert "does not answer" in s.widget.reason
    assert isinstance(end(status), errors.ChannelBlockedError)
    [steer] = s.page.heard("steer")
    assert steer["url"].endswith("/files/a.md?fullscreen=default&session=")
    assert command.state == "sent"
    s.page.opened("a.md")
    reply = end(command)
    assert (reply.verified, reply.evidence) == (True, "opened")
    assert (s.widget.ready, s.widget.open_files) == (True, {P1: ["a.md"]})


def test_a_listener_that_was_only_slow_is_taken_up_again(scene):
    s = scene()
    s.state(ready=False, channel="booting", connection={})
    s.page.send("event.silent")
    s.wait(6)
    assert s.widget.channel == "navigation"
    s.state()
    assert (s.widget.channel, s.widget.reason, s.widget.ready) == ("messages", "", True)


def test_a_server_that_is_away_is_not_navigated_to(scene):
    s = scene()
    s.state(ready=False, channel="booting", connection={})
    s.down = "nobody listens there"
    command = s.open()
    s.page.send("event.silent")
    s.wait(30)
    assert s.widget.channel == "booting"
    assert "nobody listens there" in s.widget.reason
    assert not command.done()
    s.down = ""
    s.wait(4)
    assert s.page.heard("reload")


def test_a_listener_that_falls_silent_is_loaded_again_once(scene):
    s = scene()
    s.page.send("event.silent")
    s.wait(4)
    assert len(s.page.heard("reload")) == 1
    s.state(ready=False, connection={})
    s.page.send("event.silent")
    s.wait(8)
    assert len(s.page.heard("reload")) == 1
    assert s.widget.channel == "navigation"


# navigation


def steered(scene, **options):
    s = scene(channel="navigation", **options)
    s.state(channel="navigation", ready=False, connection={})
    return s


def test_navigation_ends_with_its_evidence(scene):
    s = steered(scene)
    assert s.widget.ready is True  # an empty CoCalc, and it has loaded
    command = s.open()
    assert s.page.heard("steer")[-1]["url"].endswith("a.md?fullscreen=default&session=")
    s.state(channel="navigation", ready=False, loads=1)
    assert not command.done()  # that it has loaded tells nothing
    assert (s.widget.ready, s.widget.open_files) == (False, {})
    s.page.opened("other.md", line="other")
    assert not command.done()
    s.page.opened("a.md")
    reply = end(command)
    assert (reply.verified, reply.evidence, reply.why) == (True, "opened", "")
    assert s.widget.open_files == {P1: ["other.md", "a.md"]}
    assert s.widget.ready is True


def test_navigation_without_evidence_ends_in_words(scene):
    s = steered(scene)
    command = s.open()
    s.wait(9)
    assert not command.done()
    assert s.looks  # whether CoCalc is there at all
    s.wait(2)
    reply = end(command)
    assert (reply.verified, reply.evidence) == (None, "")
    assert "Nothing tells that the file is shown" in reply.why
    assert (s.widget.ready, s.widget.open_files) == (False, {})
    assert s.page.say_line() == ("warn", s.widget.reason)
    s.page.opened("a.md")  # late
    assert s.widget.ready is True
    assert "Nothing tells" not in s.widget.reason


def test_what_is_cancelled_while_the_frame_is_on_its_way_is_forgotten(scene):
    s = steered(scene)
    command = s.open()
    assert command.cancel()
    assert s.page.heard("cancel") == [], "the page does not know it"
    again = s.open()
    assert len(s.page.heard("steer")) == 2, "the frame is sent there again"
    s.page.opened("a.md")
    assert command.state == "cancelled"
    assert end(again).verified is True


def test_navigation_shows_one_file_at_a_time(scene):
    s = steered(scene)
    one, same, two = (s.widget.open(path) for path in ("a.md", "a.md", "b.md"))
    assert [m["url"].split("/files/")[1][:4] for m in s.page.heard("steer")] == ["b.md"]
    for command in (one, same):
        assert end(command).verified is False
        assert end(command).why == "It is not shown: b.md was opened instead."
    closed = s.widget.closeall()
    assert end(two).why == "It is not shown: everything was closed instead."
    assert s.page.heard("steer")[-1]["url"].endswith("/app?fullscreen=kiosk&session=")
    s.state(channel="navigation", loads=0)
    assert not closed.done()
    s.state(channel="navigation", loads=1)
    assert end(closed).action == "closeall"
    assert s.widget.open_files == {}


def test_navigation_to_a_server_that_is_away_comes_back(scene):
    s = steered(scene)
    s.down = "it answers with HTTP 502"
    command = s.open()
    s.state(channel="navigation", loads=1)  # the proxy's page
    s.wait(12)
    assert not command.done()
    assert "502" in s.widget.reason
    assert s.widget.ready is False
    s.down = ""
    s.wait(4)
    assert s.page.heard("reload")
    s.page.opened("a.md", generation=2)
    assert end(command).verified is True
    assert s.widget.ready is True
    gone = s.open("b.md")
    s.down = "it answers with HTTP 502"
    s.wait(61)
    error = end(gone)
    assert isinstance(error, errors.CommandTimeoutError)
    assert "502" in str(error)


def test_navigation_out_of_view_waits_for_it(scene):
    s = steered(scene)
    command = s.open()
    s.state(channel="navigation", offscreen=True, loads=1)
    s.wait(30)
    assert not command.done()
    assert "scroll it into view" in s.widget.reason
    s.state(channel="navigation", offscreen=False, loads=1)
    s.page.opened("a.md")
    assert end(command).verified is True


# the frame, out of view, and what is said of it


def test_a_frame_out_of_view_says_so_and_so_does_what_waited_for_it(scene):
    s = scene()
    s.state(ready=False, channel="booting", offscreen=True, connection={"status": "connecting"})
    assert s.page.say_line()[0] == "wait"
    assert "scroll it into view" in s.widget.reason
    command = s.open()
    s.page.finish("result.timeout", at=0)
    assert "scroll it into view" in str(end(command))
    s.state(offscreen=True)
    assert s.widget.reason == ""


def test_a_blocking_result_tells_what_is_known(scene):
    s = scene()
    s.state(ready=False, channel="booting", offscreen=True, connection={})
    command = s.open()
    s.here.context.link.threads.add(-1)
    with pytest.raises(errors.CommandTimeoutError, match="scroll it into view"):
        command.result(timeout=0.01)


def test_an_open_that_hangs_says_what_it_may_wait_for(scene):
    s = scene()
    command = s.open()
    s.page.finish("result.ack")
    s.wait(4)
    assert "the project seems to be stopped" in s.page.say_line()[1]
    s.page.finish("result.timeout", at=2)
    assert "client.start_project(ID)" in str(end(command))
    old = scene(generation="A")
    old.open()
    old.page.finish("result.ack")
    old.wait(4)
    assert "press “start project”" in old.page.say_line()[1]


# the tab


class Entry:
    event, account_id = "open", "me"

    def __init__(self, number, path="a.md", account_id="me"):
        self.id, self.path, self.account_id = str(number), path, account_id


def in_tab(scene, monkeypatch, **options):
    monkeypatch.setattr(inquiries, "_PAUSE", 0.01)
    s = scene(target="tab", **options)
    s.state(channel="tab", ready=False, loads=0)
    return s


def test_a_tab_is_proved_by_the_projects_log(scene, monkeypatch):
    client = Client()
    client.entries = [Entry(1)]  # of yesterday
    s = in_tab(scene, monkeypatch, client=client)
    command = s.open()
    assert s.page.heard("steer")
    s.page.send("event.visited")
    client.entries.insert(0, Entry(2, account_id="a collaborator"))
    client.entries.insert(0, Entry(3, path="b.md"))
    assert not command.wait_event(0.2)
    client.entries.insert(0, Entry(4))
    eventually(command.done)
    reply = end(command)
    assert (reply.verified, reply.evidence) == (True, "api")
    assert s.widget.open_files == {P1: ["a.md"]}


def test_a_tab_that_the_log_does_not_know_is_not_known_either(scene, monkeypatch):
    monkeypatch.setattr(inquiries, "LONG", 0.1)
    s = in_tab(scene, monkeypatch, client=Client())
    command = s.open()
    s.page.send("event.visited")
    eventually(command.done)
    assert (end(command).verified, end(command).evidence) == (None, "")
    assert "log has no line" in end(command).why
    assert s.widget.open_files == {}
    broken = Client()
    broken.log = lambda _id: (_ for _ in ()).throw(errors.ServerError("no log today"))
    s = in_tab(scene, monkeypatch, client=broken)
    command = s.open()
    s.page.send("event.visited")
    eventually(command.done)
    assert "no log today" in end(command).why


def test_a_tab_that_is_cancelled_is_not_proved_any_more(scene, monkeypatch):
    client = Client()
    s = in_tab(scene, monkeypatch, client=client)
    command = s.open()
    s.page.send("event.visited")
    assert command.cancel()
    s.here.background.seen(command.seq, seen=True, why="")
    assert command.state == "cancelled"
    assert s.widget.open_files == {}


def test_a_tab_without_a_client_says_that_nothing_tells(scene, monkeypatch):
    s = in_tab(scene, monkeypatch)
    closed = s.widget.closeall()
    assert end(closed).action == "closeall"  # there is no tab to close anything in
    command = s.open()
    s.page.send("event.popup")
    s.wait(15)
    assert not command.done()
    s.page.send("event.visited")
    reply = end(command)
    assert (reply.verified, reply.evidence, s.widget.open_files) == (None, "", {})
    assert "Nothing tells what the tab shows" in reply.why
    blocked = s.open("b.md")
    s.page.send("event.popup")
    s.wait(61)
    assert "press the button" in str(end(blocked))


# tokens, traits, the wire


def test_a_token_that_is_not_taken_is_an_error_and_a_reason(scene):
    s = scene()
    command = s.widget.sign_in("t" * 24)
    eventually(lambda: s.page.heard("token"))
    [token] = s.page.heard("token")
    assert token["seq"] == command.seq
    s.page.send("result.error", seq=command.seq, reply={})
    assert isinstance(end(command), errors.CommandError)
    assert "did not take the auth token" in s.widget.reason
    again = s.widget.sign_in("u" * 24)
    assert s.widget.reason == ""
    s.page.send("result.status", seq=again.seq, reply={})
    assert end(again).action == "sign_in"


@pytest.mark.parametrize("takes", [True, None])
def test_the_server_is_asked_whether_it_takes_a_token_before_the_page_gets_it(scene, takes):
    client = Client()
    client.takes = takes  # None: there is no way to ask
    s = scene(client=client)
    command = s.widget.sign_in("t" * 24)
    eventually(lambda: s.page.heard("token"))
    s.page.send("result.status", seq=command.seq, reply={})
    assert end(command).action == "sign_in"


@pytest.mark.parametrize("first", [True, False])
def test_a_token_that_the_server_does_not_take_never_gets_to_the_page(scene, first):
    client = Client()
    client.takes = False
    s = scene(client=client, **({"token": "t" * 24} if first else {}))
    if first:
        s.page.send("want.token")
    else:
        command = s.widget.sign_in("t" * 24)
        eventually(command.done)
        assert isinstance(end(command), errors.CommandError)
    eventually(lambda: "did not take the auth token" in s.widget.reason)
    assert s.page.heard("token") == []
    assert "t" * 24 not in s.page.comm.text


@pytest.mark.parametrize("newer", ["a turn", "the end"])
def test_what_is_told_late_is_not_told_in_the_place_of_what_is_newer(scene, newer):
    """Traits are set outside the lock, so that another thread may have told more meanwhile."""
    s = scene()
    begun, go_on = threading.Event(), threading.Event()

    def slow():
        begun.set()
        assert go_on.wait(10)

    def turn():
        with s.here.context.turns.turn():
            s.here.context.turns.after(slow)  # before the report of this turn

    thread = threading.Thread(target=turn)
    thread.start()
    assert begun.wait(10)
    if newer == "a turn":
        with s.here.context.turns.turn():
            s.here.context.here.health.refused = True
    else:
        s.widget.close()
    reason, channel = s.widget.reason, s.widget.channel
    assert reason
    go_on.set()
    thread.join()
    assert (s.widget.reason, s.widget.channel) == (reason, channel)


def test_what_is_overtaken_while_it_is_told_is_made_good(scene):
    """One thread has begun to set a trait when another one sets it to what is newer."""
    s = scene()
    port, overtaken = s.here.context.port, []

    class Port:
        def show(self, values):
            if values.get("reason") == "" and not overtaken:
                overtaken.append(values)
                with s.here.context.turns.turn():
                    s.here.context.here.health.refused = True
            port.show(values)

        def __getattr__(self, name):
            return getattr(port, name)

    s.here.context.turns._show = Port().show
    with s.here.context.turns.turn():
        pass
    assert overtaken
    assert "did not take the auth token" in s.widget.reason


def test_a_token_that_came_with_the_widget_is_watched_too(scene):
    s = scene(token="t" * 24)
    s.page.send("result.error", seq=-1, reply={})
    assert "did not take the auth token" in s.widget.reason


@pytest.mark.parametrize("name", ["result.done", "result.sent", "result.timeout"])
def test_any_other_end_of_that_is_no_refusal(scene, name):
    s = scene(token="t" * 24)
    s.page.send(name, seq=-1)
    assert s.widget.reason == ""


def test_an_error_of_a_command_that_nobody_gave_is_no_refusal_either(scene):
    s = scene()
    s.page.send("result.error", seq=99)
    s.page.send("result.error", seq=0)
    assert s.widget.reason == ""


def test_a_page_that_says_hello_again_is_told_the_status_line_again(scene):
    s = scene(token="t" * 24)
    s.page.send("result.error", seq=-1, reply={})
    before = s.page.heard("say")[-1]
    s.page.hello("https://jupyter.cocalc.test")
    assert s.page.heard("say")[-1] == before
    assert len([it for it in s.page.heard("say") if it == before]) == 2


def test_a_token_that_is_replaced_before_it_was_used_is_cancelled(make):
    widget = make()
    first = widget.sign_in("t" * 24)
    second = widget.sign_in("u" * 24)
    assert first.state == "cancelled"
    assert second.state == "queued"


def test_what_fails_changes_neither_project_nor_path(scene):
    s = scene()
    good = s.open("a.md")
    s.page.show("a.md")
    assert end(good).verified
    assert (s.widget.project_id, s.widget.path) == (P1, "a.md")
    bad = s.open("b.md", project_id=P2)
    assert (s.widget.project_id, s.widget.path) == (P2, "b.md")  # until it is known
    s.page.finish("result.error")
    assert isinstance(end(bad), errors.CommandError)
    assert (s.widget.project_id, s.widget.path) == (P1, "a.md")
    one, two = s.open("c.md", project_id=P2), s.widget.open("d.md")
    assert two.project_id == P2
    s.page.finish("result.error", seq=one.seq)
    assert s.widget.path == "d.md"
    s.page.finish("result.error", seq=two.seq)
    assert (s.widget.project_id, s.widget.path) == (P1, "a.md")


def test_what_is_said_in_one_moment_travels_in_one_message(scene):
    s = scene()
    s.page.heard("x")
    before, updates = len(s.page.comm.posts), len(s.page.comm.log)
    commands = [s.widget.open(f"{n}.md") for n in range(10)]
    s.here.postbox.flush()
    assert len(s.page.comm.posts) == before + 1
    said = [data["method"] for _kind, data in s.page.comm.log[updates:]]
    assert said == ["custom", "update"]  # one for the traits, which nobody waits for
    parts = [
        {"type": "result", "seq": command.seq, "state": "done", "listed": True}
        for command in commands
    ]
    s.page.say({"type": "batch", "messages": parts})
    for command in commands[:-1]:
        assert "It lies below" in end(command).why
    assert not commands[-1].done()


def test_the_client_is_asked_once_about_what_is_opened_in_one_moment(scene):
    client = Client()
    s = scene(client=client)
    places = [(P1, f"{n}.md") for n in range(10)] + [(P2, f"{n}.md") for n in range(10)]
    for project_id, path in places:
        s.widget.open(path, project_id=project_id)
    assert client.asked == []  # not before the orders are on their way
    s.here.postbox.flush()
    eventually(lambda: len(client.asked) == len(places))
    assert [(project_id, path) for project_id, path, _usable in client.asked] == places
    assert [len(paths) for paths in client.requests] == [10, 10]


def test_what_each_of_them_is_is_told_of_each(scene):
    client = Client(Standing(path="folder"), Standing(), Standing(path="missing"))
    s = scene(client=client)
    folder, file, missing = (s.widget.open(path) for path in ("a", "b.md", "c.md"))
    s.here.postbox.flush()
    eventually(folder.done)
    assert isinstance(folder.exception(), errors.ValidationError)
    assert not file.done()
    assert not missing.done()
    eventually(lambda: s.here.context.knowledge.of((P1, "c.md")))
    assert all(s.here.context.knowledge.of((P1, path)).good for path in ("b.md", "c.md"))


def test_another_thread_does_not_cut_a_moment_short(scene):
    """The page is heard, and the client answers, while a cell is giving its orders."""
    s = scene()
    s.page.heard("x")
    before = len(s.page.comm.posts)
    s.widget.open("a.md")

    def speak():
        s.state(connection=LOST)  # more is said for that: the status line
        s.here.background.found({(P1, "a.md"): inquiries.Finding()})
        s.here.background.tick()

    thread = threading.Thread(target=speak)
    thread.start()
    thread.join(20)
    assert len(s.page.comm.posts) == before
    s.widget.open("b.md")
    s.here.postbox.flush()
    assert len(s.page.comm.posts) == before + 1
    assert [one["path"] for one in s.page.commands[-2:]] == ["a.md", "b.md"]


def test_what_a_handler_says_by_itself_is_sent_at_once(scene):
    s = scene()
    s.page.heard("x")
    before = len(s.page.comm.posts)
    s.widget.on_event(lambda event: s.widget.closeall())
    s.page.opened("a.md")
    assert len(s.page.comm.posts) == before + 1


def test_a_moment_that_is_over_does_not_end_the_next():
    rung, sent = [], []
    box = postbox.Postbox(sent.append, lambda _names: None)
    box.put({"type": "one"})
    first = box._due
    first.call = lambda: rung.append("late")
    box.flush()
    assert first.call is None  # taken back
    box.put({"type": "two"})
    assert box._due is not first
    eventually(lambda: len(sent) == 2)
    assert not rung


def test_a_batch_in_a_batch_is_none(scene):
    s = scene()
    status = s.widget.status()
    inner = {"type": "batch", "messages": [{"type": "result", "seq": status.seq, "state": "done"}]}
    s.page.say({"type": "batch", "messages": [inner, None, 7, {"type": "batch"}]})
    assert not status.done()


def test_nothing_goes_on_after_the_end(scene):
    s = scene()
    command = s.open()
    s.page.finish("result.ack")
    s.widget.close()
    assert command.state == "cancelled"
    sent = len(s.page.comm.customs)
    s.here.background.tick()
    s.here.background.answered("away")
    s.here.background.found({(P1, "a.md"): inquiries.Finding()})
    s.page.opened("a.md")
    assert s.widget.last_event is None
    assert len(s.page.comm.customs) == sent


def test_nothing_is_heard_after_the_end(scene):
    """A page that did not hear the bye goes on talking: to nobody."""
    s = scene(token="t" * 24)
    heard = []
    s.widget.on_event(heard.append)
    s.widget.close()
    traits = (s.widget.channel, s.widget.reason, s.widget.open_files, s.widget.busy)
    sent = len(s.page.comm.log)
    for message in (*WIRE["to_kernel"].values(), {**WIRE["to_kernel"]["log.opened"], "id": "2"}):
        s.here.hear(s.widget, message)
    s.here.postbox.flush()
    assert heard == []
    assert s.widget.last_event is None
    assert (s.widget.channel, s.widget.reason, s.widget.open_files, s.widget.busy) == traits
    assert len(s.page.comm.log) == sent
    assert not s.here.context.here.evidence.told
    s.here._welcome()
    s.here._give_token()
    s.here._pass_token({"type": "token"}, 1)
    s.here.postbox.flush()
    assert len(s.page.comm.log) == sent


def test_only_a_document_is_asked_about(scene):
    client = Client()
    s = scene(client=client)
    s.widget.status()
    s.widget.closeall()
    s.open("a.md")
    eventually(lambda: client.asked)
    assert [it[:2] for it in client.asked] == [(P1, "a.md")]


@pytest.mark.parametrize(("channel", "file"), [("messages", False), ("tab", True)])
def test_a_frame_without_messages_is_sent_to_the_file_at_once(make, channel, file):
    widget = make(P1, "a.md", channel=channel)
    page = Page(widget)
    page.hello()
    assert page.welcome["channel"] == channel
    assert (page.welcome["place"] != page.welcome["home"]) is file
    assert [it["path"] for it in page.welcome["desired"]] == ["a.md"]


def test_a_file_that_is_on_its_way_is_not_brought_back_as_well(make):
    widget = make(P1, "a.md")
    page = Page(widget)
    widget.open("b.md")
    page.hello()
    assert [it["path"] for it in page.welcome["desired"]] == ["a.md"]
    assert [it["path"] for it in page.commands] == ["b.md"]


def test_only_what_the_page_still_has_is_cancelled_there(scene):
    s = scene()
    s.open()
    s.page.finish("result.error")
    assert s.page.heard("cancel") == []
    waiting = s.open("b.md")
    s.here.dispatch.doubt(P1)
    assert [it["seq"] for it in s.page.heard("cancel")] == [waiting.seq]
    away = steered(scene)
    away.open()
    away.here.dispatch.doubt(P1)
    assert away.page.heard("cancel") == []


def test_nobody_looks_after_a_frame_in_which_nothing_happens(scene):
    s = scene()
    assert not s.here.context.alarm.is_set
    command = s.open()
    assert s.here.context.alarm.is_set
    s.page.show("a.md")
    assert end(command).verified
    assert not s.here.context.alarm.is_set
