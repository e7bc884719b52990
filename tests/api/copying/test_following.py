"""Copies on their way: the rules of sending, following and finding them again, without a server."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.address import Address
from cocalc_widget.api.copying import batch as batch_module
from cocalc_widget.api.copying import checking
from cocalc_widget.api.copying import following as polling
from cocalc_widget.api.copying.batch import CopyBatch, raise_if_hopeless
from cocalc_widget.api.copying.checking import Content, Entry, compare
from cocalc_widget.api.copying.following import (
    FIRST,
    GROWTH,
    SLOWEST,
    STALE,
    Follower,
    next_interval,
)
from cocalc_widget.api.copying.lost_answers import SLACK, Before, Lost, is_unclear, recover
from cocalc_widget.api.copying.sending import PAGE, Sender
from cocalc_widget.api.dialects.interface import CopyOptions, Listing
from cocalc_widget.api.results.jobs import CopyJob, check_job_id

P = "aaaaaaaa-0000-4000-8000-00000000000{}".format
SOURCE = Address(P(1), "a.md")
PLAIN: Any = (False, False, False, ())  # the options of a copy that were asked for
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
BEGAN = NOW.timestamp()


def target(number: int) -> Address:
    return Address(P(number), "a.md")


def row(number: int, state: Any = "queued", *, copy_id: str | None = None, late: float = 1) -> Any:
    """A job as the server lists it, made so many seconds after the batch began."""
    when = NOW + timedelta(seconds=late)
    named = copy_id or f"job-{number}"
    return CopyJob(named, SOURCE, target(number), state, time=when, asked=PLAIN)


class Server:
    """A dialect and a caller: jobs in memory, and how often it was asked for what."""

    lists_copies = True
    waits = False

    def __init__(self, clock: float | None = BEGAN + 2.0) -> None:
        self.jobs: dict[str, CopyJob] = {}
        self.answers: dict[Address, Any] = {}  # instead of an id; an error is raised
        self.sent: list[Address] = []
        self.waited: list[bool] = []
        self.asked: list[str] = []
        self.listings: list[Listing] = []
        self.fails: list[Exception] = []  # of what is asked next
        self.clock = clock

    def server_time(self) -> float | None:
        return self.clock

    def send_copy(
        self, source: Address, told: Address, _how: CopyOptions, *, wait: bool = False
    ) -> str:
        self.sent.append(told)
        self.waited.append(wait)
        answer = self.answers.get(told, f"job-{told.project[-1]}")
        if isinstance(answer, BaseException):
            raise answer
        if answer:
            self.jobs[answer] = CopyJob(answer, source, told, "queued", time=NOW, asked=PLAIN)
        return str(answer)

    def copy_status(self, copy_id: str) -> CopyJob:
        self.asked.append(copy_id)
        self._fail()
        if copy_id not in self.jobs:
            raise errors.NotFoundError("Can't find copy operation", status=200)
        return self.jobs[copy_id]

    def list_copies(self, which: Listing) -> list[CopyJob]:
        self.listings.append(which)
        self._fail()
        ended = ("done", "error")
        return [it for it in self.jobs.values() if (it.state in ended) == which.finished]

    def cancel_copy(self, copy_id: str) -> None:
        self._fail()
        del self.jobs[copy_id]

    def _fail(self) -> None:
        if self.fails:
            raise self.fails.pop(0)

    def end(self, number: int, state: Any = "done") -> None:
        self.jobs[f"job-{number}"] = replace(self.jobs[f"job-{number}"], state=state)


def sender(server: Server, *, queue: bool | None = None, **how: Any) -> Sender:
    return Sender(server, server, SOURCE, CopyOptions(**how), ask=lambda: queue)  # type: ignore[arg-type]


def batch_of(
    server: Server, count: int, *, queue: bool | None = True, check: bool = False, **options: Any
) -> CopyBatch:
    targets = [target(n) for n in range(2, 2 + count)]
    sends = sender(server, queue=queue, **options)
    return CopyBatch(sends, targets, check=check, concurrency=1, progress=False)


def states(batch: CopyBatch) -> list[str]:
    return [job.state for job in batch]


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits here; how long they would have."""
    slept: list[float] = []
    monkeypatch.setattr(batch_module.time, "sleep", slept.append)
    return slept


def failure(status: int | None, body: Any = None, words: str = "no") -> errors.ServerError:
    return errors.ServerError(words, endpoint="copy", status=status, body=body)


# one copy


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("job-2", "queued"),
        ("", "done"),
        (errors.APIConnectionError("broke", sent=True), "unknown"),
        (errors.APITimeoutError("late", sent=True), "unknown"),
        (errors.APIConnectionError("refused"), "error"),
        (failure(502), "unknown"),
        (failure(200), "unknown"),
        (failure(200, {"error": "no"}), "error"),
        (failure(307), "error"),
        (failure(None), "error"),
        (errors.PermissionDeniedError("no", status=403), "error"),
        (errors.NotFoundError("no", status=500), "error"),
    ],
)
def test_what_an_answer_makes_of_a_copy(answer: Any, state: str) -> None:
    server = Server()
    server.answers[target(2)] = answer
    job = sender(server).send(target(2))
    assert job.state == state
    assert (job.source, job.target) == (SOURCE, target(2))
    assert job.error is (answer if isinstance(answer, Exception) else None)
    assert job.id == (answer if state == "queued" else "")
    assert server.sent == [target(2)], "once"


