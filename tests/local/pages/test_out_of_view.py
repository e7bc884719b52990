"""A frame that is out of view waits with its work until it is scrolled to, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from cocalc_widget import LocalCoCalc

from .browser import COCALC_HUB, Parent
from .recordings import APP

pytestmark = pytest.mark.browser

SIGN_IN = """(body) => fetch("/api/v2/auth/sign-in", {method: "POST", body: JSON.stringify(body),
  headers: {"Content-Type": "application/json"}}).then((answer) => answer.json())"""
FAR_DOWN = "document.body.style.paddingTop = '300vh'"


@pytest.fixture(scope="module", params=["A", "B"])
def site(request: pytest.FixtureRequest) -> Iterator[LocalCoCalc]:
    with LocalCoCalc(
        content={"P": {"a.md": "# Alpha"}},
        generation=request.param,
        allowed_hosts=(".hub.test",),
        boot_delay=0.05,
    ) as site:
        yield site


@pytest.fixture(scope="module")
def context(site: LocalCoCalc, browser: BrowserContext) -> BrowserContext:
    page = browser.new_page()
    page.goto(f"{COCALC_HUB}/customize")
    page.evaluate(SIGN_IN, {"email": site.email, "password": site.password})
    page.close()
    return browser


@pytest.fixture
def parent(context: BrowserContext) -> Iterator[Parent]:
    made = Parent(context, "https://parent.hub.test", COCALC_HUB)
    yield made
    made.page.close()


def test_it_connects_when_it_is_scrolled_to(site: LocalCoCalc, parent: Parent) -> None:
    parent.page.evaluate(FAR_DOWN)
    parent.show(APP)
    parent.ready("connecting")
    asked = {"action": "open", "project_id": site.projects["P"], "path": "a.md"}
    parent.silent(asked, 1.0)
    waits: dict[str, Any] = {"quality": "good", "status": "connecting"}
    if site.core.options.generation == "A":
        waits["status_time"] = None  # (recording)
    assert parent.status()["connection"] == waits
    parent.page.evaluate("log.length = 0; document.querySelector('iframe').scrollIntoView()")
    found = parent.until(lambda replies: len(replies) >= 2, 2)
    assert [reply["status"] for reply in found] == ["ack", "done"]
    assert parent.status()["connection"]["status"] == "connected"


def test_an_edge_of_it_in_view_is_enough(parent: Parent) -> None:
    parent.page.evaluate("document.body.style.paddingTop = 'calc(100vh - 20px)'")
    parent.show(APP)
    parent.ready()


def test_once_connected_it_may_be_scrolled_away(site: LocalCoCalc, parent: Parent) -> None:
    parent.show(APP)
    parent.ready()
    parent.page.evaluate(FAR_DOWN)
    assert [r["status"] for r in parent.open(site.projects["P"], "a.md")] == ["ack", "done"]


def test_a_page_of_its_own_waits_for_nothing(site: LocalCoCalc, context: BrowserContext) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 300, "height": 40})
    page.goto(f"{COCALC_HUB}/projects/{site.projects['P']}/files/a.md?fullscreen=default")
    page.wait_for_selector("h1:text('Alpha')")
    page.close()
