"""Copying to many: concurrency, bulk status, lost answers, retry, cancel, Ctrl-C."""

from __future__ import annotations

import csv
import io
import threading
import time
import uuid
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.address import Address
from cocalc_widget.api import Client
from cocalc_widget.api.dialects import detection as detect

from ..fake import HANG, NO_KEY, RESET, Answer, Reaction, Seen, serving

KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"
SOURCE = "aaaaaaaa-0000-4000-8000-000000000001"


def project(number: int) -> str:
    return f"cccccccc-0000-4000-8000-{number:012}"


def iso(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Queue:
    """A v1 server with a copy queue, in memory; says how often each target was copied."""

    def __init__(self, *, at_once: bool = False, seconds: float = 0.0) -> None:
        self.at_once, self.seconds = at_once, seconds
        self.jobs: dict[str, dict[str, Any]] = {}
        self.copied: Counter[str] = Counter()
        self.busy = self.busiest = 0
        self.lock = threading.Lock()
        self.before: dict[str, Reaction] = {}  # target -> reaction instead of copying
        self.after: dict[str, Reaction] = {}  # target -> reaction after having copied
        self.failing: dict[str, str] = {}  # target -> error of its job
        self.delay = 0.0
        self.status_faults: list[Reaction] = []
        self.polls = 0

    def __call__(self, seen: Seen) -> Reaction:
        event = seen.path.rpartition("/")[2]
        if event == "customize":
            return Answer({"configuration": {"kucalc": "no" if self.at_once else "yes"}})
        return getattr(self, event)(seen.json)  # type: ignore[no-any-return]

    def copy_path_between_projects(self, told: dict[str, Any]) -> Reaction:
        target = told["target_project_id"]
        with self.lock:
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
        time.sleep(self.delay)
        with self.lock:
            self.busy -= 1
            if target in self.before:
                return self.before.pop(target)
            self.copied[target] += 1
            copy_id = "" if self.at_once else str(uuid.uuid4())
            now = datetime.now(timezone.utc)
            if copy_id:
                self.jobs[copy_id] = {
                    "copy_path_id": copy_id,
                    "time": iso(now),
                    "source_project_id": told["src_project_id"],
                    "source_path": told["src_path"],
                    "target_project_id": target,
                    "target_path": told["target_path"],
                    "_ends": now + timedelta(seconds=self.seconds),
                    "scheduled": told.get("scheduled"),
                }
            if target in self.after:
                return self.after.pop(target)
        event = "copy_path_between_projects_response"
        return Answer({"event": event, "id": "x", "copy_path_id": copy_id})

    def copy_path_status(self, told: dict[str, Any]) -> Reaction:
        self.polls += 1
        if self.status_faults:
            return self.status_faults.pop(0)
        if "copy_path_id" in told:
            row = self.jobs.get(told["copy_path_id"])
            if row is None:
                return Answer({"event": "error", "error": "Can't find copy operation with ID=x"})
            return self._status(self._row(row))
        rows = [self._row(row) for row in reversed(list(self.jobs.values()))]
        rows = [row for row in rows if row["source_project_id"] == told["src_project_id"]]
        rows = [row for row in rows if bool(row["finished"]) != told["pending"]]
        start = told.get("offset", 0)
        return self._status(rows[start : start + told["limit"]])

    def copy_path_delete(self, told: dict[str, Any]) -> Reaction:
        if self.jobs.pop(told["copy_path_id"], None) is None:
            words = "Copy operation 'x' either does not exist or already finished"
            return Answer({"event": "error", "error": words})
        return Answer({"event": "copy_path_status_response", "data": "deleted"})

    def _status(self, data: Any) -> Answer:
        return Answer({"event": "copy_path_status_response", "id": "x", "data": data})

    def _row(self, job: dict[str, Any]) -> dict[str, Any]:
        row = {key: value for key, value in job.items() if key != "_ends"}
        ended = job["_ends"] <= datetime.now(timezone.utc) and not job["scheduled"]
        row["finished"] = row["started"] = iso(job["_ends"]) if ended else None
        row["error"] = self.failing.get(job["target_project_id"]) if ended else None
        return row


@pytest.fixture(autouse=True)
def _fresh() -> None:
    detect.forget()


def client(url: str, **options: Any) -> Client:
    options = {"api": "v1", "timeout": 5.0, "retries": 2, **options}
    return Client(KEY, host=url, **options)


SRC = f"{SOURCE}:task/one.md"


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


W = f"{SOURCE}:w"
BAD: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    # a folder into itself, however it is written; and with delete_missing out of itself
    ((W, f"{W}/x"), {}),
    ((W, f"{W}//x"), {}),
    ((f"{SOURCE}:./w", f"{SOURCE}:w/x"), {}),
    ((W, f"{SOURCE}:./w"), {}),
    ((W, f"{SOURCE}:w/../w/x"), {}),
    ((f"{SOURCE}:.", f"{SOURCE}:copy"), {}),
    ((f"{SOURCE}:w/x", W), {"delete_missing": True}),
    # what reads like `cp one two folder`, as Unix has it
    ((W, f"{project(1)}:w", f"{project(2)}:folder"), {}),
    ((W, project(1), f"{project(2)}:folder"), {}),
    ((W, f"{project(2)}:folder", [project(1)]), {}),
    ((W, f"{project(1)}:./w/", f"{project(2)}:folder"), {}),
    ((W, f"{project(1)}:w", f"{project(1)}:./w"), {}),
    ((SOURCE, project(1)), {}),
    ((SRC,), {}),
    ((SRC, []), {}),
    ((SRC, project(1), project(1)), {}),
    ((SRC, SOURCE), {}),
    ((SRC, project(1) + ":../x"), {}),
    ((SRC, 5), {}),
    ((SRC, {"a": 1}), {}),
    ((SRC, project(1)), {"delete_missing": "yes"}),
    ((SRC, project(1)), {"delete_missing": 1}),
    ((SRC, project(1)), {"timeout": -1}),
    ((SRC, project(1)), {"exclude": [""]}),
    ((SRC, project(1)), {"scheduled": "soon"}),
    ((SRC, project(1)), {"scheduled": "2001-01-01"}),
    ((SRC, project(1)), {"concurrency": 0}),
    ((SRC, project(1)), {"wait": "yes"}),
    ((SRC, project(1)), {"wait": -1}),
    ((SRC, Path("no-such.csv")), {}),
]


