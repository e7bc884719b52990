"""Ends of the widget's page side: nothing runs on, nothing listens, nothing is said."""

import pytest

from cocalc_widget.errors import CommandCancelledError, CommandTimeoutError

NOTHING = {"timers": 0, "listeners": 0, "detached": 0}
FRAME = "iframe[title*=CoCalc]"


def quiet(page):
    return [line for line in page.said if line.startswith(("error", "pageerror", "warning"))]


@pytest.mark.parametrize("how", ["close", "the page drops the model"])
def test_nothing_is_left(ready, site, how):
    page, widget = ready()
    assert page.left["listeners"] == 1
    site.fault("silent-open")
    commands = [widget.open("lesson.md"), widget.status(), widget.closeall()]
    page.until(lambda: commands[0].state == "sent")
    if how == "close":
        widget.close()
    else:
        page.end(widget)
    errors = page.ends(*commands)
    assert [type(error) for error in errors[::2]] == [CommandCancelledError] * 2
    page.until(lambda: page.left == NOTHING)
    page.page.wait_for_timeout(2500)  # longer than any timer of a frame that is being probed
    page.pump()
    assert page.left == NOTHING
    assert page.page.locator(FRAME).count() == 0
    assert quiet(page) == []


def test_a_cell_deleted_for_good_leaves_no_timer(ready, site):
    page, widget = ready(deadlines={"ready": 8, "ack": 2, "done": 2, "status": 1, "silent": 1})
    site.fault("silent-open")
    command = widget.open("lesson.md")
    page.until(lambda: command.state == "sent")
    page.hide(widget)
    assert isinstance(page.ends(command), CommandTimeoutError)
    page.until(lambda: page.left["timers"] == 0)
    assert page.left == {**NOTHING, "listeners": 1}  # it may be displayed again
    widget.close()
    page.pump()
    page.until(lambda: page.left == NOTHING)
    assert quiet(page) == []


def test_one_timer_runs_while_nothing_happens(ready):
    """A look at CoCalc every few seconds: a server that goes away says nothing."""
    page, widget = ready()
    page.ends(widget.open("lesson.md"))
    page.until(lambda: page.left == {"timers": 1, "listeners": 1, "detached": 0})


def test_an_end_is_only_its_own(ready, site, client):
    page, one = ready()
    two = page.new(
        site.projects["Student"], host=site.url, token=client.create_token(site.account_id)
    )
    page.ends(two.status(), seconds=25)
    one.close()
    page.pump()
    assert page.left["listeners"] == 1
    assert page.ends(two.open("b.md")).verified is True
    page.at_rest()
