"""Reading messages while a cell waits: what is taken, what stays, and in which order."""

import queue
from types import SimpleNamespace

from cocalc_widget.frame.kernel import marimo


class Comm:
    comm_id = "ours"

    def __init__(self):
        self.heard = []

    def handle_msg(self, payload):
        self.heard.append(payload)


def command(payload, model="ours"):
    return SimpleNamespace(model_id=model, into_comm_payload=lambda: payload)


def test_what_was_read_ahead_counts_once():
    comm, ahead = Comm(), queue.Queue()
    for told in (command(1), command("theirs", "other"), SimpleNamespace(), command(2)):
        ahead.put(told)
    marimo.serve(comm, ahead)
    assert comm.heard == [1, 2]
    for again in (1, 2, 3):  # they come a second time, and then something new
        comm.handle_msg(again)
    assert comm.heard == [1, 2, 3]
    marimo.serve(comm, ahead, 0.01)  # nothing there: no wait without an end
    assert comm.heard == [1, 2, 3]


def test_outside_marimo_there_is_nothing_to_read_ahead():
    assert marimo.ahead() is None
    assert not marimo.is_marimo(Comm())
