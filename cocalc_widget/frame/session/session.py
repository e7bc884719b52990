"""Owns the conversation with the page: commands out, results and states in, until the end."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import (
    ChannelBlockedError,
    CoCalcError,
    CommandCancelledError,
    CommandError,
    CommandTimeoutError,
    PermissionDeniedError,
)
from ...forking import new_rlock
from ..channel.evidence import Proof
from ..channel.inquiries import Finding, Knowledge, LogWatch
from ..channel.proving import Proving
from ..channel.situation import WATCH, Situation, Step
from ..channel.steering import Ending, Steering
from ..kernel.timers import Alarm
from ..kernel.waiting import KernelWaiter, Link
from ..messages import inbox, outbox
from ..messages.postbox import Postbox
from . import endings
from .ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..messages.command import Command
    from ..messages.events import Event
    from ..messages.reply import Reply
    from .greeting import Greeting
    from .signin import GivenToken

UNCLEAR = 10.0  # seconds in which it turns out why CoCalc has lost its connection


class Port(Protocol):
    """The widget, as far as a session needs it."""

    def deliver(self, content: dict[str, Any]) -> None:
        """Send one message to the page."""

    def deliver_traits(self, names: set[str]) -> None:
        """Send the values of these traits to the page."""

    def show(self, values: Mapping[str, Any]) -> None:
        """Set read-only traits."""

    def tell(self, event: Event) -> None:
        """Tell whoever listens."""


class Session:
    """One widget's end of the wire. Any thread may call it.

    What it decides is decided under a lock; what others are told of it (traits,
    commands, callbacks) they are told after that.

    Args:
        port: the widget.
        host: CoCalc, normalized.
        link: what is known of the page.
        greeting: what the page's welcome depends on.
        limits: the deadlines, in seconds (`outbox.deadlines`).
        client: a `Client`, or None.
        start: whether to start a stopped project with that.
        clock: a monotonic clock in seconds.
    """

    def __init__(
        self,
        port: Port,
        host: str,
        link: Link,
        greeting: Greeting,
        limits: Mapping[str, float],
        *,
        client: Any = None,
        start: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port, self._host, self._link, self._greeting = port, host, link, greeting
        self._limits, self._clock = limits, clock
        self._lock = new_rlock()
        self._turns = 0
        self._todo: list[Callable[[], object]] = []
        self._moment = 0  # counts what was decided to be shown
        self._told: dict[str, tuple[int, Any]] = {}  # trait -> its value, and of which moment
        self.closed = False
        self.ledger = Ledger(KernelWaiter(link), self._give_up, limits, clock)
        self.postbox = Postbox(port.deliver, port.deliver_traits)
        self._alarm = Alarm(self._tick)
        self._client, self._knowledge, self._log = client, None, None
        if client is not None:
            self._knowledge = Knowledge(client, start=start, tell=self._found, say=self._note)
            self._log = LogWatch(client, self._seen)
        self._here = Situation(Steering(limits), Proving(limits["render"]), limits)
        self._unknown: list[outbox.Document] = []  # the client is to be asked about these
        self._unclear: dict[int, tuple[float, inbox.Result]] = {}  # until when, what else they are
        self._line: tuple[str, str] = ("good", "")  # the status line, as told to the page
        link.flush, link.why = self.postbox.flush, self._cause

    # what users say

    def begin(self) -> None:
        """Find out about CoCalc, and the document, while the page loads."""
        self._greeting.facts.fetch(self._welcome)
        if self._knowledge is not None:
            self._knowledge.look(self.ledger.desired)

    @property
    def page(self) -> str | None:
        """The origin of the page that has said hello, as it says."""
        return self._greeting.page

    @property
    def ancestors(self) -> tuple[str, ...] | None:
        """The origins of the pages that frame that one, as it says; None: it does not."""
        return self._greeting.ancestors

    @property
    def signed_in(self) -> bool | None:
        """Whether the frame is signed in, by what CoCalc does there; None: not known."""
        return self._here.signed_in

    def command(self, action: str, target: outbox.Document | None = None) -> Command:
        """Give an order: at once if the page is there, else as soon as it is."""
        self._check()
        with self._turn():
            command = self.ledger.add(action, target)
            if self._link.heard:
                self._order(command)
            if target and self._knowledge is not None:
                if not self._unknown:
                    self.postbox.put_errand(self._look)
                self._unknown.append(target)
            self._show(busy=True)
        return command

    def sign_in(self, token: GivenToken) -> Command:
        """Have the page sign the frame in: one that is there is told to ask for the token."""
        self._check()
        with self._turn():
            command = self.ledger.add("sign_in")
            older = self.ledger.get(self._greeting.sign_in.seq)
            if older is not None and self._greeting.sign_in.kept:
                self._todo.append(older.cancel)  # its token is not going to be used
            self._greeting.sign_in.keep(token, command.seq)
            self._here.health.refused = False
            self._show(busy=True)
        if self._link.shown:
            self._give_token()
        elif self._link.heard:
            self._welcome()
        return command

    def close(self, why: str) -> None:
        """End it: commands are cancelled, the page takes its frame away."""
        if self.closed:
            return
        self.closed = True
        self._greeting.sign_in.take()
        self._alarm.set(None)
        self.postbox.put({"type": "bye"})
        self.postbox.flush()
        self.ledger.cancel_all(why)
        with self._turn():
            self._show(channel="closed", reason=why, ready=False, busy=False)

    def _check(self) -> None:
        if self.closed:
            raise ChannelBlockedError("The widget is closed.", remedy="Make a new one: CoCalc(...)")

    # what the page says

    def hear(self, _widget: object, content: object, _buffers: object = None) -> None:
        """Take a message from the page, whatever it is."""
        message = inbox.read(content)
        if message is None or self.closed:
            return
        here = threading.get_ident()
        outer = here not in self._link.busy
        self._link.threads.add(here)
        self._link.busy.add(here)
        try:
            with self._turn():
                self._take(message)
        finally:
            if outer:
                self._link.busy.discard(here)
        self.postbox.flush_mine()

    def _take(self, message: inbox.Message) -> None:
        if isinstance(message, inbox.Batch):
            for each in message.messages:
                self._take(each)
        elif isinstance(message, inbox.Hello):
            self._greeting.hear(message, self._welcome)
        elif isinstance(message, inbox.State):
            self._take_state(message)
        elif isinstance(message, inbox.Result):
            self._take_result(message)
        elif isinstance(message, inbox.Line):
            self._take_line(message)
        elif isinstance(message, inbox.WantToken):
            self._todo.append(self._give_token)
        else:
            self._take_news(message)

    def _welcome(self) -> None:
        """Answer the page's hello, then send what waits for it (the page knows repeats by seq)."""
        with self._turn():
            if self._greeting.page is None or self.closed:
                return
            verdict = self._greeting.judge()
            if not self._link.heard or self._here.channel == "messages":
                self._here.channel = verdict.channel
                self._here.reason = "" if verdict.channel == "messages" else verdict.sentence
            waiting = self.ledger.pending
            desired = self._desired(waiting)
            if (
                not self._here.steering.used
                and desired
                and self._here.channel in ("navigation", "tab")
            ):
                self._here.steering.place = desired[-1]
            self.postbox.put(
                outbox.welcome(
                    self._host,
                    self._here.channel,
                    place=self._here.steering.place,
                    desired=desired,
                    token=self._greeting.sign_in.kept,
                    generation=self._greeting.generation,
                    limits=self._limits,
                )
            )
            self._line = ("good", "")
            if self._here.channel == "navigation":
                self._here.steering.send(self._here.steering.place, self._clock())
            self._link.heard = True
            self.ledger.heard()
            for command in waiting:
                self._order(command)
        self.postbox.flush()

    def _desired(self, waiting: list[Command]) -> list[outbox.Document]:
        asked = {command.target for command in waiting}
        return [item for item in self.ledger.desired if item not in asked]

    def _take_state(self, state: inbox.State) -> None:
        here = self._here
        loaded = here.take(state, self._clock(), idle=not self.ledger.pending)
        if state.generation or state.ready or here.channel == "tab":
            self._link.shown = True
        if here.channel == "navigation" and loaded:
            self._end_steered(here.steering.load())

    def _take_line(self, line: inbox.Line) -> None:
        event = self._here.evidence.hear(line)
        if event is None:
            return
        self._here.health.see(line.project_id)
        self._here.silent = None
        self._todo.append(lambda: self._port.tell(event))
        place = self._here.steering.place
        if self._here.channel == "navigation" and place and self._here.evidence.has(place):
            active = self._here.steering.active
            proof = self._here.evidence.weigh(place, steered=True)
            if proof.evidence == "rendered" and active:
                proof = Proof("rendered", sure=True, shown_after=active[0].elapsed)
            self._end_steered(self._here.steering.arrive(proof))
        self._prove()

    def _take_news(self, news: inbox.Told) -> None:
        if news.name == "silent":
            self._here.silent = self._clock()
        elif news.name == "heard":
            self._here.silent = None
        elif news.name == "unanswered":
            self._doubt(str(news.detail.get("project_id")))
        elif news.name == "popup":
            self._here.steering.popup = True
        elif news.name == "visited" and self._here.channel == "tab":
            self._link.shown = True
            self._end_steered(self._here.steering.visit())

    def _take_result(self, result: inbox.Result) -> None:
        if self._here.proving.relisted(result):
            self._prove()
            return
        command = self.ledger.get(result.seq)
        if command is None:
            if result.seq < 0 and result.state == "error":  # the token that came with the widget
                self._refuse_token(None)
            return  # cancelled here before, or another page's: nobody waits for it
        self.ledger.advance(command, result.state)
        if result.state in ("ack", "done"):
            self._here.proving.front(command)
        if command.action == "sign_in":
            self._take_sign_in(command, result)
        elif command.target and result.state == "done":
            self._here.proving.add(command.target, result, self._clock())
        elif result.state not in inbox.STEPS:
            silent = command.target and result.state == "timeout" and result.at == 1
            if command.target and silent and not self._here.evidence.has(command.target):
                if self._here.state.ready:
                    self._doubt(command.target[0])
                elif self._here.health.lost is not None:
                    # Nobody may be signed in: that is known within seconds.
                    self._unclear[result.seq] = self._clock() + UNCLEAR, result
                    return
            if self.ledger.get(result.seq):
                self._end(command, result)
        self._prove()

    def _take_sign_in(self, command: Command, result: inbox.Result) -> None:
        if result.state == "error":
            self._refuse_token(command)
        elif result.state not in inbox.STEPS:
            self._end(command, result)

    def _refuse_token(self, command: Command | None) -> None:
        self._here.health.refused = True
        if command is not None:
            self._fail(command, CommandError(self._words()["refused"]))

    # how commands go on and end

    def _order(self, command: Command) -> None:
        """Have it done, in whatever way there is."""
        if command.action == "sign_in":
            return  # its message is the one with the token
        if command.action == "open" and self._here.health.signed_out:
            self._fail(command, ChannelBlockedError(self._cause(command.project_id)))
        elif self._here.channel == "messages":
            self.postbox.put(
                outbox.command(self._host, command.seq, command.action, command.target)
            )
        elif self._here.channel == "blocked" or command.action == "status":
            self._fail(command, self._greeting.refusal(self._here.reason))
        elif self._here.channel == "tab" and not (command.target or self._here.steering.shown):
            self._end(command)
        else:
            ended, moves = self._here.steering.order(command, self._clock())
            self._end_steered(ended)
            self.ledger.advance(command, "sent")
            if self._log and self._here.channel == "tab" and command.target:
                self._log.prepare(command)
            if moves:
                self._here.health.unseen = False
                self.postbox.put(outbox.steer(self._host, command.target))

    def _end_steered(self, ended: list[Ending]) -> None:
        for ending in ended:
            command = ending.command
            if ending.state == "timeout":
                why = endings.POPUP if ending.popup else self._cause()
                error = endings.late(command, 0, self._limits, why)
                self._fail(command, error)
                continue
            watched = self._here.channel == "tab" and command.action == "open" and self._log
            if watched and ending.verified is None:
                self._todo.append(lambda command=command: self._log.watch(command))  # type: ignore[misc, union-attr]
                continue
            why = ""
            if ending.verified is False:
                why = endings.replaced(ending.instead)
            elif ending.verified is None and command.action == "open":
                why = endings.TAB if self._here.channel == "tab" else self._words()["unseen"]
            reply = self._reply(command, verified=ending.verified, proof=ending.proof, why=why)
            self._settle(command, reply)

    def _prove(self) -> None:
        """Hold what is done against what tells that it is shown; it may wait for that a little."""
        for seq in self._here.proving.seqs():
            command = self.ledger.get(seq)
            if command is None or command.target is None:
                self._here.proving.drop(seq)
            else:
                self._prove_one(command, command.target)

    def _prove_one(self, command: Command, target: outbox.Document) -> None:
        result, now = self._here.proving.result(command), self._clock()
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
            seq = self.ledger.number()
            if self._here.proving.look(command, seq, now):
                self.postbox.put(outbox.command(self._host, seq, "status", None))
        elif judgement.step == "refuse":
            self._fail(command, ChannelBlockedError(self._cause(target[0])))
        elif judgement.step == "end":
            self._here.proving.drop(command.seq)
            why = judgement.why or endings.opened_as(result.opened_as)
            verified = judgement.verified
            self._settle(
                command, self._reply(command, result, verified=verified, proof=proof, why=why)
            )

    def _finding(self, target: outbox.Document) -> Finding | None:
        return self._knowledge.of(target) if self._knowledge else Finding()

    def _end(self, command: Command, result: inbox.Result | None = None) -> None:
        """End it by what the page says last about it."""
        result = result or inbox.Result(command.seq, "done")
        if result.state == "done":
            # Its list may be older than what the page has told of the frame's state meanwhile.
            self._settle(command, self._reply(command, result))
            return
        if result.reply:
            self._show(last_reply=result.reply)
        why = self._cause(command.project_id)
        if command.action == "open" and result.at == 2:
            why = why or self._words()["stopped"]
        self._fail(command, endings.error(command, result, self._limits, why))

    def _reply(
        self,
        command: Command,
        result: inbox.Result | None = None,
        *,
        verified: bool | None = None,
        proof: Proof | None = None,
        why: str = "",
    ) -> Reply:
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

    def _settle(self, command: Command, reply: Reply) -> None:
        self.ledger.forget(command, failed=reply.verified is False)
        if reply.raw:
            self._show(last_reply=reply.raw)
        opened = reply.action == "open"  # a status may have been asked before what came since
        self._show(open_files=reply.open_files if opened else self._here.files)
        self._todo.append(lambda: command.settle("done", reply=reply))

    def _fail(self, command: Command, error: CoCalcError, *, cancel: bool = False) -> None:
        """End it with an error; `cancel`: the page still has it."""
        late = isinstance(error, CommandTimeoutError)  # it may still come
        self.ledger.forget(command, failed=not late)
        self._here.steering.forget(command)
        self._here.proving.drop(command.seq)
        if cancel and self._link.heard and self._here.channel == "messages":
            self.postbox.put({"type": "cancel", "seq": command.seq})
        ends = {CommandTimeoutError: "timeout", CommandCancelledError: "cancelled"}
        state = ends.get(type(error), "error")
        self._todo.append(lambda: command.settle(state, error=error))  # type: ignore[arg-type]

    def _doubt(self, project_id: str) -> None:
        """An open of this project met silence: the others that wait would fare no better."""
        self._here.health.doubts.add(project_id)
        self._fail_opens(lambda command: command.project_id == project_id and command.acked is None)

    def _fail_opens(self, which: Callable[[Command], bool]) -> None:
        for command in self.ledger.pending:
            if command.action == "open" and which(command):
                why = self._cause(command.project_id)
                self._fail(command, ChannelBlockedError(why), cancel=True)

    # what the client knows

    def _look(self) -> None:
        """Ask about the documents of the moment, all at once."""
        with self._lock:
            documents, self._unknown = self._unknown, []
        if self._knowledge is not None:
            self._knowledge.look(documents)

    def _found(self, found: Mapping[outbox.Document, Finding]) -> None:
        """The client has found out about documents: who waits for that, waits no longer."""
        errors = {document: finding.error for document, finding in found.items() if finding.error}
        denied = any(isinstance(error, PermissionDeniedError) for error in errors.values())
        mine = not denied or self._is_client_in()
        with self._turn():
            for command in self.ledger.pending:
                error = errors.get(command.target) if command.target else None
                if error and (mine or not isinstance(error, PermissionDeniedError)):
                    self._fail(command, error, cancel=True)
            self._prove()
        self.postbox.flush_mine()

    def _is_client_in(self) -> bool:
        """Whether the frame is signed in as the client's account: a token can be anybody's."""
        account = self._greeting.sign_in.account
        try:
            return account is None or account == self._client.account_id
        except CoCalcError:
            return False

    def _note(self, words: str, again: bool) -> None:  # noqa: FBT001 - a callback's form
        with self._turn():
            self._here.health.note = words
            self._line = ("", "")  # said again, for the time that it gives the opens
            seen = self._here.evidence.has(self._here.steering.place)
            if again and self._here.channel in ("navigation", "tab") and not seen:
                self._here.steering.hold(self._clock())
                self.postbox.put(outbox.steer(self._host, self._here.steering.place))
        self.postbox.flush_mine()

    def _seen(self, seq: int, *, seen: bool, why: str) -> None:
        """The project's log has the file, or has not had it for long enough."""
        with self._turn():
            command = self.ledger.get(seq)
            if command is None:
                return
            self._here.steering.proved = seen
            proof = Proof("api", sure=True) if seen else Proof()
            verified = True if seen else None
            self._settle(command, self._reply(command, verified=verified, proof=proof, why=why))

    # the passing of time

    def _tick(self) -> None:
        with self._turn():
            now, here = self._clock(), self._here
            for step in here.mind(now):
                self._do(step, now)
            overdue = here.steering.overdue(now) if here.channel in ("navigation", "tab") else []
            self._end_steered(overdue)
            self._prove()
            for command in self.ledger.pending:
                if here.late(command, now):
                    why = self._cause(command.project_id)
                    self._fail(command, ChannelBlockedError(why), cancel=True)
            for seq, (until, result) in list(self._unclear.items()):
                unclear = self.ledger.get(seq)
                if unclear is None or now >= until:
                    del self._unclear[seq]
                if unclear is not None and now >= until:
                    self._end(unclear, result)
            for command in self.ledger.overdue():
                self._fail(command, endings.silence(page=self.ledger.page))
        self.postbox.flush_mine()

    def _do(self, step: Step, now: float) -> None:
        here = self._here
        if step is Step.ASK:
            here.asked = now
            self._todo.append(lambda: self._greeting.facts.look(self._answered))
        elif step is Step.RELOAD:
            here.revived, here.silent = True, None
            self.postbox.put({"type": "reload"})
        elif step is Step.DEGRADE:
            self._degrade(now)
        else:
            here.health.signed_out = True
            self._fail_opens(lambda _command: True)

    def _degrade(self, now: float) -> None:
        """Go on without messages: all that waits is done by URLs."""
        here = self._here
        here.channel, here.silent = "navigation", None
        here.reason = self._words()["silent"]
        waiting = self.ledger.pending
        if not any(command.target for command in waiting) and self.ledger.desired:
            place = self.ledger.desired[-1]
            here.steering.send(place, now)
            self.postbox.put(outbox.steer(self._host, place))
        for command in waiting:
            self._order(command)

    def _answered(self, down: str) -> None:
        """CoCalc answers the kernel, or `down` says what does not."""
        with self._turn():
            now = self._clock()
            if step := self._here.answered(down, now):
                self._do(step, now)
        self.postbox.flush_mine()

    # what all that comes to

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Decide under the lock; then tell how things are, and do what was decided."""
        with self._lock:
            self._turns += 1
            try:
                yield
                if self._turns == 1 and not self.closed:
                    self._report()
            finally:
                self._turns -= 1
            todo: list[Callable[[], object]] = []
            if not self._turns:
                todo, self._todo = self._todo, []
        for call in todo:
            call()

    def _report(self) -> None:
        """Traits, the status line, and when to look again."""
        here, words, pending = self._here, self._words(), self.ledger.pending
        if self._link.heard:
            self._show(**here.traits(words))
        self._show(busy=bool(pending))
        line = here.line(words, pending, self._clock())
        if self._link.heard and line != self._line:
            self._line = line
            self.postbox.put(outbox.say(*line, more=bool(here.health.note)))
        self._alarm.set(WATCH if here.watched(pending) else self.ledger.left())

    def _cause(self, project_id: str | None = None) -> str:
        """What is wrong, with this project or with any; "" where nothing is known to be."""
        return self._here.cause(self._words(project_id), project_id)[1]

    def _words(self, project_id: str | None = None) -> dict[str, str]:
        usable = self._knowledge is not None and self._knowledge.usable(project_id)
        return self._greeting.words(usable=usable)

    def _show(self, **values: Any) -> None:
        self._moment += 1
        moment = self._moment
        self._todo.append(lambda: self._tell(moment, values))

    def _tell(self, moment: int, values: Mapping[str, Any]) -> None:
        """Show what was decided at that moment, but never in the place of what is newer.

        Two threads may be telling at a time, and each of them be overtaken.
        """
        for name, value in values.items():
            with self._lock:
                newer = self._told.get(name, (0, None))[0] > moment
                if not newer:
                    self._told[name] = moment, value
            if newer:
                continue
            self._port.show({name: value})
            with self._lock:
                last, latest = self._told[name]
            if last > moment:
                self._port.show({name: latest})

    def _give_token(self) -> None:
        self._greeting.token(self._pass_token)

    def _pass_token(self, message: dict[str, Any] | None, seq: int) -> None:
        """Send the page its token, if the server takes it; for any thread."""
        if self.closed:
            return
        if message is not None:
            self.postbox.put(message)
        else:
            with self._turn():
                self._refuse_token(self.ledger.get(seq))
        self.postbox.flush()

    def _give_up(self, command: Command) -> None:
        with self._turn():
            self.ledger.forget(command, failed=True)
            self._here.steering.forget(command)
            self._here.proving.drop(command.seq)
            if self._link.heard and self._here.channel == "messages":
                self.postbox.put({"type": "cancel", "seq": command.seq})
