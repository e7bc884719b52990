"""Owns what a page is greeted with: the verdict on it, and the token it may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import ChannelBlockedError
from ...redact import discreet
from ..channel import health
from ..channel.facts import PATIENCE, Facts
from ..channel.verdict import Requested, Target, Verdict, decide
from ..kernel.timers import later
from ..messages import outbox
from .signin import SignIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...address import Generation
    from ..messages.inbox import Hello


class Greeting:
    """All that a welcome depends on, but for the commands.

    Args:
        host: CoCalc, normalized.
        facts: what is being found out about it.
        channel: what the user asked for.
        target: where the user wants CoCalc to show.
    """

    def __init__(
        self,
        host: str,
        facts: Facts,
        *,
        channel: Requested = "auto",
        target: Target = "inline",
    ) -> None:
        self._host = host
        self._channel, self._target = channel, target
        self._waited: bool | None = None  # for the facts; None: not yet begun
        self.facts = facts
        self.sign_in = SignIn()
        self.page: str | None = None  # the origin of a page that has said hello
        self.ancestors: tuple[str, ...] | None = ()  # of that page, None: it does not tell
        self.verdict: Verdict | None = None

    def hear(self, hello: Hello, answer: Callable[[], object]) -> None:
        """A page is there: answer it, at once or a little later.

        One that came before the facts gets its answer with them, or after a while.
        """
        self.page, self.ancestors = hello.page, hello.ancestors
        if self.facts.known or self._waited:
            answer()
        elif self._waited is None:
            self._waited = False
            later(PATIENCE, lambda: self._hurry(answer))

    def judge(self) -> Verdict:
        """The verdict on the page that is there."""
        self.verdict = decide(
            self.page,
            self._host,
            hosts=self.facts.hosts,
            samesite=self.facts.samesite,
            framing=self.facts.framing,
            ancestors=self.ancestors,
            generation=self.generation,
            token=self.sign_in.used,
            channel=self._channel,
            target=self._target,
        )
        return self.verdict

    def refusal(self, reason: str) -> ChannelBlockedError:
        """The error of what can't be done in this channel."""
        remedy = self.verdict.remedy if self.verdict else ""
        return ChannelBlockedError(
            reason or "This channel has no status.", remedy="" if remedy in reason else remedy
        )

    def words(self, *, usable: bool = False) -> dict[str, str]:
        """What the page says where CoCalc is silent (`health.sentences`)."""
        return health.sentences(
            self.page,
            self._host,
            hosts=self.facts.hosts,
            samesite=self.facts.samesite,
            generation=self.generation,
            token=self.sign_in.used,
            usable=usable,
        )

    @discreet
    def token(self, tell: Callable[[dict[str, Any] | None, int], object]) -> None:
        """Give the message with the token to `tell`, once; nothing if there is none (any more).

        Since 2025 CoCalc's page does not tell the frame whether it takes a token,
        so the server is asked first. `tell` gets None and the number of the
        command that brought it, where the server does not take it.
        """
        seq, generation = self.sign_in.seq, self.generation or "A"
        token = self.sign_in.take()
        if token is None:
            return
        message = outbox.token(self._host, seq, token.reveal(), generation)
        if generation == "A":
            tell(message, seq)
        else:
            self.facts.check_token(
                token, discreet(lambda taken: tell(None if taken is False else message, seq))
            )

    @property
    def generation(self) -> Generation | None:
        """Of CoCalc's server, None if not known."""
        return self.sign_in.generation or self.facts.generation

    def _hurry(self, answer: Callable[[], object]) -> None:
        self._waited = True
        if not self.facts.known:
            answer()
