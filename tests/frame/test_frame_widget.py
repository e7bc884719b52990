"""The widget: options, traits, what goes over the wire and what never does."""

import json

import pytest
from framepage import HOST, P1, P2, WIRE, Page, eventually

from cocalc_widget import api
from cocalc_widget.errors import (
    ChannelBlockedError,
    CommandCancelledError,
    CommandError,
    ConfigurationError,
    ValidationError,
)
from cocalc_widget.frame import CoCalc, Command, bundle
from cocalc_widget.redact import Secret

TOKEN = "t0kenT0kenT0kenT0ken1234"


def test_commands_wait_for_hello(make):
    widget = make(P1, "a.md")
    page = Page(widget)
    command = widget.status()
    assert isinstance(command, Command)
    assert command.state == "queued"
    assert widget.busy
    assert page.comm.customs == []
    page.hello()
    assert [m["type"] for m in page.comm.customs] == ["welcome", "command"]
    assert set(page.welcome) == set(WIRE["to_page"]["welcome"])
    assert page.welcome["deadlines"] == WIRE["to_page"]["welcome"]["deadlines"]
    assert page.welcome["desired"] == WIRE["to_page"]["welcome"]["desired"]
    assert page.welcome["home"] == WIRE["to_page"]["welcome"]["home"]
    page.finish()
    assert command.done()
    assert not widget.busy


def test_every_hello_is_answered_and_pending_commands_repeat(make):
    widget = make()
    page = Page(widget)
    command = widget.open("a.md", project_id=P1)
    for _ in range(3):
        page.hello()
    assert len(page.heard("welcome")) == 3
    assert {m["seq"] for m in page.commands} == {command.seq}
    page.show("a.md")
    page.hello()
    assert len(page.commands) == 3
    assert page.welcome["desired"][0]["path"] == "a.md"


def test_open_speaks_the_wire(live):
    widget, page = live()
    command = widget.open("a.md", project_id=P1.upper())
    expected = {**WIRE["to_page"]["command.open"], "seq": command.seq}
    assert page.commands[-1] == expected
    page.finish("result.sent")
    assert command.state == "sent"
    page.finish("result.ack")
    assert command.state == "ack"
    page.finish("result.sent")
    assert command.state == "ack"  # never a step back
    page.show("a.md")
    reply = command.result()
    assert (reply.action, reply.project_id, reply.path) == ("open", P1, "a.md")
    assert (reply.verified, reply.evidence, reply.shown_after) == (True, "rendered", 0.7155)
    assert reply.raw == WIRE["to_kernel"]["result.done"]["reply"]
    assert widget.last_reply == reply.raw
    assert "a.md" in reply._repr_html_()
    assert "done" in repr(command)
    assert "done" in command._repr_html_()


def test_status_tells_what_it_was_answered(live):
    """The page tells the frame's state first, where there is anything new in it."""
    widget, page = live()
    seen = []
    command = widget.status()
    command.add_done_callback(lambda c: seen.append((widget.open_files, c.state)))
    connection = WIRE["to_kernel"]["result.status"]["reply"]["connection"]
    page.shown(open_files={P1: ["a.md"]}, connection=connection)
    page.finish()
    reply = command.result()
    assert reply.open_files == {P1: ["a.md"]}
    assert reply.connection["quality"] == "good"
    assert seen == [({P1: ["a.md"]}, "done")]
    assert widget.connection == reply.connection
    late = []
    command.add_done_callback(late.append)
    assert late == [command]


def test_an_older_answer_does_not_undo_what_the_page_has_told_since(live):
    widget, page = live()
    command = widget.status()
    told = []
    widget.observe(lambda change: told.append(change["new"]), "open_files")
    state = {**WIRE["to_kernel"]["state"], "open_files": {P1: ["a.md", "b.md"]}}
    older = {**WIRE["to_kernel"]["result.status"], "seq": command.seq}
    page.say({"type": "batch", "messages": [state, older]})
    assert command.result().open_files == {P1: ["a.md"]}
    assert told == [{P1: ["a.md", "b.md"]}]
    assert command.result().connection == older["reply"]["connection"]