@pytest.mark.parametrize(("args", "options"), BAD)
def test_refused_before_anything_is_sent(args: Any, options: dict[str, Any]) -> None:
    with serving(lambda _seen: Answer({})) as server:
        with pytest.raises(errors.ValidationError) as caught:
            client(server.url).copy(*args, **options)
        assert server.seen == []
    assert caught.value.status is None


def test_options_on_the_wire() -> None:
    queue = Queue(at_once=True)
    with serving(queue) as server:
        client(server.url).copy(
            SRC,
            f"{project(1)}:else/where.md",
            overwrite_newer=True,
            delete_missing=True,
            backup=True,
            exclude="*.pyc",
            timeout=30,
        )
        assert server.seen[1].json == {
            "src_project_id": SOURCE,
            "src_path": "task/one.md",
            "target_project_id": project(1),
            "target_path": "else/where.md",
            "wait_until_done": True,
            "overwrite_newer": True,
            "delete_missing": True,
            "backup": True,
            "exclude": ["*.pyc"],
            "timeout": 30,
        }


def test_copies_within_a_project_and_what_reads_like_unix() -> None:
    queue = Queue()
    with serving(queue) as server:
        subject = client(server.url)
        assert subject.copy(W, f"{SOURCE}:w2", f"{SOURCE}:v/w").done
        assert subject.copy(f"{SOURCE}:w/x", W).done, "its content, a floor up"
        with pytest.raises(errors.ValidationError, match="second source") as caught:
            subject.copy(W, f"{project(1)}:w", f"{project(2)}:folder")
        for word in ("one source", "each has a path of its own", "takes a copy for each"):
            assert word in caught.value.remedy
        assert queue.copied.keys() == {SOURCE}