def test_an_error_in_words_is_clear_unless_it_is_about_time() -> None:
    assert not is_unclear(failure(200, {"error": "no such file"}, "no such file"))
    assert is_unclear(failure(200, {"error": "timeout"}, "timeout"))
    assert is_unclear(failure(500, {"error": "no such file"}, "no such file"))
    assert is_unclear(failure(200, {"event": "x"}))
    assert not is_unclear(failure(300))
    assert is_unclear(failure(400))


def test_a_server_that_answers_without_an_id_has_no_queue_until_one_comes() -> None:
    server = Server()
    subject = sender(server)
    assert subject.queues is None
    server.answers[target(2)] = ""
    subject.send(target(2))
    assert subject.queues is False
    subject.send(target(3))
    assert subject.queues is True


def test_a_date_that_was_ignored_is_said_and_one_that_was_not_is_kept() -> None:
    server, when = Server(), NOW + timedelta(days=1)
    server.answers[target(2)] = ""
    done = sender(server, scheduled=when).send(target(2))
    assert (done.state, done.scheduled) == ("done", None)
    assert "ignored" in done.note
    later = sender(server, scheduled=when).send(target(3))
    assert (later.state, later.scheduled, later.note) == ("scheduled", when, "")
    assert sender(server).send(target(2)).note == ""


# the server's list


def test_the_list_is_read_page_by_page_back_to_where_the_batch_began() -> None:
    server, pages = Server(), [[row(2, late=9)] * PAGE, [row(3, late=-1)] * PAGE, [row(4)]]

    def list_copies(which: Listing) -> list[CopyJob]:
        server.listings.append(which)
        return pages[len(server.listings) - 1]

    server.list_copies = list_copies  # type: ignore[method-assign]
    found = list(sender(server).listed(finished=True, since=BEGAN))
    assert len(found) == 2 * PAGE, "the third page is older still"
    assert [(it.offset, it.limit, it.finished) for it in server.listings] == [
        (0, PAGE, True), (PAGE, PAGE, True),
    ]  # fmt: skip
    assert {it.source for it in server.listings} == {Address(P(1))}, "of any path"
    server.listings.clear()
    assert len(list(sender(server).listed(finished=False, since=None))) == 2 * PAGE + 1
    assert server.listings[0].finished is False


def test_a_job_at_the_very_time_is_not_older_than_the_batch() -> None:
    server, pages = Server(), [[row(2, late=0)] * PAGE, []]
    server.list_copies = lambda _which: pages.pop(0)  # type: ignore[method-assign]
    list(sender(server).listed(finished=True, since=BEGAN))
    assert pages == []


def lost(number: int) -> CopyJob:
    return CopyJob("", SOURCE, target(number), "unknown", names={P(1): "Mine"})


NOTHING = Before()
MISSED = Lost(NOTHING, BEGAN + 5)


def recovered(*rows: CopyJob, known: Lost | None = MISSED, taken: Any = (), **how: Any) -> Any:
    """What becomes of one lost answer, beside these rows of the server."""
    told = {4: known} if known else {}
    found, doubtful = recover({4: lost(2)}, told, CopyOptions(**how), rows, set(taken))
    return found.get(4), bool(doubtful)


def test_a_lost_answer_is_found_by_places_time_and_options() -> None:
    found, doubtful = recovered(row(3), row(2))
    assert (found.id, found.state, found.names) == ("job-2", "queued", {P(1): "Mine"})
    assert "found again" in found.note
    assert not doubtful
    twice, doubtful = recovered(row(2), row(2, "done"))
    assert (twice.state, doubtful) == ("done", False), "it ended between the two lists"


@pytest.mark.parametrize(
    "other",
    [
        row(3),
        replace(row(2), source=Address(P(1), "b.md")),
        replace(row(2), target=Address(P(2), "b.md")),
    ],
)
def test_a_job_of_other_places_is_not_it(other: CopyJob) -> None:
    assert recovered(other) == (None, False)


def test_a_job_that_is_somebodys_or_was_there_before_is_not_it() -> None:
    assert recovered(row(2), taken={"job-2"}) == (None, False)
    assert recovered(row(2), known=Lost(Before(frozenset({"job-2"})), BEGAN + 5)) == (None, False)
    newest = Before(frozenset(), NOW + timedelta(seconds=1))
    assert recovered(row(2, late=0.9), known=Lost(newest, BEGAN + 5)) == (None, False)
    assert recovered(replace(row(2), time=None), known=Lost(newest, BEGAN + 5)) == (None, False)
    assert recovered(row(2, late=1), known=Lost(newest, BEGAN + 5))[0].id == "job-2"


