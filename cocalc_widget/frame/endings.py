"""Owns how a command ends: the reply or the named error that a result of the page's means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import (
    ChannelBlockedError,
    CoCalcError,
    CommandCancelledError,
    CommandError,
    CommandTimeoutError,
)
from .inbox import Result, open_files, sentence
from .reply import Reply

if TYPE_CHECKING:
    from .commands import Command


def conclude(command: Command, result: Result, known: Mapping[str, Any], remedy: str = "") -> bool:
    """End the command as the result says; False if it had ended before.

    Args:
        command: the one that the result is about.
        result: what the page said last about it.
        known: `open_files` and `connection` as last heard of.
        remedy: what to do where the channel is blocked.
    """
    if result.state == "done":
        return command.settle("done", reply=_reply(command, result, known))
    if result.state == "timeout":
        mesg = result.mesg or f"CoCalc did not answer the {command.action} in time."
        return command.settle("timeout", error=CommandTimeoutError(mesg))
    if result.state == "cancelled":
        mesg = result.mesg or "the page that showed the widget has closed it."
        error: CoCalcError = CommandCancelledError(f"The command was cancelled: {mesg}")
        return command.settle("cancelled", error=error)
    if result.state == "blocked":
        mesg = result.mesg or "The page cannot talk to CoCalc."
        extra = "" if remedy and remedy in mesg else remedy
        return command.settle("error", error=ChannelBlockedError(mesg, remedy=extra))
    mesg = sentence(result.reply.get("mesg")) or "CoCalc refused it."
    return command.settle("error", error=CommandError(mesg))


def silence(*, page: bool) -> CommandTimeoutError:
    """The error of a command that nobody answers any more; `page`: there was somebody once."""
    if page:
        return CommandTimeoutError(
            "The page has stopped answering.",
            remedy="Is the notebook still open in a browser? Display the widget again.",
        )
    return CommandTimeoutError(
        "No page has shown the widget.", remedy="Display it first, in a cell above."
    )


def _reply(command: Command, result: Result, known: Mapping[str, Any]) -> Reply:
    raw = result.reply
    told = open_files(raw["open_files"]) if "open_files" in raw else known.get("open_files")
    files = {project: list(paths) for project, paths in (told or {}).items()}
    if result.verified and command.target:
        # marimo's page sends its messages side by side: the state may come after the result
        project, path = command.target
        files[project] = files.get(project) or [path]
    connection = raw.get("connection")
    return Reply(
        command.action,
        command.project_id,
        command.path,
        result.verified,
        result.why,
        files,
        dict(connection if isinstance(connection, Mapping) else known.get("connection") or {}),
        raw,
        command.elapsed,
    )
