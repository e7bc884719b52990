"""Owns the live line between a kiosk page and its site: who is signed in, which faults are on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tornado.websocket import WebSocketClosedError, WebSocketHandler

if TYPE_CHECKING:
    from ..state.core import Core


class LiveHandler(WebSocketHandler):
    """One page's socket. Its loss is how the page learns that the site is gone."""

    def initialize(self, core: Core) -> None:
        """Tornado's way to hand over what the handler works on."""
        self.core = core
        self.round = 0  # of the faults that the page knows

    def open(self, *_args: str, **_kwargs: str) -> None:
        """Say who is signed in here."""
        self.core.pages.add(self)
        value = self.get_cookie("remember_me")
        caller = self.core.accounts.by_session(value) if value else None
        self.say({"type": "hello", "remembered": caller is not None})
        self.say_faults()

    def on_message(self, message: str | bytes) -> None:
        """Echo, for the page to measure its ping; or note which faults it knows."""
        word, _, number = str(message).partition(" ")
        if word == "faults" and number.isdigit():
            self.round = int(number)
            self.core.taken_in.set()
        else:
            self.say({"type": "pong", "of": str(message)[:40]})

    def on_close(self) -> None:
        """Forget the page."""
        self.core.pages.discard(self)

    def say_faults(self) -> None:
        """Tell the page which faults are on."""
        self.say({"type": "faults", "faults": self.core.faults.page(), "round": self.core.round})

    def say(self, message: dict[str, Any]) -> None:
        """Send a message; a page that has just gone is no error."""
        try:
            written = self.write_message(json.dumps(message))
        except WebSocketClosedError:
            self.core.pages.discard(self)
        else:
            # it may go while the message is on its way; unread, that would be logged
            written.add_done_callback(lambda done: done.cancelled() or done.exception())