@pytest.mark.parametrize(
    ("rows", "known", "how"),
    [
        ([row(2), row(2, copy_id="another")], MISSED, {}),
        ([replace(row(2), time=None)], MISSED, {}),
        ([row(2, late=5.1 + SLACK)], MISSED, {}),
        ([row(2)], Lost(NOTHING, None), {}),
        ([row(2)], MISSED, {"backup": True}),
        ([row(2)], MISSED, {"exclude": ("x",)}),
        ([row(2)], Lost(None, BEGAN + 5), {}),
        ([], None, {}),
    ],
)
def test_what_leaves_a_doubt_is_not_taken(rows: Any, known: Any, how: Any) -> None:
    assert recovered(*rows, known=known, **how) == (None, True)


def test_where_nothing_is_like_it_it_got_nowhere() -> None:
    assert recovered(known=Lost(None, BEGAN + 5)) == (None, False)


def test_a_job_may_be_as_late_as_the_clocks_may_differ() -> None:
    assert recovered(row(2, late=5 + SLACK))[0].id == "job-2"
    asked = replace(row(2), asked=(True, True, True, ("x",)))
    options = {"overwrite_newer": True, "delete_missing": True, "backup": True, "exclude": ("x",)}
    assert recovered(asked, **options)[0].id == "job-2"


# before anything is sent


def test_what_must_be_known_is_found_out_once() -> None:
    server, asked = Server(), []
    subject = sender(server)
    subject.ask = lambda: asked.append(1) or True  # type: ignore[func-returns-value]
    server.jobs = {"job-2": row(2, "done"), "job-3": row(3)}
    assert not subject.prepared
    subject.prepare()
    subject.prepare()
    assert (subject.prepared, subject.queues, asked) == (True, True, [1])
    assert [it.finished for it in server.listings] == [False, True], "one that ends is in one"
    assert {it.source for it in server.listings} == {SOURCE}
    assert subject.before == Before(frozenset({"job-2", "job-3"}))
    subject.renew()
    assert (subject.prepared, subject.before, subject.queues) == (False, None, True)
    subject.prepare()
    assert asked == [1], "whether there is a queue does not change"
    assert len(server.listings) == 4


def test_of_more_than_a_page_the_latest_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cocalc_widget.api.copying.sending.PAGE", 2)
    server = Server()
    server.jobs = {
        "a": row(2, "done", copy_id="a", late=1),
        "b": row(3, "done", copy_id="b", late=7),
    }
    subject = sender(server, queue=True)
    subject.prepare()
    assert subject.before == Before(frozenset({"a", "b"}), NOW + timedelta(seconds=7))
    assert server.listings[0].limit == 2


@pytest.mark.parametrize("why", ["no list", "no queue", "not known"])
def test_where_nothing_is_listed_nothing_is_asked_for(why: str) -> None:
    server = Server()
    server.lists_copies = why != "no list"
    subject = sender(server, queue={"no queue": False, "not known": None}.get(why, True))
    subject.prepare()
    assert (subject.before, server.listings) == (None, [])
    waiting = sender(server, queue=True)
    server.waits = True
    waiting.prepare()
    assert waiting.queues is False, "it copies while we wait: nobody is asked"


def test_a_server_out_of_reach_gets_nothing() -> None:
    server, gone = Server(), errors.APIConnectionError("refused")

    def fail() -> bool:
        raise gone

    subject = sender(server)
    subject.ask = fail
    subject.prepare()
    job = subject.send(target(2))
    assert (job.state, job.error, server.sent) == ("error", gone, [])
    subject.renew()
    subject.ask = lambda: True
    subject.prepare()
    assert subject.send(target(2)).state == "queued"


def test_a_list_that_fails_is_no_obstacle() -> None:
    server = Server()
    server.fails = [failure(500)]
    subject = sender(server, queue=True)
    subject.prepare()
    assert subject.before == Before(), "it is asked for again"
    server.fails = [failure(500)] * 3
    subject.renew()
    subject.prepare()
    assert (subject.before, server.fails) == (None, [])
    assert subject.send(target(2)).state == "queued"
    server.fails = [errors.PermissionDeniedError("no", status=403), failure(500)]
    subject.renew()
    subject.prepare()
    assert (subject.before, len(server.fails)) == (None, 1), "that will not change"


@pytest.mark.parametrize("told", [True, None])
def test_a_server_that_does_not_say_whether_it_has_a_queue_is_listed_all_the_same(
    told: Any,
) -> None:
    def ask() -> Any:
        if told is None:
            raise failure(500)
        return told

    server = Server()
    subject = sender(server)
    subject.ask = ask
    subject.prepare()
    assert (subject.queues, subject.before) == (told, Before())


def test_the_answer_is_waited_for_unless_there_is_a_queue() -> None:
    server = Server()
    for queue in (None, False, True):
        subject = sender(server, queue=queue)
        subject.prepare()
        subject.send(target(2))
    assert server.waited == [True, True, False]


def test_a_queue_that_is_none_only_begins_a_copy() -> None:
    server = Server()
    server.answers[target(2)] = ""
    subject = sender(server, queue=True)
    subject.prepare()
    job = subject.send(target(2))
    assert (job.state, subject.queues) == ("unknown", False)
    assert "never tells how it ends" in str(job.error)
    assert subject.send(target(2)).state == "done"
    assert server.waited == [False, True]


# following


