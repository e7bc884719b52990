"""Owns opens that wait for their evidence, and the lines of the log that they wait for."""

from framepage import P1

from cocalc_widget.frame.channel.evidence import Evidence, Proof
from cocalc_widget.frame.channel.inquiries import Finding
from cocalc_widget.frame.channel.proving import Proving
from cocalc_widget.frame.messages.inbox import Line, Result

A, B = (P1, "a.md"), (P1, "b.md")
GONE, MINE = {"status": "disconnected"}, {"status": "connected"}


def line(name="opened", path="a.md", *, key="1", heard=100.0, generation=1, project_id=P1):
    return Line(name, key, project_id, path if name == "opened" else "", "", heard, generation)


def heard(*lines):
    evidence = Evidence()
    for each in lines:
        evidence.hear(each)
    return evidence


class Open:
    """As much of an open as these rules look at."""

    action = "open"

    def __init__(self, seq, target=A, acked=None):
        self.seq, self.target, self.acked = seq, target, acked
        self.project_id, self.path = target


GOOD = Finding(good=True)


def judged(
    age, *, seq=1, target=A, listed=True, proof="status", sure=False, finding=GOOD, tells=True,
    covers=True, doubtful=False, proving=None,
):  # fmt: skip
    """The judgement on an open that has been done for so many seconds."""
    proving = proving or Proving(5.0)
    proving.add(target, Result(seq, "done", listed=listed), 100.0)
    found = proving.judge(
        Open(seq, target), Proof(proof, sure=sure), 100.0 + age, finding=finding, tells=tells,
        covers=covers, doubtful=doubtful,
    )  # fmt: skip
    return found.step, found.verified, found.why
