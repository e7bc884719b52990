"""Owns colouring of source code, with Pygments (which comes with IPython)."""

from __future__ import annotations

import html
from typing import Any

from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]

_FORMATTER: Any = HtmlFormatter(nowrap=True)


def language_of(path: str) -> str:
    """Pygments' name for a file's language; "text" if it knows none."""
    try:
        lexer: Any = get_lexer_for_filename(path)
    except ClassNotFound:
        return "text"
    return str(lexer.aliases[0]) if lexer.aliases else "text"


def code(text: str, language: str) -> str:
    """Source code as HTML: spans with classes, everything else escaped."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        return html.escape(text)
    return str(highlight(text, lexer, _FORMATTER))