def followed(server: Server, *jobs: CopyJob, since: float | None = BEGAN) -> Any:
    kept = list(jobs)
    return Follower(sender(server), kept, since, 1), kept


def test_a_look_is_a_listing_of_what_has_ended() -> None:
    server = Server()
    for number in (2, 3):
        server.send_copy(SOURCE, target(number), CopyOptions())
    follower, jobs = followed(server, row(2), row(3))
    assert follower.look() is False
    server.end(2)
    assert follower.look() is True
    assert [job.state for job in jobs] == ["done", "queued"]
    assert [it.finished for it in server.listings] == [True, True]
    assert server.asked == []
    assert follower._sender.queues is True


def test_an_only_job_is_asked_for_by_its_id() -> None:
    server = Server()
    server.send_copy(SOURCE, target(2), CopyOptions())
    follower, jobs = followed(server, row(2), replace(row(3), state="done"))
    follower.look()
    assert (server.asked, server.listings) == (["job-2"], [])
    assert jobs[0].state == "queued"


def test_an_only_job_beside_a_lost_answer_is_listed() -> None:
    server = Server()
    server.send_copy(SOURCE, target(2), CopyOptions())
    server.jobs["x"] = row(3, copy_id="x")
    follower, jobs = followed(server, row(2), lost(3))
    follower._sender.lost[target(3)] = MISSED
    assert follower.look()
    assert [it.finished for it in server.listings] == [False, True], "it may be under way"
    assert follower.searched
    assert jobs[1].id == "x"
    assert server.asked == []


def test_where_nothing_is_listed_each_is_asked_for() -> None:
    server = Server()
    server.lists_copies = False
    for number in (2, 3):
        server.send_copy(SOURCE, target(number), CopyOptions())
    follower, jobs = followed(server, row(2), row(3), replace(row(4), state="scheduled"))
    server.end(3)
    assert follower.look()
    assert server.asked == ["job-2", "job-3"]
    assert [job.state for job in jobs] == ["queued", "done", "scheduled"]
    assert server.listings == []


def test_nothing_under_way_asks_nobody() -> None:
    server = Server()
    follower, _jobs = followed(server, replace(row(2), state="done"))
    assert follower.look() is False
    assert (server.asked, server.listings) == ([], [])


def test_jobs_without_news_are_listed_as_pending_and_then_asked_for() -> None:
    server = Server()
    for number in (2, 3):
        server.send_copy(SOURCE, target(number), CopyOptions())
    follower, jobs = followed(server, row(2), row(3))
    for _ in range(STALE):
        follower.look()
    assert {it.finished for it in server.listings} == {True}
    follower.look()
    assert [it.finished for it in server.listings][-2:] == [False, True]
    del server.jobs["job-3"]  # neither pending nor finished: somebody has deleted it
    for _ in range(STALE):
        follower.look()
    assert server.asked == ["job-2", "job-3"]
    assert [job.state for job in jobs] == ["queued", "cancelled"]
    assert isinstance(jobs[1].error, errors.NotFoundError)
    asked = len(server.asked)
    follower.look()
    assert len(server.asked) == asked + 1, "an only one, by its id"


def test_news_begin_the_patience_anew() -> None:
    server = Server()
    for number in (2, 3, 4):
        server.send_copy(SOURCE, target(number), CopyOptions())
    follower, _jobs = followed(server, row(2), row(3), row(4))
    for _ in range(STALE):
        follower.look()
    server.end(2)
    follower.look()
    before = len(server.listings)
    for _ in range(STALE):
        follower.look()
    assert {it.finished for it in server.listings[before:]} == {True}


def test_a_job_that_is_done_stays_so_and_keeps_its_note_and_places() -> None:
    server = Server()
    server.jobs = {
        "job-2": row(2, "error"),
        "job-3": replace(row(3, "done"), source=Address("", ""), target=Address("", "")),
    }
    noted = replace(row(3), note="found again")
    follower, jobs = followed(server, replace(row(2), state="done"), noted, row(4))
    follower.look()
    assert jobs[0].state == "done"
    assert (jobs[1].state, jobs[1].note) == ("done", "found again")
    assert (jobs[1].source, jobs[1].target) == (SOURCE, target(3))


def test_a_job_whose_place_was_sent_again_is_not_found_again() -> None:
    server = Server()
    server.jobs = {"job-2": row(2, "error")}
    follower, jobs = followed(server, lost(2))
    follower.spent.add("job-2")
    follower.look()
    assert jobs[0].state == "unknown"


@pytest.mark.parametrize(
    ("status", "words", "blind"),
    [
        (404, "not found", True),
        (200, "unknown endpoint", True),
        (200, "unknown function copyStatus", True),
        (200, "it is not part of the HTTP API", True),
        (200, "Can't find copy operation with ID=x", False),
    ],
)
def test_a_server_without_a_status_of_copies_is_not_asked_again(
    status: int, words: str, blind: bool
) -> None:
    server = Server()
    follower, jobs = followed(server, row(2), replace(row(3), state="done"))
    server.fails = [errors.NotFoundError(words, status=status)]
    assert follower.look() is True
    assert follower.blind is blind
    assert [job.state for job in jobs] == ["unknown" if blind else "cancelled", "done"]
    assert str(jobs[0].error).startswith(words)
    asked = len(server.asked)
    assert follower.look() is False
    assert len(server.asked) == asked


