"""Owns the form of a sub-command, its parsing, and what is said of words that do not fit.

A thin layer on argparse, without exits.
"""

from __future__ import annotations

import re
from argparse import REMAINDER, ArgumentError, ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from ...errors import ValidationError
from .splitter import is_value
from .typed_secrets import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Kind = Literal["", "project", "address", "file", "command"]
HELP = ("-h", "--help")
REST = REMAINDER  # everything that follows, options included
_VALUE = re.compile(r"argument (?P<flag>\S+): ignored explicit argument .*", re.DOTALL)


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
    run: Callable[[Any, Namespace], object]  # with what the commands of a shell share, unseen here
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
    words, values = _guarded(words)
    parser = _Parser(prog=command.magic, add_help=False, allow_abbrev=False)
    for param in command.params:
        _add(parser, param)
    try:
        args, extra = parser.parse_known_args(list(words))
    except (ValidationError, ArgumentError) as error:
        message = getattr(error, "message", str(error)).replace("\0", "").replace("\\x00", "")
        # what is missing may be there, read as an option
        flags = {flag for param in command.params for flag in param.flags}
        own = words[: words.index("--")] if "--" in words else words
        odd = [it for it in own if it[:1] == "-" and it.partition("=")[0] not in flags]
        if odd and "required" in message:
            message = _unexpected(command, odd)
    else:
        rest = next((param for param in command.params if param.nargs == REST), None)
        for name, value in vars(args).items():
            setattr(args, name, _as_typed(value, values))
        extra = _as_typed(extra, values)
        if not extra and (rest is None or getattr(args, rest.name)):
            return args
        missing = f"the following arguments are required: {rest.placeholder}" if rest else ""
        message = _unexpected(command, extra) if extra else missing
    raise ValidationError(
        f"{command.magic}: {_reworded(message)}", remedy=f"Usage: {usage(command)}"
    )


def _guarded(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words with those that are no options written so that argparse sees that, too."""
    values = {f"\0{word}": word for word in words if is_value(word)}
    return [f"\0{word}" if is_value(word) else word for word in words], values


def _as_typed(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_as_typed(item, values) for item in value]
    return values.get(value, value) if isinstance(value, str) else value


def _unexpected(command: Command, extra: Sequence[str]) -> str:
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


def _reworded(message: str) -> str:
    """What argparse says as a sentence, without a value that nobody wanted: it may be a secret."""
    found = _VALUE.fullmatch(message)
    told = f"argument {found['flag']} takes no value" if found else message.rstrip(".")
    return told if told.endswith("?") else f"{told}."


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


def seconds(text: str) -> float:
    """A time as an option's value.

    Raises:
        ArgumentTypeError: no number, or not above 0.
    """
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ArgumentTypeError(f"must be a number of seconds above 0, not {text!r}")
    return value


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """The type of an option that takes one of these words."""

    def check(text: str) -> str:
        if text in choices:
            return text
        raise ArgumentTypeError(f"must be one of {', '.join(choices)}, not {text!r}")

    return check


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
    own = list(words[:2] if rest else words)
    own = own[: own.index("--")] if "--" in own else own
    return any(word in HELP and not is_value(word) for word in own)


def _add(parser: ArgumentParser, param: Param) -> None:
    settings: dict[str, Any] = {"default": param.default}
    if param.flags:
        settings["dest"] = param.name
    if param.switch:
        settings["action"] = "store_true"
    else:
        settings |= {"metavar": param.placeholder, "nargs": param.nargs}
        settings |= {"type": param.type} if param.type else {}
        settings |= {"type": one_of(param.choices)} if param.choices else {}
        settings |= {"action": "append"} if param.repeat else {}
    parser.add_argument(*(param.flags or (param.name,)), **settings)
