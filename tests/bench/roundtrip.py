"""Round trip of `status()` beside what it is made of: a bare anywidget echo, a raw postMessage."""

from __future__ import annotations

import argparse
import json
import statistics
from typing import Any

from . import fronts
from .figures import at_most, ratio, spread

LIMIT = 1.15  # times (bare echo + raw postMessage), by medians
# An anywidget that sends back whatever it is sent, waited for in the very ways of the widget.
ECHO = """
import anywidget, asyncio, json, threading, time
from cocalc_widget.frame.kernel import ipykernel as kernels, ipykernel6 as polling
class Echo(anywidget.AnyWidget):
    _esm = '''export default {
      initialize({ model }) { model.on("msg:custom", (message) => model.send(message)); },
      render({ el }) { el.textContent = "echo"; } }'''
echo, ended = Echo(), {}
kernels.own_replies(echo.comm)
echo.on_msg(lambda _widget, content, _buffers: ended.pop(content["n"])())
def bare_result(n):
    event = threading.Event()
    ended[n] = event.set
    echo.send({"n": n})
    while not event.is_set():
        if kernels.version()[0] == 6:
            polling.serve(kernels.kernel(), 5)
        else:
            assert event.wait(5), "no echo"
async def bare_await(n):
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    ended[n] = lambda: loop.call_soon_threadsafe(event.set)
    echo.send({"n": n})
    while not event.is_set():
        if kernels.version()[0] == 6:
            polling.serve(kernels.kernel())
            try:
                await asyncio.wait_for(event.wait(), 0.005)
            except asyncio.TimeoutError:
                pass
        else:
            await asyncio.wait_for(event.wait(), 5)
def ours_result(n):
    w.status().result(timeout=20)
async def ours_await(n):
    await w.status()
display(echo)
"""
# Turn and turn about, so that a busy moment of the machine hits both alike.
MEASURE = """
found = {"bare": [], "ours": []}
for n in range(TIMES):
    for name, call in (("bare", bare_WAY), ("ours", ours_WAY)):
        begun = time.perf_counter()
        AWAIT call(n)
        found[name].append(1000 * (time.perf_counter() - begun))
print()
print(json.dumps(found))
"""
RAW = """async (times) => {
  const frame = document.querySelector("iframe[title*=CoCalc]");
  const origin = new URL(frame.src).origin;
  const found = [];
  for (let n = 0; n < times; n++) {
    const begun = performance.now();
    await new Promise((resolve) => {
      const hear = (event) => {
        if (event.source !== frame.contentWindow || !event.data?.open_files) return;
        window.removeEventListener("message", hear);
        resolve();
      };
      window.addEventListener("message", hear);
      frame.contentWindow.postMessage({ action: "status" }, origin);
    });
    found.push(performance.now() - begun);
  }
  return found;
}"""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--kernels", nargs="+", default=["6.31", fronts.PYTHON], metavar="VERSION")
    parser.add_argument("--nodelay", action="store_true",
                        help="with the server extension `cocalc_widget.nodelay`")  # fmt: skip


def measure(told: argparse.Namespace) -> dict[str, Any]:
    with (
        fronts.site() as site,
        fronts.jupyterlab(site, told.kernels, nodelay=told.nodelay) as (page, lab),
    ):
        figures = {
            f"ipykernel {version}": _kernel(page, lab, version, told.times)
            for version in told.kernels
        }
    return {"calls": told.times, "nodelay": told.nodelay, **figures}


def _kernel(page: Any, lab: Any, version: str, times: int) -> dict[str, Any]:
    with fronts.sheet(page, lab, version, "roundtrip") as sheet:
        sheet.works(fronts.SETUP + "w.status().result(timeout=40)")
        sheet.works(ECHO)
        sheet.works("await w.status()")
        raw = page.evaluate(RAW, times)
        found = {
            "ipykernel": sheet.works("import ipykernel; print(ipykernel.__version__)").strip(),
            "raw_postmessage_ms": _told(raw),
        }
        for way in ("result", "await"):
            source = MEASURE.replace("TIMES", str(times)).replace("WAY", way)
            source = source.replace("AWAIT ", "await " if way == "await" else "")
            samples = json.loads(sheet.works(source, timeout=300).splitlines()[-1])
            value, interval = ratio(samples["ours"], samples["bare"], statistics.median(raw))
            found[way] = {
                "ratio": at_most(value, LIMIT, interval=interval),
                "status_ms": _told(samples["ours"]),
                "bare_echo_ms": _told(samples["bare"]),
            }
    return found


def _told(samples: list[float]) -> dict[str, Any]:
    """The spread, and the distribution for a chart."""
    return {**spread(samples), "sorted": sorted(round(it, 1) for it in samples)}
