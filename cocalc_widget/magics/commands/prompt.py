"""Owns asking for secrets, and saying what to do where nobody can be asked."""

from __future__ import annotations

import getpass

from ...errors import ConfigurationError


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