def test_a_list_that_refuses_is_no_missing_endpoint() -> None:
    server = Server()
    follower, _jobs = followed(server, row(2), row(3))
    server.fails = [errors.NotFoundError("no such project", status=200)]
    with pytest.raises(errors.NotFoundError, match="no such project"):
        follower.look()
    assert follower.blind is False


def test_looks_come_sooner_with_news_and_later_without() -> None:
    assert next_interval(1.0, news=False) == GROWTH
    assert next_interval(1.5, news=True) == 1.5 / GROWTH
    assert next_interval(SLOWEST, news=False) == SLOWEST
    assert next_interval(FIRST, news=True) == FIRST
    assert 0 < FIRST < SLOWEST
    assert GROWTH > 1


# a batch


def test_a_batch_is_sent_once_and_waited_for(waits: list[float]) -> None:
    server = Server()
    batch = batch_of(server, 3)
    assert states(batch) == ["waiting"] * 3
    batch.send()
    assert states(batch) == ["queued"] * 3
    assert batch.states == {"queued": 3}
    assert len(batch.pending) == 3
    assert not batch.done
    batch.send()
    assert server.sent == [target(2), target(3), target(4)], "what was sent is not sent again"
    for number in (2, 3, 4):
        server.end(number)
    assert batch.wait() is batch
    assert batch.done
    assert (list(batch.failed), list(batch.pending)) == ([], [])
    assert waits == [FIRST], "one look was enough"


def test_of_a_large_batch_the_first_may_have_ended_already(waits: list[float]) -> None:
    server = Server()
    targets = [Address(P(2), f"{n}.md") for n in range(batch_module.MANY + 1)]
    for it in targets:
        server.answers[it] = f"id-{it.path}"
    batch = CopyBatch(sender(server), targets, concurrency=1, progress=False).send()
    server.jobs = {key: replace(job, state="done") for key, job in server.jobs.items()}
    batch.wait()
    assert waits == [FIRST / 4]


def test_waiting_ends_in_time_and_says_how_to_go_on() -> None:
    server = Server()
    batch = batch_of(server, 2).send()
    with pytest.raises(errors.APITimeoutError) as caught:
        batch.wait(0)
    assert caught.value.message == "2 of 2 copies are not done after 0 s; they go on."
    assert caught.value.sent
    assert f"client.copies('{SOURCE}')" in str(caught.value)
    server.lists_copies = False
    with pytest.raises(errors.APITimeoutError, match=r"client\.last_copy\.wait\(\)\.$"):
        batch.wait(0)
    assert states(batch) == ["queued", "queued"]


def test_one_that_is_scheduled_is_not_waited_for(waits: list[float]) -> None:
    server = Server()
    batch = batch_of(server, 1, scheduled=NOW).send().wait(0)
    assert states(batch) == ["scheduled"]
    assert not batch.done
    assert waits == []


@pytest.mark.parametrize("trouble", [errors.APIConnectionError("broke"), failure(500)])
def test_some_looks_may_fail_and_then_the_trouble_is_told(trouble: Any) -> None:
    server = Server()
    batch = batch_of(server, 2).send()
    server.fails = [trouble] * (polling.PATIENCE - 1)
    for number in (2, 3):
        server.end(number)
    batch.wait()
    assert batch.done
    other = batch_of(server, 2).send()
    server.fails = [trouble] * polling.PATIENCE
    with pytest.raises(type(trouble)):
        other.wait()
    assert server.fails == []
    refused = errors.AuthenticationError("the key is gone", status=401)
    server.fails = [refused]
    with pytest.raises(errors.AuthenticationError):
        other.wait()


def test_failures_in_a_row_are_counted_and_not_others() -> None:
    server = Server()
    batch = batch_of(server, 2).send()
    looks = {"n": 0}
    listed = server.list_copies

    def list_copies(which: Listing) -> list[CopyJob]:
        looks["n"] += 1
        if looks["n"] > 20:
            for number in (2, 3):
                server.end(number)
        elif looks["n"] % polling.PATIENCE:
            raise failure(500)
        return listed(which)

    server.list_copies = list_copies  # type: ignore[method-assign]
    batch.wait()
    assert batch.done


def test_a_lost_answer_is_looked_for_and_then_said_to_be_absent() -> None:
    server = Server()
    server.answers[target(2)] = errors.APIConnectionError("broke", sent=True)
    batch = batch_of(server, 2).send()
    server.end(3)
    batch.wait()
    assert states(batch) == ["unknown", "done"]
    assert batch[0].note == "the server lists no such copy: batch.retry() sends it"
    assert [it.finished for it in server.listings] == [False, True] * 4, "before, and three looks"
    assert list(batch.failed) == [batch[0]]
    del server.answers[target(2)]
    batch.retry(wait=False)
    assert states(batch) == ["queued", "done"]
    assert server.sent.count(target(3)) == 1


