"""Owns the packages that come with an extra: whether they are there, and how to get them."""

from __future__ import annotations

import importlib.util

from .errors import ConfigurationError

_LOCAL = ("tornado", "trustme", "cryptography", "markdown_it", "nbformat")
_DEMO = (*_LOCAL, "jupyterlab", "ipykernel")
MODULES = {"local": _LOCAL, "demo": _DEMO, "check": (*_DEMO, "playwright")}


def need(extra: str, what: str) -> None:
    """Refuse what lacks the packages of an extra, with the line that installs them.

    Args:
        extra: "local", "demo" or "check".
        what: what needs them.

    Raises:
        ConfigurationError: one of them is not installed.
    """
    missing = [name for name in MODULES[extra] if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"{what} needs packages that are not installed: {', '.join(missing)}.",
            remedy=f'Run this in a terminal: pip install "cocalc-widget[{extra}]"',
        )
