"""Owns watching a project's log, over the API, for a file that opens in a tab nobody sees into."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from ...errors import CoCalcError
from ..kernel.timers import background

if TYPE_CHECKING:
    from typing import Protocol

    from ..messages.command import Command

    class Seen(Protocol):
        """Called with a command's number when its file was seen, or was not for too long."""

        def __call__(self, seq: int, *, seen: bool, why: str) -> object:
            """`why`: why it was not seen."""


LONG = 20.0  # seconds: a tab loads all of CoCalc first, which takes some 5 (recordings)
_PAUSE = 1.0  # seconds between two looks at the log
_NOTHING = (
    "Nothing tells what the tab shows: the project's log has no line of it yet. Is the tab signed "
    "in, as the account of the client?"
)


class LogWatch:
    """Looks for a line that says: this account has opened the file since the tab was sent there.

    The clocks of server and kernel may differ, so it goes by the lines that are
    new, not by their times.

    Args:
        client: a `Client`.
        tell: called at the end of each watch.
    """

    def __init__(self, client: Any, tell: Seen) -> None:
        self._client, self._tell = client, tell
        self._old: dict[int, set[str]] = {}  # what the log had before, by number of the command

    def prepare(self, command: Command) -> None:
        """Note what the log has before the tab can have opened anything."""
        background(lambda: self._prepare(command), "cocalc-log")

    def _prepare(self, command: Command) -> None:
        with contextlib.suppress(Exception):  # then what it has at the first look is old
            self._old[command.seq] = {entry.id for entry in self._log(command)}

    def watch(self, command: Command) -> None:
        """Look until the file is there, for `LONG` seconds at most."""
        if not background(lambda: self._watch(command), "cocalc-log"):
            self._tell(command.seq, seen=False, why="Nothing tells what the tab shows.")

    def _watch(self, command: Command) -> None:
        seen, why = False, _NOTHING
        ends = time.monotonic() + LONG
        try:
            old = self._old.pop(command.seq, None)
            if old is None:
                old = {entry.id for entry in self._log(command)}
            while not command.done() and time.monotonic() < ends:
                mine = self._client.account_id
                seen = any(
                    entry.event == "open" and entry.path == command.path
                    for entry in self._log(command)
                    if entry.id not in old and entry.account_id == mine
                )
                if seen:
                    break
                command.wait_event(_PAUSE)
        except Exception as error:  # noqa: BLE001 - not knowing is a normal case
            told = error.message if isinstance(error, CoCalcError) else type(error).__name__
            why = f"Nothing tells what the tab shows: its project's log can't be read ({told})."
        self._tell(command.seq, seen=seen, why=why)

    def _log(self, command: Command) -> list[Any]:
        return list(self._client.log(command.project_id))
