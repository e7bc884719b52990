"""Each fault of the table, met by a call that may be repeated and by one that may not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Client
from cocalc_widget.api.dialects import detection as detect
from cocalc_widget.api.http import timeouts

from .faults import FAULTS, PROJECT, Fault, good
from .server import misbehaving

KEY = "canary7key0canary7key0"
DEADLINE = 0.6  # s for what lasts until then
RETRIES = 2


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    detect.forget()
    monkeypatch.setattr(timeouts, "FIRST_WAIT", 0.01)  # the order of things is the same


def client(url: str, fault: Fault | None = None, **options: Any) -> Client:
    seconds = DEADLINE if fault and fault.slow else 20.0
    return Client(KEY, host=url, api="v1", **{"timeout": seconds, "retries": RETRIES, **options})


def check(fault: Fault, call: Any, began: float) -> errors.CoCalcError:
    """The call ends in the right error, in time, and says whether it may have worked."""
    assert fault.error is not None
    with pytest.raises(errors.CoCalcError) as caught:
        call()
    error = caught.value
    assert type(error) is fault.error, error
    assert KEY not in f"{error} {vars(error)}"
    assert getattr(error, "endpoint", None) in ("ping", "create_project")
    if isinstance(error, errors.APIConnectionError):
        assert error.sent, "it may have arrived, as far as anybody can tell"
    if fault.slow:
        assert time.monotonic() - began < DEADLINE + 3
    return error


@pytest.mark.parametrize("name", FAULTS)
def test_a_call_that_may_be_repeated(name: str) -> None:
    """Tried again as the policy says; a fault that passes is not even noticed."""
    fault, began = FAULTS[name], time.monotonic()
    with misbehaving(fault.act) as server:
        subject = client(server.url, fault)
        if fault.error is None:
            assert subject.ping().now is not None
            assert server.connections == 1
            return
        check(fault, subject.ping, began)
        assert server.connections == (1 + RETRIES if fault.again else 1)
    if fault.again:
        with misbehaving(fault.act, then=good) as server:
            subject = client(server.url, fault)
            assert subject.ping().now is not None
            assert subject.create_project("x") == PROJECT
            assert server.connections == 2, "the good connection is kept"
            assert all(KEY.encode() not in head for head in server.requests), "it travels as Basic"


@pytest.mark.parametrize("name", FAULTS)
def test_a_call_that_may_not_be_repeated(name: str) -> None:
    """Sent once, whatever happens; the next call begins anew, on a clean connection."""
    fault, began = FAULTS[name], time.monotonic()
    with misbehaving(fault.act, then=good) as server:
        subject = client(server.url, fault)
        if fault.error is None:
            assert subject.create_project("x") == PROJECT
        else:
            check(fault, lambda: subject.create_project("x"), began)
        assert server.connections == 1
        assert len(server.requests) <= 1
        assert subject.ping().now is not None, "nothing of the old answer is left over"
        assert server.connections == 2
