"""Owns the running of checks: several at a time, each with a deadline, none able to raise."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from ...errors import CoCalcError
from .report import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    # names of the checks in it, and what yields them one by one, in this order
    Group = tuple[tuple[str, ...], Callable[[], Iterable[Check]]]


def diagnose(groups: Sequence[Group], seconds: float) -> list[Check]:
    """The checks of all groups in order; what has not ended in time counts as failed.

    Args:
        groups: each runs on a thread of its own.
        seconds: for all of them together.
    """
    until = time.monotonic() + seconds
    runs = [_Run(names, checks) for names, checks in groups]
    for run in runs:
        run.thread.join(max(0.0, until - time.monotonic()))
    return [check for run in runs for check in run.result(seconds)]


class _Run:
    def __init__(self, names: tuple[str, ...], checks: Callable[[], Iterable[Check]]) -> None:
        self._names, self._checks = names, checks
        self._found: list[Check] = []
        self._problem = ""
        self.thread = threading.Thread(target=self._work, name="cocalc-doctor", daemon=True)
        self.thread.start()

    def result(self, seconds: float) -> list[Check]:
        """What is known now; also of the checks that never came."""
        found = list(self._found)
        known = {check.name for check in found}
        missing = [name for name in self._names if name not in known]
        late = f"No answer within {seconds:g} s."
        for at, name in enumerate(missing):
            if at == 0:
                found.append(Check(name, "fail", self._problem or late))
            else:
                found.append(Check(name, "warn", "Not looked at, as said above."))
        return found

    def _work(self) -> None:
        try:
            for check in self._checks():
                self._found.append(check)
        except CoCalcError as error:
            self._problem = str(error)
        except Exception as error:  # noqa: BLE001 - a doctor that falls ill helps nobody
            self._problem = f"Could not be looked at: {type(error).__name__}: {error}"
