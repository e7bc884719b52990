"""Owns what a client is asked about the documents of a frame, on threads beside it.

Before a document shows: whether the account can use its project, whether that
runs, and what lies at the path. After it was opened in a tab, which nobody
sees into: whether the project's log has a line of it.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import CoCalcError, CommandError, PermissionDeniedError, ValidationError
from ...forking import new_lock
from ..kernel.timers import background

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Protocol

    from ..messages.command import Command
    from ..messages.outbox import Document

    class Seen(Protocol):
        """Called with a command's number when its file was seen, or was not for too long."""

        def __call__(self, seq: int, *, seen: bool, why: str) -> object:
            """`why`: why it was not seen."""


FRESH = 30.0  # seconds for which a good finding is taken for granted
_ANSWER = 8.0  # seconds for one answer of the server
_MOST = 200  # documents asked about at once
LONG = 20.0  # seconds: a tab loads all of CoCalc first, which takes some 5 (recordings)
_PAUSE = 1.0  # seconds between two looks at the log
_NOTHING = (
    "Nothing tells what the tab shows: the project's log has no line of it yet. Is the tab signed "
    "in, as the account of the client?"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the client found out about one document.

    Attributes:
        good: the project is the account's and runs, and the path is a file, or nothing
            yet: then CoCalc makes a file of it.
        error: why it can never be shown.
    """

    good: bool = False
    error: CoCalcError | None = None


class Knowledge:
    """Asks a client about documents, those of one project at once, on a thread of its own.

    Args:
        client: whom to ask.
        start: whether to start a project that is stopped.
        tell: called with documents and what was found of each, on that thread.
        say: called with what is done meanwhile, "" for nothing any more, and whether what
            the frame waits for is there now.
    """

    def __init__(
        self,
        client: Any,
        *,
        start: bool,
        tell: Callable[[Mapping[Document, Finding]], object],
        say: Callable[[str, bool], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._start, self._tell, self._say = client, start, tell, say
        self._clock = clock
        self._lock = new_lock()
        self._queue: deque[Document] = deque()
        self._found: dict[Document, tuple[float, Finding]] = {}
        self._usable: dict[str, float] = {}  # project id -> when it was seen to be
        self._running = False

    def look(self, documents: Iterable[Document]) -> None:
        """Begin to find out about documents, where that is not known or under way."""
        with self._lock:
            for document in documents:
                if document not in self._queue and self._known(document) is None:
                    self._found.pop(document, None)
                    self._queue.append(document)
            if self._running or not self._queue:
                return
            self._running = True
        if not background(self._work, "cocalc-knowledge"):
            with self._lock:  # no threads here: then nothing is known
                self._running = False
                for each in self._queue:
                    self._found[each] = self._clock(), Finding()
                self._queue.clear()

    def of(self, document: Document) -> Finding | None:
        """What was found, None while it is not known."""
        with self._lock:
            found = self._found.get(document)
            return found[1] if found else None

    def usable(self, project_id: str | None) -> bool:
        """Whether the project was seen to be the account's, and to run; None: any."""
        return project_id in self._usable if project_id else bool(self._usable)

    def _known(self, document: Document) -> Finding | None:
        at, finding = self._found.get(document, (0.0, None))
        fresh = finding is not None and finding.good and self._clock() - at < FRESH
        return finding if fresh else None

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._running = False
                    return
                first = self._queue[0][0]
                documents = [one for one in self._queue if one[0] == first][:_MOST]
            found = self._find(first, documents)
            with self._lock:
                for document, finding in found.items():
                    self._found[document] = self._clock(), finding
                    self._queue.remove(document)
                    if len(self._found) > 1000:
                        self._found.pop(next(iter(self._found)))
            self._tell(found)

    def _find(self, project_id: str, documents: Sequence[Document]) -> dict[Document, Finding]:
        paths = [path for _project, path in documents]
        seen = self._clock() - self._usable.get(project_id, -FRESH) < FRESH
        try:
            standings = self._ask(project_id, paths, usable=seen)
            if any(standing.project == "stopped" for standing in standings):
                if not self._start:
                    return dict.fromkeys(documents, Finding(error=_stopped(project_id)))
                if error := self._begin(project_id):
                    return dict.fromkeys(documents, Finding(error=error))
                standings = self._ask(project_id, paths, usable=True)
        except Exception:  # noqa: BLE001 - whatever it is, the frame may be better off
            return dict.fromkeys(documents, Finding())
        found = {}
        for document, standing in zip(documents, standings, strict=True):
            if standing.project == "usable":
                self._usable[project_id] = self._clock()
            good = standing.project == "usable" and standing.path in ("file", "missing")
            found[document] = Finding(good, _refusal(standing.project, standing.path, *document))
        return found

    def _ask(self, project_id: str, paths: Sequence[str], *, usable: bool) -> list[Any]:
        told = {"timeout": _ANSWER, "usable": usable}
        many = getattr(self._client, "standings", None)  # what stands for a client may have none
        if len(paths) > 1 and callable(many):
            return list(many(project_id, paths, **told))
        return [self._client.standing(project_id, path, **told) for path in paths]

    def _begin(self, project_id: str) -> CoCalcError | None:
        """Start a project; why that did not work, if so."""
        self._say("Starting the project …", False)  # noqa: FBT003
        try:
            self._client.start_project(project_id)
        except CoCalcError as error:
            return error
        finally:
            self._say("", True)  # noqa: FBT003
        return None


def _refusal(project: str, kind: str, project_id: str, path: str) -> CoCalcError | None:
    if project == "not mine":
        return PermissionDeniedError(
            f"This account can't use the project {project_id}: it is somebody else's, or there is "
            "none of this id.",
            remedy="See client.projects(), or ask its owner to add this account to it.",
        )
    if kind == "folder":
        return ValidationError(
            f"{path!r} is a folder; CoCalc opens files.",
            remedy=f"Name a file in it: {path.rstrip('/')}/NAME.",
        )
    return None


def _stopped(project_id: str) -> CoCalcError:
    return CommandError(
        "The project is stopped, so that nothing in it can be shown.",
        remedy=f"Start it: client.start_project({project_id!r}); or leave out start=False.",
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
