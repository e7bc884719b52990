"""Opens gathered in one cell, beside as many bare comm echoes: in JupyterLab and in marimo."""

from __future__ import annotations

import argparse
import json
import statistics
import textwrap
from collections.abc import Sequence
from typing import Any

from . import fronts
from .figures import at_most, spread

LIMIT = 0.5  # seconds for ten opens in JupyterLab
BESIDE = 2.0  # times marimo's
MOMENT = 2  # messages to the page: all orders, and the traits that they set
BARRED = 10  # opens that the bars are meant for
# Waited for in the very ways of the widget; each echo is a message of its own, both ways.
SETUP = """
import anywidget, asyncio, json, time
from cocalc_widget import CoCalc, Client
from cocalc_widget.frame.kernel import ipykernel as kernels, ipykernel6 as polling
from cocalc_widget.frame.kernel import marimo as reading
class Echo(anywidget.AnyWidget):
    _esm = '''export default {
      initialize({ model }) { model.on("msg:custom", (message) => model.send(message)); },
      render({ el }) { el.textContent = "echo"; } }'''
echo, waiting = Echo(), {}
kernels.own_replies(echo.comm)
echo.on_msg(lambda _widget, content, _buffers: waiting.pop(content["n"], int)())
client = Client()
lesson = {p.title: p.project_id for p in client.projects()}["Lesson"]
w = CoCalc(lesson, client=client, token=client.create_token(client.account_id))
"""
MEASURE = """
def read():
    if reading.is_marimo(echo.comm):
        if (queue := reading.ahead()) is not None:
            reading.serve(echo.comm, queue)
    elif kernels.version()[0] == 6:
        polling.serve(kernels.kernel())
    else:
        return 5
    return 0.005
async def bare(n):
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    waiting[n] = lambda: loop.call_soon_threadsafe(event.set)
    echo.send({"n": n})
    until = time.monotonic() + 2
    while not event.is_set():
        if time.monotonic() > until:
            raise asyncio.TimeoutError("no echo")
        try:
            await asyncio.wait_for(event.wait(), read())
        except asyncio.TimeoutError:
            pass
counts = {"out": 0, "in": 0}
def counted(send):
    def counting(*args, **kwargs):
        counts["out"] += 1
        return send(*args, **kwargs)
    return counting
def hear(*_):
    counts["in"] += 1
async def measured(sizes, rounds):
    found = {size: {name: [] for name in ("echo_s", "opens_s", "messages")} for size in sizes}
    await w.open("lesson.md")
    for once_more in (True, True, True, True, False):  # one that is not shown yet hears nothing
        try:
            await bare(0)
            break
        except asyncio.TimeoutError:
            assert once_more
    w.comm.send = counted(w.comm.send)
    w.on_msg(hear)
    for turn in range(rounds):
        for size in sizes:
            told = found[size]
            begun = time.perf_counter()
            await asyncio.gather(*[bare(n) for n in range(size)])
            told["echo_s"].append(time.perf_counter() - begun)
            counts.update({"out": 0, "in": 0})
            begun = time.perf_counter()
            names = [f"gather-{turn}-{size}-{n}.md" for n in range(size)]
            replies = await asyncio.gather(*[w.open(name) for name in names])
            told["opens_s"].append(time.perf_counter() - begun)
            told["messages"].append([counts["out"], counts["in"]])
            assert all(reply.verified for reply in replies), replies
            await w.closeall()
    return found
"""
# What waits for the page must not run before its cell has been shown.
BOOK = """
import marimo
app = marimo.App()

@app.cell
def _():
{setup}
    import marimo as mo
    mo.vstack([echo, w])
    return asyncio, echo, json, kernels, polling, reading, time, waiting, w

@app.cell
async def _(asyncio, echo, json, kernels, polling, reading, time, waiting, w):
{measure}
    import os, traceback
    try:
        told = {{"found": await measured({sizes}, {rounds})}}
    except Exception:
        told = {{"failed": traceback.format_exc()}}
    with open("told.part", "w") as file:
        json.dump(told, file)
    os.replace("told.part", "told.json")
    return

if __name__ == "__main__":
    app.run()
"""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 50], metavar="OPENS")
    parser.add_argument("--kernel", default=fronts.PYTHON, metavar="VERSION", help="of ipykernel")
    parser.add_argument("--nodelay", action="store_true",
                        help="with the server extension `cocalc_widget.nodelay`")  # fmt: skip


def measure(told: argparse.Namespace) -> dict[str, Any]:
    with fronts.site() as site:
        lab = _lab(site, told)
        marimo = _marimo(site, told)
    return {"rounds": told.rounds, "nodelay": told.nodelay, **figures(lab, marimo)}


def figures(lab: dict[str, Any], marimo: dict[str, Any]) -> dict[str, Any]:
    """What both front ends came to, by number of opens, and the bars.

    Args:
        lab, marimo: number of opens (as text) → `echo_s` and `opens_s`, seconds of each
            round, and `messages`, how many went out and came in.
    """
    found: dict[str, Any] = {}
    for size, samples in lab.items():
        ours = statistics.median(samples["opens_s"])
        beside = ours / statistics.median(marimo[size]["opens_s"])
        barred = int(size) == BARRED
        out = statistics.median(it[0] for it in samples["messages"])
        found[f"{size} opens"] = {
            "jupyterlab_s": at_most(round(ours, 3), LIMIT) if barred else round(ours, 3),
            "times_marimo": at_most(round(beside, 2), BESIDE) if barred else round(beside, 2),
            "messages_out": at_most(out, MOMENT) if barred else out,
            "jupyterlab": _told(samples),
            "marimo": _told(marimo[size]),
        }
    return found


def book(sizes: Sequence[int], rounds: int) -> str:
    """The notebook of marimo that measures it."""
    setup, measuring = (textwrap.indent(it, "    ") for it in (SETUP, MEASURE))
    return BOOK.format(setup=setup, measure=measuring, sizes=list(sizes), rounds=rounds)


def _told(samples: dict[str, Sequence[Any]]) -> dict[str, Any]:
    out, came = zip(*samples["messages"], strict=True)
    echo, opens = spread(samples["echo_s"], 3), spread(samples["opens_s"], 3)
    return {
        "opens_s": opens,
        "bare_echoes_s": echo,
        "times_the_echoes": round(opens["median"] / (echo["median"] or 0.001), 2),
        "messages_out": statistics.median(out),
        "messages_in": statistics.median(came),
    }


def _lab(site: Any, told: argparse.Namespace) -> dict[str, Any]:
    with (
        fronts.jupyterlab(site, [told.kernel], nodelay=told.nodelay) as (page, lab),
        fronts.sheet(page, lab, told.kernel, "gather") as sheet,
    ):
        sheet.works(SETUP + "display(echo, w)\nw.status().result(timeout=40)")
        source = f"print(json.dumps(await measured({told.sizes}, {told.rounds})))"
        said = sheet.works(f"{MEASURE}\n{source}", timeout=300)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def _marimo(site: Any, told: argparse.Namespace) -> dict[str, Any]:
    source = book(told.sizes, told.rounds)
    with fronts.marimo(site, source) as (page, folder):
        found = json.loads(fronts.written(page, folder / "told.json", 300))
    if "failed" in found:
        raise RuntimeError(found["failed"])
    return dict(found["found"])
