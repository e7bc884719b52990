"""marimo, which has a kernel of its own: display, result, await, gather, stop."""

import os
import subprocess
import sys
import time
import urllib.request

import pytest
from stage.pictures import results
from stage.stand_in import HUB
from stage.tls import in_front_of
from test_fronts import written

from cocalc_widget.demo.jupyter.chromium import headless
from cocalc_widget.demo.jupyter.lab import free_port

pytestmark = pytest.mark.timeout(120)
FRONT = "marimo"
BOOK = """
import marimo
app = marimo.App()

@app.cell
def _():
    import asyncio, json, time
    from cocalc_widget import CoCalc, Client
    client = Client()
    lesson = {p.title: p.project_id for p in client.projects()}["Lesson"]
    w = CoCalc(lesson, client=client, token=client.create_token(client.account_id))
    w
    return asyncio, json, time, w, lesson

@app.cell
async def _(asyncio, json, time, w, lesson):
    told = {}
    try:
        told["first"] = w.open("lesson.md").result(timeout=40).open_files.get(lesson)
        times = []
        for _n in range(15):
            _begun = time.perf_counter()
            w.status().result(timeout=20)
            times.append(time.perf_counter() - _begun)
        told["result"] = times
        awaited = []
        for _n in range(15):
            _begun = time.perf_counter()
            await w.status()
            awaited.append(time.perf_counter() - _begun)
        told["await"] = awaited
        _begun = time.perf_counter()
        replies = await asyncio.gather(*[w.open(f"marimo-{n}.md") for n in range(10)])
        told["gather"] = time.perf_counter() - _begun
        told["verified"] = [reply.verified for reply in replies]
    except Exception as error:
        told["failed"] = repr(error)
    with open("marimo-1.json", "w") as file:
        json.dump(told, file)
    done = True
    return (done,)

@app.cell
async def _(done, json, w):
    later = (await w.status()).action if done else ""
    with open("marimo-2.json", "w") as _file:
        json.dump({"later": later, "channel": w.channel, "files": w.open_files}, _file)
    return

if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def port(env, tmp_path):
    """marimo with the notebook, running as an app."""
    (tmp_path / "book.py").write_text(BOOK)
    port = free_port()
    command = [sys.executable, "-m", "marimo", "run", "book.py", "--headless", "--no-token"]
    command += ["--port", str(port), "--proxy", HUB]
    with (tmp_path / "marimo.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env={**os.environ, **env},
            stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            until = time.monotonic() + 40
            while not answers(port):
                assert process.poll() is None, (tmp_path / "marimo.log").read_text()
                assert time.monotonic() < until, (tmp_path / "marimo.log").read_text()
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
            return True
    except OSError:
        return False


def test_marimo(site, port, tmp_path, request, note):
    with (
        in_front_of(port, site.cert_file, site.key_file) as https,
        headless({HUB: https}) as browser,
    ):
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.goto(f"https://{HUB}/")
        try:
            told = written(tmp_path / "marimo-1.json", lambda: page.wait_for_timeout(200))
            later = written(tmp_path / "marimo-2.json", lambda: page.wait_for_timeout(200))
        finally:
            page.screenshot(path=results(request) / "matrix-marimo.png")
        page.locator("iframe[title*=CoCalc]").wait_for()
    assert "failed" not in told, told
    assert told["first"] == ["lesson.md"]
    assert told["verified"] == [True] * 10
    assert later["later"] == "status"
    assert later["channel"] == "messages"
    note("marimo", FRONT, "result(), read ahead", told["result"])
    note("marimo", FRONT, "await", told["await"])
    note("marimo", FRONT, "gather of ten opens", told["gather"])