def test_a_lost_answer_that_the_server_has_is_not_sent_again() -> None:
    server = Server()
    server.answers[target(2)] = errors.APIConnectionError("broke", sent=True)
    batch = batch_of(server, 2).send()
    server.jobs["found"] = row(2, "done", copy_id="found")
    batch.retry(wait=False)
    assert [job.id for job in batch] == ["found", "job-3"]
    assert server.sent.count(target(2)) == 1


@pytest.mark.parametrize("why", ["no list", "no queue"])
def test_where_nobody_knows_only_a_word_sends_it_again(why: str) -> None:
    server = Server()
    server.lists_copies, queue = why != "no list", why != "no queue"
    server.answers[target(2)] = errors.APIConnectionError("broke", sent=True)
    server.answers[target(3)] = "job-3" if queue else ""
    batch = batch_of(server, 2, queue=queue).send()
    if queue:
        server.end(3)
    batch.wait()
    assert states(batch) == ["unknown", "done"]
    assert "nobody knows whether it was made" in batch[0].note
    batch.retry()
    assert server.sent.count(target(2)) == 1
    server.answers[target(2)] = "again" if queue else ""
    batch.retry(unknown=True, wait=False)
    assert server.sent.count(target(2)) == 2
    assert states(batch) == ["queued" if queue else "done", "done"]


def test_a_copy_like_a_lost_one_leaves_a_doubt() -> None:
    server = Server()
    server.answers[target(2)] = errors.APIConnectionError("broke", sent=True)
    batch = batch_of(server, 2).send()
    server.end(3)
    server.jobs["a"], server.jobs["b"] = row(2, copy_id="a"), row(2, copy_id="b")
    batch.wait()
    assert "which may be another's" in batch[0].note
    batch.retry(wait=False)
    assert server.sent.count(target(2)) == 1
    batch.retry(unknown=True, wait=False)
    assert server.sent.count(target(2)) == 2


def test_a_job_that_failed_is_sent_again_and_its_old_id_is_nobodys() -> None:
    server = Server()
    batch = batch_of(server, 2).send()
    server.end(2, "error")
    server.end(3)
    batch.wait()
    assert states(batch) == ["error", "done"]
    server.answers[target(2)] = "again"
    batch.retry(wait=False)
    assert batch[0].id == "again"
    assert batch._follower.spent == {"job-2"}
    assert server.sent == [target(2), target(3), target(2)]


def test_a_retry_without_the_list_is_refused() -> None:
    server = Server()
    server.answers[target(2)] = errors.APIConnectionError("broke", sent=True)
    batch = batch_of(server, 2).send()
    server.fails = [failure(500)]
    with pytest.raises(errors.ServerError):
        batch.retry()
    assert server.sent.count(target(2)) == 1


def test_the_batch_began_when_its_first_copy_was_sent_by_the_servers_clock() -> None:
    server = Server()
    batch = batch_of(server, 1).send()
    since = batch._follower.since
    assert since is not None
    assert BEGAN - 1 < since <= BEGAN
    server.clock = BEGAN + 1000
    server.answers[target(2)] = ""
    batch._jobs[0] = replace(batch[0], state="error")
    batch.retry()
    assert batch._follower.since == since


def test_ctrl_c_stops_the_waiting_and_says_what_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    server = Server()
    batch = batch_of(server, 2).send()
    monkeypatch.setattr(batch_module.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt, match="Stopped waiting; 2 copies go on") as caught:
        batch.wait()
    assert "not sent" not in str(caught.value)
    assert caught.value.__suppress_context__
    server = Server()
    server.answers[target(3)] = KeyboardInterrupt()
    batch = batch_of(server, 3)
    with pytest.raises(KeyboardInterrupt, match=r"1 copies go on.* 1 were not sent"):
        batch.send()
    assert states(batch) == ["queued", "unknown", "waiting"]
    assert "it may have worked" in str(batch[1].error)
    batch.send()
    assert server.sent == [target(2), target(3), target(4)], "nothing twice"


def test_what_was_being_sent_when_the_process_forked_is_its_parents() -> None:
    batch = batch_of(Server(), 3)
    batch._jobs[1] = replace(batch[1], state="sending")
    batch._jobs[2] = replace(batch[2], state="queued")
    batch.after_fork()
    assert states(batch) == ["waiting", "unknown", "queued"], "nobody sends the first"
    batch._crews = [SimpleNamespace(stopped=True)]  # type: ignore[list-item]
    batch.after_fork()
    assert states(batch) == ["waiting", "unknown", "queued"]
    batch._crews = [SimpleNamespace(stopped=False)]  # type: ignore[list-item]
    batch.after_fork()
    assert states(batch) == ["unknown", "unknown", "queued"]
    assert "forked" in str(batch[0].error)
    assert batch._crews == []


# cancelling


def test_only_what_is_scheduled_is_cancelled() -> None:
    server = Server()
    batch = batch_of(server, 4, scheduled=NOW).send()
    batch._jobs[0] = replace(batch[0], state="done")
    del server.jobs["job-3"]
    server.jobs["job-3"] = row(3, "done")
    cancel = server.cancel_copy

    def cancel_copy(copy_id: str) -> None:
        if copy_id == "job-3":
            raise errors.NotFoundError("already finished", status=200)
        if copy_id == "job-4":
            raise errors.PermissionDeniedError("not yours", status=403)
        cancel(copy_id)

    server.cancel_copy = cancel_copy  # type: ignore[method-assign]
    assert batch.cancel() is batch
    assert states(batch) == ["done", "done", "scheduled", "cancelled"]
    assert batch[2].note == "not cancelled: not yours"
    server.fails = []
    batch._jobs[2] = replace(batch[2], state="cancelled")
    with pytest.raises(errors.ValidationError, match="no copy of this batch is scheduled"):
        batch.cancel()


