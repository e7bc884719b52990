"""Owns how things stand with a frame, and what follows from that as time passes (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from ..messages.inbox import State
from .evidence import Evidence
from .health import STUCK, Health

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..messages.command import Command
    from .health import Mood
    from .proving import Proving
    from .steering import Steering

WATCH = 0.5  # seconds between two looks while something is in doubt
AGAIN = 3.0  # seconds between two questions whether CoCalc answers
DOUBTFUL = 6.0  # seconds that an acked open may take while its project is in doubt
FIRST_WORD = 8.0  # seconds after which the page calls CoCalc silent (js/bridge.ts)


class Step(Enum):
    """What is to be done next."""

    ASK = "find out whether CoCalc answers: an error page in the frame is silent, too"
    RELOAD = "load CoCalc again, which has fallen silent"
    DEGRADE = "go on without messages"
    SIGNED_OUT = "end the opens: nobody is signed in"


@dataclass(slots=True)
class Situation:
    """Everything that decisions rest on; times are of the kernel's clock, in seconds.

    Attributes:
        steering: the commands that wait for what the frame was sent to.
        proving: those that are done and not proved.
        limits: the deadlines (`outbox.deadlines`).
        evidence: what CoCalc told in the document that is in the frame.
        health: what is wrong with it.
        state: how it is, as the page told last.
        channel: `messages`, `navigation`, `tab` or `blocked`; "" before the verdict.
        reason: why it is not `messages`.
        silent: since when CoCalc does not answer.
        revived: it was loaded again for that, and is silent still.
        asked: when it was found out whether CoCalc answers, last.
    """

    steering: Steering
    proving: Proving
    limits: Mapping[str, float]
    evidence: Evidence = field(default_factory=Evidence)
    health: Health = field(default_factory=Health)
    state: State = field(default_factory=State)
    channel: str = ""
    reason: str = ""
    silent: float | None = None
    revived: bool = False
    asked: float = -AGAIN

    def take(self, state: State, now: float, *, idle: bool) -> bool:
        """The page has told how things are; whether the frame has loaded just now.

        `idle`: no command is under way, so that what is not listed is not open.
        """
        if self.evidence.turn(state.generation):
            self.health.turn()
            self.proving.turn()
        loaded = bool(state.loads) and not self.state.loads
        self.state = state
        self.health.offscreen, self.health.hidden = state.offscreen, not state.view
        self.health.connect(state.connection.get("status"), now)
        if state.ready:
            self.silent, self.revived = None, False
            if self.channel == "navigation" and not self.steering.used:
                self.channel, self.reason = "messages", ""  # it was only slow
            if idle:
                self.evidence.keep(state.open_files)
        return loaded

    @property
    def ready(self) -> bool:
        """Whether CoCalc takes messages, or what the frame or tab was sent to is there."""
        place = self.steering.place
        if self.channel == "navigation":
            return self.evidence.has(place) if place else self.steering.shown
        if self.channel == "tab":
            return self.steering.shown
        return self.state.ready and not self.health.signed_out

    @property
    def files(self) -> dict[str, list[str]]:
        """What is open: by evidence where there is no list, else by CoCalc's."""
        place = self.steering.place
        if self.channel == "navigation":
            return self.evidence.listing()
        if self.channel == "tab":
            return {place[0]: [place[1]]} if place and self.steering.proved else {}
        return self.without_doubts(self.state.open_files)

    def without_doubts(self, told: dict[str, list[str]]) -> dict[str, list[str]]:
        """Of a list of CoCalc's what may be shown: nothing of a project in doubt is."""
        if self.health.signed_out:
            return {}
        doubts = self.health.doubts
        return {project: paths for project, paths in told.items() if project not in doubts}

    @property
    def signed_in(self) -> bool | None:
        """Whether somebody is signed in to the document in the frame; None: not known."""
        if self.health.signed_out:
            return False
        return True if self.evidence.told else None

    def cause(self, words: Mapping[str, str], project_id: str | None = None) -> tuple[Mood, str]:
        """What is wrong, with this project or with any: a mood, and a sentence or ""."""
        told, ready = self.evidence.told, self.ready
        return self.health.cause(words, told=told, ready=ready, project_id=project_id)

    def traits(self, words: Mapping[str, str]) -> dict[str, Any]:
        """What users see of all this."""
        channel = self.channel
        if channel == "messages" and self.state.channel != "messages":
            channel = "booting"
        return {
            "channel": channel,
            "reason": self.cause(words)[1] or self.reason,
            "ready": self.ready and not self.health.away,
            "connection": dict(self.state.connection),
            "open_files": self.files,
        }

    def line(
        self, words: Mapping[str, str], pending: Iterable[Command], now: float
    ) -> tuple[Mood, str]:
        """The status line; "" for what the page says by itself."""
        mood, said = self.cause(words)
        acked = [command.acked for command in pending if command.acked is not None]
        if said:
            return mood, said
        if self.channel not in ("messages", ""):
            return "warn", self.reason
        if acked and now - min(acked) >= STUCK:
            return "wait", f"Opening … {words['stopped']}"
        return "good", ""

    def watched(self, pending: Iterable[Command]) -> bool:
        """Whether something is in doubt, so that time may bring something about."""
        health, place = self.health, self.steering.place
        unseen = place and not self.evidence.has(place) and not health.unseen
        steered = self.channel == "navigation" and (unseen or self.steering.active)
        lost = health.lost is not None and not health.signed_out
        acked = any(command.acked is not None for command in pending)
        proving = self.proving.seqs()
        return bool(self.silent is not None or health.away or lost or steered or proving or acked)

    def mind(self, now: float) -> list[Step]:
        """What is to be done by now."""
        steps = [*self._mind_silence(now), *self._mind_sign_in(now)]
        if self.channel == "navigation" and self._mind_steering(now):
            steps.append(Step.ASK)
        if now - self.asked < AGAIN:
            steps = [step for step in steps if step is not Step.ASK]
        return list(dict.fromkeys(steps))

    def late(self, command: Command, now: float) -> bool:
        """Whether an acked open of a project in doubt has waited for long enough."""
        doubtful = command.project_id in self.health.doubts
        since = command.acked if command.acked is not None else now
        return doubtful and now - since >= DOUBTFUL and command.seq not in self.proving.seqs()

    def answered(self, down: str | None, now: float) -> Step | None:
        """CoCalc answers (""), or `down` says what does not; what follows from that.

        None: it is not known, as the kernel has no way to it, and perhaps the browser has.
        """
        health = self.health
        if down is None:
            return None
        back = bool(health.away) and not down
        health.away = down
        if back and health.lost is not None:
            health.lost = now  # CoCalc's own connection needs some seconds, too
        if down:
            health.doubts.clear()  # that is why it was silent
        else:
            health.reached = now
        if not back or self.ready or self.channel not in ("messages", "navigation"):
            return None
        self.steering.hold(now)
        return Step.RELOAD

    def _mind_silence(self, now: float) -> list[Step]:
        """Where CoCalc does not answer: load it again, or do without messages."""
        if self.health.away:
            return [Step.ASK]
        if self.silent is None or self.channel != "messages":
            return []
        reached = self.health.reached
        there = reached is not None and reached > self.silent
        # a kernel may have no way to it, or may not know yet
        known = there or now - self.silent > AGAIN
        if known and self.state.channel == "messages" and not self.revived:
            return [Step.RELOAD]
        if known and now - self.silent + FIRST_WORD >= self.limits["silent"]:
            return [Step.DEGRADE]
        return [Step.ASK]

    def _mind_sign_in(self, now: float) -> list[Step]:
        health = self.health
        if health.leaves(now, told=self.evidence.told):
            return [Step.SIGNED_OUT]
        return [Step.ASK] if health.lost is not None and not health.signed_out else []

    def _mind_steering(self, now: float) -> bool:
        """Look after a frame that was sent to a URL; whether to ask if CoCalc answers."""
        steering, health = self.steering, self.health
        if steering.place is None or self.evidence.has(steering.place):
            return not self.ready
        if health.away or health.note or health.offscreen or health.hidden:
            steering.hold(now)
        if steering.late(now):
            health.unseen = True
        return steering.doubtful(now) and not health.unseen
