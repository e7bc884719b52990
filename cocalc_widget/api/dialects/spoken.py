"""Owns speaking a dialect while the server contradicts it nowhere: it may be upgraded any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ...errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .interface import Dialect

# what does no harm when it is done twice; all else is left to whoever called
_REPEATABLE = {
    "copy_status",
    "list_copies",
    "person",
    "ping",
    "projects",
    "query",
    "read_text",
    "revoke_token",
    "start_project",
    "write_text",
}


class Spoken:
    """A dialect that is asked for again when the server has no such API (any more).

    Args:
        now: the dialect found first.
        again: asks the server which it is, within some seconds at most (None: the
            usual time): the new one; None where nothing new is known.
    """

    def __init__(
        self, now: Dialect, again: Callable[[Dialect, float | None], Dialect | None]
    ) -> None:
        self._now, self._again = now, again

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self._now, name)
        if not callable(found):
            return found

        def call(*args: Any, **options: Any) -> Any:
            before = self._now
            try:
                return getattr(before, name)(*args, **options)
            except NotFoundError as error:
                if not denies(error) or not self.reconsider(before, options.get("timeout")):
                    raise
                refused = error
            if name in _REPEATABLE:
                return getattr(self._now, name)(*args, **options)
            refused.advise(
                "The server speaks another API since it was asked, an upgrade perhaps. Nothing "
                f"was done: try again, it is called by API {self._now.name} now."
            )
            raise refused

        return call

    def reconsider(self, before: Dialect | None = None, timeout: float | None = None) -> bool:
        """Ask the server again what it speaks; returns whether that is something else now."""
        before = before or self._now
        if self._now is before and (other := self._again(before, timeout)) is not None:
            self._now = other
        return self._now is not before


def spoken(now: Dialect, again: Callable[[Dialect, float | None], Dialect | None]) -> Dialect:
    """The dialect, which becomes another one where the server contradicts it."""
    return cast("Dialect", Spoken(now, again))


def denies(error: NotFoundError) -> bool:
    """Whether there is no such API: a page says so, not the API itself."""
    return error.status == 404 and isinstance(error.body, str)
