"""Owns the help texts, made from the same tree that parses (pure)."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from .parser import Command, Param, usage

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH = 88
_NOTES = """\
Addresses are PROJECT:PATH, where PROJECT is an id, the beginning of one, or a title;
quote what holds blanks. $name and {expression} are replaced by their values.
The result of a command is an object: x = %cocalc COMMAND ..."""


def command_help(command: Command) -> str:
    """The help of one sub-command."""
    indent = " " * (len(command.magic) + 1)
    form = textwrap.fill(usage(command), WIDTH, subsequent_indent=indent, break_on_hyphens=False)
    blocks = [form, textwrap.fill(command.summary, WIDTH)]
    if command.details:
        blocks += [textwrap.fill(part, WIDTH) for part in command.details.split("\n\n")]
    arguments = [param for param in command.params if not param.flags]
    options = [param for param in command.params if param.flags]
    if arguments:
        blocks.append(_table("Arguments", [(_name(param), param.help) for param in arguments]))
    rows = [(_name(param), param.help) for param in options] + [("-h, --help", "show this help")]
    blocks.append(_table("Options", rows))
    if command.examples:
        blocks.append("\n".join(["Examples:", *(f"  {line}" for line in command.examples)]))
    return "\n\n".join(blocks)


def overview(commands: Iterable[Command]) -> str:
    """The help of `%cocalc` itself: every sub-command with its summary."""
    rows = [
        (("%%" if command.cell else "") + command.name, command.summary) for command in commands
    ]
    return "\n\n".join(
        [
            "%cocalc COMMAND [ARGUMENTS]",
            _table("Commands", rows),
            _NOTES,
            "%cocalc COMMAND --help tells more.",
        ]
    )


def reference(commands: Iterable[Command]) -> str:
    """A Markdown table of all sub-commands, for the README."""
    rows = ["| command | what it does |", "|---|---|"]
    for command in commands:
        form = usage(command).replace("|", "\\|")
        rows.append(f"| `{form}` | {command.summary} |")
    return "\n".join(rows) + "\n"


def _name(param: Param) -> str:
    if not param.flags:
        return param.placeholder
    return ", ".join(param.flags) + ("" if param.switch else f" {param.placeholder}")


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    width = min(max(len(name) for name, _ in rows), 26)
    lines = [f"{title}:"]
    for name, text in rows:
        wrapped = textwrap.wrap(text, WIDTH - width - 4) or [""]
        if len(name) > width:
            lines.append(f"  {name}")
            name = ""  # noqa: PLW2901 - the text goes on the next line
        lines.append(f"  {name:<{width}}  {wrapped[0]}".rstrip())
        lines += [" " * (width + 4) + line for line in wrapped[1:]]
    return "\n".join(lines)