@pytest.mark.parametrize(
    ("name", "state", "error", "words"),
    [
        ("result.error", "error", CommandError, "invalid project_id"),
        ("result.timeout", "error", ChannelBlockedError, "signed out here, or has no access"),
        ("result.cancelled", "cancelled", CommandCancelledError, "has closed it"),
    ],
)
def test_ends(live, name, state, error, words):
    widget, page = live()
    command = widget.open("a.md", project_id=P1)
    page.finish(name)
    assert command.state == state
    with pytest.raises(error, match=words):
        command.result()
    with pytest.raises(error):  # and again, without the first one's traceback
        command.result()
    assert isinstance(command.exception(), error)
    assert words in repr(command)


def test_setting_traits_opens(live):
    widget, page = live()
    widget.project_id = P1
    assert page.commands == []
    widget.path = "a.md"
    assert page.commands[-1]["path"] == "a.md"
    widget.path = "b.md"
    assert page.commands[-1]["path"] == "b.md"
    before = len(page.commands)
    widget.project_id = P2  # a path belongs to its project
    assert (widget.path, len(page.commands)) == (None, before)
    widget.path = "c.md"
    assert (page.commands[-1]["project_id"], page.commands[-1]["path"]) == (P2, "c.md")
    widget.closeall()
    assert page.commands[-1]["action"] == "closeall"
    widget.path = "c.md"
    assert page.commands[-1]["action"] == "open"


def test_bad_input_is_refused_before_anything_is_sent(live):
    widget, page = live()
    sent = len(page.comm.log)
    with pytest.raises(ValidationError, match="UUID"):
        widget.open("a.md", project_id="nope")
    with pytest.raises(ValidationError, match="project_id"):
        widget.open("a.md")
    with pytest.raises(ValidationError):
        widget.open("../secret", project_id=P1)
    with pytest.raises(ValidationError):
        widget.project_id = "nope"
    with pytest.raises(ValidationError):
        widget.path = "/etc/passwd"
    with pytest.raises(ConfigurationError):
        widget.height = "red; position: fixed"
    assert len(page.comm.log) == sent
    for bad in ({"projectid": P1}, {"channel": "pigeon"}, {"target": "moon"}, {"height": "x"}):
        with pytest.raises(ConfigurationError):
            CoCalc(host=HOST, **bad)
    with pytest.raises(ConfigurationError, match="project_id"):
        CoCalc(projectid=P1)
    with pytest.raises(ConfigurationError, match="deadline"):
        CoCalc(deadlines={"tea": 1})
    with pytest.raises(ConfigurationError, match="deadline"):
        CoCalc(deadlines={"ack": 0})
    with pytest.raises(ValidationError):
        CoCalc("nope", "a.md", host=HOST)


def test_sandbox_is_opt_in(make):
    assert make().get_state()["sandbox"] == ""
    words = "allow-scripts allow-same-origin"
    assert make(sandbox=words).get_state()["sandbox"] == words
    for bad in ("yes", True, 'allow-scripts" onload="x'):
        with pytest.raises(ConfigurationError):
            make(sandbox=bad)


def test_read_only_traits(make):
    import traitlets

    widget = make()
    for name in ("ready", "channel", "reason", "connection", "open_files", "last_reply", "busy"):
        with pytest.raises(traitlets.TraitError):
            setattr(widget, name, getattr(widget, name))
        assert name not in widget.get_state()


