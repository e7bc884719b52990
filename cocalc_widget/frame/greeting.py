"""Owns what a page is greeted with: the verdict on it, its welcome, the token it may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import outbox, words
from .facts import PATIENCE, Facts
from .signin import SignIn
from .timers import later
from .verdict import Requested, Target, Verdict, decide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..address import Generation
    from .inbox import Hello


class Greeting:
    """All that a welcome depends on, but for the commands.

    Args:
        host: CoCalc, normalized.
        facts: what is being found out about it.
        channel: what the user asked for.
        target: where the user wants CoCalc to show.
        limits: the deadlines, in seconds (`outbox.deadlines`).
    """

    def __init__(
        self,
        host: str,
        facts: Facts,
        *,
        channel: Requested = "auto",
        target: Target = "inline",
        limits: Mapping[str, float],
    ) -> None:
        self._host, self._limits = host, limits
        self._channel, self._target = channel, target
        self._waited: bool | None = None  # for the facts; None: not yet begun
        self.facts = facts
        self.sign_in = SignIn()
        self.page: str | None = None  # the origin of a page that has said hello
        self.verdict: Verdict | None = None

    def hear(self, hello: Hello, answer: Callable[[], object]) -> None:
        """A page is there: answer it, at once or a little later.

        One that came before the facts gets its answer with them, or after a while.
        """
        self.page = hello.page
        if self.facts.known or self._waited:
            answer()
        elif self._waited is None:
            self._waited = False
            later(PATIENCE, lambda: self._hurry(answer))

    def welcome(
        self, home: outbox.Document | None, desired: Iterable[outbox.Document]
    ) -> dict[str, Any]:
        """The welcome of the page that is there, and the verdict on it."""
        given, hosts = self.sign_in.used, self.facts.hosts
        self.verdict = decide(
            self.page,
            self._host,
            hosts=hosts,
            generation=self._generation,
            token=given,
            channel=self._channel,
            target=self._target,
        )
        return outbox.welcome(
            self._host,
            self.verdict,
            home=home,
            desired=desired,
            token=self.sign_in.kept,
            limits=self._limits,
            words={
                "silent": words.silent(self.page, self._host, hosts),
                "signed_out": words.signed_out(self.page, self._host, token=given),
            },
        )

    def token(self, home: outbox.Document | None) -> dict[str, str] | None:
        """The message with the token, once; None if there is none (any more)."""
        token = self.sign_in.take()
        if token is None:
            return None
        return outbox.token(self._host, home, token.reveal(), self._generation or "A")

    @property
    def _generation(self) -> Generation | None:
        return self.sign_in.generation or self.facts.generation

    def _hurry(self, answer: Callable[[], object]) -> None:
        self._waited = True
        if not self.facts.known:
            answer()
