"""Owns what is wrong with the frame, as far as CoCalc's silence tells; and how that is said (pure).

CoCalc says nothing about being signed out, and nothing about a project that is
somebody else's: it does not answer an `open`, while `status` goes on. Since
2025 its own connection ends for good after some seconds, until 2025 it stays.
The *next* open of that project is acked, listed, and even called done, though
nothing is shown. So a doubt that has come up stays until there is evidence
(recordings of both generations).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Mood = Literal["wait", "good", "warn", "bad"]
LOST = 3.0  # seconds of "disconnected", then nobody is signed in,
LOST_LATER = 30.0  # unless something was opened before in this document
STUCK = 3.0  # seconds after an ack, then it may wait for the project


@dataclass(slots=True)
class Health:
    """What is known to be wrong; times are of the kernel's clock, in seconds.

    Attributes:
        away: why CoCalc can't be reached; "" if it can, as far as is known.
        note: what the kernel is doing about a command.
        signed_out: nobody is signed in to the document in the frame.
        doubts: projects whose opens met silence, and of which nothing was seen since.
        refused: the last token was not taken.
        unseen: what was navigated to has not shown itself for long enough.
        hidden: no cell shows the widget.
        offscreen: the frame is out of view.
        lost: since when CoCalc has no connection of its own.
        reached: when CoCalc answered the kernel last.
    """

    away: str = ""
    note: str = ""
    signed_out: bool = False
    doubts: set[str] = field(default_factory=set)
    refused: bool = False
    unseen: bool = False
    hidden: bool = False
    offscreen: bool = False
    lost: float | None = None
    reached: float | None = None

    def turn(self) -> None:
        """Another document is in the frame."""
        self.signed_out, self.lost, self.unseen = False, None, False
        self.doubts.clear()

    def see(self, project_id: str) -> None:
        """CoCalc has told of something in this project."""
        self.signed_out = self.refused = self.unseen = False
        self.away = ""
        self.doubts.discard(project_id)

    def connect(self, status: object, now: float) -> None:
        """What CoCalc says of its own connection."""
        if status == "disconnected":
            self.lost = now if self.lost is None else self.lost
        elif status == "connected":
            self.lost, self.signed_out, self.away = None, False, ""

    def leaves(self, now: float, *, told: bool) -> bool:
        """Whether it has been without a connection for so long that nobody can be signed in.

        A server that is gone looks the same, so it has to be there, in the meantime.
        """
        if self.lost is None or self.signed_out or self.away:
            return False
        patience = LOST_LATER if told else LOST
        there = self.reached is not None and self.reached > self.lost
        return there and now - self.lost >= patience

    def cause(
        self, words: Mapping[str, str], *, told: bool, ready: bool, project_id: str | None = None
    ) -> tuple[Mood, str]:
        """What is wrong, for the status line and `reason`; "" where nothing is.

        Args:
            words: `words.say`.
            told: CoCalc has told of something in this document: somebody is signed in.
            ready: CoCalc takes messages, or shows what it was steered to.
            project_id: what is wrong with this one; default: with any.
        """
        doubt = project_id in self.doubts if project_id else bool(self.doubts)
        out = self.signed_out or (doubt and not told)
        known: tuple[tuple[object, Mood, str], ...] = (
            (self.away, "bad", f"{words['away']}: {self.away}."),
            (self.note, "wait", self.note),
            (out, "warn", words["signed_out"]),
            (doubt, "warn", words["no_access"]),
            (self.refused, "warn", words["refused"]),
            (self.hidden, "wait", words["hidden"]),
            (self.offscreen and not ready, "wait", words["offscreen"]),
            (self.unseen, "warn", words["unseen"]),
        )
        return next(((mood, said) for holds, mood, said in known if holds), ("good", ""))
