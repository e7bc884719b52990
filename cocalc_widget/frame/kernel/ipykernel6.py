"""Owns reading the page's messages while a cell of ipykernel 6 waits: one thread for all.

Whatever has arrived is taken from the socket into the kernel's own queue, in
its order; of that, messages of widgets are dealt with at once. Everything else
(cells, say) stays where it is, so that it runs in turn after this cell.
`jupyter-ui-poll` keeps cells in a list of its own and runs them from a task of
its own: a Run All whose later cells wait too hung there, or ran out of order.
"""

from __future__ import annotations

import sys
from typing import Any

_READABLE = 1  # zmq.POLLIN
_OURS = ("comm_msg", "comm_close")


def can_serve(kernel: Any) -> bool:
    """Whether this kernel is built as ipykernel 6 is."""
    queue = getattr(getattr(kernel, "msg_queue", None), "_queue", None)
    parts = ("shell_stream", "dispatch_shell", "session", "shell_handlers", "_publish_status")
    return queue is not None and all(getattr(kernel, part, None) is not None for part in parts)


def serve(kernel: Any, seconds: float = 0.0) -> None:
    """Deal with messages of widgets; where there are none, wait for some so long at most."""
    if not _serve(kernel) and seconds > 0:
        kernel.shell_stream.socket.poll(int(seconds * 1000) or 1, _READABLE)
        _serve(kernel)


def _serve(kernel: Any) -> int:
    kernel.shell_stream.flush(_READABLE)
    queue = kernel.msg_queue._queue  # noqa: SLF001 - nothing public shows what waits
    taken = 0
    for item in list(queue):
        _number, dispatch, arguments = item
        if dispatch == kernel.dispatch_shell and _kind(kernel, arguments[0]) in _OURS:
            # in this order: an interrupt in between may cost this message, but never a cell
            queue.remove(item)
            _deliver(kernel, arguments[0])
            taken += 1
    return taken


def _kind(kernel: Any, frames: Any) -> str:
    """The type of a message that is not to be read yet: reading counts as having seen it."""
    _identities, parts = kernel.session.feed_identities(frames, copy=False)
    return str(kernel.session.unpack(parts[1].bytes).get("msg_type"))


def _deliver(kernel: Any, frames: Any) -> None:
    """Do what the kernel does with a message, and let what is printed next be the cell's again.

    The kernel's own way would catch a KeyboardInterrupt and go on.
    """
    identities, parts = kernel.session.feed_identities(frames, copy=False)
    message = kernel.session.deserialize(parts, content=True, copy=False)
    cell = kernel._parent_ident["shell"], kernel.get_parent("shell")  # noqa: SLF001
    _flush()
    kernel.set_parent(identities, message, channel="shell")
    try:
        kernel._publish_status("busy", "shell")  # noqa: SLF001
        handler = kernel.shell_handlers[message["header"]["msg_type"]]
        handler(kernel.shell_stream, identities, message)
    finally:
        _flush()
        kernel._publish_status("idle", "shell")  # noqa: SLF001
        kernel.set_parent(*cell, channel="shell")


def _flush() -> None:
    """Send what was printed so far under the name of whoever printed it."""
    sys.stdout.flush()
    sys.stderr.flush()
