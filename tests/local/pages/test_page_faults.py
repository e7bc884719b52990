"""Every fault of the page shows what it says, in Chromium; and generation B's sign-in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from cocalc_widget import LocalCoCalc
from cocalc_widget.local.state.faults import FAULTS

from ..situations import Stage
from .browser import ALLOWED, COCALC, Parent

pytestmark = pytest.mark.browser

P1 = "aaaaaaaa-0000-4000-8000-000000000001"
APP = "/app?fullscreen=kiosk&session="
OPEN_A = {"action": "open", "project_id": P1, "path": "a.md"}
OPEN_B = {"action": "open", "project_id": P1, "path": "b.md"}
STATUS = {"action": "status"}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with LocalCoCalc(content={}, generation="A", allowed_hosts=ALLOWED, boot_delay=0.05) as site:
        stage = Stage(site, 0)
        site.core.projects.fill(P1, {"a.md": "# A", "b.md": "# B"})
        yield stage


@pytest.fixture(scope="module")
def site(stage: Stage) -> LocalCoCalc:
    return stage.site


@pytest.fixture
def frame(stage: Stage, browser: BrowserContext) -> Iterator[Callable[..., Parent]]:
    """A signed-in frame, with faults from its start."""
    value = stage.core.accounts.new_session(stage.owner)
    cookie: Any = {"name": "remember_me", "value": value, "domain": "cocalc.test", "path": "/"}
    browser.add_cookies([{**cookie, "secure": True, "httpOnly": True, "sameSite": "None"}])

    def show(ready: bool = True, **faults: float) -> Parent:
        for name, on in faults.items():
            stage.site.fault(name.replace("_", "-"), on)
        parent = Parent(browser)
        parent.show(APP)
        if ready:
            parent.ready()
        return parent

    yield show
    stage.core.faults.on.clear()
    for page in browser.pages[1:]:
        page.close()
    browser.clear_cookies()


def words(replies: list[Any]) -> list[str]:
    return [str(r.get("action") or "") + ":" + str(r["status"]) for r in replies]


def test_no_fault_of_the_page_is_untested() -> None:
    text = Path(__file__).read_text().replace("_", "-")
    for fault, (where, _, _) in FAULTS.items():
        assert where not in ("page", "once") or fault in text, fault


def test_dead_listener(frame: Callable[..., Parent]) -> None:
    parent = frame(ready=False, dead_listener=True)
    parent.page.wait_for_timeout(600)
    parent.silent(STATUS)


def test_slow_listener(frame: Callable[..., Parent]) -> None:
    parent = frame(ready=False, slow_listener=1.2)
    parent.silent(STATUS, 0.5)
    parent.ready()


def test_slow_config_answers_in_one_burst(frame: Callable[..., Parent]) -> None:
    parent = frame(ready=False, slow_config=1.5)
    parent.page.wait_for_timeout(500)
    for _ in range(5):
        parent.page.evaluate("post({action: 'status'})")
    assert parent.replies() == []
    parent.until(lambda found: len(found) == 5)
    times = [m["at"] for m in parent.log()]
    assert times[-1] - times[0] < 300


def test_silent_open(frame: Callable[..., Parent]) -> None:
    parent = frame(silent_open=True)
    parent.silent(OPEN_A)
    assert parent.status()["open_files"] == {}


def test_slow_ack(frame: Callable[..., Parent]) -> None:
    parent = frame(slow_ack=0.8)
    parent.silent(OPEN_A, 0.4)
    assert words(parent.until(lambda found: len(found) == 2)) == ["open:ack", "open:done"]


def test_ack_without_done(frame: Callable[..., Parent]) -> None:
    parent = frame(ack_without_done=True)
    parent.ask(OPEN_A)
    parent.page.wait_for_timeout(400)
    assert words(parent.replies()) == ["open:ack"]


def test_late_done(frame: Callable[..., Parent]) -> None:
    parent = frame(late_done=0.8)
    parent.ask(OPEN_A)
    parent.page.wait_for_timeout(300)
    assert words(parent.replies()) == ["open:ack"]
    assert words(parent.until(lambda found: len(found) == 2)) == ["open:ack", "open:done"]


def test_done_without_open(frame: Callable[..., Parent]) -> None:
    parent = frame(done_without_open=True)
    assert words(parent.ask(OPEN_A, 2)) == ["open:ack", "open:done"]
    assert parent.status()["open_files"] == {}


def test_reversed_dones(frame: Callable[..., Parent]) -> None:
    parent = frame(reversed_dones=5)
    parent.page.evaluate(
        "([a, b]) => { log.length = 0; post(a); setTimeout(() => post(b), 150); }", [OPEN_A, OPEN_B]
    )
    found = parent.until(lambda replies: len(replies) == 4)
    assert [r["path"] for r in found if r["status"] == "ack"] == ["a.md", "b.md"]
    assert [r["path"] for r in found if r["status"] == "done"] == ["b.md", "a.md"]


def test_error_without_action(frame: Callable[..., Parent]) -> None:
    parent = frame(error_without_action=True)
    (reply,) = parent.ask(OPEN_A)
    assert set(reply) == {"status", "mesg"}


def test_error_after_ack(frame: Callable[..., Parent]) -> None:
    parent = frame(error_after_ack=True)
    assert words(parent.ask(OPEN_A, 2)) == ["open:ack", "open:error"]
    assert parent.replies()[1]["path"] == "a.md"


def test_duplicate_replies(frame: Callable[..., Parent]) -> None:
    parent = frame(duplicate_replies=True)
    found = words(parent.ask(OPEN_A, 4))
    assert found == ["open:ack", "open:ack", "open:done", "open:done"]


def test_project_log_noise(frame: Callable[..., Parent]) -> None:
    parent = frame(project_log_noise=7)
    parent.ask(OPEN_A, 2)
    kinds = ["log" if "source" in m["data"] else m["data"]["status"] for m in parent.log()]
    assert kinds[:9] == ["ack", *["log"] * 7, "done"]


def test_junk_replies(stage: Stage, frame: Callable[..., Parent]) -> None:
    parent = frame()
    stage.site.fault("junk-replies")
    parent.page.wait_for_timeout(800)
    parent.post(STATUS)
    parent.page.wait_for_function("log.some(m => m.data?.connection)")
    data = [m["data"] for m in parent.log()]
    assert "cyclic" in data
    assert None in data
    assert any(isinstance(d, dict) and len(str(d.get("path"))) > 1_000_000 for d in data)


@pytest.mark.parametrize("name", ["forged-source", "forged-origin"])
def test_forgeries(name: str, stage: Stage, frame: Callable[..., Parent]) -> None:
    stage.site.fault(name)
    parent = frame(ready=False)
    parent.page.wait_for_function("log.some(m => m.data?.mesg === 'forged')")
    forged = [m for m in parent.log() if "forged" in str(m["data"])]
    assert not any(m["fromFrame"] for m in forged)
    origins = {m["origin"] for m in forged}
    assert origins == ({COCALC} if name == "forged-source" else {"null"})


def test_reload_in_flight(stage: Stage, frame: Callable[..., Parent]) -> None:
    parent = frame(reload_in_flight=True)
    parent.reloaded(lambda: parent.post(OPEN_A))
    assert parent.replies() == []
    parent.ready()
    assert "open:ack" not in words(parent.replies())
    assert words(parent.ask(OPEN_A, 2)) == ["open:ack", "open:done"]  # it happens once


def test_reload_after_ack(frame: Callable[..., Parent]) -> None:
    parent = frame(reload_after_ack=True)
    parent.reloaded(lambda: parent.post(OPEN_A))
    assert words(parent.replies()) == ["open:ack"]
    parent.ready()
    assert parent.status()["open_files"] == {}


def test_signed_out(frame: Callable[..., Parent]) -> None:
    parent = frame(signed_out=True)
    assert parent.status()["connection"]["quality"] == "good"
    parent.silent(OPEN_A)


def test_stuck_connecting(frame: Callable[..., Parent]) -> None:
    parent = frame(ready=False, stuck_connecting=True)
    parent.ready("connecting")
    parent.page.wait_for_timeout(300)
    assert parent.status()["connection"]["status"] == "connecting"


def test_slow_rendering(frame: Callable[..., Parent]) -> None:
    # generation A tells of no rendering: all is as ever; test_generation_b has the rest
    parent = frame(slow_rendering=5)
    assert words(parent.ask(OPEN_A, 2)) == ["open:ack", "open:done"]
    parent.page.wait_for_function("log.some(m => m.data.source === 'cocalc-project-log')")


def test_a_fault_can_be_switched_while_the_page_is_open(
    stage: Stage, frame: Callable[..., Parent]
) -> None:
    parent = frame()
    assert words(parent.ask(OPEN_A, 2)) == ["open:ack", "open:done"]
    stage.site.fault("silent-open")
    parent.page.wait_for_timeout(200)
    parent.silent(OPEN_B, 0.4)
    stage.site.fault("silent-open", on=False)
    parent.page.wait_for_timeout(200)
    assert words(parent.ask(OPEN_B, 2)) == ["open:ack", "open:done"]


def test_server_gone_and_back(stage: Stage, frame: Callable[..., Parent]) -> None:
    parent = frame()
    stage.site.fault("server-gone")
    try:
        parent.ready("disconnected")
        parent.post(OPEN_A)
        parent.page.wait_for_timeout(300)
        assert parent.replies() == []
    finally:
        stage.site.fault("server-gone", on=False)
    # the open was not lost: it lands when the site is back
    found = parent.until(lambda replies: len(replies) >= 2)
    assert words(found) == ["open:ack", "open:done"]
    parent.ready("connected")


def test_a_file_cannot_run_script(stage: Stage, frame: Callable[..., Parent]) -> None:
    evil = (
        "<script>parent.hacked = document.hacked = 1</script>"
        "<img src=x onerror='document.hacked=1'>[x](javascript:document.hacked=1)"
    )
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": evil}}
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": evil}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
    notebook["cells"] = [{**cell, "outputs": [output]}]
    files = {"evil.md": evil, "evil.ipynb": json.dumps(notebook), "evil.csv": evil, "evil.py": evil}
    svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='document.hacked=1'/>"
    files["evil.svg"] = svg
    stage.core.projects.fill(P1, files)
    parent = frame()
    for path in files:
        replies = parent.open(P1, path)
        assert words(replies) == ["open:ack", "open:done"]
        parent.page.wait_for_timeout(100)
        assert parent.frame.evaluate("document.hacked") is None
        assert parent.frame.evaluate("document.querySelectorAll('#view script').length") == 0
    assert parent.status()["open_files"][P1] == list(files)


def test_tabs_switch_and_close(frame: Callable[..., Parent]) -> None:
    parent = frame()
    parent.open(P1, "a.md")
    parent.open(P1, "b.md")
    page = parent.frame
    assert page.inner_text("#view h1") == "B"
    page.click("button.tab:text('a.md')")
    assert page.inner_text("#view h1") == "A"
    page.click("[aria-label='Close a.md']")
    assert page.inner_text("#view h1") == "B"
    assert parent.status()["open_files"] == {P1: ["b.md"]}
    assert page.inner_text("#stand-in") == "local stand-in for CoCalc"
    parent.ask({"action": "closeall"})
    assert page.is_visible("#nothing")
    assert parent.errors == []
