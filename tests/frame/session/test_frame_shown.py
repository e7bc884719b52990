"""What a user is told of an open: what proves it, what the client knows, out of view, in a tab."""

import logging

import pytest
from framepage import P1, P2, WIRE, eventually
from scene import Client, Standing, end, steered

from cocalc_widget import errors
from cocalc_widget.frame import Event
from cocalc_widget.frame.channel import inquiries

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
