"""Owns a batch of copies: waiting, progress, what failed, sending that again, cancelling."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import APIError, NotFoundError, ValidationError
from . import rich, workers
from .flight import Flight
from .jobs import CopyJobs, job_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .jobs import CopyJob


class CopyBatch(Flight):
    """Copies of one source to many targets, in the order they were asked for.

    Iterating, `len()` and `[n]` give `CopyJob`s as they are now. `client.copy`
    makes it; nothing in it is sent twice, unless `retry` is asked to.
    """

    def __iter__(self) -> Iterator[CopyJob]:
        return iter(list(self._jobs))

    def __len__(self) -> int:
        return len(self._jobs)

    def __getitem__(self, number: int) -> CopyJob:
        return self._jobs[number]

    @property
    def failed(self) -> CopyJobs:
        """The jobs that ended in an error, or nobody knows how; each has its `error`."""
        return CopyJobs(job for job in self._jobs if job.state in ("error", "unknown"))

    @property
    def done(self) -> bool:
        """Whether every copy was made."""
        return all(job.done for job in self._jobs)

    def retry(self, *, unknown: bool = False, wait: bool = True) -> CopyBatch:
        """Send again what failed. What was copied, or may have been, is left alone.

        Where the answer to a copy got lost, the server's list of jobs tells whether
        it arrived. A server without such a list cannot say: then it is not sent.

        Args:
            unknown: send those again too, of which nobody knows whether they were made.
            wait: until all have ended.
        """
        self._join(None)
        if self._lost():
            _, trouble = self._look()
            if trouble is not None:
                raise trouble  # without the list nobody knows what may be sent
        for number, job in enumerate(self._jobs):
            missing = job.state == "unknown" and (unknown or self._absent(number))
            if job.state == "error" or missing:
                self._follower.spent.add(job.id)
                self._jobs[number] = self._sender.job(job.target)
        self.send()
        return self.wait() if wait else self

    def cancel(self) -> CopyBatch:
        """Cancel the jobs that are scheduled for later.

        Raises:
            NotFoundError: this server cannot cancel copies.
        """
        todo = [n for n, job in enumerate(self._jobs) if job.state == "scheduled"]
        if not todo:
            raise ValidationError("no copy of this batch is scheduled for later.")
        workers.run(todo, self._cancel_one, workers=self._concurrency)
        return self

    def __repr__(self) -> str:
        lines = [
            f"  {job.shown(job.target)}: {job.state} {job.error or job.note}".rstrip()
            for job in self
        ]
        more = [f"  ... and {len(lines) - 20} more"] if len(lines) > 20 else []
        return "\n".join([f"<CopyBatch of {self._title()}>", *lines[:20], *more])

    def _repr_html_(self) -> str:
        head = ("", "target", "state", "error", "source", "id")
        return rich.table(self._title(), head, [job_row(job) for job in self])

    def _title(self) -> str:
        counts = ", ".join(f"{count} {state}" for state, count in self.states.items())
        plural = "" if len(self) == 1 else "s"
        return f"{self._jobs[0].shown(self._sender.source)} to {len(self)} target{plural}: {counts}"

    def _cancel_one(self, number: int) -> None:
        job = self._jobs[number]
        try:
            self._sender.dialect.cancel_copy(job.id)
        except NotFoundError:
            self._follower.ask(number)  # done meanwhile, or cancelled by somebody
        except APIError as error:
            self._jobs[number] = replace(job, note=f"not cancelled: {error.message}")
        else:
            self._jobs[number] = replace(job, state="cancelled")


def raise_if_hopeless(batch: CopyBatch) -> None:
    """Raise the error of an only copy, or the one that all share for certain."""
    jobs = list(batch)
    first = jobs[0].error
    if len(jobs) == 1 and first is not None:
        raise first
    same = {(type(job.error), job.error.message if job.error else "") for job in jobs}
    if first is not None and len(same) == 1 and all(job.state == "error" for job in jobs):
        raise first