@pytest.mark.parametrize("form", ["str", "secret", "token"])
def test_token_goes_to_the_page_once_and_nowhere_else(make, form):
    class Token:
        value = TOKEN
        generation = "A"

    widget = make(P1, "a.md", token={"str": TOKEN, "secret": Secret(TOKEN), "token": Token()}[form])
    page = Page(widget)
    page.hello()
    assert page.welcome["token"] is True
    assert TOKEN not in page.comm.text
    page.send("want.token")
    page.send("want.token")
    [told] = page.heard("token")
    assert set(told) == set(WIRE["to_page"]["token"])
    assert told["url"].startswith(f"{HOST}/app?auth_token={TOKEN}&")
    assert told["then"] == ""
    page.hello()
    assert page.welcome["token"] is False
    assert page.comm.text.count(TOKEN) == 1
    assert TOKEN not in json.dumps(widget.get_state())
    assert TOKEN not in repr(widget)
    assert TOKEN not in repr(vars(widget._session))


def test_generation_b_signs_in_elsewhere_first(make):
    class Token:
        value = Secret(TOKEN)
        generation = "B"

    widget = make(P1, "a.md", channel="messages")
    widget.sign_in(Token())
    page = Page(widget)
    page.hello()
    page.send("want.token")
    eventually(lambda: page.heard("token"))  # the server is asked first, beside
    [told] = page.heard("token")
    assert told["url"] == f"{HOST}/auth/impersonate?auth_token={TOKEN}"
    assert told["then"] == page.welcome["home"]


def test_sign_in_later(live):
    widget, page = live()
    assert page.welcome["token"] is False
    widget.sign_in(TOKEN)
    assert page.heard("token")[0]["url"].count(TOKEN) == 1
    with pytest.raises(ConfigurationError) as caught:
        widget.sign_in("sk-abcdefghijklmnopqrstuv")
    assert "abcdefghijkl" not in str(caught.value)
    with pytest.raises(ConfigurationError):
        widget.sign_in(7)
    with pytest.raises(ValidationError):
        widget.sign_in(None)


@pytest.mark.parametrize("when", ["at the start", "later"])
def test_a_token_of_another_host_is_given_to_none(make, when):
    class Token:
        value = Secret(TOKEN)
        generation = "A"
        host = "https://elsewhere.test"

    made = CoCalc._made[:]
    widget = make(P1, "a.md")
    page = Page(widget)
    page.hello()
    with pytest.raises(ConfigurationError) as caught:
        make(token=Token()) if when == "at the start" else widget.sign_in(Token())
    assert "https://elsewhere.test" in caught.value.message
    assert TOKEN not in str(caught.value)
    page.send("want.token")
    assert page.heard("token") == []
    assert TOKEN not in page.comm.text
    assert len(CoCalc._made) <= len(made) + 1  # none was made with it
    Token.host = HOST
    widget.sign_in(Token())
    page.send("want.token")
    assert len(page.heard("token")) == 1


@pytest.mark.parametrize("given", ["token", "secret"])
def test_a_token_that_a_client_made_elsewhere_is_refused(make, given):
    token = api.Token(Secret(TOKEN), None, "B", "https://elsewhere.test")
    with pytest.raises(ConfigurationError, match=r"is of https://elsewhere\.test"):
        make(token=token if given == "token" else token.secret)


@pytest.mark.parametrize("given", ["sk-" + "a" * 22, Secret("sk-" + "a" * 22)])
def test_an_api_key_is_no_token_however_it_is_given(make, given):
    with pytest.raises(ConfigurationError, match="is an API key"):
        make(token=given)


def test_what_the_page_tells_of_itself_can_be_asked_for(make):
    widget = make()
    assert (widget.page, widget.ancestors, widget.signed_in) == (None, (), None)
    page = Page(widget)
    page.send("hello", page="https://jupyter.test", ancestors=["https://a.test", "https://b.test"])
    assert (widget.page, widget.ancestors) == (
        "https://jupyter.test",
        ("https://a.test", "https://b.test"),
    )
    page.send("hello", page="https://jupyter.test", ancestors=None)
    assert widget.ancestors is None
    for name in ("page", "ancestors", "signed_in"):
        with pytest.raises(AttributeError):
            setattr(widget, name, None)


