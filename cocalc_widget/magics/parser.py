"""Owns the form of a sub-command, and its parsing: a thin layer on argparse without exits."""

from __future__ import annotations

from argparse import REMAINDER, ArgumentError, ArgumentParser, Namespace
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from ..errors import ValidationError
from .keys import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .session import Session

Kind = Literal["", "project", "address", "file", "command"]
HELP = ("-h", "--help")
REST = REMAINDER  # everything that follows, options included


@dataclass(frozen=True, slots=True)
class Param:
    """An argument (no flags) or an option of a sub-command."""

    name: str
    help: str
    flags: tuple[str, ...] = ()
    nargs: str | None = None
    type: Callable[[str], Any] | None = None
    choices: tuple[str, ...] | None = None
    default: Any = None
    switch: bool = False  # an option without a value
    repeat: bool = False  # an option that may be given several times
    kind: Kind = ""  # what completes it
    metavar: str = ""  # how the value is written in usages

    @property
    def placeholder(self) -> str:
        """How the value is written in usages: its choices, or a name in capitals."""
        if self.choices:
            return "{" + ",".join(self.choices) + "}"
        return self.metavar or self.name.upper()


@dataclass(frozen=True, slots=True)
class Command:
    """A sub-command of `%cocalc`, or (`cell`) of `%%cocalc`."""

    name: str
    summary: str
    run: Callable[[Session, Namespace], object]
    params: tuple[Param, ...] = ()
    details: str = ""
    examples: tuple[str, ...] = ()
    cell: bool = False
    asks: bool = False  # for a secret, which an unexpected word may be

    @property
    def magic(self) -> str:
        """The command as it is typed."""
        return f"{'%%' if self.cell else '%'}cocalc {self.name}"


def argument(name: str, text: str, **options: Any) -> Param:
    """A positional argument."""
    return Param(name, text, **options)


def option(*flags: str, text: str, **options: Any) -> Param:
    """An option with a value; its name is that of its long flag."""
    name = options.pop("name", None) or flags[-1].lstrip("-").replace("-", "_")
    return Param(name, text, flags, **options)


def switch(*flags: str, text: str, **options: Any) -> Param:
    """An option without a value: True where it is given, else False."""
    return option(*flags, text=text, switch=True, default=False, **options)


class _Parser(ArgumentParser):
    """An ArgumentParser whose errors are exceptions; it never prints nor exits."""

    def error(self, message: str) -> NoReturn:
        raise ValidationError(message)


def parse(command: Command, words: Sequence[str]) -> Namespace | None:
    """The arguments of a sub-command; None where its help is asked for.

    Raises:
        ValidationError: the words do not fit; the message names the command
            and the remedy is its usage.
    """
    if _wants_help(command, words):
        return None
    parser = _Parser(prog=command.magic, add_help=False, allow_abbrev=False)
    for param in command.params:
        _add(parser, param)
    try:
        args, extra = parser.parse_known_args(list(words))
    except (ValidationError, ArgumentError) as error:
        message = getattr(error, "message", str(error))
    else:
        if not extra:
            return args
        message = unexpected(command, extra)
    raise ValidationError(
        f"{command.magic}: {message.rstrip('.')}.", remedy=f"Usage: {usage(command)}"
    )


def unexpected(command: Command, extra: Sequence[str]) -> str:
    """Why these words do not fit, with the nearest option where one is near."""
    word = next((word for word in extra if word.startswith("-")), extra[0])
    if command.asks and not word.startswith("-"):
        refuse(f"{command.magic} asks for what is secret; it must not be typed on the line.")
    flag = word.partition("=")[0]
    if not flag.startswith("-"):
        return f"unexpected argument {word!r}"
    flags = [flag for param in command.params for flag in param.flags] + [*HELP]
    near = get_close_matches(flag, flags, n=1)
    return f"unknown option {flag}" + (f"; did you mean {near[0]}?" if near else "")


def usage(command: Command) -> str:
    """One line: the command, its options in brackets, its arguments."""
    return " ".join([command.magic, *(_form(param) for param in _ordered(command.params))])


def _ordered(params: Sequence[Param]) -> list[Param]:
    return sorted(params, key=lambda param: not param.flags)


def _form(param: Param) -> str:
    if param.flags:
        value = "" if param.switch else f" {param.placeholder}"
        return f"[{param.flags[-1]}{value}]" + ("..." if param.repeat else "")
    forms = {"?": "[{}]", "*": "[{}...]", "+": "{}...", REMAINDER: "{}..."}
    return forms.get(param.nargs or "", "{}").format(param.placeholder)


def _wants_help(command: Command, words: Sequence[str]) -> bool:
    rest = any(param.nargs == REMAINDER for param in command.params)
    # what belongs to a command of the project (`exec P ls --help`) is not ours
    own = words[:2] if rest else words
    return any(word in HELP for word in own)


def _add(parser: ArgumentParser, param: Param) -> None:
    settings: dict[str, Any] = {"default": param.default}
    if param.flags:
        settings["dest"] = param.name
    if param.switch:
        settings["action"] = "store_true"
    else:
        settings |= {"metavar": param.placeholder, "nargs": param.nargs}
        settings |= {"type": param.type} if param.type else {}
        settings |= {"choices": param.choices} if param.choices else {}
        settings |= {"action": "append"} if param.repeat else {}
    parser.add_argument(*(param.flags or (param.name,)), **settings)
