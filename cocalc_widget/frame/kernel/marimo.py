"""Owns reading the page's messages while a cell of marimo waits: one loop for cells and messages.

marimo puts what widgets say into two queues: the one that its loop takes work
from, cells included, and one that only shortens it. From the latter messages
can be read ahead. They come a second time by the former, in the same order.
"""

from __future__ import annotations

import inspect
import queue as queues
import sys
from typing import Any


def is_marimo(comm: object) -> bool:
    """Whether this comm is marimo's."""
    return type(comm).__module__.partition(".")[0] == "marimo"


def ahead() -> Any:
    """The queue to read ahead from; None off marimo's own thread, or if it is built otherwise."""
    context = sys.modules.get("marimo._runtime.context")
    try:
        kernel = context.safe_get_context()._kernel  # type: ignore[union-attr]  # noqa: SLF001
        enqueue = inspect.getclosurevars(kernel.enqueue_control_request)
        return enqueue.nonlocals["set_ui_element_queue"]
    except (AttributeError, KeyError, TypeError):
        return None


def serve(comm: Any, queue: Any, seconds: float = 0.0) -> None:
    """Deal with messages for `comm`; where there are none, wait for some so long at most."""
    try:
        command = queue.get(timeout=seconds) if seconds > 0 else queue.get_nowait()
        while True:
            if getattr(command, "model_id", None) == comm.comm_id:
                _deliver(comm, command.into_comm_payload())
            command = queue.get_nowait()
    except queues.Empty:
        return


def _deliver(comm: Any, payload: Any) -> None:
    known = comm.__dict__.get("handle_msg")
    if not isinstance(known, _Once):
        known = comm.handle_msg = _Once(comm.handle_msg)
    known.early += 1
    known.handle(payload)


class _Once:
    """Takes the place of a comm's `handle_msg`: what was read ahead does not count again."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.early = 0  # messages read ahead that are still to come a second time

    def __call__(self, payload: Any) -> None:
        if self.early:
            self.early -= 1
        else:
            self.handle(payload)
