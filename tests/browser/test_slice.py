"""The whole way through, in JupyterLab: a document in a cell, driven from Python."""

import pytest
from stage.labs import SETUP, SHOW

READY = SHOW + "assert w.status().result(timeout=30).connection['status'] == 'connected'\n"


def test_display_and_result_in_one_cell(notebook):
    notebook.works(READY)
    assert notebook.value("[w.channel, w.ready, w.reason]") == ["messages", True, ""]


def test_result_in_the_cell_after(notebook):
    notebook.works(SHOW)
    assert notebook.works("print(w.status().result(timeout=30).action)") == "status"


def test_run_all_from_cold(notebook):
    text = notebook.run_all(
        SHOW,
        "files = w.open('lesson.md').result(timeout=60).open_files",
        "print(files[lesson])",
    )
    assert text == "['lesson.md']"


def test_await_open_closeall(notebook):
    notebook.works(SHOW)
    notebook.works("seen = []\nw.observe(lambda c: seen.append(c['new']), 'open_files')")
    text = notebook.works(
        "r = await w.open('lesson.md')\nprint(r.verified, r.open_files == w.open_files)"
    )
    assert text == "True True"
    assert notebook.value("w.open_files[lesson]") == ["lesson.md"]
    notebook.frame().get_by_text("lesson.md").first.wait_for()
    assert notebook.works("print((await w.closeall()).action)") == "closeall"
    notebook.becomes("w.open_files", {})
    assert notebook.value("[{lesson: ['lesson.md']} in seen, seen[-1]]") == [True, {}]
    assert notebook.value("[c.state for c in w.history]") == ["done", "done"]


def test_document_in_the_constructor(notebook):
    notebook.works(SETUP + "w = new('lesson.md')\ndisplay(w)")
    notebook.becomes("w.open_files", {notebook.value("lesson"): ["lesson.md"]})
    notebook.works("w.path = 'made.md'\nawait w.history[-1]")
    assert notebook.value("[w.history[-1].action, sorted(w.open_files[lesson])]") == [
        "open",
        ["lesson.md", "made.md"],
    ]


def test_gather_of_ten(notebook):
    notebook.works(SHOW + "import asyncio")
    text = notebook.works(
        "replies = await asyncio.gather(*[w.open(f'made-{n}.md') for n in range(10)])\n"
        "print([r.verified for r in replies].count(True), len(w.open_files[lesson]))"
    )
    assert text == "10 10"


def test_bad_uuid_is_refused_before_anything_is_sent(notebook):
    notebook.works(READY)
    error = notebook.fails("w.open('a.md', project_id='nope')", "ValidationError")
    assert "UUID" in error
    assert notebook.value("len(w.history)") == 1


def test_refusal_of_cocalc_is_its_own_sentence(notebook, site):
    notebook.works(READY)
    site.fault("error-without-action")
    notebook.fails("w.open('a.md').result(timeout=20)", "CommandError")
    assert notebook.value("w.history[-1].state") == "error"


def test_widget_never_displayed_says_so(notebook):
    notebook.works(SETUP + "w = new()")
    error = notebook.fails("w.status().result()", "ChannelBlockedError", timeout=20)
    assert "in a cell above" in error
    notebook.fails("await w.status()", "ChannelBlockedError", timeout=20)


def test_interrupt_ends_the_wait(notebook):
    notebook.works(READY + "import os, signal, threading")
    cell = notebook.execute(
        "forever = w._session.ledger.add('status')\n"  # on the books, never sent
        "threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
        "forever.result()",
        timeout=20,
    )
    assert cell.error.startswith("KeyboardInterrupt")
    assert cell.seconds < 5
    assert notebook.works("print(w.status().result(timeout=10).action)") == "status"


def test_saved_notebook_has_no_secret(notebook, site):
    notebook.works(SETUP + "token = client.create_token(client.account_id)")
    notebook.works("w = CoCalc(lesson, client=client, token=token)\ndisplay(w)")
    notebook.works("w.open('lesson.md').result(timeout=60)")
    notebook.works("display(token, client, *w.history)\nprint(w, w.history, w.last_reply)")
    secret = notebook.value("token.value")
    notebook.save()
    text = notebook.file.read_text()
    assert "application/vnd.jupyter.widget-state+json" in text
    assert "anywidget" in text
    for hidden in (secret, site.api_key, site.password):
        assert hidden not in text
        assert not [line for line in notebook.said if hidden in line]


def test_close_ends_everything(notebook):
    notebook.works(READY)
    notebook.works("c = w.open('lesson.md')\nw.close()")
    assert notebook.value("[c.state, w.channel, w.busy]") == ["cancelled", "closed", False]
    notebook.fails("await c", "CommandCancelledError")
    notebook.page.locator("iframe[title*=CoCalc]").wait_for(state="detached")
    assert notebook.failures == []


def test_page_reload_keeps_the_widget(notebook):
    notebook.works(READY + "r = w.open('lesson.md').result(timeout=60)")
    notebook.save()
    notebook.reload()
    assert notebook.works("print(w.status().result(timeout=40).action)") == "status"
    lesson = notebook.value("lesson")
    notebook.becomes("w.status().result(timeout=20).open_files", {lesson: ["lesson.md"]})


@pytest.mark.parametrize("call", ["await {}", "{}.result(timeout=60)"], ids=["await", "result"])
def test_two_widgets_on_one_host(notebook, call):
    notebook.works(SHOW + "v = new()\ndisplay(v)")
    opens = [call.format(f"{name}.open({name!r} + '.md')") for name in "wv"]
    text = notebook.works(
        f"replies = [{opens[0]}, {opens[1]}]\n"
        "print([r.verified for r in replies], w.open_files[lesson], v.open_files[lesson])"
    )
    assert text == "[True, True] ['w.md'] ['v.md']"
