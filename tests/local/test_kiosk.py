"""The kiosk page answers as the recorded one did: every scenario of iframe.jsonl, in Chromium."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from cocalc_widget import LocalCoCalc

from .browser import ALLOWED, COCALC, Parent, chromium
from .situations import NOTEBOOK, Stage

pytestmark = pytest.mark.browser

ROWS = {
    row["name"]: row
    for row in map(
        json.loads, (Path(__file__).parents[1] / "contract/iframe.jsonl").read_text().splitlines()
    )
}
P1, P2 = (f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in (1, 2))
APP = "/app?fullscreen=kiosk&session="
FILE = f"/projects/{P1}/files/a.md?fullscreen=kiosk&session="


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with LocalCoCalc(content={}, generation="A", allowed_hosts=ALLOWED, boot_delay=0.1) as site:
        stage = Stage(site, 0)
        files = {"a.md": "# Hello kiosk\n", "nb.ipynb": json.dumps(NOTEBOOK)}
        site.core.projects.fill(P1, files)
        site.core.projects.fill(P2, {"first.txt": "x"})
        yield stage


@pytest.fixture(scope="module")
def browser(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with chromium(stage.site, tmp_path_factory.mktemp("profile")) as context:
        yield context


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


def recorded(name: str) -> list[Any]:
    """The recorded replies, without CoCalc's own log."""
    data = [reply["data"] for reply in ROWS[name]["replies"]]
    return [d for d in data if d.get("source") != "cocalc-project-log"]


