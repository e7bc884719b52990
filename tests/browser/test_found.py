"""What was found on real servers, each on both generations where it applies."""

from __future__ import annotations

import pytest
from sites import COCALC, LISTED, TEXT, UNLISTED, Stranger, mint, sign_in

from cocalc_widget import errors

LIMITS = {"ack": 3, "status": 2, "ready": 30, "silent": 9, "render": 3, "evidence": 5}
HOST = f"https://{COCALC}"


def new(stage, site, client, path=None, *, known=True, token=True, **options):
    """A widget on a page, its facts those of the stand-in."""
    given = mint(site, client) if token else None
    return stage.new(
        site.projects["Mine"], path, host=HOST, client=client if known else None,
        token=given, deadlines=LIMITS, **options,
    )  # fmt: skip


def sees(stage, text=TEXT):
    return stage.frame.get_by_text(text).first.is_visible()


@pytest.fixture(autouse=True)
def facts(request, monkeypatch):
    if "cocalc_client" in request.fixturenames:
        known = Stranger(request.getfixturevalue("cocalc_client"))
        monkeypatch.setattr("cocalc_widget.frame.widget.Stranger", lambda _host: known)


def test_the_link_and_the_url_to_embed_show_the_file(cocalc, cocalc_client, open_stage):
    stage = open_stage(UNLISTED)
    sign_in(stage, mint(cocalc, cocalc_client))
    widget = new(stage, cocalc, cocalc_client, "a.md", token=False)
    stage.until(lambda: widget.ready)
    stage.until(lambda: sees(stage))
    with stage.page.context.expect_page() as opened:
        stage.page.get_by_role("link", name="Open in new tab").click()
    opened.value.get_by_text(TEXT).first.wait_for()
    page = stage.page.context.new_page()
    url = cocalc_client.embed_url(cocalc.projects["Mine"], "a.md")
    page.goto(url.replace(cocalc.url, HOST))
    page.get_by_text(TEXT).first.wait_for()
    stage.at_rest()


@pytest.mark.parametrize("host", [LISTED, UNLISTED], ids=["messages", "navigation"])
def test_a_server_that_is_down_while_the_frame_loads_comes_back_by_itself(
    cocalc, cocalc_client, open_stage, host
):
    stage = open_stage(host)
    sign_in(stage, mint(cocalc, cocalc_client))
    assert cocalc_client.customize()
    cocalc.fault("bad-gateway")
    try:
        widget = new(stage, cocalc, cocalc_client, "a.md", known=False, token=False)
        stage.until(lambda: "can't be reached" in widget.reason, 30)
        assert "502" in widget.reason
        stage.until(lambda: stage.line() == widget.reason)
        assert (widget.ready, widget.open_files) == (False, {})
        assert widget.channel in ("booting", "navigation")
    finally:
        cocalc.fault("bad-gateway", False)
    stage.until(lambda: widget.ready, 30)
    stage.until(lambda: sees(stage), 10)
    stage.until(lambda: widget.open_files == {cocalc.projects["Mine"]: ["a.md"]}, 10)
    stage.until(lambda: "can't be reached" not in stage.line())
    stage.at_rest()


def test_a_server_that_goes_away_for_a_while_comes_back_with_the_files(
    cocalc, cocalc_client, open_stage
):
    stage = open_stage()
    widget = new(stage, cocalc, cocalc_client)
    assert stage.ends(widget.open("a.md"), seconds=30).verified is True
    cocalc.fault("server-gone")
    try:
        stage.until(lambda: not widget.ready, 20)
        stage.until(lambda: "can't be reached" in stage.line(), 30)
        waiting = widget.open("b.md")
    finally:
        cocalc.fault("server-gone", False)
    assert stage.ends(waiting, seconds=40).verified is True
    stage.until(lambda: widget.open_files == {cocalc.projects["Mine"]: ["a.md", "b.md"]}, 20)
    stage.at_rest()


def test_a_browser_without_network_for_a_while(cocalc, cocalc_client, open_stage):
    stage = open_stage()
    widget = new(stage, cocalc, cocalc_client)
    assert stage.ends(widget.open("a.md"), seconds=30).verified is True
    stage.page.context.set_offline(True)
    stage.page.wait_for_timeout(6000)
    stage.page.context.set_offline(False)
    assert stage.ends(widget.open("b.md"), seconds=40).verified is True
    assert "signed out" not in widget.reason
    stage.until(lambda: widget.ready, 20)
    stage.at_rest()


def test_closeall_by_navigation_shows_an_empty_cocalc(cocalc, cocalc_client, open_stage):
    stage = open_stage(UNLISTED)
    widget = new(stage, cocalc, cocalc_client, "a.md")
    stage.until(lambda: widget.ready, 20)
    assert stage.ends(widget.closeall(), seconds=20).action == "closeall"
    stage.until(lambda: widget.ready, 20)
    assert not sees(stage)
    assert (widget.open_files, widget.path) == ({}, None)
    stage.page.wait_for_timeout(1500)
    assert not sees(stage)
    stage.at_rest()


def test_after_a_failed_open_the_next_goes_to_the_old_project(cocalc, cocalc_client, open_stage):
    stage = open_stage()
    widget = new(stage, cocalc, cocalc_client, known=False)
    error = stage.ends(widget.open("a.md", project_id=cocalc.strange), seconds=30)
    assert isinstance(error, errors.ChannelBlockedError)
    command = widget.open("a.md")
    assert command.project_id == cocalc.projects["Mine"]
    assert stage.ends(command, seconds=30).verified is True
    stage.at_rest()


def test_a_reload_of_the_page_tells_the_open_files_soon(cocalc, cocalc_client, open_stage):
    stage = open_stage()
    widget = new(stage, cocalc, cocalc_client)
    for path in ("a.md", "b.md"):
        assert stage.ends(widget.open(path), seconds=30).verified is True
    stage.page.reload()
    stage.page.wait_for_function("() => window.up")
    stage.adopt(widget)
    stage.until(lambda: widget.ready, 20)
    stage.until(lambda: widget.open_files == {cocalc.projects["Mine"]: ["a.md", "b.md"]}, 8)
    stage.until(lambda: sees(stage, "Another one"), 5)
    stage.at_rest()


def test_a_frame_below_the_fold_says_so_and_commands_wait_for_it(cocalc, cocalc_client, open_stage):
    stage = open_stage()
    stage.page.evaluate("""() => {
      const space = document.body.appendChild(document.createElement("div"));
      space.style.height = "3000px";
    }""")
    widget = new(stage, cocalc, cocalc_client)
    command = widget.open("a.md")
    stage.until(lambda: "scroll it into view" in widget.reason, 20)
    stage.until(lambda: "scroll it into view" in stage.line())
    stage.page.wait_for_timeout(3000)
    stage.pump()
    assert not command.done()
    stage.page.locator("iframe[title*=CoCalc]").scroll_into_view_if_needed()
    assert stage.ends(command, seconds=20).verified is True
    assert widget.reason == ""
    stage.at_rest()


def test_a_second_view_says_where_the_first_is(cocalc, cocalc_client, open_stage):
    stage = open_stage()
    widget = new(stage, cocalc, cocalc_client)
    stage.until(lambda: widget.ready, 20)
    stage.show(widget)
    stage.page.get_by_text("Shown above.").wait_for()
    stage.until(lambda: stage.line(1) == stage.line(0))
    assert "Waiting for the kernel" not in stage.line(1)
    stage.at_rest()
