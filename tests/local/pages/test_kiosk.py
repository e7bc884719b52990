"""What generation A's pages do beside the recordings' rows, in Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from cocalc_widget import LocalCoCalc

from ..situations import NOTEBOOK, Stage
from .browser import ALLOWED, COCALC, Parent
from .recordings import APP, FILE, P1, P2, STRANGERS, entry_of

pytestmark = pytest.mark.browser

NOBODYS = "00000000-0000-4000-8000-000000000000"
OPEN_A = {"action": "open", "project_id": P1, "path": "a.md"}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with LocalCoCalc(
        content={}, generation="A", allowed_hosts=ALLOWED, boot_delay=0.1, hollow_seconds=0.8
    ) as site:
        stage = Stage(site, 0)
        files = {"a.md": "# Hello kiosk\n", "nb.ipynb": json.dumps(NOTEBOOK)}
        site.core.projects.fill(P1, files)
        site.core.projects.fill(P2, {"first.txt": "x"})
        stage.add_project(STRANGERS, stage.student, "Stranger's")
        yield stage


@pytest.fixture(scope="module")
def site(stage: Stage) -> LocalCoCalc:
    return stage.site


@pytest.fixture
def context(browser: BrowserContext) -> Iterator[BrowserContext]:
    yield browser
    for page in browser.pages[1:]:
        page.close()
    browser.clear_cookies()


def token(stage: Stage) -> str:
    return stage.core.accounts.new_token(stage.owner)


def cookie(stage: Stage, context: BrowserContext, same_site: Any = "None") -> None:
    value = stage.core.accounts.new_session(stage.owner)
    context.add_cookies(
        [
            {
                "name": "remember_me",
                "value": value,
                "domain": "cocalc.test",
                "path": "/",
                "secure": True,
                "httpOnly": True,
                "sameSite": same_site,
            }
        ]
    )


def test_s3_opaque_origin(stage: Stage, context: BrowserContext) -> None:
    cookie(stage, context)
    parent = Parent(context)
    # a sandboxed frame between: its origin is "null"
    parent.page.evaluate(
        """(url) => new Promise((done) => {
          const frame = document.createElement("iframe");
          frame.sandbox = "allow-scripts";
          frame.srcdoc = `<script>
            addEventListener("message", (e) => parent.postMessage("got it", "*"));
            const frame = document.createElement("iframe"); frame.src = "${url}";
            document.documentElement.append(frame);
            setInterval(() => frame.contentWindow.postMessage({action: "status"}, "*"), 50);
          </script>`;
          document.body.append(frame); setTimeout(done, 1500);
        })""",
        COCALC + APP,
    )
    assert parent.log() == []


def test_s5_signed_out(stage: Stage, context: BrowserContext) -> None:
    parent = Parent(context)
    parent.show(APP)
    parent.ready()
    parent.silent(OPEN_A)
    assert parent.frame.inner_text("#nothing") == stage.core.options.site_name
    assert not parent.frame.is_visible("#bar")


def test_s7_a_token_serves_twice(stage: Stage, context: BrowserContext) -> None:
    used = token(stage)
    for _ in range(2):
        context.clear_cookies()
        parent = Parent(context)
        parent.show(f"/app?auth_token={used}&fullscreen=kiosk&session=")
        parent.ready()
        assert [r["status"] for r in parent.open(P1, "a.md")] == ["ack", "done"]


def test_s7_an_invalid_token_signs_nobody_in(stage: Stage, context: BrowserContext) -> None:
    parent = Parent(context)
    parent.show("/app?auth_token=AAAAAAAAAAAAAAAAAAAAAAAA&fullscreen=kiosk&session=")
    parent.ready()
    assert "auth_token" not in parent.frame.url
    parent.silent(OPEN_A)


def test_s8_a_cookie_of_an_ordinary_sign_in_is_not_sent_in_a_frame(
    stage: Stage, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(f"{COCALC}/app")
    signed = page.evaluate(
        """(body) => fetch("/api/v2/auth/sign-in", {method: "POST", body: JSON.stringify(body),
             headers: {"Content-Type": "application/json"}}).then((r) => r.json())""",
        {"email": "owner@example.com", "password": "PW_PLACEHOLDER"},
    )
    assert signed == {"account_id": stage.owner}
    parent = Parent(context)
    parent.show(APP)
    parent.ready()
    parent.silent(OPEN_A)
    # on the same site, or as a page of its own, the same cookie does
    page.goto(f"{COCALC}{FILE}")
    page.wait_for_selector("h1:text('Hello kiosk')")


def test_status_comes_before_the_ack_of_an_open_in_flight(
    stage: Stage, context: BrowserContext
) -> None:
    cookie(stage, context)
    parent = Parent(context)
    parent.show(APP)
    parent.ready()
    parent.page.evaluate(
        """(open) => {
          log.length = 0; post(open); post({action: "status"}); post({action: "closeall"});
        }""",
        OPEN_A,
    )
    found = parent.until(lambda replies: len(replies) >= 4)
    assert [r.get("mesg") or r.get("action") or "status" for r in found] == [
        "status",
        "all files are closed",
        "open",
        "open",
    ]
    assert parent.status()["open_files"] == {P1: ["a.md"]}  # it landed all the same


def test_the_same_open_twice_is_answered_twice(stage: Stage, context: BrowserContext) -> None:
    cookie(stage, context)
    parent = Parent(context)
    parent.show(APP)
    parent.ready()
    parent.page.evaluate("(m) => { log.length = 0; post(m); post(m); }", OPEN_A)
    found = parent.until(lambda replies: len(replies) >= 4)
    assert sorted(r["status"] for r in found) == ["ack", "ack", "done", "done"]


def test_unsupported_extension_says_done_and_is_not_open(
    stage: Stage, context: BrowserContext
) -> None:
    cookie(stage, context)
    parent = Parent(context)
    parent.show(APP)
    parent.ready()
    assert [r["status"] for r in parent.open(P1, "archive.zip")] == ["ack", "done"]
    assert parent.status()["open_files"] == {}


@pytest.mark.parametrize(
    ("project_id", "signed_in", "ends"),
    [(NOBODYS, True, True), (STRANGERS, True, False), (P1, False, False), (NOBODYS, False, True)],
    ids=["unknown", "stranger", "signed-out", "both"],
)
def test_the_second_open_where_nothing_can_be_shown_is_a_lie(
    stage: Stage, context: BrowserContext, project_id: str, signed_in: bool, ends: bool
) -> None:
    if signed_in:
        cookie(stage, context)
    parent = Parent(context)
    parent.show(APP)
    parent.ready()
    parent.silent({"action": "open", "project_id": project_id, "path": "a.md"}, 0.4)
    found = parent.ask({"action": "open", "project_id": project_id, "path": "b.md"})
    parent.page.wait_for_timeout(1200)
    assert [r["status"] for r in parent.replies()] == ["ack", "done"][: 1 + ends]
    assert found[0]["path"] == "b.md"
    status = parent.status()
    assert status["open_files"] == {project_id: ["b.md"]}
    assert status["connection"]["status"] == "connected"
    assert not parent.frame.is_visible("#bar")
    assert not [message for message in parent.everything() if entry_of(message)]


@pytest.mark.parametrize("mode", ["default", "project"])
def test_a_files_address_shows_it_and_tells_once(
    stage: Stage, context: BrowserContext, mode: str
) -> None:
    cookie(stage, context)
    parent = Parent(context, "http://localhost:7446")
    parent.show(f"/projects/{P1}/files/a.md?fullscreen={mode}&session=")
    parent.frame.wait_for_selector("h1:text('Hello kiosk')")
    parent.silent({"action": "status"})
    (entry,) = [entry for message in parent.everything() if (entry := entry_of(message))]
    assert entry["event"] == {"event": "open", "action": "open", "filename": "a.md"}
    assert entry["project_id"] == P1


def test_a_file_is_told_after_it_is_done_and_once(stage: Stage, context: BrowserContext) -> None:
    cookie(stage, context)
    parent = Parent(context)
    parent.show(APP)
    parent.ready()

    def opens() -> list[str]:
        parent.open(P1, "a.md")
        parent.page.wait_for_timeout(300)
        return ["opened" if entry_of(m) else m["status"] for m in parent.heard()]

    assert opens() == ["ack", "done", "opened"]
    assert opens() == ["ack", "done"]
    parent.ask({"action": "closeall"})
    assert opens() == ["ack", "done", "opened"]
