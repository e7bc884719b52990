"""Owns a batch of copies from the sending to its end: waiting, failures, what is sent again."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from ...errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    CoCalcError,
    NotFoundError,
    ValidationError,
)
from ...forking import new_lock, on_fork
from ..http.timeouts import BATCH_WAIT, check_seconds
from ..results import tables as rich
from ..results.jobs import CopyJobs, job_row
from . import workers
from .checking import CHECK_TIME, Checks
from .following import FIRST, PATIENCE, TRANSIENT, Follower, next_interval
from .lost_answers import ABSENT, DOUBTFUL, UNKNOWN
from .progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...address import Address
    from ..results.jobs import CopyJob
    from .sending import Sender

MANY = 16
MOMENT = 0.5  # s in which what is small is copied, and most refusals come
_SHOWN = 5  # names in a line


class CopyBatch:
    """Copies of one source to many targets, in the order they were asked for.

    Iterating, `len()` and `[n]` give `CopyJob`s as they are now. `client.copy`
    makes it; nothing in it is sent twice, unless `retry` is asked to.

    Args:
        sender: sends each, and knows the source.
        targets: with the ids of their projects.
        concurrency: requests at a time.
        progress: a bar; None shows one for several targets, to a person only.
        check: `wait` ends with `check`.
    """

    def __init__(
        self,
        sender: Sender,
        targets: list[Address],
        *,
        concurrency: int = 16,
        progress: bool | None = None,
        check: bool = False,
    ) -> None:
        self._sender = sender
        self._jobs = [sender.job(target) for target in targets]
        self._concurrency = concurrency
        self._progress = progress
        self._check_at_end = check
        self._follower = Follower(sender, self._jobs, None, concurrency)
        self._checks = Checks(sender, self._jobs, concurrency)
        self._crews: list[workers.Crew] = []
        self._claim = new_lock()
        self._launched: list[int] = []  # what the threads send
        self._halted = False  # by Ctrl-C
        self._began = 0.0  # when the first was sent
        on_fork(self)

    def after_fork(self) -> None:
        """In a child: what its parent is sending is not sent by both."""
        running = any(not crew.stopped for crew in self._crews)
        for number, job in enumerate(self._jobs):
            if job.state == "sending" or (running and job.state == "waiting"):
                lost = APIConnectionError("the process that was sending it has forked.", sent=True)
                self._jobs[number] = replace(job, state="unknown", error=lost)
        self._crews = []

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

    @property
    def pending(self) -> CopyJobs:
        """The jobs that are still to end, without those scheduled for later."""
        return CopyJobs(job for job in self._jobs if job.pending)

    @property
    def states(self) -> dict[str, int]:
        """How many jobs are in each state."""
        return dict(Counter(job.state for job in self._jobs))

    def launch(self) -> CopyBatch:
        """Begin to send what was not sent yet, on threads that go on; returns at once."""
        todo = [n for n, job in enumerate(self._jobs) if job.state == "waiting"]
        self._halted = False
        if todo:
            self._sender.renew()
            self._launched = todo
            self._began = self._began or time.monotonic()
            self._crews = [crew for crew in self._crews if crew.alive]
            self._crews.append(workers.Crew(todo, self._send_one, workers=self._concurrency))
        return self

    def settle(self) -> CopyBatch:
        """Wait until the server has all that are to be sent; without a queue a moment only.

        A server without a queue answers when it has copied: what takes longer goes on.
        """
        try:
            while not self._sender.prepared and any(crew.alive for crew in self._crews):
                time.sleep(0.01)  # ends by the deadline of the request that asks
        except KeyboardInterrupt:
            self._interrupted()
        self._join(None if self._sender.queues else time.monotonic() + MOMENT)
        return self

    def send(self) -> CopyBatch:
        """Send what was not sent yet; returns when each has its answer.

        Ctrl-C stops the sending: what is under way goes on, the rest stays to be sent.
        """
        self.launch()
        self._join(None)
        return self

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
        self._follow(BATCH_WAIT if timeout is None else timeout)
        if self._check_at_end:
            left = CHECK_TIME if ends is None else max(1.0, ends - time.monotonic())
            self._checks.run(
                [n for n in self._checks.possible() if n not in self._checks.seen], left
            )
        return self

    def retry(self, *, unknown: bool = False, wait: bool = True) -> CopyBatch:
        """Send what was not sent, and again what failed; what may have been copied is left alone.

        Where the answer to a copy got lost, the server's list of jobs tells whether
        it arrived. A server without such a list cannot say: then it is not sent.

        Args:
            unknown: send those again too, of which nobody knows whether they were made.
            wait: until all have ended.
        """
        self._join(None)
        if self._checks.unchecked:
            self._checks.run(sorted(self._checks.unchecked), CHECK_TIME)
        if self._lost():
            _, trouble = self._look()
            if trouble is not None:
                raise trouble  # without the list nobody knows what may be sent
        for number, job in enumerate(self._jobs):
            missing = job.state == "unknown" and (unknown or self._absent(number))
            if job.state == "error" or missing:
                self._follower.spent.add(job.id)
                self._checks.forget(number)
                self._jobs[number] = self._sender.job(job.target)
        self.send()
        return self.wait() if wait else self

    def check(self, *, timeout: float = CHECK_TIME) -> CopyBatch:
        """See whether what was copied is there: hashes of both sides, by a command in each project.

        Stopped projects are started for it. A job stays `done` only where all its files
        are the same as in the source now; else it is an `error` that names those that
        are missing or differ, or `unknown` where that could not be seen.

        Args:
            timeout: seconds that the hashing in one project may take.
        """
        self._join(None)
        self._checks.run(self._checks.possible(), check_seconds(timeout))
        return self

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

    def _follow(self, limit: float) -> None:
        """Look at the jobs until all have ended, for so many seconds at most."""
        ends, failures = time.monotonic() + limit, 0
        if not self._join(ends):
            raise self._late(limit)
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

    def _open(self) -> list[int]:
        return [n for n, job in enumerate(self._jobs) if job.pending]

    def _lost(self) -> bool:
        lists = self._sender.dialect.lists_copies and self._sender.queues is not False
        return lists and not self._follower.blind and bool(self._unanswered())

    def _unanswered(self) -> list[int]:
        unknown = [n for n, job in enumerate(self._jobs) if job.state == "unknown"]
        return [n for n in unknown if n not in self._checks.unchecked]

    def _join(self, ends: float | None) -> bool:
        """Wait until all that is being sent has its answer, until `ends`; whether it has."""
        # some of them may have ended already: the threads began before
        with Progress(self._jobs, self._launched, shown=self._progress, sending=True) as shown:
            try:
                if not all(crew.join(ends, shown.update) for crew in self._crews):
                    return False
            except KeyboardInterrupt:
                self._interrupted()
            finally:
                self._note_start()
        self._crews = [crew for crew in self._crews if crew.alive]
        self._launched = []
        return True

    def _send_one(self, number: int) -> None:
        self._sender.prepare()
        with self._claim:
            # marked first: what is on its way when Ctrl-C comes is not sent a second time
            if self._halted or self._jobs[number].state != "waiting":
                return
            job = self._jobs[number] = self._sender.job(self._jobs[number].target, "sending")
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

    def _note_start(self) -> None:
        # the server's clock when the first copy was sent, less what a second hides
        now = self._sender.caller.server_time()
        if now is not None and self._follower.since is None:
            self._follower.since = now - (time.monotonic() - self._began) - 2.0

    def _note_unknown(self) -> None:
        for number in self._unanswered():
            job = self._jobs[number]
            alike = self._searched() and job.target in self._sender.lost
            note = ABSENT if self._absent(number) else DOUBTFUL if alike else UNKNOWN
            self._jobs[number] = replace(job, note=note)

    def _absent(self, number: int) -> bool:
        # whether a job that the server does not list never got there
        known = self._follower.doubtful | self._checks.unchecked
        return self._searched() and number not in known

    def _searched(self) -> bool:
        lists = self._sender.dialect.lists_copies and self._sender.queues is True
        return lists and not self._follower.blind and self._follower.searched

    def _left(self) -> int:
        """How many are still to end, those included that are yet to be sent by themselves."""
        return len(self.pending) + (self.states.get("waiting", 0) if self._running() else 0)

    def _running(self) -> bool:
        return any(crew.alive and not crew.stopped for crew in self._crews)

    def _late(self, limit: float) -> APITimeoutError:
        return APITimeoutError(
            f"{self._left()} of {len(self._jobs)} copies are not done after {limit:g} s; they "
            "go on.",
            sent=True,
            remedy=self._pick_up(),
        )

    def _pick_up(self) -> str:
        if self._sender.dialect.lists_copies and self._sender.queues:
            source = str(self._sender.source)
            return f"To pick them up: client.last_copy.wait(), or client.copies({source!r})."
        return "To pick them up: client.last_copy.wait()."

    def _interrupted(self) -> NoReturn:
        with self._claim:
            self._halted = True
            for crew in self._crews:
                crew.stop()
            left, unsent = len(self.pending), self.states.get("waiting", 0)
            self._launched = [n for n in self._launched if self._jobs[n].state == "sending"]
        told = f"Stopped waiting; {left} copies go on. {self._pick_up()}"
        if unsent:
            told += f" {unsent} were not sent: client.last_copy.send() sends them."
        raise workers.WaitingStopped(told, left=left, unsent=unsent) from None

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

    def _footnotes(self) -> list[str]:
        """What should be known about all of it."""
        found = []
        unsent = self.unsent
        if unsent:
            names = ", ".join(str(job.shown(job.target)) for job in unsent[:_SHOWN])
            more = f" and {len(unsent) - _SHOWN} more" if len(unsent) > _SHOWN else ""
            found.append(f"not sent: {names}{more}; retry() sends them")
        if any(job.done and n not in self._checks.seen for n, job in enumerate(self._jobs)):
            kept = "" if self._sender.how.overwrite_newer else "; what is newer there was kept"
            found.append(f"done is CoCalc's word{kept}: check() compares")
        return found

    def _title(self) -> str:
        counts = ", ".join(f"{count} {state}" for state, count in self.states.items())
        plural = "" if len(self) == 1 else "s"
        return f"{self._jobs[0].shown(self._sender.source)} to {len(self)} target{plural}: {counts}"


def raise_if_hopeless(batch: CopyBatch) -> None:
    """Raise the error of an only copy, or the one that all share for certain."""
    jobs = list(batch)
    first = jobs[0].error
    if len(jobs) == 1 and first is not None:
        raise first
    same = {(type(job.error), job.error.message if job.error else "") for job in jobs}
    if first is not None and len(same) == 1 and all(job.state == "error" for job in jobs):
        raise first
