"""Copying to many: concurrency, bulk status, lost answers, retry, cancel, Ctrl-C."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.address import Address

from ..fake import HANG, NO_KEY, RESET, Answer, Reaction, Seen, serving
from .queue_server import SOURCE, SRC, Queue, client, iso, project


def test_many_targets_concurrently_and_in_bulk() -> None:
    queue = Queue(seconds=0.3)
    queue.delay = 0.02
    targets = [project(n) for n in range(120)]
    with serving(queue) as server:
        batch = client(server.url).copy(SRC, targets, concurrency=8)
        assert server.connections <= 9, "connections are kept"
    assert batch.done
    assert [job.target.project for job in batch] == targets
    assert {job.target.path for job in batch} == {"task/one.md"}
    assert set(queue.copied.values()) == {1}
    assert len(queue.copied) == 120
    assert 4 <= queue.busiest <= 8
    assert queue.polls <= 12, "status is asked for in bulk"
    assert batch.states == {"done": 120}


def test_wait_false_then_wait() -> None:
    queue = Queue(seconds=0.4)
    with serving(queue) as server:
        subject = client(server.url)
        batch = subject.copy(SRC, project(1), project(2), wait=False)
        assert [job.state for job in batch] == ["queued", "queued"]
        assert all(job.id for job in batch)
        assert queue.polls == 2, "what is there before anything is sent"
        assert subject.last_copy is batch
        with pytest.raises(errors.APITimeoutError, match="2 of 2") as caught:
            batch.wait(0.1)
        assert SOURCE in caught.value.remedy
        assert batch.wait() is batch
        assert batch.done
        assert subject.copy_status(batch[0]).state == "done"
        assert subject.copy_status(batch[0].id).target == Address(project(1), "task/one.md")
        found = subject.copies(src=SOURCE)
        assert {job.id for job in found} == {job.id for job in batch}


def test_a_single_failure_raises_and_a_part_does_not() -> None:
    queue = Queue()
    queue.failing = {project(1): "rsync: link_stat failed: No such file or directory (2)"}
    with serving(queue) as server:
        with pytest.raises(errors.NotFoundError, match="link_stat"):
            client(server.url).copy(SRC, project(1))
        batch = client(server.url).copy(SRC, project(1), project(2))
    assert [job.state for job in batch] == ["error", "done"]
    assert [job.target.project for job in batch.failed] == [project(1)]
    assert type(batch.failed[0].error) is errors.NotFoundError
    assert "link_stat" in repr(batch)
    assert "link_stat" in batch._repr_html_()


def test_a_wrong_key_is_one_error() -> None:
    wrong = Answer({"error": "No account found. Is your API key wrong?"}, 400)
    with serving(lambda _seen: wrong) as server, pytest.raises(errors.AuthenticationError):
        client(server.url).copy(SRC, [project(n) for n in range(5)])


def test_lost_answers_are_looked_up_not_sent_again() -> None:
    """The work was done and the answer lost: the list of jobs tells, by the server's clock."""
    queue = Queue(seconds=0.2)
    queue.after = {project(n): RESET for n in (1, 3)}
    with serving(queue) as server:
        batch = client(server.url).copy(SRC, [project(n) for n in range(6)])
    assert batch.done, batch
    assert set(queue.copied.values()) == {1}
    assert len(queue.copied) == 6
    assert "lost" in batch[1].note


@pytest.mark.parametrize("reaction", [RESET, HANG])
def test_a_job_of_an_earlier_batch_is_not_taken_for_a_lost_answer(reaction: str) -> None:
    """Copied, changed, copied again in the same second: the old version must not say done."""
    queue = Queue()
    with serving(queue) as server:
        subject = client(server.url, timeout=1.0)
        subject.copy(SRC, project(1))
        queue.before = {project(1): reaction}
        with pytest.raises(errors.APIConnectionError) as caught:
            subject.copy(SRC, project(1))
        assert caught.value.sent
        batch = subject.last_copy
        assert batch is not None
        assert batch[0].state == "unknown"
        assert batch[0].note == "the server lists no such copy: batch.retry() sends it"
        assert queue.copied == {project(1): 1}
        assert batch.retry().done
    assert queue.copied == {project(1): 2}


