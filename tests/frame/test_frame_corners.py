"""What seldom happens: facts that come late, options left out, no threads, odd words."""

import asyncio
import gc
import json
import re
import socket
import threading
import time
import weakref
from types import SimpleNamespace

import pytest
from framepage import HOST, P1, P2, WIRE, Page, eventually

from cocalc_widget import LocalCoCalc, config
from cocalc_widget.errors import (
    CommandCancelledError,
    CommandTimeoutError,
    ConfigurationError,
    ValidationError,
)
from cocalc_widget.frame import CoCalc, bundle, options
from cocalc_widget.frame.channel.facts import Facts, Stranger
from cocalc_widget.frame.channel.health import sentences
from cocalc_widget.frame.channel.verdict import PROXY_LINE
from cocalc_widget.frame.kernel import timers
from cocalc_widget.frame.messages import inbox, postbox
from cocalc_widget.frame.messages.outbox import deadlines
from cocalc_widget.frame.messages.reply import Reply
from cocalc_widget.frame.session import greeting
from cocalc_widget.frame.session.ledger import Ledger
from cocalc_widget.frame.session.signin import SignIn


class SlowClient:
    host, generation = HOST, "A"

    def __init__(self):
        self.asked = threading.Event()

    def customize(self):
        assert self.asked.wait(10)
        return {"iframe_comm_hosts": ["jupyter.test"]}


def test_a_page_that_is_earlier_than_the_facts_waits_for_them(make):
    client = SlowClient()
    widget = make(client=client)
    page = Page(widget)
    page.hello()
    page.hello()
    assert page.heard("welcome") == []
    client.asked.set()
    eventually(lambda: page.heard("welcome"))
    assert widget._session.context.greeting.verdict.channel == "messages"


def test_a_late_welcome_waits_for_no_moment(make, monkeypatch):
    monkeypatch.setattr(postbox, "MOMENT", 60)
    client = SlowClient()
    page = Page(make(client=client))
    page.hello()
    client.asked.set()
    eventually(lambda: [it["type"] for it in page.comm.customs] == ["welcome"])


def test_but_not_for_ever(make, monkeypatch):
    monkeypatch.setattr(greeting, "PATIENCE", 0.05)
    client = SlowClient()
    widget = make(client=client)
    page = Page(widget)
    page.hello()
    eventually(lambda: page.heard("welcome"))
    page.hello()  # the next one need not wait
    assert len(page.heard("welcome")) == 2
    client.asked.set()
    eventually(lambda: len(page.heard("welcome")) == 3)  # now with the facts


def test_patience_with_facts_that_came_in_time_changes_nothing(make):
    client = SlowClient()
    widget = make(client=client)
    page = Page(widget)
    page.hello()
    client.asked.set()
    eventually(lambda: page.heard("welcome"))
    widget._session.context.greeting._hurry(lambda: pytest.fail("answered twice"))


def test_the_words_for_silence_know_what_is_known():
    told = sentences("https://jupyter.test", HOST, hosts=["x"])["silent"]
    assert "listener is broken" in told
    assert "iframe_comm_hosts" in sentences("https://jupyter.test", HOST)["silent"]
    nowhere = sentences(None, HOST)["silent"]
    assert nowhere.startswith(f"CoCalc at {HOST} does not answer a page without")


def test_the_words_for_signed_out_name_the_cause_and_the_remedies():
    same = sentences("https://hub.uni.edu", "https://cocalc.uni.edu")["signed_out"]
    assert same.startswith("CoCalc is signed out here, or has no access to the project.")
    assert same.endswith("Open it in a new tab to sign in.")
    known = sentences("https://hub.uni.edu", "https://cocalc.uni.edu", usable=True)["signed_out"]
    assert known.startswith("The frame is signed out of CoCalc.")
    page, host = "https://hub.test", "https://cocalc.uni.edu/base"
    other = sentences(page, host, token=True, generation="A")["signed_out"]
    for part in (
        "https://hub.test is on another site than https://cocalc.uni.edu",
        "Allow third-party cookies for cocalc.uni.edu",
        "from the same site as CoCalc",
        'target="tab"',
    ):
        assert part in other
    assert "auth token" not in other
    null = sentences("null", HOST, generation="A")["signed_out"]
    assert "token=...). If it stays signed out, allow" in null


