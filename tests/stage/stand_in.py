"""Owns how a process and a client find a stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cocalc_widget import Client

if TYPE_CHECKING:
    import pytest

    from cocalc_widget.local import LocalCoCalc

HUB = "hub.test"  # where notebooks are, for the browser: a host that a stand-in must allow


def environment(
    site: LocalCoCalc, config: Path | None = None, *, key: str | None = None
) -> dict[str, str]:
    """The variables by which a process finds it, by its owner's key; and a folder for settings."""
    found = {
        "COCALC_HOST": site.url,
        "COCALC_API_KEY": site.api_key if key is None else key,
        "REQUESTS_CA_BUNDLE": str(site.ca_file),
    }
    return found if config is None else {**found, "COCALC_CONFIG_DIR": str(config)}


def enter(monkeypatch: pytest.MonkeyPatch, site: LocalCoCalc, *, key: str | None = None) -> None:
    """This process finds it, until the test is over."""
    for name, value in environment(site, key=key).items():
        monkeypatch.setenv(name, value)


def client_of(site: LocalCoCalc, **options: Any) -> Client:
    """Its owner's client."""
    return Client(site.api_key, host=site.url, verify=site.ca_file, **options)
