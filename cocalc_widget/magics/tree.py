"""Owns the tree of all sub-commands: parsing, help, completion and reference are made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .commands import account, accounts, copies, files, frames, projects, tokens
from .doctor import command as doctor

if TYPE_CHECKING:
    from .language.parser import Command

COMMANDS: tuple[Command, ...] = (
    *account.COMMANDS,
    *projects.COMMANDS,
    *accounts.COMMANDS,
    *frames.COMMANDS,
    *copies.COMMANDS,
    *tokens.COMMANDS,
    *files.COMMANDS,
    *doctor.COMMANDS,
)
