"""Owns what is known to be shown in a frame, by CoCalc's own words about it (pure).

CoCalc tells the page that frames it what it writes to a project's log: a line
when it opens a file, and since 2025 a second one with the same id when the file
has been rendered. Nothing of the kind comes while signed out, for a folder that
a URL names, or for somebody else's project. In the kiosk page, where it takes
messages, the first line also comes for a project that is stopped, and for a
folder; so there only the second proves that something is shown. Until 2025
there is no second one: the first comes when all is done, once for each file of
a document. "Done" and the list of open files prove nothing: both come while
signed out, too (recordings of both generations).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..messages.events import Event, moment

if TYPE_CHECKING:
    from ...address import Generation
    from ..messages.inbox import Line
    from ..messages.outbox import Document
    from ..messages.reply import Evidence as Name

MOST = 1000  # files of one document: more than anybody has open
_LINES = 20  # of one file that are remembered by their ids


@dataclass(slots=True)
class Trace:
    """What was seen of one file in this document; times are the page's, in ms."""

    opened: float  # last
    rendered: float | None = None  # first
    ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Proof:
    """How well something is known to be shown.

    Attributes:
        evidence: the strongest that tells of it.
        sure: that can't be there when nothing is shown.
        shown_after: seconds from the command to the rendering, None if not known.
    """

    evidence: Name = ""
    sure: bool = False
    shown_after: float | None = None


class Evidence:
    """What CoCalc has told in the document that is in the frame now."""

    def __init__(self) -> None:
        self._traces: dict[Document, Trace] = {}
        self._generation = 0
        self.told = False  # anything at all: then somebody is signed in to it

    def turn(self, generation: int) -> bool:
        """Another document is in the frame: what the old one showed is gone; whether it is one."""
        if generation == self._generation:
            return False
        self._generation, self.told = generation, False
        self._traces.clear()
        return True

    def hear(self, line: Line) -> Event | None:
        """Take a line of the log; what it says about the frame, None for nothing new."""
        if line.generation < self._generation:
            return None
        self.turn(line.generation)
        self.told = True
        document = next((d for d, t in self._traces.items() if line.id in t.ids), None)
        if line.name == "opened":
            if document is not None:
                return None
            document = line.project_id, line.path
            trace = self._traces.pop(document, None) or Trace(line.heard)
            trace.opened = line.heard
            trace.ids = [*trace.ids[1 - _LINES :], line.id]
            self._traces[document] = trace  # the latest is the last
            if len(self._traces) > MOST:
                del self._traces[next(iter(self._traces))]
        elif line.name == "rendered":
            if document is None:
                return None
            trace = self._traces[document]
            if trace.rendered is None:
                trace.rendered = line.heard
        path = document[1] if document else line.path
        return Event(line.name, line.project_id, path, moment(line.time), line.id)

    def has(self, document: Document | None) -> bool:
        """Whether CoCalc has told that it opened this file."""
        return document in self._traces

    def keep(self, open_files: dict[str, list[str]]) -> None:
        """Forget what is not open any more."""
        for project_id, path in list(self._traces):
            if path not in open_files.get(project_id, ()):
                del self._traces[project_id, path]

    def listing(self) -> dict[str, list[str]]:
        """What was seen, as a list of open files, in the order of opening."""
        files: dict[str, list[str]] = {}
        for project_id, path in self._traces:
            files.setdefault(project_id, []).append(path)
        return files

    def weigh(
        self,
        document: Document,
        *,
        posted: float = 0.0,
        opened_as: str = "",
        listed: bool | None = None,
        steered: bool = False,
        generation: Generation | None = None,
    ) -> Proof:
        """What there is to prove that a file is shown.

        Args:
            document: the one asked for.
            posted: when it was, in ms of the page's clock.
            opened_as: the name under which it opened, if another.
            listed: whether CoCalc's list of open files has it; None if not known.
            steered: a URL was loaded; else CoCalc was asked by message.
            generation: of CoCalc's server, None if not known.
        """
        trace = self._traces.get(document)
        if trace is None and opened_as:  # a symlink
            trace = self._traces.get((document[0], opened_as))
        if trace is None:
            return Proof("status" if listed else "")
        fresh = trace.opened >= posted
        if trace.rendered is not None and (fresh or steered):
            after = (trace.rendered - posted) / 1000
            known = not steered and after >= 0
            return Proof("rendered", sure=True, shown_after=after if known else None)
        old = generation == "A" and listed is not False
        if fresh or old:
            return Proof("opened", sure=steered or old)
        return Proof("status" if listed else "")
