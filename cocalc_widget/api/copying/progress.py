"""Owns the live progress of a batch, by tqdm in terminal and notebook."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ...forking import importing

if TYPE_CHECKING:
    from types import TracebackType

    from ..results.jobs import CopyJob

_UNANSWERED = ("waiting", "sending")
_OPEN = ("waiting", "sending", "queued", "started")


class Progress:
    """A bar for the jobs of those numbers; counts what is no longer open.

    Args:
        jobs: of the batch, changing.
        which: numbers of the jobs to watch.
        shown: True, False, or None: where more than one job is watched.
        sending: what has its answer counts, also where it ends later.
    """

    def __init__(
        self, jobs: list[CopyJob], which: list[int], *, shown: bool | None, sending: bool = False
    ) -> None:
        self._jobs = jobs
        self._which = which
        self._start = self._states()
        self._sending = sending
        self._bar: Any = None
        wanted = shown if shown is not None else len(which) > 1
        if wanted and which:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # tqdm's own about widgets it can do without
                with importing():
                    from tqdm.auto import tqdm

                off = None if shown is None else False  # None: only where a person looks
                self._bar = tqdm(total=len(which), unit="copy", desc="copying", disable=off)

    def update(self) -> None:
        """Show how far it is; cheap, called often, always in the caller's thread."""
        if self._bar is None:
            return
        now = self._states()
        if self._sending:
            done = sum(state not in _UNANSWERED for state in now)
        else:
            done = sum(a != b or b not in _OPEN for a, b in zip(self._start, now, strict=True))
        failed = sum(state in ("error", "unknown") for state in now)
        if failed:
            self._bar.set_postfix(failed=failed, refresh=False)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        self.update()
        if self._bar is not None:
            self._bar.close()

    def _states(self) -> list[str]:
        return [self._jobs[number].state for number in self._which]
