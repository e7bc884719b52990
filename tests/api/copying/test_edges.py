"""The rare ways through the client: deleted and refused jobs, interrupted sending, odd targets."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.address import Address
from cocalc_widget.api import Client
from cocalc_widget.api.copying.batch import CopyBatch
from cocalc_widget.api.copying.lost_answers import Before, Lost, recover
from cocalc_widget.api.copying.targets import read
from cocalc_widget.api.dialects.calls import Caller
from cocalc_widget.api.dialects.interface import CopyOptions
from cocalc_widget.api.http.answers import words_of
from cocalc_widget.api.http.connections import exchange
from cocalc_widget.api.http.messages import Reply
from cocalc_widget.api.http.transport import Transport
from cocalc_widget.api.results.jobs import CopyJob
from cocalc_widget.redact import Secret

from ..fake import RESET, Answer, Reaction, Seen, serving
from .queue_server import SRC, Queue, client, project


def scheduled(server_url: str, *targets: str) -> CopyBatch:
    later = datetime.now(timezone.utc) + timedelta(hours=1)
    return client(server_url).copy(SRC, *targets, scheduled=later)


def site(queue: Queue) -> Any:
    settings = Answer({"configuration": {"kucalc": "yes"}})
    return serving(lambda s: settings if s.path == "/customize" else queue(s))


def test_cancelling_what_ended_meanwhile_and_what_may_not_be() -> None:
    queue = Queue()
    with site(queue) as server:
        batch = scheduled(server.url, project(1), project(2), project(3))
        first, second, third = (job.id for job in batch)
        del queue.jobs[first]  # somebody else cancelled it
        plain = queue.copy_path_delete

        def delete(told: dict[str, Any]) -> Reaction:
            if told["copy_path_id"] == second:
                return Answer({"event": "error", "error": "ACCESS BLOCKED -- no write access"})
            return plain(told)

        queue.copy_path_delete = delete  # type: ignore[method-assign]
        batch.cancel()
        assert [job.state for job in batch] == ["cancelled", "scheduled", "cancelled"]
        assert "not cancelled: ACCESS BLOCKED" in batch[1].note
        assert third not in queue.jobs
    assert set(queue.copied.values()) == {1}
    with serving(Queue()) as server, pytest.raises(errors.ValidationError, match="no copy of this"):
        client(server.url).copy(SRC, project(1)).cancel()


def test_a_job_without_an_id_tells_what_is_known() -> None:
    queue = Queue(at_once=True)
    with serving(queue) as server:
        subject = client(server.url)
        job = subject.copy(SRC, project(1))[0]
        assert subject.copy_status(job) is job
    assert queue.polls == 0


def test_a_pending_job_that_somebody_deletes_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither pending nor finished in any list: it is asked for by its id."""
    monkeypatch.setattr("cocalc_widget.api.copying.following.SLOWEST", 0.02)
    monkeypatch.setattr("cocalc_widget.api.copying.batch.FIRST", 0.01)
    queue = Queue(seconds=60)
    with serving(queue) as server:
        batch = client(server.url).copy(SRC, project(1), project(2), wait=False)
        queue.jobs.clear()
        batch.wait(10)
    assert batch.states == {"cancelled": 2}
    assert all(isinstance(job.error, errors.NotFoundError) for job in batch)


def test_what_dies_while_sending_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue()
    with serving(queue) as server:
        batch = client(server.url).copy(SRC, project(1), wait=False)
        batch._jobs[0] = batch._sender.job(Address(project(2), "a"))

        def die(_sender: object, _target: Address) -> CopyJob:
            raise MemoryError

        monkeypatch.setattr("cocalc_widget.api.copying.sending.Sender.send", die)
        with pytest.raises(MemoryError):
            batch.send()
    assert batch[0].state == "unknown"
    assert isinstance(batch[0].error, errors.APIConnectionError)
    assert batch[0].error.sent


def test_interrupted_where_nothing_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def handle(seen: Seen) -> Reaction:
        if seen.path == "/api/conat/hub":
            return Answer({"now": 1})
        return Answer({"copy_id": project(9)})

    with serving(handle) as server:
        batch = client(server.url, api="v2").copy(SRC, project(1), wait=False)

        def interrupt(*_: Any) -> Any:
            raise KeyboardInterrupt

        monkeypatch.setattr(batch, "_look", interrupt)
        with pytest.raises(
            KeyboardInterrupt, match=r"1 copies go on. To pick them up: client.last_copy.wait\(\)"
        ):
            batch.wait()


