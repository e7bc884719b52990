"""Owns what is known about the kernel we run in: who it is, and where comm messages arrive."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from typing import Any, Literal

Kind = Literal["ipykernel", "other", "none"]


def kind(comm: object) -> Kind:
    """What carries our messages: ipykernel, another front end's comm, or nothing."""
    if comm is None or type(comm).__name__ == "DummyComm":
        return "none"
    return "ipykernel" if kernel() is not None else "other"


def kernel() -> Any:
    """The running ipykernel, None if there is none; never imports it."""
    module = sys.modules.get("ipykernel.kernelbase")
    if module is None or not module.Kernel.initialized():
        return None
    return module.Kernel.instance()


def version() -> tuple[int, int]:
    """Major and minor version of the ipykernel loaded; (0, 0) if none is."""
    module = sys.modules.get("ipykernel")
    match = re.match(r"(\d+)\.(\d+)", str(getattr(module, "__version__", "")))
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _shell_channel() -> Any:
    """The thread that reads requests for all shells; None where there are no subshells."""
    return getattr(kernel(), "shell_channel_thread", None)


def has_subshells() -> bool:
    """Whether the front end has made a subshell, as JupyterLab does for comms.

    It asks for one over the control channel when the first widget appears, so
    that it is there even while a cell runs.
    """
    manager = getattr(_shell_channel(), "manager", None)
    try:
        return bool(manager is not None and manager.list_subshell())
    except Exception:  # noqa: BLE001 - a private interface: whatever it does, we only lose a hint
        return False


def own_replies(comm: object) -> None:
    """Have the page's messages arrive where the page addresses them.

    Since 7.4 ipykernel routes a comm's messages to the thread that last sent
    one, the cell's own, which a blocking cell keeps busy. Nothing happens
    where that routing does not exist.
    """
    if callable(getattr(comm, "_reply_subshell_for", None)):
        comm._reply_subshell_for = lambda _data, default: default  # type: ignore[attr-defined]  # noqa: SLF001


def heed_requests() -> None:
    """Have replies sent through the stream that reads the requests, as ipykernel 7.4 does.

    Before, from 7.0 on, they go out on the bare socket. That uses up the one
    wake-up for a request which arrives meanwhile: it lies there, and all later
    ones of that page behind it, until another page connects
    (https://github.com/ipython/ipykernel/pull/1529). Nothing happens where
    the bare socket is not used.
    """
    manager = getattr(_shell_channel(), "manager", None)
    stream = getattr(kernel(), "shell_stream", None)
    if hasattr(manager, "_shell_socket") and hasattr(stream, "send_multipart"):
        manager._shell_socket = stream  # type: ignore[union-attr]  # noqa: SLF001


def is_cell_thread() -> bool:
    """Whether this is the thread that runs cells."""
    parent = getattr(_shell_channel(), "parent_thread", None)
    return threading.current_thread() is (parent or threading.main_thread())


def by_program() -> bool:
    """Whether the cell was sent by a program (nbclient, papermill, Voilà), not by a page.

    The Python client numbers its messages, `session_process_number`; front ends
    in a browser take a UUID.
    """
    try:
        header = kernel().get_parent()["header"]
        return re.search(r"_\d+_\d+$", str(header["msg_id"])) is not None
    except (AttributeError, KeyError, TypeError):
        return False


def in_cell() -> bool:
    """Whether this task is the one that runs a cell, which nothing else overtakes."""
    task = asyncio.current_task()
    code = getattr(task.get_coro() if task else None, "cr_code", None)
    return re.search(r"[/\\](IPython|ipykernel)[/\\]", getattr(code, "co_filename", "")) is not None
