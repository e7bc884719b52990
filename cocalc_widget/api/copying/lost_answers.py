"""Owns copies whose answer got lost: when one did, and which of the server's jobs it is (pure).

A job is taken for one of these only where it can be no other: it was not there before
the copy was sent, it was made until the answer was missed, it copies the same in the same
way, and there is no second one like it. What leaves a doubt is said to be unknown: a job of
an earlier batch, or of somebody else, copied an older state of the file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...errors import ServerError
from ..http.failures import is_late

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from ...errors import APIError
    from ..dialects.interface import CopyOptions
    from ..results.jobs import CopyJob

SLACK = 2.0  # s that the server's clock is known to, and that its parts may differ by
DOUBTFUL = (
    "the server lists a copy like this one, which may be another's: batch.retry(unknown=True) "
    "sends it again"
)
ABSENT = "the server lists no such copy: batch.retry() sends it"
UNKNOWN = "nobody knows whether it was made: batch.retry(unknown=True) sends it again"


@dataclass(frozen=True, slots=True)
class Before:
    """What the server listed before a copy was sent.

    Attributes:
        ids: of its jobs with this source.
        newest: the time of the latest of them, where there were more than it lists at once.
    """

    ids: frozenset[str] = frozenset()
    newest: datetime | None = None

    def knows(self, job: CopyJob) -> bool:
        """Whether a job was there already."""
        if job.id in self.ids:
            return True
        return self.newest is not None and (job.time is None or job.time < self.newest)


@dataclass(frozen=True, slots=True)
class Lost:
    """A copy without an answer.

    Attributes:
        before: what was there when it was sent; None if that could not be asked.
        missed: the server's clock (s since 1970) when its answer was missed, None if unknown.
    """

    before: Before | None
    missed: float | None


def is_unclear(error: APIError) -> bool:
    """Whether a copy may have been made, or be under way, though the answer was this error."""
    if not isinstance(error, ServerError) or error.status is None or 300 <= error.status < 400:
        return False  # refused by a word or a status, or not even asked for
    said = isinstance(error.body, dict) and error.body.get("error")
    return error.status >= 500 or not said or is_late(error.message)


def recover(
    unknown: Mapping[int, CopyJob],
    lost: Mapping[int, Lost],
    how: CopyOptions,
    rows: Iterable[CopyJob],
    taken: set[str],
) -> tuple[dict[int, CopyJob], set[int]]:
    """The jobs of copies whose answer got lost, and the copies that stay in doubt.

    Args:
        unknown: jobs without an answer, by their place in the batch.
        lost: what is known of each.
        how: the options that they were sent with.
        rows: what the server lists now, pending and finished.
        taken: ids that belong to other jobs of the batch.

    Returns:
        What was found, by place; and the places for which there is something that
        may be it. What is in neither got nowhere.
    """
    by_place: dict[object, list[CopyJob]] = {}
    for row in {row.id: row for row in rows if row.id not in taken}.values():
        by_place.setdefault((row.source, row.target), []).append(row)
    found: dict[int, CopyJob] = {}
    doubtful: set[int] = set()
    for number, job in unknown.items():
        known = lost.get(number)
        if known is None:
            doubtful.add(number)
            continue
        before = known.before
        alike = by_place.get((job.source, job.target), [])
        new = [row for row in alike if before is None or not before.knows(row)]
        if len(new) == 1 and before is not None and _fits(new[0], known.missed, how):
            note = "found again after its answer was lost"
            found[number] = replace(new[0], note=note, names=job.names)
        elif new:
            doubtful.add(number)
    return found, doubtful


def _fits(row: CopyJob, missed: float | None, how: CopyOptions) -> bool:
    if row.time is None or missed is None or row.time.timestamp() > missed + SLACK:
        return False
    asked = (how.overwrite_newer, how.delete_missing, how.backup, how.exclude)
    return row.asked == asked
