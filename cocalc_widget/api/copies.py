"""Owns a client's copies: from what was asked to a batch, and the jobs that the server knows."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..address import parse_address
from ..errors import NotFoundError, ValidationError
from .copying import targets as reading
from .copying.batch import CopyBatch, raise_if_hopeless
from .copying.sending import Sender
from .dialects.detection import ASK_TIME
from .dialects.interface import Listing
from .results import projects as naming
from .results.jobs import CopyJob, CopyJobs, check_job_id

if TYPE_CHECKING:
    from ..address import Address
    from .connection import Connection

MOST_WORKERS = 64


class Copies:
    """The copies of one client. The arguments, and the errors, are those of its methods.

    Args:
        connection: with the host.

    Attributes:
        last: the batch that was made last.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.last: CopyBatch | None = None
        self._queue: bool | None = None

    def copy(
        self,
        src: str | Address,
        targets: tuple[object, ...],
        options: dict[str, Any],
        *,
        wait: bool | float,
        concurrency: int,
        progress: bool | None,
        check: bool,
    ) -> CopyBatch:
        """Check all that was asked for, send it, and wait as long as was asked (`Client.copy`)."""
        now = datetime.now(timezone.utc)
        how = reading.check_options(options, now)
        if not isinstance(wait, (bool, int, float)) or not wait >= 0:
            raise ValidationError(f"wait must be True, False or seconds, not {wait!r}.")
        if not isinstance(concurrency, int) or not 1 <= concurrency <= MOST_WORKERS:
            raise ValidationError(f"concurrency must be from 1 to {MOST_WORKERS}.")
        if not isinstance(check, bool):
            raise ValidationError(f"check must be True or False, not {check!r}.")
        source = parse_address(src)
        if not source.path:
            raise _no_path(source)
        wanted, faults = reading.read(targets, posixpath.splitext(source.path)[1])
        known = self._connection.known([source, *(told.place for told in wanted)])
        source = naming.located(source, known)
        if not source.path:
            raise _no_path(source)
        deleting = how.delete_missing
        settled = reading.settle(source, wanted, known, faults, delete_missing=deleting)
        self._connection.dialect.check_copies(source, settled, how)
        if how.scheduled is not None:
            self._check_schedule()
        here = self._connection
        sender = Sender(here.dialect, here.caller, source, how, here.titles, self._has_queue)
        batch = CopyBatch(sender, settled, concurrency=concurrency, progress=progress, check=check)
        self.last = batch
        batch.launch()
        if wait is not False:
            batch.wait(None if wait is True else wait)
        else:
            batch.settle()
        raise_if_hopeless(batch)
        return batch

    def status(self, copy_id: str | CopyJob) -> CopyJob:
        """How a copy is getting on (`Client.copy_status`)."""
        if isinstance(copy_id, CopyJob):
            job = copy_id
            if not job.id:
                return self._now(job)
            return job.updated(self._connection.dialect.copy_status(job.id))
        told = check_job_id(copy_id)
        try:
            found = self._connection.dialect.copy_status(told)
        except NotFoundError as error:
            self._no_job(error)
            raise
        return replace(found, names=self._connection.titles)

    def cancel(self, copy_id: str | CopyJob) -> None:
        """Cancel a copy that is scheduled and not yet done (`Client.cancel_copy`)."""
        told = copy_id.id if isinstance(copy_id, CopyJob) else copy_id
        told = check_job_id(told)
        try:
            self._connection.dialect.cancel_copy(told)
        except NotFoundError as error:
            self._no_job(error)
            raise

    def listed(
        self, src: str | Address | None, target: str | Address | None, *, limit: int
    ) -> CopyJobs:
        """The copy jobs the server knows, pending ones first (`Client.copies`)."""
        if src is None and target is None:
            raise ValidationError("name the source or the target project of the copies.")
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= 1000:
            raise ValidationError("limit must be from 1 to 1000.")
        which = Listing(self._place(src), self._place(target), limit=limit)
        pending = self._connection.dialect.list_copies(which)
        finished = self._connection.dialect.list_copies(replace(which, finished=True))
        seen = {job.id for job in finished}
        found = [*(job for job in pending if job.id not in seen), *finished]
        return CopyJobs(replace(job, names=self._connection.titles) for job in found)

    def _no_job(self, error: NotFoundError) -> None:
        """Say what to do about a copy that is not found by its id."""
        if error.status == 404:  # a page: the server has no such endpoint
            error.advise(
                "This CoCalc does not tell of copies by their ids; look in the target: "
                'client.exec(PROJECT, "ls", [PATH]).'
            )
        elif not error.remedy:
            lists = self._connection.dialect.lists_copies
            more = ": client.copies(PROJECT) lists those of a project." if lists else "."
            error.advise(f"It was cancelled, or was made on another host or long ago{more}")

    def _place(self, told: str | Address | None) -> Address | None:
        return None if told is None else self._connection.locate(told)

    def _now(self, job: CopyJob) -> CopyJob:
        # a copy without an id is made while a thread waits for it
        if job.state not in ("waiting", "sending"):
            return job
        same = (it for it in self.last or () if it.source == job.source)
        return next((it for it in same if it.target == job.target), job)

    def _has_queue(self) -> bool | None:
        """Whether the server queues copies, as production does; None where it does not tell.

        Raises:
            CoCalcError: it cannot be asked.
        """
        if self._queue is None:
            kind = self._connection.customize(timeout=ASK_TIME).get("kucalc")
            self._queue = None if kind is None else kind in ("yes", True)
        return self._queue

    def _check_schedule(self) -> None:
        # Only production has a queue; elsewhere `scheduled` is ignored and the
        # copy made at once (recording). Its settings tell which one this is.
        kind = self._connection.customize().get("kucalc")
        if kind is not None and kind not in ("yes", True):
            raise ValidationError(
                "this server copies at once and cannot schedule: nothing was copied.",
                remedy="Leave `scheduled` out, or copy when the time has come.",
            )


def _no_path(place: Address) -> ValidationError:
    return ValidationError(f"'{place}' names no file or folder.", remedy="Write PROJECT:path.")
