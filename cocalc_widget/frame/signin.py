"""Owns the auth token between its arrival and the one moment it goes to the page."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..address import Generation
    from ..redact import Secret


class SignIn:
    """Keeps one token, gives it away once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self.generation: Generation | None = None
        self.used = False  # whether there ever was one
        self.elsewhere = False  # whether one may be of another account than the client's
        self.seq = 0  # of the command that brought it

    def keep(
        self, token: Secret, generation: Generation | None, seq: int = 0, *, own: bool = False
    ) -> None:
        """Hold a token; the one before is dropped.

        Args:
            token: the secret.
            generation: of its server, None if not known.
            seq: of the command that brought it; 0: none did.
            own: it is known to be of the client's account.
        """
        with self._lock:
            self.elsewhere = not own
            self.seq = seq
            self._token, self.generation = token, generation or self.generation
            self.used = True

    def take(self) -> Secret | None:
        """The token, forgotten here; None if there is none (any more)."""
        with self._lock:
            token, self._token = self._token, None
            return token

    @property
    def kept(self) -> bool:
        """Whether there is a token to give."""
        return self._token is not None