@pytest.mark.parametrize("samesite", ["none", "strict", None])
def test_on_another_site_the_words_name_the_cookies_of_today(samesite):
    told = sentences("https://hub.test", HOST, generation="B", samesite=samesite)["signed_out"]
    assert PROXY_LINE in told
    assert "account_id" in told
    assert 'target="tab"' in told
    assert "token" not in told  # none of them helps (recordings)
    assert ("samesite_remember_me to none" in told) is (samesite != "none")


def test_a_token_counts_as_given_also_after_it_was_taken(make):
    widget = make(token="t0kenT0kenT0kenT0ken1234")
    page = Page(widget)
    page.hello("https://other.example")
    page.send("want.token")
    page.hello("https://other.example")
    assert page.welcome["token"] is False
    assert "Give the frame" not in widget._session.context.words()["signed_out"]
    assert SignIn().used is False


def test_desired_files_keep_the_order_of_their_tabs(live):
    widget, page = live()
    for path in ("a.md", "b.md", "a.md"):
        widget.open(path, project_id=P1)
        page.show(path)
    page.hello()
    assert [file["path"] for file in page.welcome["desired"]] == ["a.md", "b.md", "a.md"]
    widget.open("c.md", project_id=P1)
    page.show("c.md")
    page.hello()
    assert [file["path"] for file in page.welcome["desired"]] == ["a.md", "b.md", "c.md"]


def test_options_at_their_edges(monkeypatch):
    options.check_keywords(("layout",), ())
    assert options.check_height(400) == "400px"
    with pytest.raises(ConfigurationError, match="no option"):
        options.check_keywords(("xyzzy",), ("path",))
    monkeypatch.setenv("COCALC_HOST", "cocalc.example")
    assert options.find_host(None, None) == "https://cocalc.example"
    with pytest.raises(ValidationError):
        options.find_project("  ", object())
    with pytest.raises(ValidationError):
        options.find_project(7, object())


def test_the_default_host_is_that_of_the_latest_login(make, monkeypatch):
    monkeypatch.setenv("COCALC_HOST", "https://environment.example")
    assert make(host=None).host == "https://environment.example"
    config.login("sk-0123456789", "https://uni.example")
    try:
        assert make(host=None).host == "https://uni.example"
        assert make(host="https://given.example").host == "https://given.example"
    finally:
        config.logout("https://uni.example")
    assert make(host=None).host == "https://environment.example"


@pytest.mark.parametrize("generation", ["A", "B"])
def test_without_a_client_cocalc_is_asked_as_a_stranger(generation, monkeypatch):
    with LocalCoCalc(allowed_hosts=("hub.test", ".sub.test"), generation=generation) as site:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(site.ca_file))
        monkeypatch.setenv("COCALC_API_KEY", "a key that is none\n")  # and is not looked at
        facts, told = Facts(site.url, Stranger(site.url)), threading.Event()
        facts.fetch(told.set)
        assert told.wait(20)
        assert (facts.hosts, facts.generation) == (["hub.test", ".sub.test"], generation)


def test_a_stranger_that_nobody_answers_knows_nothing():
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        host = f"https://127.0.0.1:{taken.getsockname()[1]}"
        facts, told = Facts(host, Stranger(host)), threading.Event()
        facts.fetch(told.set)
        assert told.wait(20)
        assert (facts.hosts, facts.generation) == (None, None)


def test_two_projects_of_one_title():
    class Client:
        def projects(self):
            class Project:
                title = "Twin"

            found = [Project(), Project()]
            found[0].project_id, found[1].project_id = P1, P2
            return found

    with pytest.raises(ValidationError, match=f"2 projects match 'Twin': {P1}, {P2}"):
        options.find_project("Twin", Client())
    with pytest.raises(ValidationError, match="did you mean 'Twin'"):
        options.find_project("Twon", Client())


