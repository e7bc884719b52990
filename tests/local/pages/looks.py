"""Holds what a page shows against what was recorded of it: address, kind of page, cookies."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from .recordings import TOKEN

_SAID = ("You must sign in.", "Start this project?", "Showing stale directory")


def arrives(page: Page, frame_of: Callable[[], Any], theirs: str, seconds: float = 8) -> None:
    """The page comes to this address; anchors of the editor are its own."""
    wanted = urlsplit(theirs)
    deadline = time.monotonic() + seconds
    while True:
        url = re.sub(r"auth_token=\w+", f"auth_token={TOKEN}", frame_of().url)
        mine = urlsplit(url)
        if (mine.path, mine.query) == (wanted.path, wanted.query):
            return
        assert time.monotonic() < deadline, (url, theirs)
        page.wait_for_timeout(30)


def looks_like(frame: Any, text: str, address: str, site_name: str) -> None:
    """The same kind of page: blank, a document, a folder, a refusal; with the same bars."""
    for words in _SAID:
        there = frame.locator(f"text={words}").first
        if words in text:
            there.wait_for(timeout=8000)
        else:
            assert not there.is_visible(), words
    assert frame.locator("#rail").is_visible() == ("Explorer" in text)
    assert frame.locator("#top").is_visible() == text.startswith("Projects |")
    if text.startswith("Open CoCalc"):
        frame.wait_for_timeout(300)
        assert frame.inner_text("#nothing") == site_name
        assert not frame.is_visible("#bar")
    elif "Edit" in text:
        name = urlsplit(address).path.rpartition("/files/")[2]
        frame.wait_for_selector(f"#view[data-path='{name}']")
    if "Alpha heading" in text:
        frame.wait_for_selector("h1:text('Alpha heading')")


def agree_on_cookies(found: list[Any], wanted: list[Any]) -> None:
    """The same cookies with the same flags."""
    if all(isinstance(cookie, str) for cookie in wanted):
        shown = [f"{cookie['name']} sameSite={cookie['sameSite']}" for cookie in found]
        assert sorted(shown) == sorted(wanted)
        return
    fields = ("name", "sameSite", "secure", "httpOnly")
    assert _of(found, fields) == _of(wanted, fields)


def _of(cookies: list[Any], fields: tuple[str, ...]) -> list[tuple[Any, ...]]:
    return sorted(tuple(cookie[field] for field in fields) for cookie in cookies)
