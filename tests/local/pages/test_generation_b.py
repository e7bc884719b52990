"""What generation B's pages do beside the recordings' rows, in Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from cocalc_widget import LocalCoCalc

from .browser import COCALC_HUB, Parent
from .recordings import APP, entry_of

pytestmark = pytest.mark.browser

HUB = "https://parent.hub.test"
STATUS = {"action": "status"}
NOBODYS = "00000000-0000-4000-8000-000000000000"
FILES = {"a.md": "# Alpha", "b.md": "# Beta", "f.tex": "x", "f.qqq": "x", "data/c.csv": "a,b\n1,2"}


@pytest.fixture(scope="module")
def site() -> Iterator[LocalCoCalc]:
    with LocalCoCalc(
        content={"Lesson": FILES, "Stopped": {"s.md": "# Stopped"}},
        allowed_hosts=(".hub.test", "notebooks.test"),
        boot_delay=0.05,
        render_seconds=0.1,
        signed_out_seconds=1.0,
        hollow_seconds=1.0,
    ) as site:
        yield site


@pytest.fixture
def context(site: LocalCoCalc, browser: BrowserContext) -> Iterator[BrowserContext]:
    site.core.projects.change(site.projects["Stopped"], running=0)
    yield browser
    for name in list(site.core.faults.on):
        site.fault(name, on=False)
    for page in browser.pages[1:]:
        page.close()
    browser.clear_cookies()


def sign_in(site: LocalCoCalc, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{COCALC_HUB}/auth/impersonate?auth_token={token(site)}")
    page.wait_for_url(f"{COCALC_HUB}/settings")
    page.close()


def token(site: LocalCoCalc) -> str:
    return site.core.accounts.new_token(site.account_id)


@pytest.fixture
def show(site: LocalCoCalc, context: BrowserContext) -> Callable[..., Parent]:
    """A frame, signed in unless told otherwise."""

    def show(path: str = APP, *, signed_in: bool = True, parent: str = HUB) -> Parent:
        if signed_in:
            sign_in(site, context)
        made = Parent(context, parent, COCALC_HUB)
        made.show(path)
        return made

    return show


def file(site: LocalCoCalc, path: str, title: str = "Lesson", mode: str = "default") -> str:
    return f"/projects/{site.projects[title]}/files/{path}?fullscreen={mode}&session="


def told(parent: Parent) -> list[tuple[str, str]]:
    """What the project's log told: (opened or rendered, the id's beginning or the file)."""
    entries = [entry for message in parent.everything() if (entry := entry_of(message))]
    names = {e["id"]: e["event"]["filename"] for e in entries if "filename" in e["event"]}
    kind = {True: "opened", False: "rendered"}
    return [(kind["filename" in entry["event"]], names[entry["id"]]) for entry in entries]


def until_told(parent: Parent, wanted: tuple[str, str], times: int = 1) -> None:
    for _ in range(300):
        if told(parent).count(wanted) >= times:
            return
        parent.page.wait_for_timeout(20)
    raise AssertionError(f"{wanted} is not in {told(parent)}")


def opening(project_id: str, path: str) -> dict[str, Any]:
    return {"action": "open", "project_id": project_id, "path": path}


# -- what is told


def test_a_file_that_is_covered_before_it_is_done_is_rendered_when_it_is_shown(
    site: LocalCoCalc, show: Callable[..., Parent]
) -> None:
    parent = show()
    parent.ready()
    lesson = site.projects["Lesson"]
    both = [opening(lesson, path) for path in ("a.md", "b.md")]
    parent.page.evaluate("([a, b]) => { log.length = 0; post(a); post(b); }", both)
    parent.until(lambda found: len(found) == 4)
    until_told(parent, ("rendered", "b.md"))
    parent.page.wait_for_timeout(400)
    assert ("rendered", "a.md") not in told(parent)
    parent.frame.click("button.tab:text('a.md')")
    until_told(parent, ("rendered", "a.md"))
    parent.frame.click("button.tab:text('b.md')")
    parent.page.wait_for_timeout(300)
    assert told(parent).count(("rendered", "b.md")) == 1, "once is enough"


def test_a_file_that_is_open_is_told_again_as_opened_only(
    site: LocalCoCalc, show: Callable[..., Parent]
) -> None:
    parent = show()
    parent.ready()
    lesson = site.projects["Lesson"]
    parent.open(lesson, "a.md")
    until_told(parent, ("rendered", "a.md"))
    parent.open(lesson, "a.md")
    parent.page.wait_for_timeout(400)
    assert told(parent) == [("opened", "a.md"), ("rendered", "a.md"), ("opened", "a.md")]
    parent.ask({"action": "closeall"})
    parent.open(lesson, "a.md")  # from the start
    until_told(parent, ("rendered", "a.md"), 2)


def test_a_rendering_can_be_made_slow(site: LocalCoCalc, show: Callable[..., Parent]) -> None:
    site.fault("slow-rendering", 3)
    parent = show(file(site, "a.md"))
    until_told(parent, ("opened", "a.md"))
    parent.frame.wait_for_selector("h1:text('Alpha')")
    parent.page.wait_for_timeout(300)
    assert told(parent) == [("opened", "a.md")]
    until_told(parent, ("rendered", "a.md"))


def test_the_projects_log_has_what_was_told(site: LocalCoCalc, show: Callable[..., Parent]) -> None:
    parent = show(file(site, "f.qqq"))
    until_told(parent, ("rendered", "f.qqq"))
    newest, before = site.core.project_log.rows(site.projects["Lesson"])[:2]
    event = {"event": "open", "action": "open", "filename": "f.qqq", "compute_server_id": 0}
    assert newest["event"].pop("time") >= 100
    assert newest["event"] == before["event"] == event
    assert newest["id"] != before["id"]
    assert newest["account_id"] == site.account_id
    assert newest["time"] >= before["time"]


def test_a_kind_without_an_editor_is_opened_and_never_rendered(
    site: LocalCoCalc, show: Callable[..., Parent]
) -> None:
    site.core.projects.fill(site.projects["Lesson"], {"x.zip": b"PK"})
    parent = show()
    parent.ready()
    parent.open(site.projects["Lesson"], "x.zip")
    parent.page.wait_for_timeout(500)
    assert told(parent) == [("opened", "x.zip")]
    assert parent.status()["open_files"] == {site.projects["Lesson"]: ["x.zip"]}
    assert "no editor" in parent.frame.inner_text("#view")


def test_nothing_outside_a_project_is_read_or_made(
    site: LocalCoCalc, show: Callable[..., Parent]
) -> None:
    lesson = site.projects["Lesson"]
    outside = site.directory(lesson).parent / "outside.md"
    outside.write_text("# Secret")
    parent = show()
    parent.ready()
    for path in ("../outside.md", "../new.md"):
        assert [r["status"] for r in parent.open(lesson, path)] == ["ack", "done"]  # (recording)
        assert parent.frame.inner_text("#view") == ""
    assert not outside.with_name("new.md").exists()


# -- who is not let in


@pytest.mark.parametrize("signed_in", [False, True])
def test_the_second_open_where_nothing_can_be_shown_is_a_lie(
    site: LocalCoCalc, show: Callable[..., Parent], signed_in: bool
) -> None:
    project_id = NOBODYS if signed_in else site.projects["Lesson"]
    parent = show(signed_in=signed_in)
    parent.ready()
    parent.silent(opening(project_id, "a.md"), 0.4)
    (ack,) = parent.ask(opening(project_id, "b.md"))
    assert ack["status"] == "ack"
    assert parent.page.evaluate("log.length") == 1
    listed = parent.status()["open_files"]
    assert listed == {project_id: ["b.md"]}
    parent.until(lambda replies: {**ack, "status": "done"} in replies)
    assert told(parent) == []
    assert not parent.frame.is_visible("#bar")
    parent.page.evaluate("log.length = 0")
    parent.ready("connected" if signed_in else "disconnected")


def test_who_comes_to_be_a_collaborator_is_let_in(
    site: LocalCoCalc, show: Callable[..., Parent]
) -> None:
    other, _ = site.create_account("Other", "One", f"{NOBODYS}@local.test")
    project_id = site.core.projects.create(other, "Theirs", running=True)
    parent = show()
    parent.ready()
    parent.silent(opening(project_id, "a.md"), 0.3)
    site.core.projects.add(project_id, site.account_id)
    assert [r["status"] for r in parent.open(project_id, "a.md")] == ["ack", "done"]
    until_told(parent, ("rendered", "a.md"))


def test_the_signed_out_fault_ends_as_it_began(
    site: LocalCoCalc, show: Callable[..., Parent]
) -> None:
    parent = show()
    parent.ready()
    site.fault("signed-out")
    parent.ready("disconnected")
    assert "You must sign in." in parent.frame.inner_text("#note")
    site.fault("signed-out", on=False)
    parent.page.evaluate("log.length = 0")
    parent.ready("connected")
    assert not parent.frame.is_visible("#note")
    lesson = site.projects["Lesson"]
    assert [r["status"] for r in parent.open(lesson, "a.md")] == ["ack", "done"]


# -- stopped projects


def test_a_stopped_project_is_started_by_the_button(
    site: LocalCoCalc, show: Callable[..., Parent]
) -> None:
    stopped = site.projects["Stopped"]
    parent = show(file(site, "s.md", "Stopped"))
    parent.frame.wait_for_selector("text=Start this project?")
    assert parent.frame.url == f"{COCALC_HUB}/projects/{stopped}/files/"
    parent.frame.click("text=Cancel")
    assert not parent.frame.is_visible("text=Start this project?")
    parent.frame.click("td button:text('s.md')")  # asked for again
    assert not site.core.projects.get(stopped)["running"]  # type: ignore[index]
    assert told(parent) == []
    parent.frame.click("button:text('OK')")
    parent.frame.wait_for_selector("h1:text('Stopped')")
    assert site.core.projects.get(stopped)["running"]  # type: ignore[index]
    until_told(parent, ("rendered", "s.md"))
    assert parent.frame.url == f"{COCALC_HUB}/projects/{stopped}/files/s.md"


def test_a_folder_leads_to_its_files(site: LocalCoCalc, show: Callable[..., Parent]) -> None:
    parent = show(file(site, "", mode="project"))
    parent.frame.click("td button:text('data/')")
    parent.frame.wait_for_selector("td button:text('c.csv')")
    assert told(parent) == []
    parent.frame.click("td button:text('c.csv')")
    parent.frame.wait_for_selector(".sheet td:text('2')")
    until_told(parent, ("rendered", "data/c.csv"))
    parent.frame.click("text=Explorer")
    parent.frame.wait_for_selector("td button:text('a.md')")


# -- signing in


def test_the_form_signs_in_and_goes_back(site: LocalCoCalc, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(COCALC_HUB + file(site, "a.md"))
    page.click("a.action")
    page.fill("[name=email]", site.email)
    page.fill("[name=password]", "wrong-password")
    page.click("button")
    page.wait_for_selector("[role=alert]:text('incorrect')")
    page.fill("[name=password]", site.password)
    page.click("button")
    page.wait_for_selector("h1:text('Alpha')")
    assert not page.is_visible("#top")
    flags = {c["name"]: (c["sameSite"], c["secure"]) for c in context.cookies(COCALC_HUB)}
    assert flags["remember_me"] == ("Strict", True)
    assert flags["account_id"] == ("Lax", False)


def test_the_form_leads_nowhere_else(site: LocalCoCalc, context: BrowserContext) -> None:
    for target in ("//evil.test/", "/\\evil.test/", "https://evil.test/", "javascript:alert(1)"):
        page = context.new_page()
        page.goto(f"{COCALC_HUB}/auth/sign-in?target={target}")
        page.fill("[name=email]", site.email)
        page.fill("[name=password]", site.password)
        page.click("button")
        page.wait_for_url(f"{COCALC_HUB}/settings")
        page.close()


def test_a_token_in_an_apps_address_does_nothing(
    site: LocalCoCalc, context: BrowserContext
) -> None:
    page = context.new_page()
    used = token(site)
    page.goto(COCALC_HUB + file(site, "a.md") + f"&auth_token={used}")
    page.wait_for_selector("text=You must sign in.")
    assert page.url.endswith(f"/files/a.md?auth_token={used}")


# -- who may frame the pages, and with which cookies


@pytest.mark.parametrize(
    ("options", "framed"),
    [
        ({}, True),
        ({"frame_ancestors": "'self' https://*.uni.test"}, False),
        ({"frame_ancestors": "'self' https://*.hub.test"}, True),
        ({"x_frame_options": "DENY"}, False),
    ],
    ids=["nothing", "others", "us", "nobody"],
)
def test_who_may_frame_the_pages(
    site: LocalCoCalc, show: Callable[..., Parent], options: dict[str, str], framed: bool
) -> None:
    for name, value in options.items():
        setattr(site.core.options, name, value)
    try:
        parent = show(parent="https://x.hub.test")
        if framed:
            parent.ready()
        else:
            parent.page.wait_for_timeout(800)
            parent.silent(STATUS, 0.3)
            assert not any(f.url.startswith(COCALC_HUB) for f in parent.page.frames)
    finally:
        for name in options:
            setattr(site.core.options, name, "")


def test_account_id_crosses_sites_by_the_proxys_line_alone(
    site: LocalCoCalc, show: Callable[..., Parent]
) -> None:
    site.core.options.samesite_remember_me = "none"
    lesson = site.projects["Lesson"]
    try:
        parent = show(file(site, "a.md"), parent="https://notebooks.test")
        parent.frame.wait_for_selector("text=You must sign in.")
        site.core.options.account_id_samesite = "none"
        parent = show(parent="https://notebooks.test")
        parent.ready()
        assert [r["status"] for r in parent.open(lesson, "a.md")] == ["ack", "done"]
    finally:
        site.core.options.samesite_remember_me = "strict"
        site.core.options.account_id_samesite = ""


# -- the server goes away


def test_a_proxys_page_for_a_server_that_is_away(
    site: LocalCoCalc, show: Callable[..., Parent]
) -> None:
    parent = show()
    parent.ready()
    site.fault("bad-gateway")
    parent.ready("disconnected")
    page = parent.page.context.new_page()
    answer = page.goto(f"{COCALC_HUB}/api/conat/hub")
    assert answer is not None
    assert answer.status == 502
    assert "502 Bad Gateway" in page.content()
    late = Parent(parent.page.context, HUB, COCALC_HUB)
    late.show(APP)
    late.frame_with("502 Bad Gateway")
    late.silent(STATUS, 0.3)
    site.fault("bad-gateway", on=False)
    parent.page.evaluate("log.length = 0")
    parent.ready("connected")
    lesson = site.projects["Lesson"]
    assert [r["status"] for r in parent.open(lesson, "a.md")] == ["ack", "done"]
    late.silent(STATUS, 0.3)  # the proxy's page stays there until it is loaded again
    late.show(APP)
    late.ready()


def test_a_server_that_goes_away_while_the_page_loads(
    site: LocalCoCalc, show: Callable[..., Parent]
) -> None:
    parent = show()
    parent.ready()
    site.fault("slow-listener", 2.0)
    parent.show(APP)
    parent.frame.wait_for_selector("body[data-mode]")  # its scripts are there
    site.fault("bad-gateway")
    parent.page.wait_for_timeout(2500)
    parent.silent(STATUS, 0.4)  # its settings are not to be had
    site.fault("bad-gateway", on=False)
    parent.ready("connected")


def test_wide_pages_are_not_cut(site: LocalCoCalc, context: BrowserContext) -> None:
    sign_in(site, context)
    page: Page = context.new_page()
    for path, mode in (("a.md", "default"), ("a.md", "project"), ("", "default")):
        for width in (360, 1200):
            page.set_viewport_size({"width": width, "height": 600})
            page.goto(COCALC_HUB + file(site, path, mode=mode))
            page.wait_for_selector("h1")
            wide = "document.documentElement.scrollWidth <= window.innerWidth"
            assert page.evaluate(wide), (path, mode, width)
