"""Owns what a command has to do with whoever typed it: asking for secrets, and showing text."""

from __future__ import annotations

import getpass
from typing import Any

from ...errors import ConfigurationError
from ...redact import printable


def ask_secret(prompt: str, *, remedy: str) -> str:
    """What the user types, unseen.

    Raises:
        ConfigurationError: this front end cannot ask; `remedy` is the way without.
    """
    try:
        # through the module: a kernel puts its own function there while a cell runs
        return getpass.getpass(prompt)
    except (EOFError, OSError, NotImplementedError, RuntimeError):
        # ipykernel: StdinNotImplementedError, a NotImplementedError, where the client
        # that runs the cell takes no input (nbconvert, papermill, Voilà)
        reason = "This front end cannot ask for input."
    raise ConfigurationError(reason, remedy=remedy)


class Text(str):
    """A string that shows as the text it is, not in quotes; what steers a terminal as `�`."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001, ARG002 - IPython's form
        printer.text(printable(self))
