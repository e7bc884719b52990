"""Owns the start of a project, and the wait until it runs: one deadline for all of it."""

from __future__ import annotations

import math
import time
from itertools import chain, repeat
from typing import TYPE_CHECKING, TypeVar

from ...errors import APITimeoutError, ServerError
from ..http.failures import is_late

if TYPE_CHECKING:
    from collections.abc import Callable

    from .interface import Dialect

T = TypeVar("T")

START_WAIT = 60.0  # s; a start takes seconds (recording), a crowded server longer
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.0)  # s between two looks at a project that starts


class Start:
    """One start of a project, with one deadline for all that belongs to it."""

    def __init__(self, project_id: str, seconds: float) -> None:
        self._project_id, self._seconds = project_id, seconds
        self._ends = time.monotonic() + seconds
        self._state = ""

    def within(self, call: Callable[[float], T]) -> T:
        """What `call` gives, which gets the seconds that are left.

        Raises:
            APITimeoutError: none are left, here or on the server.
        """
        left = self._ends - time.monotonic()
        if left > 0:
            try:
                return call(left)
            except APITimeoutError:
                pass
            except ServerError as error:
                if not (is_late(error.message) or "killed command" in error.message):
                    raise
        raise self._late()

    def prove(self, dialect: Dialect) -> None:
        """Wait for a command to run in it: proof enough, and on old servers the only one."""
        self.within(
            lambda left: dialect.exec(
                self._project_id, "true", [], path="", timeout=math.ceil(left) + 1, limit=left
            )
        )

    def watch(self, state: Callable[[float], str]) -> None:
        """Ask for its state, again and again, until that is "running"."""
        pauses = chain(_PAUSES, repeat(_PAUSES[-1]))
        while (now := self.within(state)) != "running":
            self._state = now
            time.sleep(max(0.0, min(next(pauses), self._ends - time.monotonic())))

    def _late(self) -> APITimeoutError:
        last = f" (its state is {self._state!r})" if self._state else ""
        return APITimeoutError(
            f"project {self._project_id} does not run {self._seconds:g} s after it was told to "
            f"start{last}; it may still come up.",
            endpoint="start_project",
            sent=True,
            remedy="Try again with a longer timeout=, or look at the project in CoCalc.",
        )