def test_a_title_in_its_other_spelling():
    class Client:
        def projects(self):
            return [SimpleNamespace(title="e\u0301tude", project_id=P1)]

    assert options.find_project("étude", Client()) == P1


def test_a_closed_widget_is_forgotten():
    def use():
        widget = CoCalc(P1, "a.md", host=HOST)
        page = Page(widget)
        page.hello()
        page.shown()
        command = widget.open("b.md")
        page.show("b.md")
        command.result()
        widget.status()
        widget.close()
        return weakref.ref(widget)

    seen = use()
    eventually(lambda: gc.collect() >= 0 and seen() is None)


@pytest.mark.parametrize("watch", ["0", "1"])
def test_the_bundle_is_watched_where_that_is_asked_for(monkeypatch, tmp_path, watch):
    script = tmp_path / "widget.js"
    script.write_text("export default {}")
    monkeypatch.setattr(bundle, "found", lambda: {"_esm": script})
    monkeypatch.setenv("ANYWIDGET_HMR", watch)
    (told,) = bundle.attributes().values()
    assert told == script if watch == "1" else told.default_value == "export default {}"


def test_a_bundle_built_after_the_import_is_used(make, monkeypatch, tmp_path):
    (tmp_path / "late.js").write_text("export default 1;")
    monkeypatch.setattr(bundle, "found", lambda: {"_late": tmp_path / "late.js"})
    assert make()._late == "export default 1;"


def test_words_of_cocalc_are_made_fit_to_be_shown():
    assert inbox.sentence(None) == ""
    assert inbox.sentence("a\x00b" + "c" * 3000) == "a b" + "c" * 1997 + " ..."
    assert inbox.sentence({"code": 1}) == "{'code': 1}"


def test_a_reply_shows_what_there_is():
    assert "connection" not in Reply("closeall")._repr_html_()
    shown = Reply("open", P1, "a.md", why="Nothing tells.", connection={"quality": "good"})
    assert "not known: Nothing tells." in shown._repr_html_()
    assert ">good</td>" in shown._repr_html_()
    assert not re.search(r"color|<style", shown._repr_html_())


def test_a_command_without_an_outcome_is_cancelled(make):
    ledger = Ledger(None, lambda _c: None, deadlines())
    command = ledger.add("status")
    assert command.reply is None
    command.settle("done")
    with pytest.raises(CommandCancelledError, match="without a reply"):
        command.result()
    assert command.settle("done") is False
    assert repr(command) == "<Command status: done>"
    closed = ledger.add("closeall")
    ledger.cancel_all("over")
    assert closed.state == "cancelled"


def test_a_command_that_no_page_ever_saw(make):
    widget = make()
    command = widget.status()
    widget._session.ledger._progress -= 601
    widget._session.background.tick()
    with pytest.raises(CommandTimeoutError, match="No page has shown the widget"):
        command.result()


def test_exception_waits_too(live):
    widget, page = live()
    command = widget.status()
    thread = page.later("result.timeout")
    widget._session.context.link.threads.add(-1)  # heard on another thread before
    error = command.exception(timeout=5)
    thread.join()
    assert isinstance(error, CommandTimeoutError)
    assert "Could not get an answer to the status within 5 s" in str(error)
    assert command.exception() is error


def test_open_without_a_path(live):
    widget, _page = live(P1)
    with pytest.raises(ValidationError, match="needs a path"):
        widget.open()


def test_a_widget_made_by_halves_says_so():
    half = CoCalc.__new__(CoCalc)
    for call in (half.status, half.closeall, lambda: half.sign_in("t0ken")):
        with pytest.raises(ValidationError, match="not made completely"):
            call()
    assert half.history == []


def test_instances_are_those_that_exist(make):
    widget = make()
    assert widget in CoCalc.instances()
    assert widget.history == []
    assert repr(widget) == f"<CoCalc {HOST}: booting>"