def test_which_jobs_are_taken_for_lost_answers() -> None:
    """Only what was not there before, was made until the answer was missed, and is like it."""
    source, target = Address(project(1), "a"), Address(project(2), "a")
    now = datetime.now(timezone.utc)
    how = CopyOptions(backup=True, exclude=("*.pyc",))
    job = CopyJob("", source, target, "unknown")
    row = CopyJob("7", source, target, "done", time=now, asked=(False, False, True, ("*.pyc",)))
    lost = Lost(Before(frozenset({"6"})), now.timestamp())

    def found(known: Lost | None, *rows: CopyJob) -> tuple[str, bool]:
        told = {} if known is None else {0: known}
        ours, doubtful = recover({0: job}, told, how, rows, {"5"})
        return ours[0].id if ours else "", 0 in doubtful

    assert found(lost, row) == ("7", False)
    assert found(lost, row, row) == ("7", False), "listed twice"
    assert found(lost) == ("", False)
    assert found(lost, replace(row, id="5"), replace(row, id="6")) == ("", False)
    assert found(lost, replace(row, target=source)) == ("", False)
    assert found(lost, row, replace(row, id="8")) == ("", True)
    assert found(lost, replace(row, asked=(False, False, False, ()))) == ("", True)
    assert found(lost, replace(row, asked=None)) == ("", True)
    assert found(lost, replace(row, time=now + timedelta(seconds=9))) == ("", True)
    assert found(lost, replace(row, time=None)) == ("", True)
    assert found(replace(lost, missed=None), row) == ("", True), "no clock"
    assert found(Lost(None, now.timestamp()), row) == ("", True), "it may have been there"
    assert found(Lost(None, now.timestamp())) == ("", False), "nothing is like it"
    assert found(None) == ("", True)
    # more jobs than are listed at once: what is older than the latest of them was there
    full = Lost(Before(frozenset({"6"}), now), now.timestamp())
    assert found(full, replace(row, time=now - timedelta(seconds=1))) == ("", False)
    assert found(full, row) == ("7", False)


def test_a_clock_that_is_none() -> None:
    caller = Caller(Transport("https://cocalc.invalid", Secret("sk-" + "k" * 22)))
    for headers in ({}, {"date": "yesterday"}):
        caller._note_time(Reply(200, "application/json", "{}", headers))
        assert caller.server_time() is None


def test_targets_of_every_form(tmp_path: Path) -> None:
    told = Address(project(1), "x")
    assert places(told, [(project(2) + ":y",)]) == [told, Address(project(2), "y")]
    (tmp_path / "t.csv").write_text(f"project,path\n{project(1)},\n{project(2)}\n")
    assert places(tmp_path / "t.csv") == [Address(project(1)), Address(project(2))]
    for bad in (3, {"project": project(1)}):
        with pytest.raises(errors.ValidationError, match="a target is PROJECT"):
            read([bad])


def places(*targets: object) -> list[Address]:
    told, faults = read(targets)
    assert faults == []
    return [place for place, _ in told]


def test_a_server_that_has_no_endpoint_for_copies_by_id() -> None:
    page = Answer("<title>404 Page Not Found</title>", 404, "text/html")
    with (
        serving(lambda s: Answer({"now": 1}) if "conat" in s.path else page) as server,
        pytest.raises(errors.NotFoundError) as caught,
    ):
        client(server.url, api="v2").copy_status(project(1))
    assert caught.value.remedy.startswith("This CoCalc does not tell of copies by their ids; look")
    assert 'client.exec(PROJECT, "ls", [PATH])' in caught.value.remedy


def test_reasons_of_every_form() -> None:
    assert words_of({"message": "full"}) == "full"
    assert words_of([{"message": "one"}, "two"]) == "one; two"
    assert words_of({"code": "EIO"}) == "EIO: failed"
    assert words_of({"a": None}) == "a: the server gave no reason"
    assert words_of(1) == "the server gave only this as the reason: 1"


def test_text_must_be_text() -> None:
    with serving(Queue()) as server, pytest.raises(errors.ValidationError, match="not int"):
        client(server.url).write_text(project(1), "a.md", 7)  # type: ignore[arg-type]
    assert not server.seen, "a number as content was never answered"


def test_a_registration_token_and_a_naive_date_are_sent_as_the_server_wants_them() -> None:
    made = Answer({"event": "account_created", "account_id": project(7)})
    with serving(lambda _s: made) as server:
        subject = client(server.url)
        subject.create_account("A", "B", "a@b.test", Secret("secret-7"), token="letmein")
        assert server.seen[-1].json["token"] == "letmein"
        assert server.seen[-1].json["password"] == "secret-7"

    def bridge(seen: Seen) -> Reaction:
        told = {"token": "t" * 20, "url": "https:/broken"}
        return Answer(told if seen.json["name"] == "org.createToken" else {"now": 1})

    until = datetime.now().replace(microsecond=0) + timedelta(hours=2)
    with serving(bridge) as server:
        token = client(server.url, api="v2").create_token(project(3), expire=until)
        sent = server.seen[-1].json["args"][0]
    assert sent == {"user": project(3), "expire": int(until.timestamp() * 1000)}
    assert token.expire == until.astimezone()