def plain(value: Any) -> Any:
    """Without times and the optional ping."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", json.dumps(value, sort_keys=True))
    return json.loads(re.sub(r'"ping": \d+, ', "", text))


def check(parent: Parent, name: str) -> None:
    """Send a recorded request; the same replies come, in the same order, from the frame."""
    row = ROWS[name]
    expected = recorded(name)
    parent.post(row.get("request"), undefined="request" not in row)
    if not expected:
        parent.page.wait_for_timeout(800)
    found = parent.until(lambda replies: len(replies) >= len(expected))
    assert plain(found) == plain(expected)
    for message in parent.log():
        assert message["origin"] == COCALC
        assert message["fromFrame"] is True


def test_s1_every_request_of_the_session(stage: Stage, context: BrowserContext) -> None:
    parent = Parent(context)
    parent.show(f"/app?auth_token={token(stage)}&fullscreen=kiosk&session=")
    replies = parent.ready()
    statuses = [r["connection"]["status"] for r in replies]
    assert statuses[0] == "connecting"  # answered before the page reloads itself
    assert statuses[-1] == "connected"
    assert set(replies[0]) == set(recorded("S1.auth_token_in_iframe.first_reply")[0])
    assert "auth_token" not in parent.frame.url
    for name, row in ROWS.items():
        if not name.startswith("S1.") or ("request" not in row and name != "S1.undefined"):
            continue
        if name == "S1.two_opens_back_to_back":
            parent.page.evaluate(
                "([a, b]) => { log.length = 0; post(a); post(b); }",
                [{"action": "open", "project_id": P1, "path": p} for p in ("a.md", "nb.ipynb")],
            )
            found = parent.until(lambda replies: len(replies) >= 4)
            # the order between the two files is not fixed; within each it is
            for path in ("a.md", "nb.ipynb"):
                steps = [r["status"] for r in found if r["path"] == path]
                assert steps == ["ack", "done"]
            continue
        if name == "S1.status.after_that":  # between the two the recording opened another
            parent.ask({"action": "closeall"})
            parent.open(P2, "first.txt")
        check(parent, name)
    assert stage.site.directory(P1).joinpath("does-not-exist.md").read_bytes() == b""
    assert parent.errors == []


def test_s1_project_log_comes_by_itself(stage: Stage, context: BrowserContext) -> None:
    cookie(stage, context)
    parent = Parent(context)
    parent.show(APP)
    parent.ready()
    parent.open(P1, "a.md")
    parent.page.wait_for_function("log.some(m => m.data.source === 'cocalc-project-log')")
    found = next(m["data"] for m in parent.log() if "source" in m["data"])
    row = ROWS["S1.open.md"]["replies"][-1]["data"]
    log, wanted = found["payload"]["project_log"], row["payload"]["project_log"]
    assert set(log) == set(wanted)
    assert log["event"] == wanted["event"]


def test_s2_before_the_listener_messages_are_lost(stage: Stage, context: BrowserContext) -> None:
    cookie(stage, context)
    parent = Parent(context)
    stage.site.fault("slow-listener", 1.0)
    try:
        parent.show(APP)
        parent.page.wait_for_selector("iframe")
        for k in range(40):
            parent.page.evaluate("(k) => post({action: 'zz' + k})", k)
            parent.page.wait_for_timeout(50)
        deadline = time.monotonic() + 10
        while not (said := parent.replies()) or "zz39" not in said[-1]["mesg"]:
            assert time.monotonic() < deadline, said
            parent.page.wait_for_timeout(50)
    finally:
        stage.site.fault("slow-listener", False)
    replies = parent.replies()
    first = int(replies[0]["mesg"].split("zz")[1].rstrip("'"))
    assert first >= 10  # those before it were lost, not kept
    assert [r["mesg"] for r in replies] == [f"Unknown action 'zz{k}'" for k in range(first, 40)]


def test_s2_signed_in_by_cookie(stage: Stage, context: BrowserContext) -> None:
    cookie(stage, context)
    parent = Parent(context)
    parent.show(APP)
    parent.ready()
    check(parent, "S2.status")
    check(parent, "S2b.open_immediately_after_first_status_reply")
    check(parent, "S2b.status")


@pytest.mark.parametrize("name", [n for n in ROWS if n.startswith("S3.")])
def test_s3_parents(name: str, stage: Stage, context: BrowserContext) -> None:
    cookie(stage, context)
    origin = ROWS[name]["parent"].rstrip("/")
    parent = Parent(context, origin)
    parent.show(APP)
    if recorded(name):
        parent.ready()
    else:
        parent.page.wait_for_timeout(800)
    check(parent, name)


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


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("S4.app_without_kiosk.status", "/app"),
        ("S4.embed.html.status", "/static/embed.html?fullscreen=kiosk"),
    ],
)
def test_s4_pages_that_do_not_listen(
    name: str, path: str, stage: Stage, context: BrowserContext
) -> None:
    cookie(stage, context)
    parent = Parent(context)
    parent.show(path)
    parent.page.wait_for_timeout(600)
    check(parent, name)


def test_s4_file_url_opens_the_file(stage: Stage, context: BrowserContext) -> None:
    cookie(stage, context)
    parent = Parent(context)
    parent.show(FILE)
    parent.ready()
    parent.frame.wait_for_selector("h1:text('Hello kiosk')")
    check(parent, "S4.direct_file_url_kiosk.status")


def test_s5_signed_out(stage: Stage, context: BrowserContext) -> None:
    parent = Parent(context)
    parent.show(APP)
    parent.ready()
    check(parent, "S5.signed_out.status")
    parent.silent({"action": "open", "project_id": P1, "path": "a.md"})
    assert parent.frame.inner_text("#nothing") == stage.core.options.site_name
    assert not parent.frame.is_visible("#bar")


def test_s6_file_url_with_token(stage: Stage, context: BrowserContext) -> None:
    parent = Parent(context)
    used = token(stage)
    parent.show(f"/projects/{P1}/files/a.md?auth_token={used}&fullscreen=kiosk&session=")
    parent.ready()
    parent.frame.wait_for_selector("h1:text('Hello kiosk')")
    check(parent, "S6.status")
    assert parent.frame.url == f"{COCALC}/projects/{P1}/files/a.md?fullscreen=kiosk"
    cookies = [f"{c['name']} sameSite={c['sameSite']}" for c in context.cookies(COCALC)]
    assert sorted(cookies) == ROWS["S6.urls"]["cookies"]


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
    parent.silent({"action": "open", "project_id": P1, "path": "a.md"})


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
    check(parent, "S8.open")
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
        {"action": "open", "project_id": P1, "path": "a.md"},
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
    open_ = {"action": "open", "project_id": P1, "path": "a.md"}
    parent.page.evaluate("(m) => { log.length = 0; post(m); post(m); }", open_)
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
