"""Owns the sending of one copy: it is never sent twice, and what is not certain is said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from ...errors import APIConnectionError, APIError, CoCalcError, RateLimitError, ServerError
from ...forking import Lock, new_lock
from ..dialects.interface import Listing
from ..results.jobs import CopyJob, State
from .lost_answers import Before, Lost, is_unclear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ...address import Address
    from ..dialects.calls import Caller
    from ..dialects.interface import CopyOptions, Dialect

E = TypeVar("E", bound=CoCalcError)
A = TypeVar("A")
_TRIES = 3
PAGE = 1000  # jobs in one answer, the most the server gives (recording)
_IGNORED = "this server copies at once: `scheduled` was ignored"
_WAITED = (
    "It may go on, or be there already: check() looks at the files; timeout= gives a copy "
    "more time."
)
_BEGUN = (
    "this server says that it queues copies, and does not: it only began this one, and never "
    "tells how it ends."
)


@dataclass(slots=True)
class Sender:
    """Sends the copies of one batch.

    Attributes:
        dialect: spoken with the server.
        caller: knows the server's clock.
        source: copied from; its project is an id.
        how: options.
        names: titles of projects by id, as far as they are known.
        ask: asks the server whether it has a copy queue; None where it does not tell.
        queues: whether it has, None while nobody knows.
        unreached: why the server could not be reached at all: nothing is sent then.
        before: what the server listed before anything was sent; None: it could not be asked.
        lost: what is known of the copies whose answer got lost, by their target.
    """

    dialect: Dialect
    caller: Caller
    source: Address
    how: CopyOptions
    names: Mapping[str, str] = field(default_factory=dict)
    ask: Callable[[], bool | None] = lambda: None
    queues: bool | None = None
    unreached: APIConnectionError | None = None
    before: Before | None = None
    lost: dict[Address, Lost] = field(default_factory=dict)
    _lock: Lock = field(default_factory=new_lock)
    _prepared: bool = False

    def prepare(self) -> None:
        """Find out once what must be known before anything is sent; on any thread."""
        with self._lock:
            if self._prepared:
                return
            try:
                mute = False
                if self.queues is None:
                    told = (False,) if self.dialect.waits else _patiently(lambda: (self.ask(),))
                    mute, self.queues = told is None, told[0] if told else None
                if self.dialect.lists_copies and (mute or self.queues):
                    self.before = _patiently(self._listed_before)
            except APIConnectionError as error:
                self.unreached = _bare(error)
            finally:
                self._prepared = True

    def renew(self) -> None:
        """What was found out is old: more is sent now, perhaps minutes later."""
        with self._lock:
            self.unreached = self.before = None
            self._prepared = False

    def _listed_before(self) -> Before:
        rows, full = [], False
        for finished in (False, True):  # in this order: a job that ends meanwhile is in one
            page = self.dialect.list_copies(Listing(self.source, finished=finished, limit=PAGE))
            full = full or len(page) >= PAGE
            rows += page
        times = [row.time for row in rows if row.time is not None]
        return Before(frozenset(row.id for row in rows), max(times) if full and times else None)

    @property
    def prepared(self) -> bool:
        """Whether that is found out."""
        return self._prepared

    def job(self, target: Address, state: State = "waiting", copy_id: str = "") -> CopyJob:
        """A copy of this batch, as far as nobody asked the server about it."""
        when = self.how.scheduled if copy_id else None
        return CopyJob(copy_id, self.source, target, state, scheduled=when, names=self.names)

    def send(self, target: Address) -> CopyJob:
        """Send one copy, once.

        The transport tries again only while it is certain that nothing arrived.
        A connection that breaks, a deadline (the server's own too), a failing server
        (5xx), or an answer that nobody can read after that leave the job `unknown`.

        Where there is a queue, the answer is the id of a job. Elsewhere (and where
        nobody knows) the server is told to answer when it has copied: else it would only
        begin, and never tell of a failure (recording).
        """
        job, wait, before = self.job(target), self.queues is not True, self.before
        if self.unreached is not None:
            return replace(job, state="error", error=self.unreached)
        try:
            copy_id = self.dialect.send_copy(self.source, target, self.how, wait=wait)
        except (APIConnectionError, APIError) as error:
            sent = error.sent if isinstance(error, APIConnectionError) else is_unclear(error)
            if sent and wait:
                error.advise(_WAITED)
            if sent:
                self.lost[target] = Lost(before, self.caller.server_time())
            return replace(job, state="unknown" if sent else "error", error=_bare(error))
        if not copy_id and not wait:
            self.queues = False  # the next ones are waited for
            begun = ServerError(_BEGUN, endpoint="copy", status=200)
            return replace(job, state="unknown", error=begun)
        if not copy_id:
            if self.queues is None:
                self.queues = False
            note = _IGNORED if self.how.scheduled else ""
            return replace(job, state="done", note=note)
        self.queues = True
        return self.job(target, "scheduled" if self.how.scheduled else "queued", copy_id)

    def listed(self, *, finished: bool, since: float | None) -> Iterable[CopyJob]:
        """The server's jobs from this source project, newest first, back to `since`.

        Args:
            finished: those that have ended, or those that have not.
            since: the server's clock (s since 1970) before which none matter.
        """
        offset = 0
        while True:
            which = Listing(_project(self.source), finished=finished, limit=PAGE, offset=offset)
            page = self.dialect.list_copies(which)
            yield from page
            last = page[-1].time if page else None
            old = since is not None and last is not None and last.timestamp() < since
            if len(page) < which.limit or old:
                return
            offset += which.limit


def _patiently(ask: Callable[[], A]) -> A | None:
    """What an answer says, asked again where it got lost; None where there is none.

    Raises:
        APIConnectionError: the server cannot be reached at all.
    """
    for _ in range(_TRIES):
        try:
            return ask()
        except CoCalcError as error:  # noqa: PERF203 - three times at most
            if isinstance(error, APIConnectionError) and not error.sent:
                raise
            if isinstance(error, (APIConnectionError, ServerError, RateLimitError)):
                continue
            break  # whatever the trouble is, sending will meet it and say so
    return None


def _project(address: Address) -> Address:
    return replace(address, path="")


def _bare(error: E) -> E:
    # without its traceback: a batch may keep hundreds
    return error.with_traceback(None)
