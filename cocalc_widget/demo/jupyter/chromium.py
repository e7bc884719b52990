"""Owns Chromium: where it is, and how it is started to see loopback servers under https names."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ConfigurationError
from ...local.server import public_key_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# A quiet Chromium: no calls home, no first-run pages, nothing kept.
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-default-browser-check",
)  # fmt: skip


def find_chromium() -> str | None:
    """The path of a Chromium or Chrome on this machine, None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def mapped(ports: Mapping[str, int], cert_file: str | None = None) -> list[str]:
    """The switches that make `https://NAME` (without a port) mean `127.0.0.1:PORT`.

    With a certificate no other is trusted that would not be anyway: a window for people
    may lead to the rest of the Web.
    """
    rules = ", ".join(f"MAP {name}:443 127.0.0.1:{port}" for name, port in ports.items())
    trust = "--ignore-certificate-errors"
    if cert_file is not None:
        trust += f"-spki-list={public_key_hash(cert_file)}"
    return [f"--host-resolver-rules={rules}", trust]


@contextlib.contextmanager
def profile(*, third_party_cookies: bool = True) -> Iterator[str]:
    """A folder with an empty profile, deleted at the end.

    Args:
        third_party_cookies: whether a frame on another site keeps its cookies.
            Chromium's own default is to block them (seen in 156): then CoCalc in
            such a frame stays signed out.
    """
    folder = Path(tempfile.mkdtemp(prefix="cocalc-widget-chromium-"))
    (folder / "Default").mkdir()
    settings = {"profile": {"cookie_controls_mode": 0 if third_party_cookies else 1}}
    (folder / "Default" / "Preferences").write_text(json.dumps(settings))
    try:
        yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def headless(
    ports: Mapping[str, int], *args: str, third_party_cookies: bool = True
) -> Iterator[Browser]:
    """A headless Chromium with an empty profile, driven by Playwright.

    Args:
        ports: see `mapped`.
        args: more switches.
        third_party_cookies: see `profile`.

    Raises:
        ConfigurationError: Playwright or Chromium is not installed.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise ConfigurationError(
            "Playwright is not installed.",
            remedy="pip install 'cocalc-widget[check]' brings it.",
        ) from None
    path = find_chromium()
    if path is None:
        raise ConfigurationError(
            "no Chromium was found on this machine.", remedy="apt-get install chromium"
        )
    with profile(third_party_cookies=third_party_cookies) as folder, sync_playwright() as started:
        # contexts made later inherit this profile's settings, but none of its data
        first = started.chromium.launch_persistent_context(
            folder, executable_path=path, headless=True, args=[*QUIET, *mapped(ports), *args]
        )
        try:
            if first.browser is None:
                raise ConfigurationError(
                    "this version of Playwright is too old.", remedy="pip install -U playwright"
                )
            yield first.browser
        finally:
            first.close()
