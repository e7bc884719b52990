"""Deadlines: one thread for all, in their order, none that was taken back, none that waits."""

import gc
import os
import threading
import time
import weakref

import pytest
from framepage import eventually

from cocalc_widget.frame.kernel import timers


@pytest.fixture
def keeper(monkeypatch):
    made = timers.Keeper()
    monkeypatch.setattr(timers, "_keeper", made)
    return made


def test_a_thousand_deadlines_take_one_thread(keeper):
    before = threading.active_count()
    waiting = [timers.later(60, lambda: None) for _ in range(1000)]
    assert threading.active_count() == before + 1
    for one in waiting:
        one.cancel()


def test_they_ring_in_the_order_of_their_times(keeper):
    rung = []
    for number in (3, 1, 2):
        timers.later(number / 10, lambda number=number: rung.append(number))
    eventually(lambda: len(rung) == 3)
    assert rung == [1, 2, 3]


def test_an_earlier_one_need_not_wait_for_a_later(keeper):
    begun, rung = time.monotonic(), threading.Event()
    far = timers.later(60, lambda: None)
    timers.later(0.05, rung.set)
    assert rung.wait(20)
    assert 0.05 <= time.monotonic() - begun < 20
    far.cancel()


def test_what_was_taken_back_does_not_ring(keeper):
    rung = []
    timers.later(0.01, lambda: rung.append("no")).cancel()
    alarm = timers.Alarm(lambda: rung.append("alarm"))
    alarm.set(0.01)
    alarm.set(None)
    timers.later(0.1, lambda: rung.append("last"))
    eventually(lambda: rung)
    assert rung == ["last"]


def test_a_call_that_waits_holds_up_no_other(keeper):
    """A callback of a user's may wait for what another deadline brings about."""
    free, ended = threading.Event(), threading.Event()

    def wait():
        assert free.wait(20)
        ended.set()

    timers.later(0, wait)
    timers.later(0.05, free.set)
    assert ended.wait(20)


def test_an_error_in_one_is_not_the_end(keeper, monkeypatch):
    said, rung = [], threading.Event()
    monkeypatch.setattr(threading, "excepthook", said.append)
    timers.later(0, lambda: 1 / 0)
    timers.later(0.02, rung.set)
    assert rung.wait(20)
    eventually(lambda: said)


def test_what_was_taken_back_is_swept_out(keeper):
    alarm = timers.Alarm(lambda: None)
    for _ in range(10_000):
        alarm.set(400)
    assert len(keeper._heap) <= timers._FEW
    alarm.set(None)


def test_nothing_is_kept_alive_by_what_was_taken_back(keeper):
    class Widget:
        def look(self):
            """Rings."""

    widget = Widget()
    gone = weakref.ref(widget)
    timers.later(60, widget.look).cancel()
    del widget
    gc.collect()
    assert gone() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_deadlines_of_its_own():
    inherited = timers.later(0.2, lambda: os._exit(3))
    child = os.fork()
    if not child:
        rung = threading.Event()
        timers.later(0.4, rung.set)
        os._exit(0 if rung.wait(10) else 4)
    inherited.cancel()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
