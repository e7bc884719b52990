"""Owns bounded concurrency: some threads, one piece of work each, interruptible."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TICK = 0.1  # s between two looks at the progress


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


class Crew:
    """Does `work(item)` for all items on at most so many threads, from now on.

    They keep no process alive. An error that `work` lets through ends it all.

    Args:
        items: each is taken once.
        work: what to do with one.
        workers: threads at most.
    """

    def __init__(self, items: Iterable[int], work: Callable[[int], None], *, workers: int) -> None:
        todo = list(items)
        self._source, self._work = iter(todo), work
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._failed: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._loop, name=f"cocalc-{number}", daemon=True)
            for number in range(min(workers, len(todo)))
        ]
        try:
            for thread in self._threads:
                thread.start()
        except BaseException:
            self.stop()
            raise

    @property
    def alive(self) -> bool:
        """Whether work is under way, or to come."""
        return any(thread.is_alive() for thread in self._threads)

    @property
    def stopped(self) -> bool:
        """Whether no new work begins."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Begin no new work; what is under way ends by its own deadline."""
        self._stop.set()

    def join(self, ends: float | None = None, tick: Callable[[], None] = lambda: None) -> bool:
        """Wait until all is done; whether it is.

        Args:
            ends: when to stop waiting (`time.monotonic`); None: each piece of work has
                a deadline of its own.
            tick: called now and then in the calling thread.

        Raises:
            BaseException: what `work` let through.
        """
        for thread in self._threads:
            while thread.is_alive():
                left = _TICK if ends is None else min(_TICK, ends - time.monotonic())
                if left <= 0:
                    return False
                thread.join(left)
                tick()
        if self._failed:
            raise self._failed.pop(0)
        return True

    def _loop(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                item = next(self._source, None)
            if item is None:
                return
            try:
                self._work(item)
            except BaseException as error:  # noqa: BLE001 - raised again by join, in the caller
                self._failed.append(error)
                self._stop.set()


def run(
    items: Iterable[int],
    work: Callable[[int], None],
    *,
    workers: int,
    tick: Callable[[], None] = lambda: None,
) -> None:
    """Do `work(item)` for all items, on at most so many threads.

    `tick` is called now and then in the calling thread. KeyboardInterrupt there
    stops new work at once; what is under way ends by its own deadline, on threads
    that keep no process alive. An error that `work` lets through ends it all.
    """
    todo = list(items)
    if len(todo) <= 1 or workers <= 1:
        for item in todo:
            work(item)
            tick()
        return
    crew = Crew(todo, work, workers=workers)
    try:
        crew.join(tick=tick)
    finally:
        crew.stop()
