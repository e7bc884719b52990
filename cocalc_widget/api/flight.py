"""Owns copies under way: sending them, waiting for them, being interrupted."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from ..errors import APIConnectionError, APITimeoutError, CoCalcError
from ..forking import on_fork
from . import workers
from .jobs import CopyJobs
from .policy import BATCH_WAIT
from .polling import FIRST, PATIENCE, TRANSIENT, Follower, next_interval
from .progress import Progress

if TYPE_CHECKING:
    from ..address import Address
    from .sending import Sender

MANY = 16
_UNKNOWN = "nobody knows whether it was made: batch.retry(unknown=True) sends it again"
F = TypeVar("F", bound="Flight")


class Flight:
    """Copies of one source on their way; the base of `CopyBatch`.

    Args:
        sender: sends each, and knows the source.
        targets: with the ids of their projects.
        concurrency: requests at a time.
        progress: a bar; None shows one for several targets, to a person only.
    """

    def __init__(
        self,
        sender: Sender,
        targets: list[Address],
        *,
        concurrency: int = 16,
        progress: bool | None = None,
    ) -> None:
        self._sender = sender
        self._jobs = [sender.job(target) for target in targets]
        self._concurrency = concurrency
        self._progress = progress
        self._follower = Follower(sender, self._jobs, None, concurrency)
        self._sending = False
        on_fork(self)

    def after_fork(self) -> None:
        """In a child: what its parent was sending is not sent by both."""
        for number, job in enumerate(self._jobs if self._sending else []):
            if job.state in ("waiting", "sending"):
                lost = APIConnectionError("the process that was sending it has forked.", sent=True)
                self._jobs[number] = replace(job, state="unknown", error=lost)
        self._sending = False

    @property
    def pending(self) -> CopyJobs:
        """The jobs that are still to end, without those scheduled for later."""
        return CopyJobs(job for job in self._jobs if job.pending)

    @property
    def states(self) -> dict[str, int]:
        """How many jobs are in each state."""
        return dict(Counter(job.state for job in self._jobs))

    def send(self: F) -> F:
        """Send what was not sent yet; returns when each has its answer."""
        todo = [n for n, job in enumerate(self._jobs) if job.state == "waiting"]
        began, self._sending = time.monotonic(), True
        with Progress(self._jobs, todo, shown=self._progress) as shown:
            try:
                workers.run(todo, self._send_one, workers=self._concurrency, tick=shown.update)
            except KeyboardInterrupt:
                self._interrupted()
            finally:
                self._sending = False
                self._note_start(began)
        return self

    def wait(self: F, timeout: float | None = None) -> F:
        """Wait until all jobs have ended, except those scheduled for later.

        Ctrl-C only stops the waiting: the jobs go on, and `wait()` can be called again.

        Args:
            timeout: seconds; an hour unless given.

        Raises:
            APITimeoutError: some are still under way; they go on.
            APIError: the server cannot be asked any more.
        """
        limit = BATCH_WAIT if timeout is None else timeout
        ends, failures = time.monotonic() + limit, 0
        # many took their time to be sent: the first of them may have ended already
        interval = FIRST if len(self._open()) <= MANY else FIRST / 4
        lost_looks = 0
        with Progress(self._jobs, self._open(), shown=self._progress) as shown:
            try:
                while self.pending or (self._lost() and lost_looks < 3):
                    if time.monotonic() >= ends:
                        raise self._late(limit)
                    time.sleep(max(0.0, min(interval, ends - time.monotonic())))
                    news, trouble = self._look()
                    failures = failures + 1 if trouble else 0
                    if trouble and failures >= PATIENCE:
                        if not self.pending:
                            break  # what got lost stays unknown, with the error that says why
                        raise trouble
                    lost_looks += 0 if trouble else 1
                    interval = next_interval(interval, news=news)
                    shown.update()
            except KeyboardInterrupt:
                self._interrupted()
        self._note_unknown()
        return self

    def _open(self) -> list[int]:
        return [n for n, job in enumerate(self._jobs) if job.pending]

    def _lost(self) -> bool:
        lists = self._sender.dialect.lists_copies and self._sender.queues is not False
        return (
            lists and not self._follower.blind and any(job.state == "unknown" for job in self._jobs)
        )

    def _send_one(self, number: int) -> None:
        # marked first: what is on its way when Ctrl-C comes is not sent a second time
        waiting = self._jobs[number]
        job = self._jobs[number] = self._sender.job(waiting.target, "sending")
        try:
            self._jobs[number] = self._sender.send(job.target)
        except BaseException:
            lost = APIConnectionError(
                "interrupted while it was sent; it may have worked.", sent=True
            )
            self._jobs[number] = replace(job, state="unknown", error=lost)
            raise

    def _look(self) -> tuple[bool, CoCalcError | None]:
        try:
            return self._follower.look(), None
        except TRANSIENT as error:
            return False, error

    def _note_start(self, began: float) -> None:
        # the server's clock when the first copy was sent, less what a second hides
        now = self._sender.caller.server_time()
        if now is not None and self._follower.since is None:
            self._follower.since = now - (time.monotonic() - began) - 2.0

    def _note_unknown(self) -> None:
        note = (
            "the server lists no such copy: batch.retry() sends it" if self._absent() else _UNKNOWN
        )
        for number, job in enumerate(self._jobs):
            if job.state == "unknown":
                self._jobs[number] = replace(job, note=note)

    def _absent(self) -> bool:
        # whether a job that the server does not list never got there
        lists = self._sender.dialect.lists_copies and self._sender.queues is True
        return lists and not self._follower.blind and self._follower.since is not None

    def _late(self, limit: float) -> APITimeoutError:
        return APITimeoutError(
            f"{len(self.pending)} of {len(self._jobs)} copies are not done after {limit:g} s.",
            sent=True,
            remedy=self._pick_up(),
        )

    def _pick_up(self) -> str:
        if self._sender.dialect.lists_copies:
            source = str(self._sender.source)
            return f"To pick them up: client.last_copy.wait(), or client.copies({source!r})."
        return "To pick them up: client.last_copy.wait()."

    def _interrupted(self) -> None:
        left = len(self.pending)
        unsent = self.states.get("waiting", 0)
        told = f"Stopped waiting; {left} copies go on. {self._pick_up()}"
        if unsent:
            told += f" {unsent} were not sent: client.last_copy.send() sends them."
        raise KeyboardInterrupt(told) from None
