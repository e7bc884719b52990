"""Owns how a command ends: the reply or the named error, and the sentences in them (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import CoCalcError, CommandCancelledError, CommandError, CommandTimeoutError
from ..channel.evidence import Proof
from ..messages.inbox import Result, sentence
from ..messages.outbox import limit
from ..messages.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..messages.command import Command

POPUP = "The browser blocked the tab: press the button in the widget."
TAB = "Nothing tells what the tab shows: with a client, the project's log would."
_VERBS = (("send", "ready"), ("get an answer to", "ack"), ("finish", "done"))


def reply(
    command: Command,
    raw: Mapping[str, Any],
    files: Mapping[str, list[str]],
    connection: Mapping[str, Any],
    *,
    verified: bool | None = None,
    proof: Proof | None = None,
    why: str = "",
) -> Reply:
    """What a finished command came to.

    Args:
        command: the one that has finished.
        raw: CoCalc's message, {} where there was none.
        files: project id → paths, as last heard of.
        connection: CoCalc's own, as last heard of.
        verified: whether its file is shown; None if not known, or it has none.
        proof: what tells so.
        why: why it is not verified.
    """
    proof = proof or Proof()
    listed = {project: list(paths) for project, paths in files.items()}
    if verified and command.target and not listed.get(command.target[0]):
        listed[command.target[0]] = [command.target[1]]
    return Reply(
        command.action,
        command.project_id,
        command.path,
        verified,
        proof.evidence,
        proof.shown_after,
        why,
        listed,
        dict(connection),
        dict(raw),
        command.elapsed,
    )


def error(command: Command, result: Result, limits: Mapping[str, float], why: str) -> CoCalcError:
    """The named error of a command that did not finish; `why`: what is wrong with the frame."""
    if result.state == "timeout":
        return late(command, result.at, limits, why)
    if result.state == "cancelled":
        return CommandCancelledError(
            "The command was cancelled: the page that showed the widget has closed it."
        )
    return CommandError(sentence(result.reply.get("mesg")) or "CoCalc refused it.")


def late(
    command: Command, at: int, limits: Mapping[str, float], why: str = ""
) -> CommandTimeoutError:
    """The error of a command whose time is over.

    Args:
        command: the one.
        at: how far it had come: 0 not sent, 1 sent, 2 taken by CoCalc.
        limits: the deadlines, in seconds (`outbox.deadlines`).
        why: what is wrong with the frame, if anything is known.
    """
    what = f"the open of {command.path}" if command.path else f"the {command.action}"
    verb, name = _VERBS[at]
    if at == 1 and command.action == "status":
        name = "status"
    plain = ("CoCalc is not ready.", "there was no answer.", "it takes too long.")[at]
    seconds = f" within {limit(limits, name):g} s" if name != "done" else ""
    return CommandTimeoutError(f"Could not {verb} {what}{seconds}: {why or plain}")


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


def opened_as(name: str) -> str:
    """A symlink opens under the name of its target."""
    return f"It opened as {name}." if name else ""


def replaced(instead: str) -> str:
    """What came in the place of a file, where one is shown at a time; "": nothing."""
    what = f"{instead} was opened" if instead else "everything was closed"
    return f"It is not shown: {what} instead."
