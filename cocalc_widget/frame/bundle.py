"""Owns where the page's half of the widget lies, and what to say if it was not built."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigurationError

STATIC = Path(__file__).parent.parent / "static"
SCRIPT = STATIC / "widget.js"
STYLE = STATIC / "widget.css"


def found() -> dict[str, Path]:
    """The class attributes anywidget wants: `_esm` and `_css`, those whose files exist."""
    files = {"_esm": SCRIPT, "_css": STYLE}
    return {name: path for name, path in files.items() if path.is_file()}


def need() -> None:
    """Refuse to go on without the script.

    Raises:
        ConfigurationError: this is a checkout in which the page was not built.
    """
    if not SCRIPT.is_file():
        raise ConfigurationError(
            "The page's half of the widget is not built: "
            "cocalc_widget/static/widget.js is missing.",
            remedy="In a checkout, run `npm ci && npm run build`; "
            "or install a released package: pip install cocalc-widget.",
        )
