"""Owns what is said of words that fit no sub-command, or not this one."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ...errors import ValidationError
from .keys import refuse
from .pieces import is_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .parser import Command

_VALUE = re.compile(r"argument (?P<flag>\S+): ignored explicit argument .*", re.DOTALL)


def no_command(name: str, commands: Iterable[Command]) -> ValidationError:
    """The error for a sub-command that is none; it suggests the nearest."""
    told = name.lower().replace("_", "-")
    names = [command.name for command in commands]
    # what is cut short, and slips of the keys: a project's title is neither
    near = [it for it in names if told and it.startswith(told)]
    near = near or get_close_matches(told, names, n=1, cutoff=0.65)
    hint = f"; did you mean {near[0]}?" if near else "."
    remedy = "%cocalc --help lists the commands."
    if not near and ":" in name:
        remedy = f"To show a file: %cocalc open PROJECT:PATH. {remedy}"
    return ValidationError(f"%cocalc has no command {name!r}{hint}", remedy=remedy)


def other_sign(command: Command) -> ValidationError:
    """The error for a command of lines used on a cell, or the other way round."""
    how = "and the text below it, in the same cell." if command.cell else "on one line."
    return ValidationError(
        f"{command.name} is a command of {command.magic.split()[0]}.",
        remedy=f"Write {command.magic} ... {how}",
    )


def unexpected(command: Command, extra: Sequence[str]) -> str:
    """Why these words do not fit, with the nearest option where one is near."""
    word = next((word for word in extra if word.startswith("-") and not is_value(word)), extra[0])
    option = word.startswith("-") and not is_value(word)
    if command.asks and not option:
        refuse(
            f"{command.magic} asks for what is secret; it must not be typed on the line.",
            command.magic,
        )
    flag = word.partition("=")[0]
    takes = any(not param.flags for param in command.params)
    if not option:
        return f"unexpected argument {word!r}" + ("; quote what holds blanks" if takes else "")
    flags = [flag for param in command.params for flag in param.flags] + ["-h", "--help"]
    near = get_close_matches(flag, flags, n=1)
    hint = "; a title that begins with a hyphen goes into quotes" if takes else ""
    return f"unknown option {flag}" + (f"; did you mean {near[0]}?" if near else hint)


def reworded(message: str) -> str:
    """What argparse says as a sentence, without a value that nobody wanted: it may be a secret."""
    found = _VALUE.fullmatch(message)
    told = f"argument {found['flag']} takes no value" if found else message.rstrip(".")
    return told if told.endswith("?") else f"{told}."
