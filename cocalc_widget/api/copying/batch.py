"""Owns a batch of copies: what failed, sending that again, seeing it arrived, cancelling."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import APIError, CoCalcError, NotFoundError, ValidationError
from ..http.timeouts import check_seconds
from ..results import tables as rich
from ..results.jobs import CopyJobs, job_row
from . import workers
from .checking import CHECK_TIME, ask, compare
from .flight import UNKNOWN, Flight, WaitingStopped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...address import Address
    from ..results.jobs import CopyJob
    from .sending import Sender

_SHOWN = 5  # names in a line


class CopyBatch(Flight):
    """Copies of one source to many targets, in the order they were asked for.

    Iterating, `len()` and `[n]` give `CopyJob`s as they are now. `client.copy`
    makes it; nothing in it is sent twice, unless `retry` is asked to.

    Args:
        sender: sends each, and knows the source.
        targets: with the ids of their projects.
        check: `wait` ends with `check`.
        **options: see `Flight`.
    """

    def __init__(
        self, sender: Sender, targets: list[Address], *, check: bool = False, **options: Any
    ) -> None:
        super().__init__(sender, targets, **options)
        self._checks = check
        self._seen: set[int] = set()  # seen to have arrived

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

    @property
    def unsent(self) -> CopyJobs:
        """The jobs that were not sent, as Ctrl-C came before; `retry()` or `send()` sends them."""
        if self._running():  # they are on their way
            return CopyJobs()
        return CopyJobs(job for job in self._jobs if job.state == "waiting")

    def retry(self, *, unknown: bool = False, wait: bool = True) -> CopyBatch:
        """Send what was not sent, and again what failed; what may have been copied is left alone.

        Where the answer to a copy got lost, the server's list of jobs tells whether
        it arrived. A server without such a list cannot say: then it is not sent.

        Args:
            unknown: send those again too, of which nobody knows whether they were made.
            wait: until all have ended.
        """
        self._join(None)
        if self._unchecked:
            self._check(sorted(self._unchecked), CHECK_TIME)
        if self._lost():
            _, trouble = self._look()
            if trouble is not None:
                raise trouble  # without the list nobody knows what may be sent
        for number, job in enumerate(self._jobs):
            missing = job.state == "unknown" and (unknown or self._absent(number))
            if job.state == "error" or missing:
                self._follower.spent.add(job.id)
                self._differing.discard(number)
                self._unchecked.discard(number)
                self._jobs[number] = self._sender.job(job.target)
        self.send()
        return self.wait() if wait else self

    def wait(self, timeout: float | None = None) -> CopyBatch:
        """Wait until all jobs have ended, except those scheduled for later.

        Ctrl-C only stops the waiting: the jobs go on, and `wait()` can be called again.
        With `check=True` what was copied is compared with its source then.

        Args:
            timeout: seconds; an hour unless given.

        Raises:
            APITimeoutError: some are still under way; they go on.
            APIError: the server cannot be asked any more.
        """
        ends = None if timeout is None else time.monotonic() + timeout
        super().wait(timeout)
        if self._checks:
            left = CHECK_TIME if ends is None else max(1.0, ends - time.monotonic())
            self._check([n for n in self._checkable() if n not in self._seen], left)
        return self

    def check(self, *, timeout: float = CHECK_TIME) -> CopyBatch:
        """See whether what was copied is there: hashes of both sides, by a command in each project.

        Stopped projects are started for it. A job stays `done` only where all its files
        are the same as in the source now; else it is an `error` that names those that
        are missing or differ, or `unknown` where that could not be seen.

        Args:
            timeout: seconds that the hashing in one project may take.
        """
        self._join(None)
        self._check(self._checkable(), check_seconds(timeout))
        return self

    def _checkable(self) -> list[int]:
        states = ("done", "unknown")
        return [
            n for n, job in enumerate(self._jobs) if job.state in states or n in self._differing
        ]

    def _check(self, numbers: list[int], seconds: float) -> None:
        if not numbers:
            return
        sender, name = self._sender, ""
        try:
            (source,) = ask(
                sender.dialect,
                sender.source.project,
                [sender.source.path],
                name="",
                seconds=seconds,
            )
        except CoCalcError as error:
            self._not_checked(numbers, error)
            return
        if source.kind == "f":
            name = sender.source.path.rstrip("/").rpartition("/")[2]
        groups: dict[str, list[int]] = {}
        for number in numbers:
            groups.setdefault(self._jobs[number].target.project, []).append(number)
        each = list(groups.values())

        def look(group: int) -> None:
            jobs = [self._jobs[number] for number in each[group]]
            paths = [job.target.path for job in jobs]
            try:
                there = ask(
                    sender.dialect, jobs[0].target.project, paths, name=name, seconds=seconds
                )
            except CoCalcError as error:
                self._not_checked(each[group], error)
                return
            for number, content in zip(each[group], there, strict=True):
                self._judge(number, *compare(source, content, sender.how))

        try:
            workers.run(range(len(each)), look, workers=self._concurrency)
        except KeyboardInterrupt:
            raise WaitingStopped("Stopped comparing: check() compares again.") from None

    def _judge(self, number: int, same: bool, told: str) -> None:  # noqa: FBT001 (a pair's)
        job = self._jobs[number]
        self._unchecked.discard(number)
        self._differing.discard(number)
        if same:
            self._seen.add(number)
            self._jobs[number] = replace(job, state="done", error=None, note=told)
            return
        self._seen.discard(number)
        if job.state == "unknown":  # it may be under way
            self._jobs[number] = replace(job, note=f"{told}; {UNKNOWN}")
            return
        self._differing.add(number)
        error = APIError(
            f"the copy to {job.shown(job.target)} is not there as it should be: {told}.",
            endpoint="copy",
            status=200,
            remedy="retry() copies it again; what is newer there stays as it is.",
        )
        self._jobs[number] = replace(job, state="error", error=error, note=told)

    def _not_checked(self, numbers: list[int], error: CoCalcError) -> None:
        error = error.with_traceback(None)
        error.advise("The copy was made, by CoCalc's word: check() looks again for it.")
        for number in numbers:
            job = self._jobs[number]
            self._seen.discard(number)
            if job.state != "unknown":
                self._unchecked.add(number)
                note = "copied, by CoCalc's word; it could not be checked"
                self._jobs[number] = replace(job, state="unknown", error=error, note=note)

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
        end = self._footnotes()
        return "\n".join([f"<CopyBatch of {self._title()}>", *lines[:20], *more, *end])

    def _repr_html_(self) -> str:
        head = ("", "target", "state", "error", "source", "id")
        title = "; ".join([self._title(), *self._footnotes()])
        return rich.table(title, head, [job_row(job) for job in self])

    def _footnotes(self) -> list[str]:
        """What should be known about all of it."""
        found = []
        unsent = self.unsent
        if unsent:
            names = ", ".join(str(job.shown(job.target)) for job in unsent[:_SHOWN])
            more = f" and {len(unsent) - _SHOWN} more" if len(unsent) > _SHOWN else ""
            found.append(f"not sent: {names}{more}; retry() sends them")
        if any(job.done and n not in self._seen for n, job in enumerate(self._jobs)):
            kept = "" if self._sender.how.overwrite_newer else "; what is newer there was kept"
            found.append(f"done is CoCalc's word{kept}: check() compares")
        return found

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
