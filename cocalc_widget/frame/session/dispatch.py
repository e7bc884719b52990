"""Owns how commands go on and end: sent or steered, matched with what the page says, proved.

A result that the page sends is matched with its command by its number (`match`). CoCalc's
"done" ends no open: it is held against what tells that the file is shown (`prove`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from ...errors import (
    ChannelBlockedError,
    CoCalcError,
    CommandCancelledError,
    CommandError,
    CommandTimeoutError,
)
from ..channel.inquiries import Finding
from ..messages import inbox, outbox
from . import endings

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..channel.evidence import Proof
    from ..channel.steering import Ending
    from ..messages.command import Command
    from ..messages.reply import Reply
    from .context import Context

UNCLEAR = 10.0  # seconds in which it turns out why CoCalc has lost its connection


class Dispatch:
    """Carries out the commands of a session. All is done within a turn, but for `give_up`."""

    def __init__(self, context: Context) -> None:
        self._context, self._turns, self._link = context, context.turns, context.link
        self._ledger, self._postbox = context.ledger, context.postbox
        self._here, self._greeting = context.here, context.greeting
        self._unclear: dict[int, tuple[float, inbox.Result]] = {}  # until when, what else they are

    def order(self, command: Command) -> None:
        """Have it done, in whatever way there is."""
        if command.action == "sign_in":
            return  # its message is the one with the token
        if command.action == "open" and self._here.health.signed_out:
            self.fail(command, ChannelBlockedError(self._context.cause(command.project_id)))
        elif self._here.channel == "messages":
            self._postbox.put(
                outbox.command(self._context.host, command.seq, command.action, command.target)
            )
        elif self._here.channel == "blocked" or command.action == "status":
            self.fail(command, self._greeting.refusal(self._here.reason))
        elif self._here.channel == "tab" and not (command.target or self._here.steering.shown):
            self.end(command)
        else:
            ended, moves = self._here.steering.order(command, self._context.clock())
            self.end_steered(ended)
            self._ledger.advance(command, "sent")
            if self._context.log and self._here.channel == "tab" and command.target:
                self._context.log.prepare(command)
            if moves:
                self._here.health.unseen = False
                self._postbox.put(outbox.steer(self._context.host, command.target))

    def match(self, result: inbox.Result) -> None:
        """Take what the page says about the command of this number."""
        if self._here.proving.relisted(result):
            self.prove()
            return
        command = self._ledger.get(result.seq)
        if command is None:
            if result.seq < 0 and result.state == "error":  # the token that came with the widget
                self.refuse_token(None)
            return  # cancelled here before, or another page's: nobody waits for it
        self._ledger.advance(command, result.state)
        if result.state in ("ack", "done"):
            self._here.proving.front(command)
        if command.action == "sign_in":
            self._take_sign_in(command, result)
        elif command.target and result.state == "done":
            self._here.proving.add(command.target, result, self._context.clock())
        elif result.state not in inbox.STEPS:
            silent = command.target and result.state == "timeout" and result.at == 1
            if command.target and silent and not self._here.evidence.has(command.target):
                if self._here.state.ready:
                    self.doubt(command.target[0])
                elif self._here.health.lost is not None:
                    # Nobody may be signed in: that is known within seconds.
                    self._unclear[result.seq] = self._context.clock() + UNCLEAR, result
                    return
            if self._ledger.get(result.seq):
                self.end(command, result)
        self.prove()

    def _take_sign_in(self, command: Command, result: inbox.Result) -> None:
        if result.state == "error":
            self.refuse_token(command)
        elif result.state not in inbox.STEPS:
            self.end(command, result)

    def refuse_token(self, command: Command | None) -> None:
        """CoCalc did not take the token that this command brought; None: the widget did."""
        self._here.health.refused = True
        if command is not None:
            self.fail(command, CommandError(self._context.words()["refused"]))

    def doubt(self, project_id: str) -> None:
        """An open of this project met silence: the others that wait would fare no better."""
        health = self._here.health
        if not (health.stays and health.lost is not None):  # else there is a reason for silence
            health.doubts.add(project_id)
        self.fail_opens(lambda command: command.project_id == project_id and command.acked is None)

    def end_steered(self, ended: list[Ending]) -> None:
        """End those that have waited for what the frame or tab was sent to."""
        tab = self._here.channel == "tab"
        log = self._context.log if tab else None
        for ending in ended:
            command = ending.command
            if ending.state == "timeout":
                why = endings.POPUP if ending.popup else self._context.cause()
                error = endings.late(command, 0, self._context.limits, why)
                self.fail(command, error)
                continue
            if log and command.action == "open" and ending.verified is None:
                self._turns.after(partial(log.watch, command))
                continue
            why = ""
            if ending.verified is False:
                why = endings.replaced(ending.instead)
            elif ending.verified is None and command.action == "open":
                why = endings.TAB if tab else self._context.words()["unseen"]
            reply = self.reply(command, verified=ending.verified, proof=ending.proof, why=why)
            self.settle(command, reply)

    def prove(self) -> None:
        """Hold what is done against what tells that it is shown; it may wait for that a little."""
        for seq in self._here.proving.seqs():
            command = self._ledger.get(seq)
            if command is None or command.target is None:
                self._here.proving.drop(seq)
            else:
                self._prove_one(command, command.target)

    def _prove_one(self, command: Command, target: outbox.Document) -> None:
        result, now = self._here.proving.result(command), self._context.clock()
        doubtful = target[0] in self._here.health.doubts
        old = self._greeting.generation == "A"
        proof = self._here.evidence.weigh(
            target,
            posted=result.posted,
            opened_as=result.opened_as,
            listed=result.listed,
            generation=self._greeting.generation,
        )
        judgement = self._here.proving.judge(
            command,
            proof,
            now,
            finding=self._finding(target),
            tells=old or outbox.tells(target[1]),
            covers=not old,
            doubtful=doubtful,
        )
        if judgement.step == "look":
            seq = self._ledger.number()
            if self._here.proving.look(command, seq, now):
                self._postbox.put(outbox.command(self._context.host, seq, "status", None))
        elif judgement.step == "refuse":
            self.fail(command, ChannelBlockedError(self._context.cause(target[0])))
        elif judgement.step == "end":
            self._here.proving.drop(command.seq)
            why = judgement.why or endings.opened_as(result.opened_as)
            verified = judgement.verified
            self.settle(
                command, self.reply(command, result, verified=verified, proof=proof, why=why)
            )

    def _finding(self, target: outbox.Document) -> Finding | None:
        return self._context.knowledge.of(target) if self._context.knowledge else Finding()

    def end(self, command: Command, result: inbox.Result | None = None) -> None:
        """End it by what the page says last about it."""
        result = result or inbox.Result(command.seq, "done")
        if result.state == "done":
            # Its list may be older than what the page has told of the frame's state meanwhile.
            self.settle(command, self.reply(command, result))
            return
        if result.reply:
            self._turns.show(last_reply=result.reply)
        why = self._context.cause(command.project_id)
        if command.action == "open" and result.at == 2:
            why = why or self._context.words()["stopped"]
        self.fail(command, endings.error(command, result, self._context.limits, why))

    def end_unclear(self, now: float) -> None:
        """End what it has not turned out about for long enough."""
        for seq, (until, result) in list(self._unclear.items()):
            unclear = self._ledger.get(seq)
            if unclear is None or now >= until:
                del self._unclear[seq]
            if unclear is not None and now >= until:
                self.end(unclear, result)

    def fail_opens(self, which: Callable[[Command], bool]) -> None:
        """Nothing will come of these opens."""
        for command in self._ledger.pending:
            if command.action == "open" and which(command):
                why = self._context.cause(command.project_id)
                self.fail(command, ChannelBlockedError(why), cancel=True)

    def fail(self, command: Command, error: CoCalcError, *, cancel: bool = False) -> None:
        """End it with an error; `cancel`: the page still has it."""
        late = isinstance(error, CommandTimeoutError)  # it may still come
        self._ledger.forget(command, failed=not late)
        self._here.steering.forget(command)
        self._here.proving.drop(command.seq)
        if cancel and self._link.heard and self._here.channel == "messages":
            self._postbox.put({"type": "cancel", "seq": command.seq})
        ends = {CommandTimeoutError: "timeout", CommandCancelledError: "cancelled"}
        state = ends.get(type(error), "error")
        self._turns.after(lambda: command.settle(state, error=error))  # type: ignore[arg-type]

    def give_up(self, command: Command) -> None:
        """A user has cancelled it; for any thread."""
        with self._turns.turn():
            self._ledger.forget(command, failed=True)
            self._here.steering.forget(command)
            self._here.proving.drop(command.seq)
            if self._link.heard and self._here.channel == "messages":
                self._postbox.put({"type": "cancel", "seq": command.seq})

    def settle(self, command: Command, reply: Reply) -> None:
        """End it with a reply."""
        self._ledger.forget(command, failed=reply.verified is False)
        if reply.raw:
            self._turns.show(last_reply=reply.raw)
        opened = reply.action == "open"  # a status may have been asked before what came since
        self._turns.show(open_files=reply.open_files if opened else self._here.files)
        self._turns.after(lambda: command.settle("done", reply=reply))

    def reply(
        self,
        command: Command,
        result: inbox.Result | None = None,
        *,
        verified: bool | None = None,
        proof: Proof | None = None,
        why: str = "",
    ) -> Reply:
        """What it came to, with what is known of the frame; see `endings.reply`."""
        raw = result.reply if result else {}
        files, connection = raw.get("open_files"), raw.get("connection")
        here = self._here
        return endings.reply(
            command,
            raw,
            here.files if files is None else here.without_doubts(inbox.open_files(files)),
            connection if isinstance(connection, Mapping) else here.state.connection,
            verified=verified,
            proof=proof,
            why=why,
        )