def test_a_job_of_another_client_is_not_taken_for_a_lost_answer() -> None:
    """Made a moment before, at the same moment, or a little later: nobody can say whose it is."""
    queue = Queue()
    with serving(queue) as server:
        other, subject = client(server.url), client(server.url)
        plain = queue.copy_path_between_projects
        lost: list[str] = [project(1), project(2), project(3)]

        def both(told: dict[str, Any]) -> Reaction:
            if told["target_project_id"] not in lost:
                return plain(told)
            lost.remove(told["target_project_id"])
            plain(told)  # somebody else's
            if told["target_project_id"] == project(3):
                later = datetime.now(timezone.utc) + timedelta(seconds=30)
                list(queue.jobs.values())[-1]["time"] = iso(later)
                return RESET
            if told["target_project_id"] == project(2):
                plain(told)  # and this one's
            return RESET

        queue.copy_path_between_projects = both  # type: ignore[method-assign]
        lost.remove(project(1))
        other.copy(SRC, project(1))
        queue.before = {project(1): RESET}
        batch = subject.copy(SRC, project(1), project(2), project(3), project(4))
        assert [job.state for job in batch] == ["unknown"] * 3 + ["done"]
        assert "retry() sends it" in batch[0].note
        assert "may be another's" in batch[1].note
        assert "may be another's" in batch[2].note
        copied = queue.copied.copy()
        batch.retry()
        assert [job.state for job in batch] == ["done", "unknown", "unknown", "done"]
        assert queue.copied - copied == {project(1): 1}, "what may have been made is left alone"
        assert batch.retry(unknown=True).done


def test_what_was_there_cannot_be_asked() -> None:
    queue = Queue()
    queue.after = {project(1): RESET}
    with serving(queue) as server:
        queue.status_faults = [Answer({"error": "no"}, 403)]
        batch = client(server.url).copy(SRC, project(1), project(2))
        assert [job.state for job in batch] == ["unknown", "done"]
        assert "unknown=True" in batch[0].note
        batch.retry()
    assert queue.copied == {project(1): 1, project(2): 1}


def test_ten_percent_of_faults() -> None:
    queue = Queue(seconds=0.1)
    page = Answer("<title>500</title><pre>Internal Server Error</pre>", 500, "text/html")
    names = [project(n) for n in range(60)]
    kinds = [page, RESET, HANG]
    queue.before = {names[n]: kinds[n % 3] for n in range(0, 60, 10)}
    queue.after = {names[n]: RESET for n in range(5, 60, 30)}
    plain = queue.copy_path_between_projects
    faults = [page, RESET, page]

    def send(told: dict[str, Any]) -> Reaction:
        if faults:  # not before anything is sent
            queue.status_faults.append(faults.pop(0))
        return plain(told)

    queue.copy_path_between_projects = send  # type: ignore[method-assign]
    with serving(queue) as server:
        subject = client(server.url, timeout=1.0)
        batch = subject.copy(SRC, names)
        assert all(job.done or job.error is not None for job in batch)
        assert set(queue.copied.values()) == {1}
        assert {job.state for job in batch.failed} == {"unknown"}
        assert len(batch.failed) == 6
        kinds_seen = {type(job.error) for job in batch.failed}
        assert kinds_seen == {errors.ServerError, errors.APIConnectionError, errors.APITimeoutError}
        batch.retry()
    assert batch.done
    assert set(queue.copied.values()) == {1}, "none twice"
    assert len(queue.copied) == 60


def test_retry_on_a_server_that_copies_at_once() -> None:
    """Nobody can say whether it was made: it is sent again only if asked to."""
    queue = Queue(at_once=True)
    queue.after = {project(1): RESET}
    queue.before = {project(2): Answer({"event": "error", "error": "out of space"})}
    with serving(queue) as server:
        batch = client(server.url).copy(SRC, project(0), project(1), project(2))
        assert [job.state for job in batch] == ["done", "unknown", "error"]
        batch.retry()
        assert [job.state for job in batch] == ["done", "unknown", "done"]
        assert queue.copied[project(1)] == 1
        batch.retry(unknown=True)
        assert batch.done
        assert queue.copied == {project(0): 1, project(1): 2, project(2): 1}
        assert queue.polls == 0


def test_a_failed_job_is_not_taken_for_the_lost_answer_of_its_retry() -> None:
    queue = Queue()
    queue.failing = {project(1): "disk full"}
    with serving(queue) as server:
        batch = client(server.url).copy(SRC, project(1), project(2))
        assert batch.states == {"error": 1, "done": 1}
        queue.failing.clear()
        queue.before = {project(1): RESET}
        batch.retry()
        assert batch[0].state == "unknown"
        assert "retry() sends it" in batch[0].note
        assert batch.retry().done


