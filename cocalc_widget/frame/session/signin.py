"""Owns the auth token between its arrival and the one moment it goes to the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...forking import new_lock

if TYPE_CHECKING:
    from ...address import Generation
    from ...redact import Secret


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token to sign a frame in with.

    Attributes:
        generation: of its server, None if not known.
        account: the id of the account that it signs in, "" if not known.
    """

    secret: Secret
    generation: Generation | None = None
    account: str = ""


class SignIn:
    """Keeps one token, gives it away once.

    Attributes:
        generation: of the server of the last token, None if not known.
        account: whom the last one signs in, "" if not known; None: there never was one.
        seq: of the command that brought it; 0: none did.
    """

    def __init__(self) -> None:
        self._lock = new_lock()
        self._secret: Secret | None = None
        self.generation: Generation | None = None
        self.account: str | None = None
        self.seq = 0

    def keep(self, token: GivenToken, seq: int = 0) -> None:
        """Hold a token; the one before is dropped."""
        with self._lock:
            self._secret, self.account, self.seq = token.secret, token.account, seq
            self.generation = token.generation or self.generation

    def take(self) -> Secret | None:
        """The token, forgotten here; None if there is none (any more)."""
        with self._lock:
            secret, self._secret = self._secret, None
            return secret

    @property
    def kept(self) -> bool:
        """Whether there is a token to give."""
        return self._secret is not None

    @property
    def used(self) -> bool:
        """Whether there ever was one."""
        return self.account is not None