def test_the_bridge_refusing_key_and_project_alike() -> None:
    """What is nobody's key is said so, also where the project's bridge was tried too."""
    refused = Answer({"error": "must be signed in and MUST provide an api key"})
    with serving(lambda _s: refused) as server:
        with pytest.raises(errors.AuthenticationError, match="does not know the key") as caught:
            client(server.url, api="v2").whoami()
        assert [seen.path for seen in server.seen][-2:] == ["/api/conat/hub", "/api/conat/project"]
    assert caught.value.__cause__ is None


def test_a_server_that_is_not_trusted() -> None:
    from cocalc_widget import LocalCoCalc

    with LocalCoCalc(content={}) as site:
        subject = Client(site.api_key, host=site.url, retries=0)
        with pytest.raises(errors.APIConnectionError, match="no secure connection") as caught:
            subject.ping()
        assert not caught.value.sent
        assert "verify=" in caught.value.remedy


def test_threads_that_meet_a_host_for_the_first_time_ask_once() -> None:
    def handle(seen: Seen) -> Reaction:
        return Answer({"event": "pong", "now": "2026-01-01T00:00:00Z"})

    with serving(handle) as server:
        subject = client(server.url, api="auto")
        together = threading.Barrier(4)

        def ping() -> None:
            together.wait(5)
            subject.ping()

        threads = [threading.Thread(target=ping) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        without_key = [seen for seen in server.seen if "authorization" not in seen.headers]
    assert len(without_key) == 1
    assert len(server.seen) == 5


def test_each_thread_has_its_own_deadline() -> None:
    exchange.begin(5)
    seen: list[float] = []
    thread = threading.Thread(target=lambda: seen.append(exchange.ends))
    thread.start()
    thread.join(5)
    assert seen == [float("inf")]
    assert exchange.left() <= 5


def test_a_closed_client_opens_again() -> None:
    with serving(lambda _s: Answer({"event": "pong"})) as server:
        subject = client(server.url)
        subject.ping()
        subject.close()
        subject.ping()
        assert server.connections == 2


def test_a_reset_on_a_kept_connection_is_named() -> None:
    reactions: list[Reaction] = [Answer({"event": "pong"}), RESET]
    with serving(lambda _s: reactions.pop(0)) as server:
        subject = client(server.url, retries=0)
        subject.ping()
        with pytest.raises(errors.APIConnectionError, match="connection broke after") as caught:
            subject.ping()
    assert caught.value.sent


def test_copies_are_found_again_by_a_new_client() -> None:
    """As after a restart of the kernel: nothing is known but key, host and source."""
    queue = Queue(seconds=0.3)
    queue.failing[project(2)] = "rsync: no space left"
    with serving(queue) as server:
        first = client(server.url).copy(SRC, project(1), project(2), wait=False)
        ids = {job.id for job in first}
        again = client(server.url)
        found = again.copies(src=SRC)
        assert {job.id for job in found} == ids
        assert {job.state for job in found} == {"queued"}
        deadline = time.monotonic() + 5
        while any(job.pending for job in found) and time.monotonic() < deadline:
            time.sleep(0.02)
            found = again.copies(src=SRC)
        states = {job.target.project: job.state for job in found}
    assert states == {project(1): "done", project(2): "error"}
    assert set(queue.copied.values()) == {1}


@pytest.mark.parametrize(("asked", "disable"), [(None, None), (True, False), (False, ...)])
def test_a_bar_is_for_people(
    asked: bool | None, disable: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`disable=None` is tqdm's: a bar in a terminal and a notebook, none in a pipe."""
    import tqdm.auto

    bars: list[dict[str, Any]] = []
    counts: list[int] = []

    class Bar:
        n = 0

        def __init__(self, **told: Any) -> None:
            bars.append(told)

        def update(self, count: int) -> None:
            self.n += count
            counts.append(self.n)

        def set_postfix(self, **_told: Any) -> None:
            """Not asked for here: nothing fails."""
            raise AssertionError

        def close(self) -> None:
            counts.append(-1)

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    with serving(Queue(at_once=True)) as server:
        client(server.url).copy(SRC, project(1), project(2), project(3), progress=asked)
    if asked is False:
        assert not bars
        return
    assert [bar["disable"] for bar in bars] == [disable]
    assert bars[0]["total"] == 3
    assert counts[-2:] == [3, -1]


def test_a_notebook_has_a_bar_though_its_output_is_no_terminal() -> None:
    from tqdm.notebook import tqdm as notebook_bar

    bar = notebook_bar(total=2, disable=None, display=False)
    assert bar.disable is False
    bar.close()
