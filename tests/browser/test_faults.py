"""Faults of CoCalc's end: each ends in the right result or named error inside its deadline."""

import json

import pytest
from plain import QUICK

from cocalc_widget.errors import ChannelBlockedError, CommandError, CommandTimeoutError


def active(page):
    """The file that the kiosk page shows."""
    return page.frame.locator("[role=tab][aria-selected=true]").inner_text()


def test_slow_listener(new, site):
    site.fault("slow-listener", 10)
    page, widget = new(deadlines={**QUICK, "ready": 60, "silent": 20})
    reply = page.ends(widget.open("lesson.md"), seconds=60)
    assert (reply.verified, widget.channel) == (True, "messages")
    page.at_rest()


def test_dead_listener_degrades_to_navigation(new, site):
    site.fault("dead-listener")
    page, widget = new()
    command = widget.open("lesson.md")
    reply, error = page.ends(command, widget.status(), seconds=25)
    assert (reply.verified, reply.evidence) == (True, "opened")
    assert isinstance(error, ChannelBlockedError)
    assert widget.channel == "navigation"
    assert site.url in widget.reason
    frame = page.page.locator("iframe[title*=CoCalc]").content_frame
    frame.get_by_text("lesson.md").first.wait_for()
    page.at_rest()


def test_reload_after_sign_in_by_token(new):
    page, widget = new()
    status, opened = page.ends(widget.status(), widget.open("lesson.md"), seconds=25)
    assert status.connection["status"] == "connected"
    assert opened.verified is True
    page.at_rest()


def test_project_log_between_ack_and_done(ready, site):
    page, widget = ready()
    site.fault("project-log-noise")
    assert page.ends(widget.open("lesson.md")).verified is True
    page.at_rest()


def test_signed_out_frame_answers_status_and_opens_nothing(ready):
    page, widget = ready(signed_in=False)
    error = page.ends(widget.open("lesson.md"))
    assert isinstance(error, ChannelBlockedError)
    assert "signed out" in str(error)
    page.at_rest()


def test_slow_config_answers_in_a_burst(new, site):
    site.fault("slow-config", 4)
    page, widget = new(deadlines={**QUICK, "silent": 12})
    assert page.ends(widget.open("lesson.md"), seconds=25).verified is True
    page.at_rest()


def test_reversed_dones(ready, site):
    page, widget = ready()
    site.fault("reversed-dones")
    one, two = page.ends(widget.open("lesson.md"), widget.open("made.md"))
    assert (one.path, one.verified, two.path, two.verified) == ("lesson.md", True, "made.md", True)
    page.at_rest()


def test_closeall_during_an_open(ready, site):
    page, widget = ready()
    site.fault("late-done", 1)
    opened, closed = page.ends(widget.open("lesson.md"), widget.closeall())
    assert opened.action == "open"
    assert closed.action == "closeall"
    assert page.ends(widget.status()).open_files == {}
    page.at_rest()


def test_duplicate_opens_coalesce(ready, site):
    page, widget = ready()
    one, two = page.ends(widget.open("lesson.md"), widget.open("lesson.md"))
    assert one.verified is two.verified is True
    assert widget.open_files[site.projects["Lesson"]] == ["lesson.md"]
    page.at_rest()


def test_duplicate_replies(ready, site):
    page, widget = ready()
    site.fault("duplicate-replies")
    replies = page.ends(widget.open("lesson.md"), widget.open("made.md"), widget.closeall())
    assert [reply.action for reply in replies] == ["open", "open", "closeall"]
    page.at_rest()


def test_error_without_action(ready, site):
    page, widget = ready()
    site.fault("error-without-action")
    error = page.ends(widget.open("lesson.md"))
    assert isinstance(error, CommandError)
    assert "cannot be opened" in str(error)
    page.at_rest()


def test_error_after_ack(ready, site):
    page, widget = ready()
    site.fault("error-after-ack")
    assert isinstance(page.ends(widget.open("lesson.md")), CommandError)
    page.at_rest()


