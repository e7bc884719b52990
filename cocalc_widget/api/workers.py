"""Owns bounded concurrency: some threads, one piece of work each, interruptible."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TICK = 0.1  # s between two looks at the progress


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
    source, lock, stop = iter(todo), threading.Lock(), threading.Event()
    failed: list[BaseException] = []

    def loop() -> None:
        while not stop.is_set():
            with lock:
                item = next(source, None)
            if item is None:
                return
            try:
                work(item)
            except BaseException as error:  # noqa: BLE001 - raised again below, in the caller
                failed.append(error)
                stop.set()

    threads = [
        threading.Thread(target=loop, name=f"cocalc-{number}", daemon=True)
        for number in range(min(workers, len(todo)))
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(_TICK)
                tick()
    finally:
        stop.set()
    if failed:
        raise failed[0]
