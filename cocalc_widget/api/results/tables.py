"""Owns how results look in a notebook: small tables in HTML and in text, without style (pure)."""

from __future__ import annotations

import unicodedata
from dataclasses import fields
from html import escape
from typing import TYPE_CHECKING, Any, cast

from ...redact import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MARKS = {"done": "✓", "error": "✗", "cancelled": "-", "unknown": "?", "started": "…"}


def pairs(title: str, rows: Iterable[tuple[str, object]]) -> str:
    """A table of names and values; what is empty is left out."""
    cells = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(printable(str(value)))}</td></tr>"
        for name, value in rows
        if value not in (None, "")
    )
    told = escape(printable(title))
    return f"<table><caption style='text-align:left'>{told}</caption>{cells}</table>"


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with a heading row; every cell is escaped."""
    top = "".join(f"<th style='text-align:left'>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td style='text-align:left'>{escape(printable(str(cell)))}</td>" for cell in row
        )
        + "</tr>"
        for row in rows
    )
    return (
        f"<table><caption style='text-align:left'>{escape(printable(title))}</caption>"
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )


class Card:
    """Base of dataclasses without a repr of their own: they show their names and values."""

    __slots__ = ()
    _title = ""

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self._pairs())
        return f"{type(self).__name__}({told})"

    def _repr_html_(self) -> str:
        return pairs(self._title, self._pairs())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001, ARG002 - IPython's form
        # within a list or dict of the user's it is one value of many: one line
        alone = len(printer.stack) <= 1
        printer.text(text_pairs(self._title, self._pairs()) if alone else repr(self))

    def _pairs(self) -> list[tuple[str, object]]:
        shown = [field.name for field in fields(cast("Any", self)) if field.repr]
        return [(name, getattr(self, name)) for name in shown]


def text_pairs(title: str, rows: Iterable[tuple[str, object]]) -> str:
    """A title, and below it names and values; what is empty is left out."""
    told = [(name, value) for name, value in rows if value not in (None, "")]
    return "\n".join([printable(title), *_columns(told)])


def text_table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A title, and below it columns as wide as they must be."""
    body = list(rows)
    return "\n".join([printable(title), *_columns([head, *body] if body else [])])


def _columns(rows: Sequence[Sequence[object]]) -> list[str]:
    cells = [[printable(" ".join(str(cell).split())) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    padded = [
        [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        for row in cells
    ]
    return [f"  {'  '.join(row)}".rstrip() for row in padded]


def _width(text: str) -> int:
    """Columns that a text takes: two for a letter of East Asia, none for a combining mark."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)