# what is raised, and how it shows


def failed(*told: Any) -> CopyBatch:
    batch = batch_of(Server(), len(told))
    for number, (state, error) in enumerate(told):
        batch._jobs[number] = replace(batch[number], state=state, error=error)
    return batch


NO = errors.PermissionDeniedError("no", status=403)


@pytest.mark.parametrize(
    ("told", "hopeless"),
    [
        ([("done", None)], False),
        ([("error", NO)], True),
        ([("unknown", NO)], True),
        ([("error", NO), ("error", NO)], True),
        ([("error", NO), ("error", errors.PermissionDeniedError("not", status=403))], False),
        ([("error", NO), ("error", errors.NotFoundError("no", status=403))], False),
        ([("error", NO), ("unknown", NO)], False),
        ([("error", NO), ("done", None)], False),
        ([("done", None), ("error", NO)], False),
        ([("done", None), ("done", None)], False),
    ],
)
def test_an_error_that_is_everybodys_is_raised(told: Any, hopeless: bool) -> None:
    batch = failed(*told)
    if not hopeless:
        raise_if_hopeless(batch)
        return
    with pytest.raises(errors.PermissionDeniedError):
        raise_if_hopeless(batch)


def test_a_batch_shows_its_first_twenty_and_how_many_more() -> None:
    batch = failed(*[("error", NO)], *[("done", None)] * 2)
    assert repr(batch).splitlines() == [
        f"<CopyBatch of {SOURCE} to 3 targets: 1 error, 2 done>",
        f"  {target(2)}: error no",
        f"  {target(3)}: done",
        f"  {target(4)}: done",
        "done is CoCalc's word; what is newer there was kept: check() compares",
    ]
    assert "to 1 target: 1 error" in repr(failed(("error", NO)))
    assert "done is" not in repr(failed(("error", NO)))
    over = batch_of(Server(), 1, overwrite_newer=True)
    over._jobs[0] = replace(over[0], state="done")
    assert repr(over).endswith("done is CoCalc's word: check() compares")
    places = [Address(P(2), f"{n}.md") for n in range(22)]
    many = CopyBatch(sender(Server()), places, progress=False)
    *_, more, unsent = repr(many).splitlines()
    assert more == "  ... and 2 more"
    assert len(repr(many).splitlines()) == 23
    assert unsent == f"not sent: {', '.join(map(str, places[:5]))} and 17 more; retry() sends them"
    exactly = CopyBatch(sender(Server()), places[:20], progress=False)
    assert "  ... and" not in repr(exactly)
    few = CopyBatch(sender(Server()), places[:5], progress=False)
    assert f"{places[4]}; retry() sends them" in repr(few)
    assert len(many) == 22
    assert many[21].target == places[21]


def test_a_job_tells_whether_its_end_is_to_come() -> None:
    told = {
        state: (row(2, state).done, row(2, state).pending)
        for state in ("waiting", "sending", "queued", "scheduled", "started", "done", "error",
                      "cancelled", "unknown")
    }  # fmt: skip
    assert told == {
        "waiting": (False, False), "sending": (False, True), "queued": (False, True),
        "scheduled": (False, False), "started": (False, True), "done": (True, False),
        "error": (False, False), "cancelled": (False, False), "unknown": (False, False),
    }  # fmt: skip


def test_a_job_in_words() -> None:
    job = replace(row(2), names={P(1): "Mine"})
    assert repr(job) == f"<Mine:a.md → {target(2)}: queued>"
    assert repr(replace(job, note="a note")).endswith(": queued (a note)>")
    assert "(no)" in repr(replace(job, note="a note", error=NO))
    bare = replace(job, source=Address("", ""), target=Address("", ""))
    assert repr(bare) == "<copy job-2: queued>"
    assert "Mine:a.md" in job._repr_html_()


def test_the_id_of_a_job() -> None:
    assert check_job_id(P(1).upper()) == P(1)
    with pytest.raises(errors.ValidationError, match="done when it was asked for"):
        check_job_id("")
    with pytest.raises(errors.ValidationError, match="copy id must be a UUID"):
        check_job_id("job-2")


# what stands on both sides


def files(*names: str, **changes: Any) -> dict[str, Entry]:
    return {name: Entry(**{"hash": "a" * 64, "changed": 5, **changes}) for name in names}


PLAIN_COPY = CopyOptions()


