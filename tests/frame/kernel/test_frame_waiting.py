"""Waiting for replies: blocked, awaited, refused; and never for ever."""

import asyncio
import gc
import threading
import time

import pytest
from framepage import P1, Page, eventually

from cocalc_widget.errors import (
    ChannelBlockedError,
    CommandError,
    CommandTimeoutError,
    WouldDeadlockError,
)
from cocalc_widget.frame.kernel import ipykernel as kernels
from cocalc_widget.frame.kernel import waiting
from cocalc_widget.frame.messages.outbox import budget, deadlines
from cocalc_widget.frame.session import endings
from cocalc_widget.frame.session.ledger import UNSEEN, Ledger


def elsewhere(act):
    """Run it on another thread, as a subshell would."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def on_subshell(widget):
    """Greeted from another thread."""
    page = Page(widget)
    widget._repr_mimebundle_()
    elsewhere(page.hello)
    elsewhere(page.shown)
    return page


def test_result_blocks_when_the_page_is_heard_on_another_thread(make):
    widget = make()
    page = on_subshell(widget)
    command = widget.status()
    thread = page.later()
    assert command.result(timeout=5).open_files == {P1: ["a.md"]}
    assert command.result(timeout=0) is command.result()
    thread.join()


def test_result_in_the_cell_that_displays(make, monkeypatch):
    # nothing has been heard yet, but the front end has made its subshell
    monkeypatch.setattr(kernels, "has_subshells", lambda: True)
    widget = make()
    page = Page(widget)
    widget._repr_mimebundle_()
    command = widget.status()
    threading.Timer(0.1, lambda: (page.hello(), page.finish())).start()
    assert command.result(timeout=5).action == "status"


def test_timeout_leaves_the_command_pending(make):
    widget = make()
    page = on_subshell(widget)
    command = widget.status()
    begun = time.monotonic()
    with pytest.raises(CommandTimeoutError, match=r"0\.1 s"):
        command.result(timeout=0.1)
    assert time.monotonic() - begun < 1
    assert command.state == "queued"
    page.finish()
    assert command.result().action == "status"


def test_refusal_where_the_page_is_heard_on_this_thread(live):
    widget, page = live()
    command = widget.open("a.md", project_id=P1)
    begun = time.monotonic()
    with pytest.raises(WouldDeadlockError) as caught:
        command.result()
    assert time.monotonic() - begun < 1  # at once: it does not wait for anything
    assert 'await widget.open("a.md")' in caught.value.remedy
    page.show("a.md")
    assert command.result().verified


def test_refusal_inside_a_callback(make):
    widget = make()
    page = on_subshell(widget)
    caught = []

    def ask(_change):
        try:
            widget.status().result()
        except WouldDeadlockError as error:
            caught.append(error)

    widget.observe(ask, "open_files")
    elsewhere(lambda: page.send("state"))
    assert "callback" in caught[0].message


def test_refusal_without_subshells(make):
    widget = make()
    widget._repr_mimebundle_()
    with pytest.raises(WouldDeadlockError, match="no browser shows this notebook"):
        widget.status().result()


def test_refusal_outside_a_notebook(make, monkeypatch):
    monkeypatch.setattr(kernels, "kind", lambda _comm: "none")
    widget = make()
    with pytest.raises(ChannelBlockedError, match="inside a notebook"):
        widget.status().result()
    with pytest.raises(ChannelBlockedError, match="inside a notebook"):
        asyncio.run(asyncio.wait_for(_wait(widget.status()), 5))


def test_refusal_of_a_widget_that_is_not_displayed(make, monkeypatch):
    monkeypatch.setattr(waiting, "UNDISPLAYED", 0.1)
    monkeypatch.setattr(kernels, "has_subshells", lambda: True)
    widget = make()
    with pytest.raises(ChannelBlockedError) as caught:
        widget.status().result()
    assert "in a cell above" in caught.value.remedy
    page = Page(widget)
    elsewhere(page.hello)  # the page knows the model, but shows no view
    with pytest.raises(ChannelBlockedError, match="not displayed"):
        widget.status().result()
    with pytest.raises(ChannelBlockedError, match="not displayed"):
        asyncio.run(asyncio.wait_for(_wait(widget.status()), 5))
    elsewhere(page.shown)  # inside a box, say
    page_thread = threading.Timer(0.05, page.finish)
    command = widget.status()
    page_thread.start()
    assert command.result(5).action == "status"


def test_refusal_of_a_page_that_never_came(make, monkeypatch):
    monkeypatch.setattr(waiting, "COLD", 0.2)
    monkeypatch.setattr(kernels, "has_subshells", lambda: True)
    widget = make()
    widget._repr_mimebundle_()
    with pytest.raises(ChannelBlockedError, match="No page has answered"):
        widget.status().result()


async def _wait(command):
    return await command


def test_await_and_gather(make):
    widget = make()
    page = on_subshell(widget)

    async def run():
        commands = [widget.open(f"{n}.md", project_id=P1) for n in range(10)]

        def answer():
            for command in reversed(commands):
                page.show(command.path, seq=command.seq)

        threading.Timer(0.05, answer).start()
        replies = await asyncio.gather(*commands)
        assert [reply.path for reply in replies] == [f"{n}.md" for n in range(10)]
        assert (await commands[3]).path == "3.md"

    asyncio.run(asyncio.wait_for(run(), 10))


def test_await_on_the_thread_that_hears(live):
    widget, page = live()

    async def run():
        command = widget.status()
        asyncio.get_running_loop().call_later(0.05, page.finish)
        return await command

    assert asyncio.run(asyncio.wait_for(run(), 5)).action == "status"


def test_a_cancelled_await_leaves_the_command_alone(live):
    widget, page = live()

    async def run():
        command = widget.status()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(_wait(command), 0.05)
        page.finish()
        return await command

    assert asyncio.run(run()).action == "status"


def test_unretrieved_errors_are_silent(live, capfd, caplog):
    widget, page = live()

    async def run():
        widget.open("a.md", project_id=P1)
        page.finish("result.error")

    asyncio.run(run())
    gc.collect()
    assert capfd.readouterr().err == ""
    assert not caplog.records


def test_a_failing_callback_is_logged_and_harmless(live, caplog):
    widget, page = live()
    command = widget.status()
    seen = []
    command.add_done_callback(lambda _c: 1 / 0)
    command.add_done_callback(seen.append)
    page.finish()
    assert seen == [command]
    assert "ZeroDivisionError" in caplog.text


def test_interrupt_ends_the_wait(make, monkeypatch):
    widget = make()
    on_subshell(widget)
    command = widget.status()

    def stop(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "wait_event", stop)
    with pytest.raises(KeyboardInterrupt):
        command.result()
    assert not command.done()


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_backstop(monkeypatch):
    clock, limits = Clock(), deadlines()
    ledger = Ledger(None, lambda _c: None, limits, clock)
    assert (ledger.overdue(), ledger.left()) == ([], None)
    command = ledger.add("open", (P1, "a.md"))
    assert (ledger.overdue(), ledger.left()) == ([], UNSEEN)
    clock.now += 10
    ledger.heard()
    assert (ledger.overdue(), ledger.left()) == ([], budget("open", limits))
    clock.now += budget("open", limits) - 1
    ledger.advance(command, "ack")  # a sign of life
    assert ledger.left() == budget("open", limits)
    clock.now += budget("open", limits)
    assert (ledger.overdue(), ledger.left()) == ([command], None)
    command.settle("timeout", error=endings.silence(page=ledger.page))
    with pytest.raises(CommandTimeoutError, match="stopped answering"):
        command.result()
    assert ledger.desired == [(P1, "a.md")]  # it may still come


def test_backstop_rings_in_a_widget(make):
    tiny = dict.fromkeys(("ack", "done", "status", "ready"), 0.01)
    widget = make(deadlines=tiny)
    page = on_subshell(widget)
    command = widget.status()
    widget._session.ledger._progress -= 14.9
    widget._session.background.tick()
    eventually(command.done)
    assert command.state == "timeout"
    eventually(lambda: not widget.busy)
    assert page.commands


def test_refused_opens_are_not_desired(live):
    widget, page = live()
    command = widget.open("a.md", project_id=P1)
    page.finish("result.error")
    with pytest.raises(CommandError):
        command.result()
    page.hello()
    assert page.welcome["desired"] == []


def test_own_replies_only_where_there_is_routing():
    class Comm:
        def _reply_subshell_for(self, data, default):
            return "the cell's"

    comm = Comm()
    kernels.own_replies(comm)
    assert comm._reply_subshell_for({}, "the page's") == "the page's"
    plain = object()
    kernels.own_replies(plain)
    assert kernels.kind(None) == "none"
    assert kernels.kernel() is None
    assert kernels.has_subshells() is False
