"""Owns refusing keys and passwords that are typed on a line (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from ...errors import ValidationError
from ...redact import KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTIONS = re.compile(r"--?(?:api[-_]?)?(?:key|token|password|passwd)(?:=.*)?", re.IGNORECASE)
REMEDY = (
    "Delete the text of this cell, and clear its history, which IPython keeps on disk (stop the "
    "kernel, then run `ipython history clear` in a terminal); change the secret in CoCalc's "
    "settings if others can have read it. Then run {} and type it when asked."
)


def refuse_key(line: str) -> None:
    """Refuse a line with something that looks like an API key.

    Raises:
        ValidationError: with what to do now that the key stands in the cell.
    """
    if KEY.search(line):
        refuse("an API key must not be typed on a line, where it is saved with the notebook.")


def refuse_key_option(words: Sequence[str]) -> None:
    """Refuse `--key VALUE` and the like: whatever is behind them would be a secret."""
    for word in words:
        if _OPTIONS.fullmatch(word):
            name = word.partition("=")[0]
            refuse(f"there is no {name}: keys and passwords are asked for, never typed on a line.")


def refuse(message: str, command: str = "%cocalc login") -> NoReturn:
    """Refuse the line for this reason; `command` asks for what it held."""
    raise ValidationError(message, remedy=REMEDY.format(command))
