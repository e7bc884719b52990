"""Doubt, silence and navigation: what is made of an open of which nothing is heard."""

from framepage import P1, P2
from scene import LOST, end, steered

from cocalc_widget import errors

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
