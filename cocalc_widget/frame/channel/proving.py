"""Owns opens that CoCalc calls done, until it is known whether their files are shown (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ..messages.inbox import Result, open_files

if TYPE_CHECKING:
    from ..messages.command import Command
    from ..messages.outbox import Document
    from .evidence import Proof
    from .inquiries import Finding

KNOWLEDGE = 5.0  # seconds that what the client finds out is waited for
STATUS = 5.0  # seconds that the second look at CoCalc's list is waited for


@dataclass(slots=True)
class Case:
    """One open that is done.

    Attributes:
        document: the one.
        result: what the page said about it.
        since: when that was.
        asked: when CoCalc's list was asked for once more.
        over: it has been answered.
    """

    document: Document
    result: Result
    since: float
    asked: float | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done about an open that CoCalc calls done.

    Attributes:
        step: `end` it; `wait`; `look` at CoCalc's list once more; or `refuse` it: nothing is
            shown.
        verified: at the end, whether it is shown; None if not known.
        why: it is not known, or not shown.
    """

    step: Literal["end", "wait", "look", "refuse"]
    verified: bool | None = None
    why: str = ""


class Proving:
    """The opens that are done and not yet ended.

    Args:
        patience: seconds in which CoCalc reports a file as rendered.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._cases: dict[int, Case] = {}
        self._front: Command | None = None
        self._asked: int | None = None  # the number of the second look under way

    def turn(self) -> None:
        """Another document is in the frame."""
        self._front = self._asked = None

    def add(self, document: Document, result: Result, now: float) -> None:
        """The open of this document is done."""
        self._cases.setdefault(result.seq, Case(document, result, now))

    def front(self, command: Command) -> None:
        """CoCalc has taken this open, and shows its file on top."""
        newer = self._front is None or command.seq > self._front.seq
        if newer and command.action == "open":
            self._front = command

    def seqs(self) -> list[int]:
        """The numbers of the opens."""
        return list(self._cases)

    def drop(self, seq: int) -> None:
        """The open has ended."""
        self._cases.pop(seq, None)

    def judge(
        self,
        command: Command,
        proof: Proof,
        now: float,
        *,
        finding: Finding | None,
        tells: bool,
        covers: bool,
        doubtful: bool,
    ) -> Judgement:
        """Whether an open is to end now, and how.

        Args:
            command: the open.
            proof: what there is to prove that its file is shown.
            now: the time.
            finding: what the client knows; None while that is not known.
            tells: CoCalc reports files of its kind as rendered.
            covers: what lies below another file is not reported.
            doubtful: nobody may be signed in, or the project may be somebody else's.
        """
        case = self._cases[command.seq]
        result, front = case.result, self._front
        newer = front is not None and front.seq > command.seq and front.target != command.target
        covered = covers and newer
        below = (front.path or "") if front is not None and covered else ""
        good = finding is not None and finding.good and result.listed
        if proof.sure or (good and proof.evidence == "opened"):
            return Judgement("end", verified=True)
        age = now - case.since
        final = not doubtful and (not tells or covered)  # no more will come
        asked = case.over or (case.asked is not None and now - case.asked >= STATUS)
        if result.listed is False and not doubtful and (finding or age >= KNOWLEDGE):
            return Judgement("end", verified=False, why=not_open(command.path or ""))
        if age < (KNOWLEDGE if finding is None else 0 if final else self._patience):
            return Judgement("wait")
        if not final and not asked:
            # a folder is in the list for a moment only
            return Judgement("look" if case.asked is None else "wait")
        if doubtful and proof.evidence != "opened":
            return Judgement("refuse")
        return Judgement("end", why=unproved(proof.evidence, below))

    def result(self, command: Command) -> Result:
        """What the page said about an open."""
        return self._cases[command.seq].result

    def look(self, command: Command, seq: int, now: float) -> bool:
        """Note that CoCalc's list is asked for by the status `seq`; False if one is under way."""
        self._cases[command.seq].asked = now
        if self._asked is not None:
            return False
        self._asked = seq
        return True

    def relisted(self, result: Result) -> bool:
        """Take the answer to a second look; False for anything else."""
        if result.seq != self._asked:
            return False
        if result.state in ("sent", "ack"):
            return True
        self._asked = None
        files = open_files(result.reply.get("open_files"))
        for case in self._cases.values():
            if case.asked is None:
                continue
            case.over = True
            told = result.reply.get("open_files") is not None
            project_id, path = case.document
            names = {path, case.result.opened_as}
            if told and not names & set(files.get(project_id, ())):
                case.result = replace(case.result, listed=False)
        return True


def not_open(path: str) -> str:
    """CoCalc said done, and does not list it."""
    # these have an editor of their own everywhere: that is not what they lack
    known = path.endswith((".ipynb", ".sagews", ".term"))
    causes = "" if known else "it is a folder, or its extension is not supported, or "
    return f"It is not open: {causes}the project did not start."


def unproved(evidence: str, below: str) -> str:
    """CoCalc said done, and does not tell that it is shown; `below`: what lies on top of it."""
    if below:
        return f"It lies below {below}: CoCalc tells what it shows, not what is behind."
    if evidence == "opened":
        return "CoCalc has opened it, and does not tell that it is shown."
    if evidence == "status":
        return "Only CoCalc's list of open files has it, which proves nothing."
    return "Nothing tells that it is shown."
