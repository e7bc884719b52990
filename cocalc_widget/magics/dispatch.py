"""Owns the way of a line: words, expansion, the sub-command, its arguments, its result.

`COMMANDS` says where each sub-command begins; help, completion and the README's reference
are made from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import CoCalcError
from .advice import advise, on_a_line
from .commands import accounts, copies, files, frames, projects
from .doctor import command as doctor
from .language.expansion import expand
from .language.help import command_help, overview
from .language.parser import HELP, REST, Command, no_command, other_sign, parse
from .language.splitter import Piece, RawWord, Word, scan
from .language.typed_secrets import refuse_key, refuse_key_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .session import Session

COMMANDS: tuple[Command, ...] = (  # in the order of the help
    accounts.LOGIN, accounts.LOGOUT, accounts.WHOAMI,
    projects.PROJECTS, projects.NEW_PROJECT, accounts.NEW_ACCOUNT,
    frames.OPEN, frames.CLOSEALL, frames.STATUS,
    copies.CP, copies.COPIES, accounts.TOKEN,
    files.EXEC, files.CAT, files.WRITE, doctor.DOCTOR,
)  # fmt: skip


def dispatch(session: Session, line: str, cell: str | None, names: Mapping[str, Any]) -> object:
    """Run one line; its result is returned for IPython to show or to assign.

    Raises:
        CoCalcError: the line is wrong (nothing was sent), or the command failed.
    """
    refuse_key(line)
    raw = scan(line)
    silent = _take_semicolon(raw)
    words = expand(raw, names)
    if words and words[0] == "help":
        words = [*words[1:2], Word("--help")]
    if not words or words[0] in ("help", *HELP):
        print(overview(COMMANDS))
        return None
    refuse_key_option(words[:1])
    command = find(words[0], cell=cell is not None)
    if not any(param.nargs == REST for param in command.params):
        refuse_key_option(words[1:])
    args = parse(command, words[1:])
    if args is None:
        print(command_help(command))
        return None
    args.body = cell
    try:
        result = command.run(session, args)
    except CoCalcError as error:
        advise(error, command)
        raise
    except KeyboardInterrupt as stopped:
        # what goes on, or is left, is said in Python's words, too
        stopped.args = tuple(on_a_line(it) if isinstance(it, str) else it for it in stopped.args)
        raise
    return None if silent else result


def find(name: str, *, cell: bool) -> Command:
    """The sub-command of this name.

    Raises:
        ValidationError: there is none; the message suggests the nearest.
    """
    for command in COMMANDS:
        if command.name == name:
            if command.cell == cell:
                return command
            raise other_sign(command)
    raise no_command(name, COMMANDS)


def _take_semicolon(words: list[RawWord]) -> bool:
    """Whether the line ends in a `;`, which silences the result as elsewhere in IPython."""
    last = words[-1].pieces[-1] if words else None
    if last is None or last.kind != "text" or last.quoted or not last.text.endswith(";"):
        return False
    pieces = words[-1].pieces
    pieces[-1] = Piece("text", last.text[:-1], quoted=False)
    if not pieces[-1].text:
        pieces.pop()
    if not pieces:
        words.pop()
    return True
