"""The oldest IPython that the package takes: its completion and its way of showing errors."""

import time

import pytest
from bare import DEADLINE, bare
from stage.environments import python_with

OLDEST = "8.18"


@pytest.fixture(scope="module")
def client(env, tmp_path_factory):
    """A client of a kernel with that IPython, which has loaded the extension."""
    python = python_with(f"ipython-{OLDEST}", f"ipython=={OLDEST}.*", "ipykernel")
    with bare(python, tmp_path_factory.mktemp("kernels"), env) as running:
        assert run(running, "%load_ext cocalc_widget")[0]["status"] == "ok"
        yield running


def run(client, code):
    """The reply to a cell, and the text and errors that it shows."""
    shown = []
    reply = client.execute_interactive(code, timeout=DEADLINE, output_hook=shown.append)
    parts = [each["content"] for each in shown if each["msg_type"] in ("stream", "error")]
    return reply["content"], parts


def test_it_is_that_version(client):
    _, shown = run(client, "import IPython\nprint(IPython.__version__)")
    assert shown[0]["text"].startswith(f"{OLDEST}.")


@pytest.mark.parametrize(
    ("code", "expected", "replaced"),
    [
        ("%cocalc clo", ["closeall"], "clo"),
        ("x = 1\ny = %cocalc who", ["whoami"], "who"),
        ("%cocalc open --channel mes", ["messages"], "mes"),
        ("%%cocalc wr", ["write"], "wr"),
        ("%cocalc open Les", ["Lesson:"], "Les"),
        ("x = %cocalc cat Lesson:les", ["Lesson:lesson.md"], "Lesson:les"),
    ],
)
def test_completion(client, code, expected, replaced):
    until = time.monotonic() + DEADLINE
    while True:  # the first key stroke may come before the answer of the server
        reply = client.complete(code, reply=True, timeout=DEADLINE)["content"]
        if reply["matches"] == expected or time.monotonic() > until:
            break
    assert reply["matches"] == expected
    assert code[reply["cursor_start"] : reply["cursor_end"]] == replaced


def test_an_error_is_one_line_and_tb_shows_all(client):
    for _ in range(2):
        reply, shown = run(client, "%cocalc opne a:b")
        assert reply["ename"] == "ValidationError"
        assert len(shown[0]["traceback"]) == 1
    _, shown = run(client, "%tb")
    assert "Traceback" in str(shown)


def test_nothing_is_left_after_unloading(client):
    run(client, "%unload_ext cocalc_widget")
    try:
        reply = client.complete("%cocalc who", reply=True, timeout=DEADLINE)["content"]
        assert "whoami" not in reply["matches"]
    finally:
        run(client, "%load_ext cocalc_widget")
