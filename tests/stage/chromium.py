"""Owns a Chromium with rules of its own about which name and port is where on loopback.

Where names at the usual port are enough, `cocalc_widget.demo.jupyter.chromium.headless` does.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, sync_playwright

from cocalc_widget.demo.jupyter.chromium import QUIET, find_chromium


@contextlib.contextmanager
def persistent(
    folder: Path, ports: Mapping[str, int], *, third_party_cookies: bool | None = None
) -> Iterator[BrowserContext]:
    """Chromium for which each `NAME:PORT` is a port of loopback, the first that fits.

    Its profile, in `folder`, allows or blocks cookies of third parties, or has no word on them:
    then this Chromium blocks them, and in private windows always.
    """
    if third_party_cookies is not None:
        (folder / "Default").mkdir(parents=True)
        settings: dict[str, Any] = {
            "cookie_controls_mode": 0 if third_party_cookies else 1,
            "block_third_party_cookies": not third_party_cookies,
        }
        (folder / "Default" / "Preferences").write_text(json.dumps({"profile": settings}))
    rules = ", ".join(f"MAP {name} 127.0.0.1:{port}" for name, port in ports.items())
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            folder,
            headless=True,
            ignore_https_errors=True,
            executable_path=find_chromium(),
            args=[*QUIET, "--ignore-certificate-errors", f"--host-resolver-rules={rules}"],
        )
        try:
            yield context
        finally:
            context.close()
