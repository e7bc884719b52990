"""Faults of our end: parents that CoCalc ignores, views, forgeries, crowds, tabs, endings."""

import json

import pytest

from cocalc_widget.errors import ChannelBlockedError, CommandCancelledError, CommandTimeoutError

FRAME = "iframe[title*=CoCalc]"


def shows(page, text):
    shown = page.page.locator(FRAME).content_frame.get_by_text(text).first
    page.until(shown.is_visible)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://localhost:HTTP/", "only https pages without a port"),
        ("https://localhost:HTTPS/", "only https pages without a port"),
        ("https://hub.test/opaque", "no origin of its own"),
    ],
    ids=["http-parent", "parent-with-port", "opaque-origin"],
)
def test_parents_that_cocalc_ignores(new, url, words):
    page, widget = new("lesson.md", url=url)
    if "opaque" not in url:  # a sandboxed page's frames keep no cookies, and stay signed out
        shows(page, "lesson.md")
    opened, refused, closed = page.ends(
        widget.open("made.md"), widget.status(), widget.closeall(), seconds=20
    )
    assert opened.verified is False  # it was closed before it could be seen
    assert "everything was closed" in opened.why
    assert closed.verified is None
    assert isinstance(refused, ChannelBlockedError)
    assert words in str(refused)
    assert "To get full control" in str(refused)
    assert (widget.channel, words in widget.reason) == ("navigation", True)
    reply = page.ends(widget.open("made.md"), seconds=20)
    if "opaque" in url:
        assert (reply.verified, reply.evidence) == (None, "")
        assert "signed out" in reply.why
        assert (widget.ready, widget.open_files) == (False, {})
    else:
        assert (reply.verified, reply.evidence) == (True, "opened")
        assert (widget.ready, widget.open_files) == (True, {reply.project_id: ["made.md"]})
        shows(page, "made.md")
    page.at_rest()


def test_commands_by_navigation_during_the_sign_in(new):
    page, widget = new(url="http://localhost:HTTP/")
    page.ends(widget.open("lesson.md"), widget.closeall(), widget.open("made.md"))
    shows(page, "made.md")
    page.at_rest()


def test_unlisted_https_host_is_known_before_it_is_tried(new, client):
    page, widget = new(url="https://other.test/", client=client)
    opened, refused = page.ends(widget.open("lesson.md"), widget.status(), seconds=10)
    assert (opened.verified, opened.evidence) == (True, "opened")
    assert "iframe_comm_hosts" in str(refused)
    page.at_rest()


def test_unlisted_https_host_is_found_out(new):
    page, widget = new(url="https://other.test/")
    opened, refused = page.ends(widget.open("lesson.md"), widget.status(), seconds=20)
    assert (opened.verified, opened.evidence) == (True, "opened")
    assert isinstance(refused, ChannelBlockedError)
    assert widget.channel == "navigation"
    page.at_rest()


def test_listed_subdomain(new, client):
    page, widget = new(url="https://x.sub.test/", client=client)
    assert page.ends(widget.open("lesson.md"), seconds=20).verified is True
    assert (widget.channel, widget.reason) == ("messages", "")
    page.at_rest()


def test_messages_insisted_on_where_they_cannot_work(new):
    page, widget = new(url="https://localhost:HTTPS/", channel="messages")
    errors = page.ends(widget.open("lesson.md"), widget.closeall(), widget.status())
    assert all(isinstance(error, ChannelBlockedError) for error in errors)
    page.until(lambda: widget.channel == "blocked")
    page.at_rest()


FORGE = """async () => {
  const id = "ffffffff-0000-4000-8000-00000000000f";
  const event = { event: "open", action: "open", filename: "forged.md" };
  const files = { [id]: ["forged.md"] };
  const connection = { quality: "forged", status: "connected" };
  const replies = [
    { status: "done", open_files: files, connection },
    { status: "done", mesg: "forged" },
    { status: "error", mesg: "forged" },
    { source: "cocalc-project-log", payload: { project_log: { id, project_id: id, event } } },
  ];
  const frame = document.querySelector("iframe[title*=CoCalc]");
  const origin = new URL(frame.src).origin;
  for (const reply of replies) {
    window.postMessage(reply, "*");  // wrong source, wrong origin
    for (const source of [window, frame.contentWindow]) {  // each right alone is not enough
      for (const from of [origin, location.origin, "null", ""]) {
        if (source === frame.contentWindow && from === origin) continue;
        window.dispatchEvent(new MessageEvent("message", { data: reply, origin: from, source }));
      }
    }
    const other = document.body.appendChild(document.createElement("iframe"));
    other.srcdoc = `<script>parent.postMessage(${JSON.stringify(reply)}, "*")</script>`;
  }
  await new Promise((done) => setTimeout(done, 300));
}"""


def test_forged_messages_change_nothing(ready, site):
    page, widget = ready()
    site.fault("silent-open")
    command = widget.open("lesson.md")
    page.until(lambda: command.state == "sent")
    for _ in range(3):
        page.page.evaluate(FORGE)
        page.pump()
    assert command.state == "sent"
    assert "forged" not in json.dumps(page.heard)
    assert "forged" not in repr(widget.last_event)
    assert isinstance(page.ends(command), ChannelBlockedError)
    page.at_rest()


def test_two_views_one_live(ready, site):
    page, widget = ready()
    page.ends(widget.open("lesson.md"))
    page.show(widget)
    assert page.page.locator(FRAME).count() == 1
    page.page.get_by_role("button", name="Move it here").click()
    page.until(lambda: page.ends(widget.status(), seconds=20).open_files, 30)
    assert page.ends(widget.status()).open_files[site.projects["Lesson"]] == ["lesson.md"]
    page.hide(widget, 1)  # the live one goes: the other takes over with its files
    page.until(lambda: page.ends(widget.status(), seconds=20).open_files, 30)
    assert page.page.locator(FRAME).count() == 1
    page.at_rest()


