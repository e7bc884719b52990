"""Owns the tree of all sub-commands: parsing, help, completion and reference are made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import account, accounts, copies, doctor, files, frames, projects, tokens

if TYPE_CHECKING:
    from .parser import Command

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
