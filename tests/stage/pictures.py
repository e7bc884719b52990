"""Owns what is kept of a browser test that failed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from playwright.sync_api import Page


def results(request: pytest.FixtureRequest) -> Path:
    """The folder for what is looked at afterwards."""
    folder = request.config.rootpath / "test-results"
    folder.mkdir(exist_ok=True)
    return folder


def keep(
    request: pytest.FixtureRequest, page: Page, name: str = "", said: Iterable[str] | None = None
) -> bool:
    """Keep a picture of the page, and what its console said, if the test failed; whether it did."""
    report = getattr(request.node, "report", None)
    if report is None or not report.failed:
        return False
    name = name or request.node.name
    page.screenshot(path=results(request) / f"{name}.png")
    if said is not None:
        (results(request) / f"{name}.console.txt").write_text("\n".join(said))
    return True
