"""Owns copies under way: sending them, waiting for them, being interrupted."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, TypeVar

from ...errors import APIConnectionError, APITimeoutError, CoCalcError
from ...forking import new_lock, on_fork
from ..http.timeouts import BATCH_WAIT
from ..results.jobs import CopyJobs
from .following import FIRST, PATIENCE, TRANSIENT, Follower, next_interval
from .progress import Progress
from .workers import Crew

if TYPE_CHECKING:
    from ...address import Address
    from .sending import Sender

MANY = 16
MOMENT = 0.5  # s in which what is small is copied, and most refusals come
_DOUBTFUL = (
    "the server lists a copy like this one, which may be another's: batch.retry(unknown=True) "
    "sends it again"
)
_ABSENT = "the server lists no such copy: batch.retry() sends it"
UNKNOWN = "nobody knows whether it was made: batch.retry(unknown=True) sends it again"
F = TypeVar("F", bound="Flight")


class WaitingStopped(KeyboardInterrupt):
    """Ctrl-C while copies were sent or waited for.

    Attributes:
        told: what goes on, what was not sent, and what to do, in sentences.
        left: how many go on.
        unsent: how many were not sent.
    """

    def __init__(self, told: str, *, left: int = 0, unsent: int = 0) -> None:
        super().__init__(told)
        self.told, self.left, self.unsent = told, left, unsent

    def reword(self, told: str) -> None:
        """Say it in other words."""
        self.told = told
        self.args = (told,)


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
        self._crews: list[Crew] = []
        self._claim = new_lock()
        self._launched: list[int] = []  # what the threads send
        self._halted = False  # by Ctrl-C
        self._differing: set[int] = set()  # checked, and not as they should be
        self._unchecked: set[int] = set()  # done by the server's word; nobody could look
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

    @property
    def pending(self) -> CopyJobs:
        """The jobs that are still to end, without those scheduled for later."""
        return CopyJobs(job for job in self._jobs if job.pending)

    @property
    def states(self) -> dict[str, int]:
        """How many jobs are in each state."""
        return dict(Counter(job.state for job in self._jobs))

    def launch(self: F) -> F:
        """Begin to send what was not sent yet, on threads that go on; returns at once."""
        todo = [n for n, job in enumerate(self._jobs) if job.state == "waiting"]
        self._halted = False
        if todo:
            self._sender.renew()
            self._launched = todo
            self._began = self._began or time.monotonic()
            self._crews = [crew for crew in self._crews if crew.alive]
            self._crews.append(Crew(todo, self._send_one, workers=self._concurrency))
        return self

    def settle(self: F) -> F:
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

    def send(self: F) -> F:
        """Send what was not sent yet; returns when each has its answer.

        Ctrl-C stops the sending: what is under way goes on, the rest stays to be sent.
        """
        self.launch()
        self._join(None)
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
        return self

    def _open(self) -> list[int]:
        return [n for n, job in enumerate(self._jobs) if job.pending]

    def _lost(self) -> bool:
        lists = self._sender.dialect.lists_copies and self._sender.queues is not False
        return lists and not self._follower.blind and bool(self._unanswered())

    def _unanswered(self) -> list[int]:
        unknown = [n for n, job in enumerate(self._jobs) if job.state == "unknown"]
        return [n for n in unknown if n not in self._unchecked]

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
            note = _ABSENT if self._absent(number) else _DOUBTFUL if alike else UNKNOWN
            self._jobs[number] = replace(job, note=note)

    def _absent(self, number: int) -> bool:
        # whether a job that the server does not list never got there
        known = self._follower.doubtful | self._unchecked
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
        raise WaitingStopped(told, left=left, unsent=unsent) from None
