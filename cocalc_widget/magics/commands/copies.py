"""Owns `cp` and `copies`: copying between projects."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import ConfigurationError, NotFoundError
from ..language.parser import Command, argument, option, seconds, switch

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from ...api import Client, CopyJob, CopyJobs
    from ...api.copying.batch import CopyBatch
    from ..session import Session

T = TypeVar("T")


def _cp(session: Session, args: Namespace) -> object:
    options: dict[str, Any] = {
        name: getattr(args, name)
        for name in ("overwrite_newer", "delete_missing", "backup", "exclude", "timeout", "check")
        if getattr(args, name)
    }
    session.folders.clear()  # completion asks again, and finds what has come
    client = session.client()
    return _told(lambda: client.copy(args.source, args.targets, wait=not args.no_wait, **options))


def _copies(session: Session, args: Namespace) -> object:
    client = session.client()
    if args.id is not None:
        return client.copy_status(args.id)
    if args.source is not None or args.to is not None:
        return client.copies(args.source, args.to)
    batch = client.last_copy
    if batch is None:
        raise ConfigurationError(
            "Nothing was copied yet in this session.",
            remedy="Name the project: %cocalc copies PROJECT, or --to PROJECT.",
        )
    if args.retry:
        session.folders.clear()
        return _told(batch.retry)
    if not args.wait:
        return _look(client, batch)
    _told(batch.wait)
    if batch.unsent:
        names = ", ".join(job.shown(job.target) for job in batch.unsent)
        print(f"Not sent, as it was stopped before: {names}. %cocalc copies --retry sends them.")
    return batch


def _told(work: Callable[[], T]) -> T:
    """Do it; where Ctrl-C stops it, what can be done then is said in words of this magic."""
    from ...api.copying.workers import WaitingStopped

    try:
        return work()
    except WaitingStopped as stopped:
        told = f"Stopped waiting; {stopped.left} copies go on: %cocalc copies tells how they do."
        if stopped.unsent:
            told += f" {stopped.unsent} were not sent: %cocalc copies --retry sends them."
        if stopped.left or stopped.unsent:
            stopped.reword(told)
        raise


def _look(client: Client, batch: CopyBatch) -> CopyJobs:
    """The jobs of a batch as they are now; several cost one request where the server lists them."""
    from ...api import CopyJobs

    known: dict[str, CopyJob] = {}
    if len(batch.pending) > 1:
        with suppress(NotFoundError):  # this server has no list
            known = {job.id: job for job in client.copies(batch[0].source)}
    return CopyJobs(
        (known.get(job.id) or client.copy_status(job)) if job.pending else job for job in batch
    )


CP = Command(
    "cp",
    "Copy a file or folder to other projects.",
    _cp,
    (
        argument("source", "what to copy, as PROJECT:PATH", kind="address"),
        argument("targets", "where to, as PROJECT or PROJECT:PATH", nargs="+", kind="address"),
        switch("--no-wait", text="return at once; %cocalc copies tells how it goes"),
        switch("--check", text="compare both sides then: done means seen to have arrived"),
        switch("--overwrite-newer", text="overwrite also what is newer in the target"),
        switch("--delete-missing", text="delete in the target what the source has not"),
        switch("--backup", text="keep what is overwritten under another name"),
        option(
            "--exclude",
            text="leave out what matches (rsync's patterns)",
            repeat=True,
            metavar="PATTERN",
        ),
        option("--timeout", text="seconds each copy may take", type=seconds, metavar="SECONDS"),
    ),
    details="A target without a path gets the path of the source. {targets} stands for "
    "as many targets as the list has items. The name of a CSV file stands for the targets in "
    "it; its first row names the columns: project_id, project or target, and path.",
    examples=(
        "%cocalc cp Lesson:lesson.md Student",
        "batch = %cocalc cp Lesson:week1 {student_projects} --no-wait",
        "batch = %cocalc cp Lesson:week1 class.csv",
    ),
)
COPIES = Command(
    "copies",
    "How copies are getting on: the last ones, or those of a project.",
    _copies,
    (
        argument("source", "copied from, as PROJECT or PROJECT:PATH", nargs="?", kind="address"),
        option(
            "--to",
            text="only what is copied to this project",
            kind="project",
            metavar="PROJECT",
        ),
        option("--id", text="one copy, by its id"),
        switch("--wait", text="wait until the last copies have ended"),
        switch("--retry", text="send what was not sent, and again what failed"),
    ),
    details="Servers without a queue copy at once and keep no list.",
    examples=(
        "%cocalc copies",
        "%cocalc copies --retry",
        "%cocalc copies Lesson --to Student",
    ),
)