@pytest.fixture
def names() -> dict[str, str]:
    return {"Class A": project(1), "Class B": project(2)}


def test_targets_by_title_prefix_and_csv(names: dict[str, str], tmp_path: Path) -> None:
    queue = Queue(at_once=True)
    rows = [{"project_id": p, "title": t} for t, p in {**names, "Src": SOURCE}.items()]
    listing = Answer({"event": "query", "query": {"projects_all": rows}})
    text = io.StringIO()
    csv.writer(text).writerows([["name", "project_id", "path"], ["x", project(7), "in/x.md"]])
    (tmp_path / "class.csv").write_text(text.getvalue())
    (tmp_path / "plain.csv").write_text(f"{project(8)}\n{project(9)}\n\n")
    with serving(lambda s: listing if s.path.endswith("query") else queue(s)) as server:
        batch = client(server.url).copy(
            "Src:a.md",
            "Class A:c.md",
            [names["Class B"][:9] + "0000-4000-8000-000000000002:b.md"],
            tmp_path / "class.csv",
            (f"{project(n)}:d.md" for n in (4, 5)),
        )
        assert server.paths().count("/api/v1/query") == 1
        told = [(job.target.project, job.target.path) for job in batch]
        assert told == [
            (project(1), "c.md"),
            (project(2), "b.md"),
            (project(7), "in/x.md"),
            (project(4), "d.md"),
            (project(5), "d.md"),
        ]
        plain = client(server.url).copy("Src:a.md", tmp_path / "plain.csv", "Class A", "Class B")
        assert [job.target.path for job in plain] == ["a.md"] * 4
        # shown as people know them, where the one listing told; ids otherwise
        assert repr(batch).startswith("<CopyBatch of Src:a.md to 5 targets: 5 done>")
        assert "  Class A:c.md: done" in repr(batch)
        assert "Class B:b.md" in batch._repr_html_()
        assert project(1) not in batch._repr_html_()
        assert project(7) in batch._repr_html_()
        with pytest.raises(errors.NotFoundError, match="Nobody"):
            client(server.url).copy("Src:a.md", "Nobody")
        with pytest.raises(errors.ValidationError, match="2 projects match"):
            client(server.url).copy("Src:a.md", "cccccccc")


def test_titles_cost_no_request_and_are_never_ambiguous() -> None:
    queue = Queue()
    rows = [{"project_id": project(n), "title": t} for n, t in ((1, "Ada"), (2, "B"), (3, "B"))]
    listing = Answer({"event": "query", "query": {"projects_all": rows}})
    with serving(lambda s: listing if s.path.endswith("query") else queue(s)) as server:
        subject = client(server.url)
        shown = repr(subject.copy(SRC, project(1), project(2)))
        assert "/api/v1/query" not in server.paths()
        assert project(1) in shown
        subject.projects()
        batch = subject.copy(SRC, *(f"{project(n)}:b.md" for n in (1, 2, 3)))
        assert server.paths().count("/api/v1/query") == 1
        shown = batch._repr_html_()
        assert "Ada:b.md" in shown
        assert project(2) in shown, "two projects have this title"
        jobs = subject.copies(SRC)
        assert "Ada:b.md" in jobs._repr_html_()
        assert "Ada:b.md" in repr(subject.copy_status(batch[0]))
        assert "Ada:b.md" in repr(subject.copy_status(batch[0].id))


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


