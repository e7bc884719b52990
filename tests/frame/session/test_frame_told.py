"""What tokens, traits and the wire tell of it: in order, in one message a moment, to the end."""

import threading

import pytest
from framepage import P1, P2, WIRE, Page, eventually
from scene import LOST, Client, Standing, end, steered

from cocalc_widget import errors
from cocalc_widget.frame.channel import inquiries
from cocalc_widget.frame.messages import postbox

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