def test_without_the_list_nothing_is_sent_again() -> None:
    queue = Queue()
    queue.before = {project(1): RESET}
    with serving(queue) as server:
        subject = client(server.url, retries=0)
        batch = subject.copy(SRC, project(1), project(2))
        assert batch.states == {"unknown": 1, "done": 1}
        queue.status_faults = [RESET]
        with pytest.raises(errors.APIConnectionError):
            batch.retry()
        assert queue.copied == {project(2): 1}


def test_lost_answers_of_a_queue_without_a_list() -> None:
    """Generation B: an id proves the queue, but nobody can say what became of the other."""
    sent: Counter[str] = Counter()

    def handle(seen: Seen) -> Reaction:
        if seen.path == "/api/conat/hub":
            return Answer({"now": 1})
        if seen.path.endswith("copy-path"):
            sent[seen.json["target_project_id"]] += 1
            lost = seen.json["target_project_id"] == project(1)
            return RESET if lost else Answer({"copy_id": str(uuid.uuid4())})
        return Answer({"finished": 2})

    with serving(handle) as server:
        batch = client(server.url, api="v2").copy(SRC, project(1), project(2)).retry()
    assert [job.state for job in batch] == ["unknown", "done"]
    assert "unknown=True" in batch[0].note
    assert sent == {project(1): 1, project(2): 1}


def test_a_server_that_cannot_be_asked_any_more() -> None:
    queue = Queue(seconds=60)
    with serving(queue) as server:
        batch = client(server.url, retries=0).copy(SRC, project(1), project(2), wait=False)
        queue.status_faults = [RESET] * 50
        with pytest.raises(errors.APIConnectionError):
            batch.wait(20)
        assert batch.states == {"queued": 2}, "they go on"


def test_a_deleted_job_ends() -> None:
    queue = Queue(seconds=60)
    with serving(queue) as server:
        subject = client(server.url)
        batch = subject.copy(SRC, project(1), project(2), wait=False)
        queue.seconds = 0
        gone, kept = batch[0].id, batch[1].id
        del queue.jobs[gone]
        queue.jobs[kept]["_ends"] = datetime.now(timezone.utc)
        batch.wait(20)
    assert [job.state for job in batch] == ["cancelled", "done"]


def test_scheduled_and_cancelled() -> None:
    queue = Queue()
    settings = Answer({"configuration": {"kucalc": "yes"}})
    later = datetime.now(timezone.utc) + timedelta(days=1)
    with serving(lambda s: settings if s.path == "/customize" else queue(s)) as server:
        subject = client(server.url)
        batch = subject.copy(SRC, project(1), project(2), scheduled=later)
        assert [job.state for job in batch] == ["scheduled", "scheduled"]
        sent = next(s.json for s in server.seen if s.json and "scheduled" in s.json)
        assert datetime.fromisoformat(sent["scheduled"].replace("Z", "+00:00")) == later
        subject.cancel_copy(batch[0])
        batch.cancel()
        assert batch.states == {"cancelled": 2}
    assert queue.jobs == {}


def test_scheduled_where_it_would_be_ignored() -> None:
    queue = Queue(at_once=True)
    later = datetime.now(timezone.utc) + timedelta(days=1)
    settings = Answer({"configuration": {"kucalc": "no"}})
    with serving(lambda s: settings if s.path == "/customize" else queue(s)) as server:
        with pytest.raises(errors.ValidationError, match="cannot schedule"):
            client(server.url).copy(SRC, project(1), scheduled=later)
        assert not queue.copied
        settings.body = {"configuration": {}}
        batch = client(server.url).copy(SRC, project(1), scheduled=later)
    assert batch[0].state == "done"
    assert "ignored" in batch[0].note


def test_interrupted_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue(seconds=60)
    with serving(queue) as server:
        batch = client(server.url).copy(SRC, project(1), project(2), wait=False)

        def interrupt(*_: Any) -> Any:
            raise KeyboardInterrupt

        monkeypatch.setattr(batch, "_look", interrupt)
        with pytest.raises(KeyboardInterrupt, match=r"2 copies go on.*client\.copies"):
            batch.wait()
        assert [job.state for job in batch] == ["queued", "queued"]
    assert len(queue.jobs) == 2


