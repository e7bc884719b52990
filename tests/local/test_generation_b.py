"""Generation B's sign-in, in Chromium: by impersonation, and never in a frame of another site."""

from __future__ import annotations

import pytest

from cocalc_widget import LocalCoCalc

from .browser import ALLOWED, COCALC, Parent, chromium

pytestmark = pytest.mark.browser
APP = "/app?fullscreen=kiosk&session="


def test_generation_b_signs_in_by_impersonation_but_not_in_a_frame(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with LocalCoCalc(content={}, allowed_hosts=ALLOWED, generation="B", boot_delay=0.05) as site:
        project_id = site.create_project("P", {"a.md": "# Hello"})
        token = site.core.accounts.new_token(site.account_id)
        file = f"/projects/{project_id}/files/a.md?fullscreen=kiosk&session="
        with chromium(site, tmp_path_factory.mktemp("profile")) as browser:
            page = browser.new_page()
            page.goto(f"{COCALC}{file.replace('?', f'?auth_token={token}&')}")
            page.wait_for_timeout(700)
            assert page.is_visible("#nothing")  # the token in an app's address does nothing
            page.goto(f"{COCALC}/auth/impersonate?auth_token={token}")
            page.wait_for_url(f"{COCALC}/app")
            page.goto(f"{COCALC}{file}")
            page.wait_for_selector("h1:text('Hello')")
            cookies = {c["name"]: c["sameSite"] for c in browser.cookies(COCALC)}
            assert cookies["remember_me"] == "Strict"
            parent = Parent(browser)
            parent.show(APP)
            parent.ready()
            parent.silent({"action": "open", "project_id": project_id, "path": "a.md"})