def gate() -> tuple[Queue, threading.Event]:
    """A server without a queue, which copies when it is let."""
    queue, let = Queue(at_once=True), threading.Event()
    plain = queue.copy_path_between_projects

    def slow(told: dict[str, Any]) -> Reaction:
        assert told["wait_until_done"] is True
        let.wait(10)
        return plain(told)

    queue.copy_path_between_projects = slow  # type: ignore[method-assign]
    return queue, let


def test_without_a_queue_copies_go_on_though_nobody_waits() -> None:
    queue, let = gate()
    with serving(queue) as server:
        subject = client(server.url)
        began = time.monotonic()
        batch = subject.copy(SRC, [project(n) for n in range(5)], wait=False, concurrency=2)
        assert time.monotonic() - began < 4
        assert batch.states == {"sending": 2, "waiting": 3}
        first = batch[0]
        assert subject.copy_status(first).state == "sending"
        with pytest.raises(errors.APITimeoutError, match=r"5 of 5 .* go on") as caught:
            batch.wait(0.05)
        assert "client.copies" not in caught.value.remedy, "it has no list"
        let.set()
        batch.wait()
        assert batch.states == {"done": 5}
        assert subject.copy_status(first).done
    assert queue.copied == {project(n): 1 for n in range(5)}


def test_a_wait_in_seconds_is_obeyed_without_a_queue() -> None:
    queue, let = gate()
    with serving(queue) as server:
        subject = client(server.url)
        began = time.monotonic()
        with pytest.raises(errors.APITimeoutError, match=r"1 of 1 .*after 0.2 s"):
            subject.copy(SRC, project(1), wait=0.2)
        assert time.monotonic() - began < 3
        batch = subject.last_copy
        assert batch is not None
        assert batch[0].state == "sending"
        let.set()
        assert batch.retry().done, "what is under way is not sent again"
    assert queue.copied == {project(1): 1}


def test_ctrl_c_without_a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is being copied goes on; the rest is not sent until it is asked for."""
    queue, let = gate()
    with serving(queue) as server:
        subject = client(server.url)

        once = iter([KeyboardInterrupt])

        def interrupt(*_: Any) -> Any:
            if len(server.seen) >= 3:  # its settings, and two copies
                for key in once:
                    raise key

        with monkeypatch.context() as patch:
            patch.setattr("cocalc_widget.api.copying.progress.Progress.update", interrupt)
            with pytest.raises(
                KeyboardInterrupt, match=r"2 copies go on.* 3 were not sent: client.last_copy.send"
            ):
                subject.copy(SRC, [project(n) for n in range(5)], concurrency=2)
        batch = subject.last_copy
        assert batch is not None
        let.set()
        assert batch.wait().states == {"done": 2, "waiting": 3}
        assert batch.send().states == {"done": 5}
    assert queue.copied == {project(n): 1 for n in range(5)}


def test_a_copy_that_was_only_begun_is_not_done() -> None:
    """`""` where an id was to come: nobody will ever hear how it ends (recording)."""
    queue = Queue(at_once=True)
    settings = Answer({"configuration": {"kucalc": "yes"}})
    with serving(lambda s: settings if s.path == "/customize" else queue(s)) as server:
        batch = client(server.url).copy(SRC, project(1), project(2), concurrency=1)
        sent = [s for s in server.seen if s.path.endswith("between_projects")]
    assert [s.json["wait_until_done"] for s in sent] == [False, True], "the next one is waited for"
    assert [job.state for job in batch] == ["unknown", "done"]
    assert "only began" in str(batch[0].error)


@pytest.mark.parametrize("told", [{}, {"configuration": None}, [], {"configuration": {}}])
def test_where_nobody_knows_of_a_queue_the_end_is_waited_for(told: Any) -> None:
    queue = Queue(seconds=0.2)
    with serving(lambda s: Answer(told) if s.path == "/customize" else queue(s)) as server:
        assert client(server.url).copy(SRC, project(1)).done
        (sent,) = [seen for seen in server.seen if seen.path.endswith("between_projects")]
    assert sent.json["wait_until_done"] is True
