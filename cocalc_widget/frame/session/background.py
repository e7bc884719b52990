"""Owns what follows as time passes, and from what is found out beside the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import ChannelBlockedError, CoCalcError, PermissionDeniedError
from ..channel.evidence import Proof
from ..channel.situation import Step
from ..messages import outbox
from . import endings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..channel.inquiries import Finding
    from .context import Context
    from .dispatch import Dispatch


class Background:
    """Takes turns by itself: when the alarm rings, CoCalc answers the kernel, a client knows.

    Args:
        context: the session's.
        dispatch: what carries out its commands.
        client: a `Client`, or None.
    """

    def __init__(self, context: Context, dispatch: Dispatch, client: Any) -> None:
        self._context, self._turns, self._dispatch = context, context.turns, dispatch
        self._ledger, self._postbox = context.ledger, context.postbox
        self._here, self._greeting = context.here, context.greeting
        self._client = client
        self._unknown: list[outbox.Document] = []  # the client is to be asked about these

    # the passing of time

    def tick(self) -> None:
        """Time has passed."""
        with self._turns.turn():
            now, here = self._context.clock(), self._here
            for step in here.mind(now):
                self._do(step, now)
            overdue = here.steering.overdue(now) if here.channel in ("navigation", "tab") else []
            self._dispatch.end_steered(overdue)
            self._dispatch.prove()
            for command in self._ledger.pending:
                if here.late(command, now):
                    why = self._context.cause(command.project_id)
                    self._dispatch.fail(command, ChannelBlockedError(why), cancel=True)
            self._dispatch.end_unclear(now)
            for command in self._ledger.overdue():
                self._dispatch.fail(command, endings.silence(page=self._ledger.page))
        self._postbox.flush_mine()

    def _do(self, step: Step, now: float) -> None:
        here = self._here
        if step is Step.ASK:
            here.asked = now
            self._turns.after(lambda: self._greeting.facts.look(self.answered))
        elif step is Step.RELOAD:
            here.revived, here.silent = True, None
            self._postbox.put({"type": "reload"})
        elif step is Step.DEGRADE:
            self._degrade(now)
        else:
            here.health.signed_out = True
            self._dispatch.fail_opens(lambda _command: True)

    def _degrade(self, now: float) -> None:
        """Go on without messages: all that waits is done by URLs."""
        here = self._here
        here.channel, here.silent = "navigation", None
        here.reason = self._context.words()["silent"]
        waiting = self._ledger.pending
        if not any(command.target for command in waiting) and self._ledger.desired:
            place = self._ledger.desired[-1]
            here.steering.send(place, now)
            self._postbox.put(outbox.steer(self._context.host, place))
        for command in waiting:
            self._dispatch.order(command)

    def answered(self, down: str | None) -> None:
        """CoCalc answers the kernel, or `down` says what does not."""
        with self._turns.turn():
            now = self._context.clock()
            if step := self._here.answered(down, now):
                self._do(step, now)
        self._postbox.flush_mine()

    # what the client knows

    def inquire(self, target: outbox.Document) -> None:
        """Have the client asked about this document, when what is said now is on its way."""
        if self._context.knowledge is not None:
            if not self._unknown:
                self._postbox.put_errand(self._look)
            self._unknown.append(target)

    def _look(self) -> None:
        """Ask about the documents of the moment, all at once."""
        with self._turns.lock:
            documents, self._unknown = self._unknown, []
        if self._context.knowledge is not None:
            self._context.knowledge.look(documents)

    def found(self, found: Mapping[outbox.Document, Finding]) -> None:
        """The client has found out about documents: who waits for that, waits no longer."""
        errors = {document: finding.error for document, finding in found.items() if finding.error}
        denied = any(isinstance(error, PermissionDeniedError) for error in errors.values())
        mine = not denied or self._is_client_in()
        with self._turns.turn():
            for command in self._ledger.pending:
                error = errors.get(command.target) if command.target else None
                if error and (mine or not isinstance(error, PermissionDeniedError)):
                    self._dispatch.fail(command, error, cancel=True)
            self._dispatch.prove()
        self._postbox.flush_mine()

    def _is_client_in(self) -> bool:
        """Whether the frame is signed in as the client's account: a token can be anybody's."""
        account = self._greeting.sign_in.account
        try:
            return account is None or account == self._client.account_id
        except CoCalcError:
            return False

    def note(self, words: str, again: bool) -> None:  # noqa: FBT001 - a callback's form
        """The client does this meanwhile, "" for nothing; `again`: what waits may be there now."""
        with self._turns.turn():
            self._here.health.note = words
            self._context.line = ("", "")  # said again, for the time that it gives the opens
            seen = self._here.evidence.has(self._here.steering.place)
            if again and self._here.channel in ("navigation", "tab") and not seen:
                self._here.steering.hold(self._context.clock())
                self._postbox.put(outbox.steer(self._context.host, self._here.steering.place))
        self._postbox.flush_mine()

    def seen(self, seq: int, *, seen: bool, why: str) -> None:
        """The project's log has the file, or has not had it for long enough."""
        with self._turns.turn():
            command = self._ledger.get(seq)
            if command is None:
                return
            self._here.steering.proved = seen
            proof = Proof("api", sure=True) if seen else Proof()
            verified = True if seen else None
            self._dispatch.settle(
                command, self._dispatch.reply(command, verified=verified, proof=proof, why=why)
            )
