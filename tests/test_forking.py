"""A client that was used before `fork`: parent and child go on, each on its own connections."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from api.copying.queue_server import SRC, project
from api.fake import HANG, Answer, Reaction, Seen, serving
from api.http.faults import PROJECT, good
from api.http.server import Misbehaving
from api.http.test_elsewhere import ca, context
from api.http.test_wire import _quick, client

from cocalc_widget import errors, forking
from cocalc_widget.api import Client
from cocalc_widget.frame.kernel.timers import Alarm
from cocalc_widget.local import LocalCoCalc
from cocalc_widget.magics.language.lookups import Lookups

__all__ = ["_quick", "ca"]
pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]
PATIENCE = 60.0  # s until a child counts as hung


def start(work: Callable[[], object]) -> int:
    """A child that does the work, and nothing else; its pid."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def end(pid: int) -> None:
    """Wait for the child; it must have worked."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            assert status == 0, "the child failed; what it printed says why"
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    pytest.fail("the child hangs")


def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


@contextmanager
def held(*locks: Any) -> Iterator[None]:
    """Another thread holds these for a while."""
    ready, done = threading.Event(), threading.Event()

    def hold() -> None:
        with ExitStack() as stack:
            for lock in locks:
                stack.enter_context(lock)
            ready.set()
            done.wait(PATIENCE)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    assert ready.wait(PATIENCE)
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_parent_and_child_share_no_connection(ca: Any) -> None:
    """Over TLS, where two that write to one connection break it for both."""
    server = Misbehaving(lambda _n: good, context(ca[0], "127.0.0.1"))
    try:
        subject = client(server.url, verify=str(ca[1]), retries=0)
        assert subject.create_project("x") == PROJECT

        def work() -> None:
            for _ in range(3):
                assert subject.create_project("x") == PROJECT
            subject.close()

        for number in (1, 2):
            end(start(work))
            assert subject.create_project("x") == PROJECT
            assert server.connections == 1 + number, "each child has one, the parent keeps its own"
    finally:
        server.stop()


def test_a_connection_that_the_parent_closes_is_closed(ca: Any) -> None:
    """A child that held it open would keep a server waiting."""
    ended = threading.Event()

    def act(talk: Any) -> None:
        try:
            good(talk)
        finally:
            ended.set()

    server = Misbehaving(lambda n: good if n else act, context(ca[0], "127.0.0.1"))
    try:
        subject = client(server.url, verify=str(ca[1]), retries=0)
        subject.ping()
        reads, writes = os.pipe()

        def work() -> None:
            os.close(writes)
            os.read(reads, 1)  # until the parent says so

        pid = start(work)
        os.close(reads)
        subject.close()
        assert ended.wait(PATIENCE)
        os.close(writes)
        end(pid)
    finally:
        server.stop()


@pytest.fixture(scope="module")
def site() -> Iterator[LocalCoCalc]:
    with LocalCoCalc(content={"Source": {"a.md": "# A\n"}, "Target": {}}) as running:
        yield running


def test_a_pool_of_processes(site: LocalCoCalc) -> None:
    """What `multiprocessing` does by default on Linux until Python 3.14."""
    subject = Client(site.api_key, host=site.url, verify=site.ca_file, retries=0)
    source = site.projects["Source"]
    assert subject.read_text(source, "a.md") == "# A\n"
    ways = multiprocessing.get_context("fork")
    told = ways.Queue()

    def work(number: int) -> None:
        try:
            for turn in range(5):
                subject.write_text(source, f"{number}-{turn}.md", "x")
            told.put(f"{subject.read_text(source, 'a.md')}{number}")
        except BaseException as error:
            told.put(repr(error))

    children = [ways.Process(target=work, args=(n,)) for n in range(3)]
    for child in children:
        child.start()
    for _ in range(10):
        assert subject.read_text(source, "a.md") == "# A\n"
    answers = sorted(told.get(timeout=PATIENCE) for _ in children)
    for child in children:
        child.join(PATIENCE)
    assert answers == [f"# A\n{n}" for n in range(3)]
    subject.write_text(source, "parent.md", "x")


def test_a_stand_in_stays_with_its_process(site: LocalCoCalc) -> None:
    end(start(site.close))
    subject = Client(site.api_key, host=site.url, verify=site.ca_file)
    assert Path(site.ca_file).exists()
    assert subject.read_text(site.projects["Source"], "a.md") == "# A\n"


def test_no_lock_is_inherited(ca: Any) -> None:
    """Whatever lock another thread holds when the process forks, the child goes on."""
    server = Misbehaving(lambda _n: good, context(ca[0], "127.0.0.1"))
    try:
        subject = client(server.url, verify=str(ca[1]), retries=0)
        subject.ping()
        manager = subject._connection.transport._session.get_adapter(server.url).poolmanager  # type: ignore[attr-defined]
        (pool,) = (manager.pools[key] for key in manager.pools.keys())  # noqa: SIM118
        gc.collect()
        ours = [it for it in forking._heirs.values() if isinstance(it, forking.Lock)]
        assert any(it is subject._connection._lock for it in ours)

        def work() -> None:
            assert subject.create_project("x") == PROJECT
            subject.close()
            pool.close()

        gc.disable()  # what is collected meanwhile would wait for one of these
        try:
            with held(*ours, manager.pools.lock, pool.pool.mutex):
                pid = start(work)
        finally:
            gc.enable()
        end(pid)
        assert subject.create_project("x") == PROJECT
    finally:
        server.stop()


def test_who_forks_with_a_lock_in_hand_gives_it_back() -> None:
    lock, again = forking.new_lock(), forking.new_rlock()
    with lock, again, again:
        pid = os.fork()
    if not pid:
        ok = lock.acquire(0) and again.acquire(0)
        os._exit(0 if ok else 1)
    end(pid)
    with pytest.raises(RuntimeError):
        lock.release()


def test_nothing_forks_while_a_thread_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock would be held in the child for ever, which comes to the same import."""
    (tmp_path / "slow_to_import.py").write_text(
        "import builtins, time\nbuiltins.import_has_begun.set()\ntime.sleep(0.5)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    begun = threading.Event()
    monkeypatch.setattr("builtins.import_has_begun", begun, raising=False)

    def load() -> None:
        with forking.importing():
            __import__("slow_to_import")

    thread = threading.Thread(target=load)
    thread.start()
    assert begun.wait(PATIENCE)
    end(start(load))
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_what_the_parent_is_sending_is_not_sent_by_both() -> None:
    sent: list[Seen] = []

    def handle(seen: Seen) -> Reaction:
        if seen.path == "/customize":
            return Answer({"configuration": {"kucalc": "no"}})
        if "copy" not in seen.path:
            return Answer({"event": "pong"})
        sent.append(seen)
        return HANG

    with serving(handle) as server:
        subject = client(server.url, retries=0)
        targets = [project(n) for n in range(1, 4)]
        copying = threading.Thread(
            target=lambda: subject.copy(SRC, targets, wait=False, concurrency=2), daemon=True
        )
        copying.start()
        until(lambda: len(sent) == 2)
        batch = subject.last_copy
        assert batch is not None

        def work() -> None:
            assert batch.states == {"unknown": 3}
            assert all(isinstance(job.error, errors.APIConnectionError) for job in batch)
            batch.send()

        end(start(work))
        assert batch.states == {"sending": 2, "waiting": 1}, "the parent goes on"
        assert len(sent) == 2
        server.closing.set()
        copying.join(PATIENCE)


def test_an_alarm_rings_in_the_child_that_sets_it() -> None:
    rung = threading.Event()
    alarm = Alarm(rung.set)
    alarm.set(3600)

    def work() -> None:
        assert not alarm.is_set, "who would ring is the parent's"
        alarm.set(0.01)
        assert rung.wait(PATIENCE)

    end(start(work))
    assert alarm.is_set
    alarm.set(None)


def test_completion_asks_again_in_the_child() -> None:
    lookups: Lookups[int] = Lookups()
    hold = threading.Event()

    def slow() -> int:
        hold.wait(PATIENCE)
        return 1

    assert lookups.get("k", slow, 0.0) is None
    end(start(lambda: until(lambda: lookups.get("k", lambda: 2, 1.0) == 2)))
    hold.set()
