"""Owns the conversation with the page: commands out, results and states in, until the end."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ChannelBlockedError
from . import inbox, outbox
from .ledger import Ledger
from .timers import Alarm
from .waiting import KernelWaiter, Link

if TYPE_CHECKING:
    from ..address import Generation
    from ..redact import Secret
    from .commands import Command
    from .greeting import Greeting
    from .model import Model


class Session:
    """One widget's end of the wire. Any thread may call it."""

    def __init__(
        self,
        port: Model,
        host: str,
        link: Link,
        greeting: Greeting,
        limits: Mapping[str, float],
    ) -> None:
        self._port, self._host, self._link, self._greeting = port, host, link, greeting
        self._told: dict[str, Any] = {"open_files": {}, "connection": {}}
        self._lock = threading.RLock()
        self.closed = False
        self.ledger = Ledger(KernelWaiter(link), self._give_up, limits)
        self._alarm = Alarm(self._look)

    def begin(self) -> None:
        """Find out about CoCalc while the page loads."""
        self._greeting.facts.fetch(self._welcome)

    @property
    def page(self) -> str | None:
        """The origin of the page that has said hello, as it says."""
        return self._greeting.page

    def command(self, action: str, target: outbox.Document | None = None) -> Command:
        """Give an order: at once if the page is there, else as soon as it is."""
        self._check()
        with self._lock:
            command = self.ledger.add(action, target)
            if self._link.heard:
                self._order(command)
        if not self._alarm.is_set:
            self._look()
        self._port.show({"busy": True})
        return command

    def sign_in(self, token: Secret, generation: Generation | None) -> None:
        """Keep the token until the page asks for it; a page that is there is told to ask."""
        self._check()
        self._greeting.sign_in.keep(token, generation)
        if self._link.shown:
            self._give_token()
        elif self._link.heard:
            self._welcome()

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
            self._take(message)
        finally:
            if outer:
                self._link.busy.discard(here)

    def close(self, why: str) -> None:
        """End it: commands are cancelled, the page takes its frame away."""
        if self.closed:
            return
        self.closed = True
        self._greeting.sign_in.take()
        self._alarm.set(None)
        self._port.post({"type": "bye"})
        self.ledger.cancel_all(why)
        self._port.show({"channel": "closed", "reason": why, "ready": False, "busy": False})

    def _check(self) -> None:
        if self.closed:
            raise ChannelBlockedError("The widget is closed.", remedy="Make a new one: CoCalc(...)")

    def _take(self, message: inbox.Message) -> None:
        if isinstance(message, inbox.Hello):
            self._greeting.hear(message, self._welcome)
        elif isinstance(message, inbox.Result):
            self._conclude(message)
        elif isinstance(message, inbox.State):
            if message.generation or message.values.get("ready"):
                self._link.shown = True
            self._told.update(message.values)
            pending = bool(self.ledger.pending)
            self._port.show({**message.values, "busy": message.values.get("busy") or pending})
        elif isinstance(message, inbox.WantToken):
            self._give_token()

    def _welcome(self) -> None:
        """Answer the page's hello, then send what waits for it (the page knows repeats by seq)."""
        with self._lock:
            if self._greeting.page is None or self.closed:
                return
            waiting = self.ledger.pending
            asked = {command.target for command in waiting}
            desired = [item for item in self.ledger.desired if item not in asked]
            self._port.post(self._greeting.welcome(self._port.home(), desired))
            self._link.heard = True
            self.ledger.heard()
            for command in waiting:
                self._order(command)
        verdict = self._greeting.verdict
        if verdict and verdict.channel != "messages":
            self._port.show({"reason": verdict.sentence})

    def _conclude(self, result: inbox.Result) -> None:
        if result.state == "done":
            # traits first: who awaited the command finds them up to date
            files, connection = result.reply.get("open_files"), result.reply.get("connection")
            if files is not None:
                self._told["open_files"] = inbox.open_files(files)
            if isinstance(connection, Mapping):
                self._told["connection"] = dict(connection)
            self._port.show({n: self._told[n] for n in ("open_files", "connection")})
        if result.state in inbox.ENDS and result.reply:
            self._port.show({"last_reply": result.reply})
        verdict = self._greeting.verdict
        self.ledger.apply(result, self._told, verdict.remedy if verdict else "")
        if not self.ledger.pending:
            self._port.show({"busy": False})

    def _give_token(self) -> None:
        if message := self._greeting.token(self._port.home()):
            self._port.post(message)

    def _order(self, command: Command) -> None:
        self._port.post(outbox.command(self._host, command.seq, command.action, command.target))

    def _give_up(self, command: Command) -> None:
        self.ledger.forget(command)
        if self._link.heard:
            self._port.post({"type": "cancel", "seq": command.seq})
        if not self.ledger.pending:
            self._port.show({"busy": False})

    def _look(self) -> None:
        _late, wait = self.ledger.overdue()
        self._alarm.set(wait)
        if wait is None:
            self._port.show({"busy": False})
