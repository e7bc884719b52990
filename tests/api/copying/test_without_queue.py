"""Copies on servers without a queue: they go on though nobody waits, and who waits must wait."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from cocalc_widget import errors

from ..fake import Answer, Reaction, serving
from .queue_server import SRC, Queue, client, project


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


def test_a_copy_of_before_is_not_the_one_under_way() -> None:
    queue, let = gate()
    with serving(queue) as server:
        subject = client(server.url)
        let.set()
        before = subject.copy(SRC, project(1))[0]
        let.clear()
        batch = subject.copy(SRC, project(1), wait=False)
        assert subject.copy_status(batch[0]).state == "sending"
        assert subject.copy_status(before).state == "done"
        let.set()
        batch.wait()


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