def test_two_widgets_on_one_host(ready, site, client):
    page, one = ready()
    two = page.new(
        site.projects["Student"], host=site.url, token=client.create_token(site.account_id)
    )
    first, second = page.ends(one.open("a.md"), two.open("b.md"), seconds=25)
    assert first.verified is second.verified is True
    page.ends(one.status(), two.status())
    assert one.open_files == {site.projects["Lesson"]: ["a.md"]}
    assert two.open_files == {site.projects["Student"]: ["b.md"]}
    page.ends(one.closeall())
    page.ends(one.status(), two.status())
    assert (one.open_files, two.open_files) == ({}, {site.projects["Student"]: ["b.md"]})
    page.at_rest()


def test_moved_cell_brings_its_files_back(ready, site):
    page, widget = ready()
    page.ends(widget.open("a.md"))
    page.ends(widget.open("lesson.md"))
    page.show(widget)  # something to be moved behind
    page.move(widget)
    command = widget.open("b.md")
    assert page.ends(command, seconds=25).verified is True
    lesson = site.projects["Lesson"]
    page.until(lambda: len(page.ends(widget.status()).open_files.get(lesson, [])) == 3, 20)
    assert widget.open_files[lesson] == ["a.md", "lesson.md", "b.md"]
    page.at_rest()


def test_cell_deleted_in_flight_and_shown_again(ready, site):
    page, widget = ready()
    site.fault("late-done", 1)
    command = widget.open("lesson.md")
    page.until(lambda: command.state == "ack")
    page.hide(widget)
    assert page.page.locator(FRAME).count() == 0
    page.show(widget)
    assert page.ends(command, seconds=25).verified is True
    page.at_rest()


def test_cell_deleted_for_good(ready):
    page, widget = ready(deadlines={"ready": 8, "ack": 2, "done": 2, "status": 1, "silent": 1})
    page.hide(widget)
    opened, status = page.ends(widget.open("lesson.md"), widget.status())
    assert isinstance(opened, CommandTimeoutError)
    assert isinstance(status, CommandTimeoutError)
    assert "not shown in a cell" in str(opened)
    page.at_rest()


def test_close_in_flight(ready, site):
    page, widget = ready()
    site.fault("silent-open")
    commands = [widget.open("lesson.md"), widget.status(), widget.closeall()]
    page.until(lambda: commands[0].state == "sent")
    widget.close()
    errors = page.ends(*commands)
    assert isinstance(errors[0], CommandCancelledError)
    page.pump()
    assert page.page.locator(FRAME).count() == 0
    assert "Run the cell again" in page.page.inner_text("body")
    assert not [line for line in page.said if line.startswith(("error", "pageerror"))]


def test_command_before_initialize(site, client, stage):
    from cocalc_widget import CoCalc

    page = stage()
    token = client.create_token(site.account_id)
    widget = CoCalc(site.projects["Lesson"], host=site.url, token=token)
    command = widget.open("lesson.md")
    page.adopt(widget)
    assert page.ends(command, seconds=25).verified is True
    page.at_rest()


def test_hundred_commands_at_once(ready, site):
    page, widget = ready()
    commands = [
        command
        for n in range(25)
        for command in (
            widget.open(f"made-{n % 5}.md"),
            widget.status(),
            widget.open("lesson.md"),
            widget.closeall(),
        )
    ]
    replies = page.ends(*commands, seconds=60)
    assert [type(reply).__name__ for reply in replies] == ["Reply"] * 100
    assert page.ends(widget.status()).open_files == {}
    page.at_rest()


BLOCK_POPUPS = "() => { window.reallyOpen = window.open; window.open = () => null; }"
ALLOW_POPUPS = "() => { window.open = window.reallyOpen; }"


def test_tab(new):
    page, widget = new(target="tab")
    page.until(lambda: widget.channel == "tab")
    with page.page.context.expect_page() as tab:
        opened, refused = page.ends(widget.open("lesson.md"), widget.status())
    assert opened.verified is None
    assert isinstance(refused, ChannelBlockedError)
    tab.value.wait_for_url("**/files/lesson.md")
    page.at_rest()


def test_tab_blocked_by_the_popup_blocker_opens_at_a_press(new):
    page, widget = new(target="tab", signed_in=False)
    page.page.evaluate(BLOCK_POPUPS)
    page.until(lambda: widget.channel == "tab")
    command = widget.open("lesson.md")
    page.pump()
    page.page.get_by_text("blocked the tab").first.wait_for()
    assert not command.done()
    page.page.evaluate(ALLOW_POPUPS)
    with page.page.context.expect_page() as tab:
        page.page.get_by_role("button").first.click()
    assert page.ends(command).verified is None
    tab.value.wait_for_url("**/files/lesson.md")
    page.at_rest()


def test_page_hidden_for_a_minute(ready, site):
    page, widget = ready(deadlines=None)
    site.fault("late-done", 2)
    cdp = page.page.context.new_cdp_session(page.page)
    command = widget.open("lesson.md")
    page.until(lambda: command.state == "ack")
    cdp.send("Page.setWebLifecycleState", {"state": "frozen"})
    page.page.wait_for_timeout(60_000)
    assert not command.done()
    cdp.send("Page.setWebLifecycleState", {"state": "active"})
    assert page.ends(command, seconds=25).verified is True
    assert page.ends(widget.status(), seconds=20).action == "status"
    assert (widget.channel, widget.ready) == ("messages", True)
    page.at_rest()