def test_whether_the_frame_is_signed_in_is_known_by_what_cocalc_does(live):
    widget, page = live()
    assert widget.signed_in is None
    page.opened("a.md")
    assert widget.signed_in is True
    page.shown(generation=2)  # another document is in the frame
    assert widget.signed_in is None
    widget._session.context.here.health.signed_out = True
    assert widget.signed_in is False
    page.opened("a.md", line="other", generation=2)
    assert widget.signed_in is True


def test_close_cancels_and_says_bye(live):
    widget, page = live()
    command = widget.status()
    widget.close()
    assert command.state == "cancelled"
    assert page.comm.customs[-1] == WIRE["to_page"]["bye"]
    assert (widget.channel, widget.busy, widget.ready) == ("closed", False, False)
    with pytest.raises(CommandCancelledError):
        command.result()
    with pytest.raises(ChannelBlockedError):
        widget.status()
    page.hello()  # from a page that did not hear the bye
    assert page.comm.customs[-1] == WIRE["to_page"]["bye"]
    widget.close()


def test_cancel(live):
    widget, page = live()
    command = widget.open("a.md", project_id=P1)
    assert command.cancel()
    assert not command.cancel()
    assert page.heard("cancel") == [{"type": "cancel", "seq": command.seq}]
    page.finish("result.done")  # too late: nobody waits
    assert command.state == "cancelled"
    page.hello()
    assert page.welcome["desired"] == []


def test_state_is_mirrored_and_junk_changes_nothing(live):
    widget, page = live()
    page.send("state")
    expected = WIRE["to_kernel"]["state"]
    for name in ("channel", "ready", "connection", "open_files"):
        assert getattr(widget, name) == expected[name]
    assert (widget.reason, widget.busy) == ("", False)
    command = widget.status()
    before = {name: getattr(widget, name) for name in ("channel", "open_files", "last_event")}
    for junk in (
        None, "x", 7, [], {}, {"type": None}, {"type": ["state"]}, {"type": "hello"},
        {"type": "state", "channel": "pigeon", "ready": "yes", "open_files": [1]},
        {"type": "result", "seq": True, "state": "done"},
        {"type": "result", "seq": 10**9, "state": "done"},
        {"type": "result", "seq": command.seq, "state": "fine"},
        {"type": "event"},
        {"type": "event", "name": "late-reply"},
    ):  # fmt: skip
        page.say(junk)
    assert {name: getattr(widget, name) for name in before} == before
    assert not command.done()
    page.finish(reply={"status": "done", "open_files": {"p": ["a", 1], "q": "x"}, "connection": 3})
    assert command.result().open_files == {"p": ["a"]}


def test_missing_bundle_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(bundle, "SCRIPT", tmp_path / "none.js")
    with pytest.raises(ConfigurationError, match="npm run build"):
        CoCalc(P1, "a.md", host=HOST)


class Client:
    host = HOST
    generation = "A"

    def __init__(self, hosts):
        self.hosts = hosts

    def customize(self):
        return {"iframe_comm_hosts": self.hosts}

    def projects(self):
        class Project:
            project_id, title = P1, "Maths"

        return [Project]


def test_client_tells_hosts_and_titles(make):
    widget = make("Maths", "a.md", host=None, client=Client([".other.test"]))
    assert (widget.project_id, widget.host) == (P1, HOST)
    assert make(P1[:8], host=None, client=Client([])).project_id == P1
    with pytest.raises(ValidationError, match="neither a UUID nor the title"):
        make("Physics", client=Client([]))
    page = Page(widget)
    page.hello()
    eventually(lambda: page.heard("welcome"))
    assert page.welcome["channel"] == "navigation"
    assert "not in its list" in widget.reason
    assert page.say_line() == ("warn", widget.reason)
    command = widget.status()
    with pytest.raises(ChannelBlockedError, match="iframe_comm_hosts"):
        command.result()


def test_client_that_fails_is_no_obstacle(make):
    class Broken(Client):
        def customize(self):
            raise OSError("down")

    widget = make(client=Broken([]))
    page = Page(widget)
    page.hello()
    eventually(lambda: page.heard("welcome"))
    assert page.welcome["channel"] == "messages"
