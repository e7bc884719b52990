"""The browser of the pages' tests: a module's own, which finds the module's site."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext

from cocalc_widget import LocalCoCalc

from .browser import chromium


@pytest.fixture(scope="module")
def browser(
    site: LocalCoCalc, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    with chromium(site, tmp_path_factory.mktemp("profile")) as context:
        yield context
