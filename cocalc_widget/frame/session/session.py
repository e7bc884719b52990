"""Owns the conversation with the page: its hello and welcome, what it says, the token, the end."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from ...errors import ChannelBlockedError
from ..channel.evidence import Proof
from ..channel.inquiries import Knowledge, LogWatch
from ..messages import inbox, outbox
from .background import Background
from .context import Context
from .dispatch import Dispatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..kernel.waiting import Link
    from ..messages.command import Command
    from .context import Port
    from .greeting import Greeting
    from .signin import GivenToken


class Session:
    """One widget's end of the wire. Any thread may call it.

    It hears the page and the user; how commands go on and end is `dispatch`'s part, and what
    follows as time passes `background`'s. What any of them decides is decided under a lock;
    what others are told of it they are told after that (`turns`).

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
        context = Context(
            port,
            host,
            link,
            greeting,
            limits,
            cancel=self._give_up,
            look=self._look,
            clock=clock,
        )
        self.context, self._turns = context, context.turns
        self._link, self._greeting, self._here = link, greeting, context.here
        self.ledger, self.postbox = context.ledger, context.postbox
        self.dispatch = Dispatch(context)
        self.background = Background(context, self.dispatch, client)
        if client is not None:
            found, note = self.background.found, self.background.note
            context.knowledge = Knowledge(client, start=start, tell=found, say=note)
            context.log = LogWatch(client, self.background.seen)
        link.flush, link.why = self.postbox.flush, context.cause

    # what users say

    def begin(self) -> None:
        """Find out about CoCalc, and the document, while the page loads."""
        self._greeting.facts.fetch(self._welcome)
        if self.context.knowledge is not None:
            self.context.knowledge.look(self.ledger.desired)

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self.context.closed

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
        with self._turns.turn():
            command = self.ledger.add(action, target)
            if self._link.heard:
                self.dispatch.order(command)
            if target:
                self.background.inquire(target)
            self._turns.show(busy=True)
        return command

    def sign_in(self, token: GivenToken) -> Command:
        """Have the page sign the frame in: one that is there is told to ask for the token."""
        self._check()
        with self._turns.turn():
            command = self.ledger.add("sign_in")
            older = self.ledger.get(self._greeting.sign_in.seq)
            if older is not None and self._greeting.sign_in.kept:
                self._turns.after(older.cancel)  # its token is not going to be used
            self._greeting.sign_in.keep(token, command.seq)
            self._here.health.refused = False
            self._turns.show(busy=True)
        if self._link.shown:
            self._give_token()
        elif self._link.heard:
            self._welcome()
        return command

    def close(self, why: str) -> None:
        """End it: commands are cancelled, the page takes its frame away."""
        if self.context.closed:
            return
        self.context.closed = True
        self._greeting.sign_in.take()
        self.context.alarm.set(None)
        self.postbox.put({"type": "bye"})
        self.postbox.flush()
        self.ledger.cancel_all(why)
        with self._turns.turn():
            self._turns.show(channel="closed", reason=why, ready=False, busy=False)

    def _check(self) -> None:
        if self.context.closed:
            raise ChannelBlockedError("The widget is closed.", remedy="Make a new one: CoCalc(...)")

    def _give_up(self, command: Command) -> None:
        self.dispatch.give_up(command)

    def _look(self) -> None:
        self.background.tick()

    # what the page says

    def hear(self, _widget: object, content: object, _buffers: object = None) -> None:
        """Take a message from the page, whatever it is."""
        message = inbox.read(content)
        if message is None or self.context.closed:
            return
        here = threading.get_ident()
        outer = here not in self._link.busy
        self._link.threads.add(here)
        self._link.busy.add(here)
        try:
            with self._turns.turn():
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
            self.dispatch.match(message)
        elif isinstance(message, inbox.Line):
            self._take_line(message)
        elif isinstance(message, inbox.WantToken):
            self._turns.after(self._give_token)
        else:
            self._take_news(message)

    def _welcome(self) -> None:
        """Answer the page's hello, then send what waits for it (the page knows repeats by seq)."""
        with self._turns.turn():
            if self._greeting.page is None or self.context.closed:
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
                    self.context.host,
                    self._here.channel,
                    place=self._here.steering.place,
                    desired=desired,
                    token=self._greeting.sign_in.kept,
                    generation=self._greeting.generation,
                    limits=self.context.limits,
                )
            )
            self.context.line = ("good", "")
            if self._here.channel == "navigation":
                self._here.steering.send(self._here.steering.place, self.context.clock())
            self._link.heard = True
            self.ledger.heard()
            for command in waiting:
                self.dispatch.order(command)
        self.postbox.flush()

    def _desired(self, waiting: list[Command]) -> list[outbox.Document]:
        asked = {command.target for command in waiting}
        return [item for item in self.ledger.desired if item not in asked]

    def _take_state(self, state: inbox.State) -> None:
        here = self._here
        here.health.stays = self._greeting.generation == "A"
        loaded = here.take(state, self.context.clock(), idle=not self.ledger.pending)
        if state.generation or state.ready or here.channel == "tab":
            self._link.shown = True
        if here.channel == "navigation" and loaded:
            self.dispatch.end_steered(here.steering.load())

    def _take_line(self, line: inbox.Line) -> None:
        event = self._here.evidence.hear(line)
        if event is None:
            return
        self._here.health.see(line.project_id)
        self._here.silent = None
        self._turns.after(lambda: self.context.port.tell(event))
        place = self._here.steering.place
        if self._here.channel == "navigation" and place and self._here.evidence.has(place):
            active = self._here.steering.active
            proof = self._here.evidence.weigh(place, steered=True)
            if proof.evidence == "rendered" and active:
                proof = Proof("rendered", sure=True, shown_after=active[0].elapsed)
            self.dispatch.end_steered(self._here.steering.arrive(proof))
        self.dispatch.prove()

    def _take_news(self, news: inbox.Told) -> None:
        if news.name == "silent":
            self._here.silent = self.context.clock()
        elif news.name == "heard":
            self._here.silent = None
        elif news.name == "unanswered":
            self.dispatch.doubt(str(news.detail.get("project_id")))
        elif news.name == "popup":
            self._here.steering.popup = True
        elif news.name == "visited" and self._here.channel == "tab":
            self._link.shown = True
            self.dispatch.end_steered(self._here.steering.visit())

    # the token

    def _give_token(self) -> None:
        self._greeting.token(self._pass_token)

    def _pass_token(self, message: dict[str, Any] | None, seq: int) -> None:
        """Send the page its token, if the server takes it; for any thread."""
        if self.context.closed:
            return
        if message is not None:
            self.postbox.put(message)
        else:
            with self._turns.turn():
                self.dispatch.refuse_token(self.ledger.get(seq))
        self.postbox.flush()
