"""Every kernel in JupyterLab: results in the same cell, or a refusal at once."""

import json
import time

import pytest
from cells import AWAIT, BLOCK, FOREVER, RAN_ALL, RUN_ALL, TIMED, gather
from stage.environments import KERNELS, name_of
from stage.labs import SETUP, SHOW

pytestmark = pytest.mark.timeout(90)
LAB = "JupyterLab"


@pytest.fixture(params=KERNELS)
def kernel(request):
    return request.param


@pytest.fixture
def new(kernel, sheet):
    return lambda *sources: sheet(name_of(kernel), *sources)


def way(kernel):
    return "result(), polled" if kernel.startswith("6") else "result(), event"


def test_display(kernel, new, note):
    one = new()
    one.works(SETUP + "w = new()\nimport time\nbegun = time.monotonic()\ndisplay(w)")
    one.becomes("w.ready", True, seconds=20)  # nothing was asked for
    one.frame().locator("body").wait_for()
    assert one.value("w.channel") == "messages"
    assert one.failures == []
    note(kernel, LAB, "display", "yes")


def test_result_in_the_cell_after(kernel, new, note):
    one = new()
    one.works(SHOW + TIMED)
    one.works("w.status().result(timeout=30)")
    note(kernel, LAB, way(kernel), json.loads(one.works(BLOCK)))


def test_result_in_the_cell_that_displays(kernel, new, note):
    one = new()
    text = one.works(
        SHOW + "begun = __import__('time').time()\n"
        "print()\nprint(w.open('lesson.md').result(timeout=30).verified, w.open_files[lesson])\n"
        "print(__import__('time').time() - begun)",
    ).splitlines()
    assert text[-2] == "True ['lesson.md']"
    note(kernel, LAB, "display and result() in one cell, cold", float(text[-1]))


def test_await(kernel, new, note):
    one = new()
    one.works(SHOW + TIMED + "await w.status()")
    note(kernel, LAB, "await", json.loads(one.works(AWAIT)))


def test_gather_of_ten(kernel, new, note):
    one = new()
    one.works(SHOW + TIMED)
    spent = json.loads(one.works(gather(f"k{kernel}")))
    note(kernel, LAB, "gather of ten opens", spent)


@pytest.mark.parametrize("wait", ["forever.result()", "await forever"])
def test_stop_ends_the_wait(kernel, new, note, wait):
    one = new()
    one.works(SHOW + "w.status().result(timeout=30)")
    begun = time.monotonic()
    stopped = one.interrupted(FOREVER + wait, after=1)
    seconds = time.monotonic() - begun - 1
    errors = [output["ename"] for output in stopped if output["output_type"] == "error"]
    assert errors in (["KeyboardInterrupt"], ["CancelledError"])
    assert "result" not in wait or errors == ["KeyboardInterrupt"]
    assert seconds < 5
    assert one.works("print(w.status().result(timeout=20).action)") == "status"
    note(kernel, LAB, f"stop during {wait.replace('forever', 'it')}", seconds)


def test_run_all_from_cold(kernel, new, note):
    one = new()
    begun = time.monotonic()
    one.run_all(*RUN_ALL)
    # the first cell is the empty one that a new notebook starts with
    assert [text.strip() for text in one.texts()][-len(RAN_ALL) :] == RAN_ALL
    note(kernel, LAB, "Run All, cold", time.monotonic() - begun)


def test_restart(kernel, new, note):
    one = new()
    # both frames are in view: CoCalc starts only there
    one.page.set_viewport_size({"width": 1200, "height": 1900})
    one.works(SHOW + "w.status().result(timeout=30)")
    one.restart()
    assert one.works(SHOW + "assert w.status().result(timeout=30).action == 'status'")
    assert one.works("print((await w.status()).action)") == "status"
    note(kernel, LAB, "after a restart", "yes")
