"""Owns where the page's half of the widget lies, and what to say if it was not built."""

from __future__ import annotations

import os
from pathlib import Path

import traitlets as t

from ..errors import ConfigurationError

STATIC = Path(__file__).parent.parent / "static"
SCRIPT = STATIC / "widget.js"
STYLE = STATIC / "widget.css"


def found() -> dict[str, Path]:
    """The files anywidget wants, by attribute (`_esm`, `_css`): those that exist."""
    files = {"_esm": SCRIPT, "_css": STYLE}
    return {name: path for name, path in files.items() if path.is_file()}


def attributes() -> dict[str, object]:
    """The same as attributes of a widget's class.

    As text: of a path anywidget makes a watched file, which holds on to every
    widget ever made (0.11). So paths only where they are to be watched.
    """
    if os.environ.get("ANYWIDGET_HMR") == "1":
        return dict(found())
    return {n: t.Unicode(p.read_text("utf-8")).tag(sync=True) for n, p in found().items()}


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
