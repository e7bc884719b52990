"""Owns the sentences with which waiting is refused where it would never end (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ChannelBlockedError, WouldDeadlockError

if TYPE_CHECKING:
    from ..messages.command import Command


def no_page(command: Command) -> ChannelBlockedError:
    """The cell was run by a program, before or without a page."""
    return ChannelBlockedError(
        f"No page shows the widget, so that nobody can answer the {command.action}: this cell was "
        "run by a program (Voilà does so before it shows the page, nbclient and papermill "
        "without any).",
        remedy="Do it when the page is there: widget.status().add_done_callback(print); or run the "
        "cell in JupyterLab.",
    )


def deadlock(command: Command, why: str) -> WouldDeadlockError:
    """Waiting here would stop the messages that it waits for; names the line that works."""
    call = f'open("{command.path}")' if command.path else f"{command.action}()"
    return WouldDeadlockError(
        f"{why} Waiting for the {command.action} here would never end.",
        remedy=f"Write `reply = await widget.{call}` instead.",
    )
