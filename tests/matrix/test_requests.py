"""Requests that come while the kernel replies: heard, once there is a widget in the kernel."""

import threading
import time
from queue import Empty

import pytest
from bare import DEADLINE, bare
from stage.environments import KERNELS, name_of, python_of

SEVEN = [version for version in KERNELS if version.startswith("7")]
LYING = ["7.1", "7.3"]
# Keeps the thread that reads requests from reading until one has come, and then replies.
LULL = """
import pathlib, threading, time
kernel = get_ipython().kernel
thread = kernel.shell_channel_thread
def lull():
    pathlib.Path({begun!r}).touch()
    until = time.monotonic() + {deadline}
    while time.monotonic() < until and not pathlib.Path({sent!r}).exists():
        time.sleep(0.01)
    time.sleep(1)  # the request is on its way through the kernel's sockets
    thread.manager._send_on_shell_channel([b"nobody", b""])
threading.Timer(0.3, lambda: thread.io_loop.add_callback(lull)).start()
"""


def said(client, asked, seconds):
    """How the kernel replied to this request, None if it did not in time."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            reply = client.get_shell_msg(timeout=left)
        except Empty:
            return None
        if reply["parent_header"].get("msg_id") == asked:
            return reply["content"]["status"]
    return None


def lull(folder, execute):
    """Keep a kernel from reading; the file that ends this, once a request has been sent."""
    begun, sent = folder / "begun", folder / "sent"
    execute(LULL.format(begun=str(begun), sent=str(sent), deadline=DEADLINE))
    until = time.monotonic() + DEADLINE
    while not begun.exists():
        assert time.monotonic() < until, "the kernel did not begin its lull"
        time.sleep(0.01)
    return sent


def during_a_reply(client, folder):
    """Send a request so that it comes while the kernel replies to somebody else; its id."""
    sent = lull(folder, lambda code: said(client, client.execute(code), DEADLINE))
    asked = client.execute("1 + 1")
    sent.touch()
    return asked


@pytest.mark.parametrize("version", SEVEN)
def test_with_a_widget_no_request_lies(version, env, tmp_path):
    with bare(python_of(version), tmp_path, env) as client:
        made = client.execute("from cocalc_widget import CoCalc\nw = CoCalc()")
        assert said(client, made, DEADLINE) == "ok"
        assert said(client, during_a_reply(client, tmp_path), DEADLINE) == "ok"


@pytest.mark.parametrize("version", LYING)
def test_without_one_it_lies_and_so_do_those_behind_it(version, env, tmp_path):
    """What the widget mends is there to be mended."""
    with bare(python_of(version), tmp_path, env) as client:
        assert said(client, during_a_reply(client, tmp_path), 3) is None
        assert said(client, client.execute("1 + 2"), 1) is None


@pytest.mark.parametrize("version", LYING)
def test_who_drives_a_notebook_wakes_it(version, sheet, tmp_path):
    one = sheet(name_of(version))
    sent = lull(tmp_path, one.works)
    threading.Timer(1.0, sent.touch).start()
    assert one.works("print(1 + 1)") == "2"