@pytest.mark.parametrize(
    ("source", "there", "words"),
    [
        (Content("-"), Content("f", files("a")), "its source is not there any more"),
        (Content("f", files("a")), Content("-"), "nothing is there"),
        (Content("f", files("a")), Content("d"), "a folder is where the file was to be"),
        (Content("d"), Content("f", files("a")), "a file is where the folder was to be"),
        (Content("d", files("a", "b")), Content("d", files("a")), "1 of 2 files are not as"),
        (Content("d", files("a")), Content("d", files("a", hash="b")), "different 'a'"),
        (Content("d", files("a", hash="")), Content("d", files("a", hash="")), "different 'a'"),
        (Content("d", files("a")), Content("d", files("a", hash="b", changed=6)), "newer in the"),
        (Content("d", files("a", mode=0xA000)), Content("d", files("a")), "different 'a'"),
    ],
)
def test_a_copy_that_is_not_as_its_source(source: Any, there: Any, words: str) -> None:
    same, told = compare(source, there, PLAIN_COPY)
    assert not same
    assert words in told


def test_a_copy_that_has_arrived() -> None:
    more = Content("d", files("a", "b", "c"))
    assert compare(Content("d", files("a", "b")), more, PLAIN_COPY) == (
        True, "seen to have arrived: 2 files are the same",
    )  # fmt: skip
    other = Content("f", files("another name"))
    assert compare(Content("f", files("a")), other, PLAIN_COPY)[1].endswith("1 file is the same")
    links = Content("d", files("a", mode=0xA000, hash="b"))
    assert compare(Content("d", files("a", mode=0xA000)), links, PLAIN_COPY)[0]
    left_out = CopyOptions(exclude=("b",))
    assert compare(Content("d", files("a", "b")), Content("d", files("a")), left_out)[0]
    newer = Content("d", files("a", hash="b", changed=6))
    over = compare(Content("d", files("a")), newer, CopyOptions(overwrite_newer=True))
    assert "different 'a'" in over[1]


def test_more_files_than_can_be_compared_on_either_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST_FILES", 2)
    few, many = Content("d", files("a", "b")), Content("d", files("a", "b", "c"))
    assert compare(few, few, PLAIN_COPY)[0]
    for source, there in ((few, many), (many, few)):
        assert "more than 2 files cannot be compared" in compare(source, there, PLAIN_COPY)[1]


def test_paths_are_asked_for_in_portions_that_a_request_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "MOST_PATHS", 60)
    paths = [letter * 10 for letter in "abcde"]
    assert checking._portions(paths) == [paths[:2], paths[2:4], paths[4:]]
    assert checking._portions(["x" * 100, "y"]) == [["x" * 100], ["y"]], "none is left out"


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the projects answer about their files, and what they were asked."""
    told = SimpleNamespace(answer=Content("f", files("a.md")), asked=[])

    def ask(_dialect: Any, project: str, paths: list[str], *, name: str, seconds: float) -> Any:
        told.asked.append((project, paths, name, seconds))
        if isinstance(told.answer, Exception):
            raise told.answer
        return [told.answer for _ in paths]

    monkeypatch.setattr("cocalc_widget.api.copying.checking.ask", ask)
    return told


def test_a_batch_of_which_nothing_is_done_is_not_compared(looked: Any) -> None:
    assert states(batch_of(Server(), 2).check()) == ["waiting", "waiting"]
    assert looked.asked == []


def test_a_copy_that_could_not_be_looked_at_is_looked_at_again_and_not_sent(looked: Any) -> None:
    server = Server()
    server.answers[target(2)] = ""
    batch = batch_of(server, 1, queue=False).send()
    looked.answer = failure(500)
    batch.check()
    assert states(batch) == ["unknown"]
    assert "could not be checked" in batch[0].note
    batch.retry()
    assert (states(batch), server.sent) == (["unknown"], [target(2)])
    looked.answer = Content("f", files("a.md"))
    batch.retry()
    assert (states(batch), server.sent) == (["done"], [target(2)])
    assert "seen to have arrived" in batch[0].note


def test_comparing_has_what_is_left_of_the_time(looked: Any) -> None:
    server = Server()
    server.answers[target(2)] = ""
    batch = batch_of(server, 1, queue=False, check=True).send()
    batch.wait(30)
    assert {seconds <= 30 for *_, seconds in looked.asked} == {True}
    assert [(project, name) for project, _, name, _ in looked.asked] == [(P(1), ""), (P(2), "a.md")]
    batch.wait()
    assert len(looked.asked) == 2, "what was seen need not be seen again"
    batch.check(timeout=7)
    assert {seconds for *_, seconds in looked.asked[2:]} == {7}


def test_of_a_copy_that_may_be_under_way_nothing_is_made_of_what_is_not_there_yet(
    looked: Any,
) -> None:
    server = Server()
    server.lists_copies = False
    server.answers[target(2)] = errors.APIConnectionError("reset", sent=True)
    batch = batch_of(server, 1, queue=False).send()
    first = batch[0].error
    looked.answer = failure(500)
    batch.check()
    assert (batch[0].state, batch[0].error) == ("unknown", first), "nobody could look"
    looked.answer = Content("-")
    batch.check()
    assert (batch[0].state, batch[0].error) == ("unknown", first), "it may still come"
    assert "retry(unknown=True)" in batch[0].note
    batch.retry()
    assert server.sent == [target(2)], "thus it is not sent again"
    looked.answer = Content("f", files("a.md"))
    batch.check()
    assert states(batch) == ["done"]
