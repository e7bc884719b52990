"""Owns the client's methods around copying between projects."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..address import parse_address
from ..errors import NotFoundError, ValidationError
from . import projects as naming
from .connection import ClientBase
from .copying import targets as reading
from .copying.batch import CopyBatch, raise_if_hopeless
from .copying.sending import Sender
from .dialects.detection import ASK_TIME
from .dialects.interface import Listing
from .results.jobs import CopyJob, CopyJobs, check_job_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..address import Address
    from .results.values import Project

MOST_WORKERS = 64


class Copies(ClientBase):
    """Copying from one project to others."""

    last_copy: CopyBatch | None = None
    _queue: bool | None = None

    def copy(
        self,
        src: str | Address,
        *targets: str | Address | Project | Path | Iterable[Any],
        wait: bool | float = True,
        overwrite_newer: bool = False,
        delete_missing: bool = False,
        backup: bool = False,
        exclude: str | Iterable[str] = (),
        timeout: float | None = None,
        scheduled: datetime | str | None = None,
        concurrency: int = 16,
        progress: bool | None = None,
        check: bool = False,
    ) -> CopyBatch:
        """Copy a file or folder to other projects, each once.

        PROJECT is an id, the start of one, or a title. All is checked before
        anything is sent. A copy whose answer got lost is never sent again by itself.

        Args:
            src: `"PROJECT:path"`.
            *targets: `"PROJECT"` (same path), `"PROJECT:path"`, a `Project`, lists of
                these, or a CSV file with a column of them: its `Path`, or its name
                where that ends in `.csv`. Its first row names the columns: `project_id`,
                `project` or `target`, and `path` if there are paths; it may be left out
                where the only column is that of projects.
            wait: until all have ended; a number is the longest wait in seconds.
                False returns as soon as the server has them all; on a server without
                a queue after half a second: threads of this process go on with what
                is not made by then, and the batch shows how they get on.
            overwrite_newer: overwrite files that are newer in the target.
            delete_missing: delete what is only in the target. Dangerous.
            backup: keep what is overwritten, renamed with a `~`.
            exclude: patterns of rsync (API v1).
            timeout: seconds the server gives each copy; one without a queue is
                waited for so much longer.
            scheduled: copy at that time (API v1 with a queue, as cocalc.com had);
                local time unless it has a zone.
            concurrency: requests at a time.
            progress: a bar; None shows one for several targets, to a person only.
            check: then compare hashes on both sides, so that `done` means seen to have
                arrived; see `CopyBatch.check`.

        Returns:
            The batch; `last_copy` keeps it too. Failures of single targets are in
            its `failed`, with their errors.

        Raises:
            APIError: the only copy failed, or all did in the same definite way.
            APITimeoutError: not all have ended in time; they go on.
            ValidationError: refused before anything was sent.
        """
        now = datetime.now(timezone.utc)
        told = {
            "overwrite_newer": overwrite_newer,
            "delete_missing": delete_missing,
            "backup": backup,
            "exclude": exclude,
            "timeout": timeout,
            "scheduled": scheduled,
        }
        how = reading.check_options(told, now)
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
        known = self._known([source, *(told.place for told in wanted)])
        source = naming.located(source, known)
        if not source.path:
            raise _no_path(source)
        settled = reading.settle(source, wanted, known, faults, delete_missing=delete_missing)
        self._dialect.check_copies(source, settled, how)
        if how.scheduled is not None:
            self._check_schedule()
        sender = Sender(self._dialect, self._caller, source, how, self._titles, self._has_queue)
        batch = CopyBatch(sender, settled, concurrency=concurrency, progress=progress, check=check)
        self.last_copy = batch
        batch.launch()
        if wait is not False:
            batch.wait(None if wait is True else wait)
        else:
            batch.settle()
        raise_if_hopeless(batch)
        return batch

    def copy_status(self, copy_id: str | CopyJob) -> CopyJob:
        """How a copy is getting on.

        Args:
            copy_id: the id of a job, or the job.

        Raises:
            NotFoundError: no such job: cancelled, or never there.
            ValidationError: an empty id: that copy was done when it was asked for.
        """
        if isinstance(copy_id, CopyJob):
            job = copy_id
            return job.updated(self._dialect.copy_status(job.id)) if job.id else self._now(job)
        told = check_job_id(copy_id)
        try:
            return replace(self._dialect.copy_status(told), names=self._titles)
        except NotFoundError as error:
            self._no_job(error)
            raise

    def cancel_copy(self, copy_id: str | CopyJob) -> None:
        """Cancel a copy that is scheduled and not yet done (API v1).

        Raises:
            NotFoundError: no such job, or it is done; or this server can't cancel.
        """
        told = copy_id.id if isinstance(copy_id, CopyJob) else copy_id
        told = check_job_id(told)
        try:
            self._dialect.cancel_copy(told)
        except NotFoundError as error:
            self._no_job(error)
            raise

    def copies(
        self,
        src: str | Address | None = None,
        target: str | Address | None = None,
        *,
        limit: int = 1000,
    ) -> CopyJobs:
        """The copy jobs the server knows, pending ones first (API v1).

        Args:
            src: `"PROJECT"` or `"PROJECT:path"` copied from.
            target: `"PROJECT"` copied to.
            limit: how many of each at most, up to 1000.

        Raises:
            ValidationError: neither source nor target.
            NotFoundError: this server does not list copies.
        """
        if src is None and target is None:
            raise ValidationError("name the source or the target project of the copies.")
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= 1000:
            raise ValidationError("limit must be from 1 to 1000.")
        which = Listing(self._place(src), self._place(target), limit=limit)
        pending = self._dialect.list_copies(which)
        finished = self._dialect.list_copies(replace(which, finished=True))
        seen = {job.id for job in finished}
        found = [*(job for job in pending if job.id not in seen), *finished]
        return CopyJobs(replace(job, names=self._titles) for job in found)

    def _no_job(self, error: NotFoundError) -> None:
        """Say what to do about a copy that is not found by its id."""
        if error.status == 404:  # a page: the server has no such endpoint
            error.advise(
                "This CoCalc does not tell of copies by their ids; look in the target: "
                'client.exec(PROJECT, "ls", [PATH]).'
            )
        elif not error.remedy:
            lists = self._dialect.lists_copies
            more = ": client.copies(PROJECT) lists those of a project." if lists else "."
            error.advise(f"It was cancelled, or was made on another host or long ago{more}")

    def _place(self, told: str | Address | None) -> Address | None:
        return None if told is None else self.locate(told)

    def _now(self, job: CopyJob) -> CopyJob:
        # a copy without an id is made while a thread waits for it
        if job.state not in ("waiting", "sending"):
            return job
        same = (it for it in self.last_copy or () if it.source == job.source)
        return next((it for it in same if it.target == job.target), job)

    def _has_queue(self) -> bool | None:
        """Whether the server queues copies, as production does; None where it does not tell.

        Raises:
            CoCalcError: it cannot be asked.
        """
        if self._queue is None:
            told = self._caller.page("/customize", timeout=ASK_TIME)
            settings = told.get("configuration") if isinstance(told, dict) else None
            kind = settings.get("kucalc") if isinstance(settings, dict) else None
            self._queue = None if kind is None else kind in ("yes", True)
        return self._queue

    def _check_schedule(self) -> None:
        # Only production has a queue; elsewhere `scheduled` is ignored and the
        # copy made at once (recording). Its settings tell which one this is.
        kind = self.customize().get("kucalc")
        if kind is not None and kind not in ("yes", True):
            raise ValidationError(
                "this server copies at once and cannot schedule: nothing was copied.",
                remedy="Leave `scheduled` out, or copy when the time has come.",
            )


def _no_path(place: Address) -> ValidationError:
    return ValidationError(f"'{place}' names no file or folder.", remedy="Write PROJECT:path.")