def test_interrupted_sending() -> None:
    queue = Queue(seconds=60)
    queue.delay = 0.05
    with serving(queue) as server:
        subject = client(server.url)
        ticks = iter(range(10_000))

        def tick(*_: Any) -> None:
            if next(ticks) == 2:
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("cocalc_widget.api.copying.progress.Progress.update", tick)
            with pytest.raises(KeyboardInterrupt, match="were not sent"):
                subject.copy(SRC, [project(n) for n in range(100)], concurrency=2)
        batch = subject.last_copy
        assert batch is not None
        assert 0 < batch.states["waiting"] < 100
        queue.delay = 0.0
        batch.send()
        deadline = time.monotonic() + 5
        while batch.states != {"queued": 100} and time.monotonic() < deadline:
            time.sleep(0.02)
    assert batch.states == {"queued": 100}
    assert set(queue.copied.values()) == {1}


def test_one_job_at_a_time_where_nothing_is_listed() -> None:
    """Generation B: ids, but no list; each job is asked for by itself."""
    polls: Counter[str] = Counter()

    def handle(seen: Seen) -> Reaction:
        if seen.path == "/api/conat/hub":
            return Answer({"now": 1})
        if seen.path.endswith("copy-path"):
            return Answer({"copy_id": str(uuid.uuid4())})
        polls[seen.json["copy_id"]] += 1
        ended = polls[seen.json["copy_id"]] >= 2
        return Answer({"started": 1, "finished": 2 if ended else None, "copy_error": None})

    with serving(handle) as server:
        batch = client(server.url, api="v2").copy(SRC, [project(n) for n in range(10)])
    assert batch.done
    assert set(polls.values()) == {2}


def test_the_trap_of_v2_on_generation_a() -> None:
    """It answers `{}` for a target that does not exist (recording): nothing is sent then."""
    copied: list[str] = []

    def handle(seen: Seen) -> Reaction:
        if seen.path == "/api/conat/hub":
            return Answer("<title>404 Page Not Found</title>", 404, "text/html")
        if seen.path == "/api/v1/ping":
            return NO_KEY
        if seen.path.endswith("projects/get"):
            return Answer([{"project_id": p, "title": ""} for p in (SOURCE, project(1))])
        if seen.path.endswith("user-query"):
            if seen.json["query"]["projects"]["project_id"] == project(2):
                return Answer({"query": {"projects": {"project_id": project(2), "title": "old"}}})
            return Answer({"error": "FATAL: you do not have read access to this project"})
        copied.append(seen.json["target_project_id"])
        return Answer({})

    with serving(handle) as server:
        subject = client(server.url, api="v2")
        assert subject.generation == "A"
        assert subject.copy(SRC, project(1), project(2)).done
        assert copied == [project(1), project(2)] or copied == [project(2), project(1)]
        copied.clear()
        with pytest.raises(errors.NotFoundError, match=project(3)):
            subject.copy(SRC, project(1), project(3))
        assert copied == []
        for name, value in (("exclude", ["*.o"]), ("scheduled", "2099-01-01T00:00")):
            with pytest.raises(errors.CoCalcError, match=name):
                subject.copy(SRC, project(1), **{name: value})  # type: ignore[arg-type]


def test_progress_is_shown_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    queue = Queue(seconds=0.1)
    with serving(queue) as server:
        client(server.url).copy(SRC, project(1), project(2), progress=True)
        assert "copying" in capsys.readouterr().err
        client(server.url).copy(SRC, project(1), project(3))
        assert capsys.readouterr().err == "", "no bar where nobody looks"


def test_more_jobs_than_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    from cocalc_widget.api.copying import sending

    queue = Queue(seconds=0.2)
    monkeypatch.setattr(sending, "PAGE", 10)
    with serving(queue) as server:
        batch = client(server.url).copy(SRC, [project(n) for n in range(35)])
    assert batch.done


def test_copy_status_of_nothing() -> None:
    with serving(lambda _seen: Answer({})) as server:
        subject = client(server.url)
        with pytest.raises(errors.ValidationError, match="done"):
            subject.copy_status("")
        with pytest.raises(errors.ValidationError):
            subject.cancel_copy("nope")
        with pytest.raises(errors.ValidationError):
            subject.copies()
        assert server.seen == []
