"""What happens to cells and kernels in JupyterLab while CoCalc is shown in one."""

import pytest
from stage.labs import SHOW

READY = SHOW + "assert w.status().result(timeout=30).connection['status'] == 'connected'\n"
BACK = """
import asyncio
async def back(names):
    while (await w.status()).open_files.get(lesson) != names:
        await asyncio.sleep(0.2)
await asyncio.wait_for(back({}), 30)
"""


@pytest.mark.parametrize("how", ["move-cell-down", "drag"])
def test_moved_cell_brings_its_files_back_in_order(notebook, how):
    notebook.works(READY)
    notebook.works("for name in ('a.md', 'b.md', 'c.md', 'b.md'):\n    await w.open(name)")
    notebook.works("pass")
    assert notebook.value("w.open_files[lesson]") == ["a.md", "b.md", "c.md"]
    born = notebook.born
    if how == "drag":
        notebook.move(1, 3)
    else:
        notebook.move_down(1)
    notebook.works(BACK.format(["a.md", "b.md", "c.md"]))
    assert notebook.born > born
    active = notebook.frame().locator("[role=tab][aria-selected=true]")
    active.filter(has_text="b.md").wait_for()
    assert notebook.value("[w.channel, w.ready, w.busy]") == ["messages", True, False]
    assert notebook.failures == []


def test_moved_cell_in_flight(notebook, site):
    notebook.works(READY + "r = await w.open('a.md')")
    notebook.works("pass")
    site.fault("late-done", 2)
    notebook.works("c = w.open('b.md')")
    notebook.becomes("c.state", "ack")
    notebook.move_down(1)
    assert notebook.works("print((await c).verified)") == "True"
    notebook.works(BACK.format(["a.md", "b.md"]))
    assert notebook.failures == []


def test_cell_deleted_in_flight_and_displayed_again(notebook, site):
    notebook.works(READY)
    site.fault("late-done", 2)
    notebook.works("c = w.open('lesson.md')")
    notebook.becomes("c.state", "ack")
    notebook.delete(1)  # the first cell is Lab's own, empty
    notebook.page.locator("iframe[title*=CoCalc]").wait_for(state="detached")
    notebook.works("w")
    assert notebook.works("print((await c).verified)") == "True"
    assert notebook.works("print(w.status().result(timeout=30).open_files[lesson])") == (
        "['lesson.md']"
    )
    assert notebook.failures == []


def test_cell_deleted_in_flight_for_good(notebook, site):
    limits = "deadlines={'ready': 8, 'ack': 3, 'done': 3, 'status': 2, 'silent': 2}"
    notebook.works(SHOW.replace("new()", f"new({limits})") + "s = await w.status()")
    site.fault("ack-without-done")
    notebook.works("c = w.open('lesson.md')")
    notebook.becomes("c.state", "ack")
    notebook.delete(1)
    error = notebook.fails("await c", "CommandTimeoutError", timeout=40)
    assert "not shown in a cell" in error
    assert notebook.value("[w.busy, w._session.ledger.pending]") == [False, []]
    assert notebook.failures == []


TALL = {"width": 1200, "height": 1900}  # both frames are in view: CoCalc starts only there


def test_kernel_restart(notebook):
    notebook.page.set_viewport_size(TALL)
    notebook.works(READY)
    notebook.restart()
    notebook.works(READY)
    assert notebook.failures == []


def test_kernel_restart_while_a_command_is_in_flight(notebook, site):
    notebook.page.set_viewport_size(TALL)
    notebook.works(READY)
    site.fault("silent-open")
    notebook.works("c = w.open('lesson.md')\nd = w.closeall()")
    notebook.becomes("[c.state, d.state]", ["sent", "queued"])
    notebook.restart()
    notebook.says("or gone")
    site.fault("silent-open", False)
    notebook.works(READY)
    assert notebook.works("print((await w.open('lesson.md')).verified)") == "True"
    notebook.says("localhost")  # the new one; the old output still says what became of it
    notebook.says("or gone")
    assert notebook.value("[w.busy, w._session.ledger.pending]") == [False, []]
    assert notebook.failures == []


def test_kernel_gone_is_said_and_the_document_stays(notebook):
    notebook.works(READY + "r = await w.open('lesson.md')")
    notebook.end_kernel()
    notebook.says("or gone")
    assert notebook.frame().get_by_text("lesson.md").first.is_visible()
    assert notebook.failures == []


def test_saved_notebook_without_its_kernel_shows_a_placeholder(notebook):
    notebook.works(READY)
    notebook.save()
    notebook.end_kernel()
    notebook.reload()
    notebook.says("or gone")
    assert notebook.page.locator("iframe[title*=CoCalc]").count() == 0
    assert notebook.failures == []
