"""Round trip of `status()` beside what it is made of: a bare anywidget echo, a raw postMessage."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from cocalc_widget.local import LocalCoCalc
from cocalc_widget.local.chromium import headless
from cocalc_widget.local.lab import Lab

sys.path.insert(0, str(Path(__file__).parents[1] / "matrix"))
from environments import NEWEST, name_of, python_of
from sheets import SHOW, Sheet, write

HUB = "hub.test"
# An anywidget that sends back whatever it is sent, waited for in the very ways of the widget.
ECHO = """
import anywidget, asyncio, json, threading, time
from cocalc_widget.frame import kernels, polling
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


def run(argv: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="python -m tests.bench roundtrip")
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--kernels", nargs="+", default=["6.31", NEWEST])
    told = parser.parse_args(argv)
    load = round(os.getloadavg()[0], 2)
    with LocalCoCalc(allowed_hosts=(HUB,), admin=True) as site, tempfile.TemporaryDirectory() as to:
        folder = Path(to)
        env = {
            "COCALC_HOST": site.url,
            "COCALC_API_KEY": site.api_key,
            "COCALC_CONFIG_DIR": str(folder / ".config"),
            "REQUESTS_CA_BUNDLE": str(site.ca_file),
        }
        with (
            Lab(
                folder,
                certfile=site.cert_file,
                keyfile=site.key_file,
                ca_file=site.ca_file,
                env=env,
                kernels={name_of(version): python_of(version) for version in told.kernels},
            ) as lab,
            headless({HUB: lab.port}) as browser,
        ):
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.goto(f"https://{HUB}/lab?token={lab.token}&reset")
            page.wait_for_function("() => window.jupyterapp")
            page.evaluate("() => jupyterapp.restored")
            figures = {
                f"ipykernel {version}": _kernel(page, lab, version, told.times)
                for version in told.kernels
            }
    return {"calls": told.times, "cores": os.cpu_count(), "load_at_start": load, **figures}


def _kernel(page: Any, lab: Lab, version: str, times: int) -> dict[str, Any]:
    name = f"bench-{version}.ipynb"
    write(lab.folder, name, name_of(version))
    sheet = Sheet(page, name)
    sheet.works(SHOW + "w.status().result(timeout=40)")
    sheet.works(ECHO)
    sheet.works("await w.status()")
    raw = statistics.median(page.evaluate(RAW, times))
    ways = {}
    for way in ("result", "await"):
        source = MEASURE.replace("TIMES", str(times)).replace("WAY", way)
        source = source.replace("AWAIT ", "await " if way == "await" else "")
        found = json.loads(sheet.works(source, timeout=300).splitlines()[-1])
        bare, ours = (statistics.median(found[it]) for it in ("bare", "ours"))
        ways[way] = {
            "status_ms": round(ours, 2),
            "bare_echo_ms": round(bare, 2),
            "raw_postmessage_ms": round(raw, 2),
            "ratio": round(ours / (bare + raw), 3),
        }
    sheet.shut()
    return ways
