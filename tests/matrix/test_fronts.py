"""Other front ends, on the newest ipykernel: Notebook, Lab without subshells, Voilà, no page."""

import json
import time

import nbclient
import nbformat
import pytest
from cells import AWAIT, BLOCK, FOREVER, RAN_ALL, RUN_ALL, TIMED, gather
from stage.environments import NEWEST, name_of
from stage.labs import SETUP, SHOW, load_lab
from stage.pictures import keep
from stage.sheets import Sheet, write
from stage.stand_in import HUB

pytestmark = pytest.mark.timeout(90)
KERNEL = name_of(NEWEST)
OFF = "@jupyterlab/apputils-extension/kernels-settings.jupyterlab-settings"
NOTEBOOK, VOILA, DEAF, BARE = "Notebook 7", "Voilà", "JupyterLab, subshells off", "nbclient"


@pytest.fixture
def notebook(request, context, lab):
    """A notebook in a page of Notebook 7."""
    name = f"{request.node.name}.ipynb"
    write(lab.folder, name, KERNEL)
    page = context.new_page()
    page.goto(f"https://{HUB}/notebooks/{name}?token={lab.token}")
    page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.content?.model")
    yield Sheet(page, None)
    keep(request, page, f"matrix-{request.node.name}")
    page.evaluate("() => jupyterapp.serviceManager.sessions.shutdownAll()")
    page.close()


def test_notebook_result_and_await(notebook, note):
    assert notebook.works(SHOW + TIMED + "print()\nprint(w.status().result(timeout=30).action)")
    note(NEWEST, NOTEBOOK, "result(), event", json.loads(notebook.works(BLOCK)))
    note(NEWEST, NOTEBOOK, "await", json.loads(notebook.works(AWAIT)))
    spent = json.loads(notebook.works(gather("notebook")))
    note(NEWEST, NOTEBOOK, "gather of ten opens", spent)
    assert notebook.failures == []


def test_notebook_stop_and_restart(notebook, note):
    notebook.works(SHOW + "w.status().result(timeout=30)")
    stopped = notebook.interrupted(FOREVER + "forever.result()", after=1)
    assert [o["ename"] for o in stopped if o["output_type"] == "error"] == ["KeyboardInterrupt"]
    notebook.restart()
    notebook.works(SHOW + "w.status().result(timeout=30)")
    note(NEWEST, NOTEBOOK, "stop, restart", "yes")


def test_notebook_run_all_from_cold(notebook, note):
    notebook.run_all(*RUN_ALL)
    assert [text.strip() for text in notebook.texts()][-len(RAN_ALL) :] == RAN_ALL
    note(NEWEST, NOTEBOOK, "Run All, cold", "yes")


def test_lab_without_subshells_refuses_at_once(request, context, lab, note):
    settings = lab.home / "settings" / OFF
    settings.write_text(json.dumps({"commsOverSubshells": "disabled"}))
    write(lab.folder, "off.ipynb", KERNEL)
    page = load_lab(context, lab)
    try:
        sheet = Sheet(page, "off.ipynb")
        sheet.works(SHOW + TIMED)
        sheet.becomes("w.ready", True)
        refused = sheet.fails("w.status().result()", "WouldDeadlockError", timeout=20)
        assert "await widget.status()" in refused
        assert "Waiting for the status here would never end" in refused
        cell = sheet.execute(
            "begun = time.monotonic()\ntry:\n    w.open('a.md').result()\n"
            "except Exception as error:\n    print(type(error).__name__, str(error))\n"
            "print(time.monotonic() - begun)"
        )
        *said, seconds = cell.text.strip().splitlines()
        assert 'await widget.open("a.md")' in " ".join(said)
        assert float(seconds) < 0.5
        note(NEWEST, DEAF, "result()", "refused at once")
        note(NEWEST, DEAF, "await", json.loads(sheet.works(AWAIT)))
        sheet.shut()
    finally:
        keep(request, page, f"matrix-{request.node.name}")
        page.close()
        settings.unlink()


# Voilà runs all cells before there is a page: what waits does so in a task.
ASKED = """
import time, traceback
told = {}
begun = time.monotonic()
try:
    w.status().result()
except Exception as error:
    told["refused"] = f"{type(error).__name__}: {error}"
told["seconds"] = time.monotonic() - begun
async def talk():
    try:
        told["await"] = (await w.status()).action
        replies = await asyncio.gather(*[w.open(f"voila-{n}.md") for n in range(10)])
        told["gather"] = [reply.verified for reply in replies]
        begun = time.perf_counter()
        await w.status()
        told["took"] = time.perf_counter() - begun
    except BaseException as error:
        told["failed"] = traceback.format_exc()
    with open("NAME.json", "w") as file:
        json.dump(told, file)
task = asyncio.get_event_loop().create_task(talk())
"""


def test_voila(request, context, lab, note):
    write(lab.folder, "voila.ipynb", KERNEL, SHOW + TIMED, ASKED.replace("NAME", "voila"))
    page = context.new_page()
    page.goto(f"https://{HUB}/voila/render/voila.ipynb?token={lab.token}", timeout=60_000)
    told = written(lab.folder / "voila.json", lambda: page.wait_for_timeout(200))
    keep(request, page, f"matrix-{request.node.name}")
    page.locator("iframe[title*=CoCalc]").wait_for()
    page.close()
    assert "failed" not in told, told
    assert told["refused"].startswith("ChannelBlockedError"), told
    assert "add_done_callback" in told["refused"]
    assert told["seconds"] < 0.5
    assert told["await"] == "status"
    assert told["gather"] == [True] * 10
    note(NEWEST, VOILA, "result() in a cell", "refused at once")
    note(NEWEST, VOILA, "await in a task", told["took"])


def test_without_a_page(lab, env, monkeypatch, note):
    for name, value in (*env.items(), ("JUPYTER_DATA_DIR", str(lab.home / "data"))):
        monkeypatch.setenv(name, value)
    asked = ASKED.replace("task = ", "# ") + "\nc = w.open('later.md')\nprint(c.state)\n"
    cells = [SHOW + TIMED, asked, "print(json.dumps(told))", "print('after')"]
    book = nbformat.read(write(lab.folder, "bare.ipynb", KERNEL, *cells), 4)
    nbclient.NotebookClient(book, timeout=60, kernel_name=KERNEL).execute()
    text = ["".join(o.get("text", "") for o in cell.outputs).strip() for cell in book.cells]
    told = json.loads(text[2])
    assert text[1] == "queued"
    assert text[3] == "after"
    assert "No page shows the widget" in told["refused"]
    assert told["seconds"] < 0.5
    note(NEWEST, BARE, "result()", "refused at once")
    assert SETUP


def written(file, meanwhile, seconds=60):
    """The content of a JSON file that a kernel is going to write."""
    until = time.monotonic() + seconds
    while True:
        meanwhile()
        try:
            return json.loads(file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            assert time.monotonic() < until, f"{file.name} was never written"
