"""Owns results that are plain Python values with a better face."""

from __future__ import annotations

from typing import Any

from ...redact import printable


class Text(str):
    """A string that shows as the text it is, not in quotes; what steers a terminal as `�`."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001, ARG002 - IPython's form
        printer.text(printable(self))