def test_silent_rejection_of_an_open(ready):
    page, widget = ready()
    stranger = "00000000-0000-4000-8000-000000000000"
    error = page.ends(widget.open("lesson.md", project_id=stranger))
    assert isinstance(error, ChannelBlockedError)
    assert page.ends(widget.status()).open_files == {}
    page.at_rest()


def test_ack_without_done(ready, site):
    page, widget = ready()
    site.fault("ack-without-done")
    error = page.ends(widget.open("lesson.md"))
    assert isinstance(error, CommandTimeoutError)
    assert "start project" in str(error)
    page.at_rest()


def test_late_done_after_a_timeout(ready, site):
    page, widget = ready(deadlines={**QUICK, "done": 1})
    site.fault("late-done", 4)
    assert isinstance(page.ends(widget.open("lesson.md")), CommandTimeoutError)
    page.until(lambda: page.events("late-reply"))
    assert page.events("late-reply")[-1]["path"] == "lesson.md"
    site.fault("late-done", False)
    assert page.ends(widget.open("made.md")).verified is True
    page.at_rest()


def test_done_without_the_file_open(ready, site):
    page, widget = ready()
    site.fault("done-without-open")
    reply = page.ends(widget.open("lesson.md"))
    assert reply.verified is False
    assert reply.why
    page.at_rest()


@pytest.mark.parametrize("fault", ["reload-in-flight", "reload-after-ack"])
def test_reload_in_flight(ready, site, fault):
    page, widget = ready(deadlines={**QUICK, "ack": 10, "done": 20})
    site.fault(fault)
    assert page.ends(widget.open("lesson.md"), seconds=25).verified is True
    page.at_rest()


def test_reload_brings_the_files_back(ready, site):
    page, widget = ready()
    names = ["lesson.md", *(f"made-{n}.md" for n in range(5))]
    lesson = site.projects["Lesson"]
    for name in names:  # one by one: opens that overlap may land in any order
        page.ends(widget.open(name))
    page.ends(widget.open("made-1.md"))  # now the active one, in its old place
    assert page.ends(widget.status()).open_files == {lesson: names}
    born = page.frame.locator("body").evaluate("() => performance.timeOrigin")
    page.frame.locator("body").evaluate("() => location.reload()")
    page.until(lambda: not widget.ready)
    page.until(lambda: page.line() == "Reconnecting …")
    page.until(lambda: widget.ready)
    page.until(lambda: page.ends(widget.status()).open_files == {lesson: names}, 30)
    assert page.frame.locator("body").evaluate("() => performance.timeOrigin") > born
    page.until(lambda: active(page) == "made-1.md")
    page.at_rest()


@pytest.mark.parametrize("fault", ["forged-source", "forged-origin"])
def test_forged_replies_from_inside_the_frame(new, site, fault):
    site.fault(fault)
    site.fault("silent-open")
    page, widget = new()
    assert isinstance(page.ends(widget.open("lesson.md"), seconds=30), ChannelBlockedError)
    page.ends(widget.status())
    assert "forged" not in json.dumps(page.heard)
    page.at_rest()


def test_junk_huge_and_cyclic_replies(ready, site):
    site.fault("junk-replies")
    page, widget = ready()
    assert page.ends(widget.open("lesson.md")).verified is True
    page.at_rest()


def test_server_gone_and_back(ready, site):
    page, widget = ready()
    site.fault("server-gone")
    try:
        error = page.ends(widget.open("made.md"), seconds=30)
        assert isinstance(error, CommandTimeoutError | CommandError | ChannelBlockedError)
    finally:
        site.fault("server-gone", False)

    def opens() -> bool:
        ended = page.ends(widget.open("lesson.md"), seconds=30)
        assert not isinstance(ended, Exception) or "signed out" not in str(ended)
        return getattr(ended, "verified", False)

    page.until(opens, 60)
    page.at_rest()


def test_stuck_connecting(new, site):
    site.fault("stuck-connecting")
    page, widget = new(deadlines={**QUICK, "ready": 3})
    error = page.ends(widget.open("lesson.md"), seconds=25)
    assert isinstance(error, CommandTimeoutError | ChannelBlockedError)
    page.at_rest()