def test_a_sign_in_before_any_page_waits(make):
    widget = make()
    widget.sign_in("t0kenT0kenT0kenT0ken1234")
    page = Page(widget)
    assert page.comm.customs == []
    page.hello()
    assert page.welcome["token"] is True
    widget.sign_in("t0kenT0kenT0kenT0ken5678")  # the page is there, the frame is not yet
    assert page.welcome["token"] is True
    assert len(page.heard("welcome")) == 2


def test_after_its_comm_is_gone_nothing_is_sent(make):
    widget = make()
    page = Page(widget)
    page.hello()
    command = widget.status()
    sent = len(page.comm.customs)
    widget.comm = None
    assert command.cancel()
    widget.close()
    assert len(page.comm.customs) == sent


def test_a_command_given_up_before_any_page_came_is_not_told(make):
    widget = make()
    page = Page(widget)
    command = widget.status()
    assert command.cancel()
    assert not widget.busy
    page.hello()
    assert page.commands == []


def test_messages_of_one_handler_inside_another(live):
    """A callback of the widget's own may make the page speak again."""
    widget, page = live()
    seen = []
    widget.observe(lambda change: page.send("event"), "last_reply")
    command = widget.status()
    command.add_done_callback(seen.append)
    page.finish()
    assert seen == [command]
    assert not widget._session.context.link.busy


class Threadless:
    def __init__(self, *_args, **_keys):
        self.daemon = False

    def start(self):
        raise RuntimeError("can't start new thread")


def test_timers_without_threads(monkeypatch):
    monkeypatch.setattr(timers.threading, "Thread", Threadless)
    monkeypatch.setattr(timers, "_keeper", timers.Keeper())
    rung = []

    async def main():
        alarm = timers.Alarm(lambda: rung.append("alarm"))
        alarm.set(0.01)
        assert alarm.is_set
        alarm.set(0.01)
        await asyncio.sleep(0.1)

    asyncio.run(main())
    assert rung == ["alarm"]
    assert timers.later(0.01, lambda: None) is None  # neither threads nor a loop
    facts = Facts(HOST, SlowClient())
    facts.fetch(lambda: None)
    assert facts.known
    assert facts.hosts is None


def test_facts_that_are_no_facts():
    class Client:
        generation = "Z"

        def customize(self):
            return {"iframe_comm_hosts": "everybody"}

    told = threading.Event()
    facts = Facts("https://cocalc.com", Client())
    facts.fetch(told.set)
    assert told.wait(5)
    assert (facts.hosts, facts.generation) == (None, "B")


def test_a_result_for_nobody_and_an_end_twice(live):
    widget, page = live()
    command = widget.status()
    page.send("result.status", seq=command.seq)
    page.send("result.status", seq=command.seq)
    page.send("result.status", seq=99)
    assert command.state == "done"
    page.send("result.ack", seq=99)
    assert set(WIRE["to_page"]["welcome"]) == set(page.welcome)
    gc.collect()


def test_a_page_that_is_not_greeted_yet_is_not_welcomed(make):
    widget = make()
    widget._session._welcome()
    assert Page(widget).comm.customs == []


def test_what_a_widget_is_made_with_is_the_likely_welcome(make):
    """The page may begin with it; it is the real one's twin where the facts say nothing else."""
    now = time.time() * 1000
    widget = make(P1, "a.md", channel="navigation", deadlines={"ack": 7})
    early = dict(widget.early)
    assert abs(early.pop("at") - now) < 60_000
    page = Page(widget)
    page.hello()
    assert early == page.welcome
    assert json.loads(json.dumps(early)) == early
    assert make(P1, "a.md").early["channel"] == ""  # the page's address decides
    assert make().early["desired"] == []


@pytest.mark.parametrize(
    "options",
    [
        {"token": "T" * 24},  # it goes first
        {"target": "tab"},
        {"channel": "tab"},
        {"host": "https://cocalc.com"},  # says itself who may frame it
    ],
)
def test_nothing_is_likely_where_something_else_comes_first(make, options):
    assert make(P1, "a.md", **options).early == {}
