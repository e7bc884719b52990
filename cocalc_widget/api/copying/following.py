"""Owns following jobs to their end: in bulk where the server lists them, adaptively."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...errors import APIConnectionError, NotFoundError, RateLimitError, ServerError
from . import workers
from .lost_answers import recover

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..results.jobs import CopyJob, State
    from .sending import Sender

FIRST = 0.1  # s until the first look
SLOWEST = 5.0  # s between two looks
GROWTH = 1.5
STALE = 3  # looks without news until the jobs are looked at one by one
PATIENCE = 5  # looks in a row that may fail
TRANSIENT = (APIConnectionError, ServerError, RateLimitError)


def next_interval(interval: float, *, news: bool) -> float:
    """Seconds until the next look: shorter while jobs end, longer while nothing happens."""
    return max(FIRST, interval / GROWTH) if news else min(SLOWEST, interval * GROWTH)


def is_missing(error: NotFoundError) -> bool:
    """Whether there is no such endpoint, not only no such job behind it."""
    words = ("unknown endpoint", "unknown function", "is not part of the HTTP API")
    return error.status == 404 or any(it in error.message for it in words)


class Follower:
    """Brings the jobs of a batch up to date.

    Args:
        sender: of the batch.
        jobs: of the batch; changed in place.
        since: the server's clock when the batch began, None if unknown.
        concurrency: threads for servers that tell about one job at a time.
    """

    def __init__(
        self, sender: Sender, jobs: list[CopyJob], since: float | None, concurrency: int
    ) -> None:
        self._sender = sender
        self._jobs = jobs
        self.since = since
        self._concurrency = concurrency
        self.spent: set[str] = set()  # ids of jobs whose place was sent again
        self._quiet = 0
        self.doubtful: set[int] = set()  # lost answers, of which the list leaves a doubt
        self.searched = False  # whether the list was searched for lost answers
        self.blind = False  # the server has no status of copies

    def look(self) -> bool:
        """One look at all jobs that are under way; returns whether anything changed."""
        if self.blind:
            return False
        before = [job.state for job in self._jobs]
        try:
            self._ask_all(before)
        except NotFoundError as error:
            if not is_missing(error):
                raise
            self._give_up(error)
        news = before != [job.state for job in self._jobs]
        self._quiet = 0 if news else self._quiet + 1
        return news

    def _ask_all(self, before: list[State]) -> None:
        open_ = [n for n, job in enumerate(self._jobs) if job.pending and job.id]
        lost = any(job.state == "unknown" for job in self._jobs)
        if not self._sender.dialect.lists_copies or (len(open_) == 1 and not lost):
            workers.run(open_, self.ask, workers=self._concurrency)
        elif open_ or lost:
            # in this order: a job that ends meanwhile is in one of both
            both = lost or self._quiet >= STALE
            rows = [*self._rows(finished=False)] if both else []
            self._enter([*rows, *self._rows(finished=True)])
        quiet = self._quiet >= 2 * STALE and before == [job.state for job in self._jobs]
        if quiet and self._sender.dialect.lists_copies:
            # neither pending nor finished: cancelled by somebody, perhaps
            self._quiet = 0
            workers.run(open_, self.ask, workers=self._concurrency)

    def _rows(self, *, finished: bool) -> Iterable[CopyJob]:
        return self._sender.listed(finished=finished, since=self.since)

    def _enter(self, rows: list[CopyJob]) -> None:
        by_id = {row.id: row for row in rows}
        for number, job in enumerate(self._jobs):
            row = by_id.get(job.id) if job.id else None
            open_ = job.state in ("queued", "started", "scheduled")
            if row is not None and job.state != row.state and open_:
                self._jobs[number] = job.updated(row, note=job.note)
        unknown = {n: job for n, job in enumerate(self._jobs) if job.state == "unknown"}
        if unknown:
            taken = self.spent | {job.id for job in self._jobs if job.id}
            known = self._sender.lost
            lost = {n: known[job.target] for n, job in unknown.items() if job.target in known}
            found, self.doubtful = recover(unknown, lost, self._sender.how, rows, taken)
            self.searched = True
            for number, row in found.items():
                self._jobs[number] = row
        if rows and self._sender.queues is None:
            self._sender.queues = True

    def ask(self, number: int) -> None:
        """Ask for one job; what the server does not know any more is cancelled."""
        job = self._jobs[number]
        try:
            told = self._sender.dialect.copy_status(job.id)
        except NotFoundError as error:
            if is_missing(error):
                raise
            # deleted, or lost: this job will not end (recording)
            self._jobs[number] = replace(job, state="cancelled", error=error.with_traceback(None))
            return
        self._jobs[number] = job.updated(told)

    def _give_up(self, error: NotFoundError) -> None:
        # the server has the jobs, but no endpoint that tells how they end
        self.blind = True
        for number, job in enumerate(self._jobs):
            if job.pending:
                gone = replace(job, state="unknown", error=error.with_traceback(None))
                self._jobs[number] = gone
