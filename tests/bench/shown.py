"""Time until a document is rendered: in the widget, and in a bare iframe on the same page.

Page, browser, kernel and stand-in are the same, both are made by a cell of JupyterLab, and both
times go from the cell's first line to the message in which CoCalc itself says that the file is on
the screen (generation B: rendered; A, which has no such message: opened).

What the bare iframe is depends on what is timed:

- By navigation the widget's frame goes to the file's own URL (`fullscreen=default`), and so does
  the bare one: the very same URL.
- By messages it goes to the kiosk page, where no URL names a file: the bare one goes there, too,
  and a script of a few lines asks for a status ten times a second and sends the `open` by hand at
  the first answer. That is the least that shows a file there.
- To open another file, who has only an iframe shows a new one: it is the file's own URL again.

The stand-in's page takes a second to start, as the quickest CoCalc that was recorded. What the
widget adds is a matter of milliseconds (the model, its view, the probes), so that the ratio
depends on that: `--boot 0.15` is the stand-in's own haste, in which they weigh most.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from typing import Any

from cocalc_widget.api import Client

from . import fronts
from .figures import at_most, ratio, spread

LIMIT = 1.1  # times the bare iframe, by medians
ONE, TWO = "one.md", "two.md"
HOST = f"https://{fronts.COCALC}"
FILES = {name: f"# {name}\n\nSome *text*, and a formula: $x^2$.\n" for name in (ONE, TWO)}
# What CoCalc says to the page that frames it, whoever made the frame.
WATCH = """() => {
  const paths = {};
  window.seen = [];
  window.addEventListener("message", ({ data }) => {
    if (data?.source !== "cocalc-project-log") return;
    const { id, event } = data.payload.project_log;
    const at = performance.timeOrigin + performance.now();
    if (event.filename) paths[id] = event.filename;
    window.seen.push({ name: event.filename ? "opened" : "rendered", path: paths[id], at });
  });
}"""
SEEN = """([name, path]) =>
  window.seen.find((line) => line.name === name && line.path === path)?.at"""
SETUP = """
import time
from IPython.display import HTML, IFrame
from cocalc_widget import CoCalc, Client
client = Client()
lesson = {p.title: p.project_id for p in client.projects()}["Lesson"]
PAGE = f"HOST/projects/{lesson}/files/ONE?fullscreen=default&session="
KIOSK = '''<iframe src="HOST/app?fullscreen=kiosk&session=" width="100%" height="300"></iframe>
<script>{
  const frame = document.currentScript.parentElement.querySelector("iframe");
  const say = (message) => frame.contentWindow?.postMessage(message, "HOST");
  const timer = setInterval(say, 100, { action: "status" });
  const hear = ({ source, data }) => {
    if (source !== frame.contentWindow || !data.open_files) return;
    clearInterval(timer);
    removeEventListener("message", hear);
    say({ action: "open", project_id: "PROJECT", path: "ONE" });
  };
  addEventListener("message", hear);
}</script>'''.replace("PROJECT", lesson)
def new(channel):
    return CoCalc(lesson, "ONE", host="HOST", client=client, channel=channel, height="300px")
""".replace("HOST", HOST).replace("ONE", ONE)
BEGUN = "begun = 1000 * time.time()\n"
BARE, BY_HAND = "bare iframe", "bare kiosk page, open by hand"
_SHOW = 'w = new("CHANNEL")\ndisplay(w)'
_OPEN = f'c = w.open("{TWO}")'
# what is timed -> the cell before it, the timed cell, the file that is to come, and beside what
KINDS = {
    BARE: ("", 'display(IFrame(PAGE, "100%", 300))', ONE, ""),
    BY_HAND: ("", "display(HTML(KIOSK))", ONE, ""),
    "made, navigation": ("", _SHOW.replace("CHANNEL", "navigation"), ONE, BARE),
    "made, messages": ("", _SHOW.replace("CHANNEL", "messages"), ONE, BY_HAND),
    "opened, navigation": (_SHOW.replace("CHANNEL", "navigation"), _OPEN, TWO, BARE),
    "opened, messages": (_SHOW.replace("CHANNEL", "messages"), _OPEN, TWO, BARE),
}


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--generations", nargs="+", default=["A", "B"], choices=["A", "B"])
    parser.add_argument("--kernel", default=fronts.PYTHON, metavar="VERSION", help="of ipykernel")
    parser.add_argument("--boot", type=float, default=1.0, metavar="SECONDS",
                        help="that CoCalc's page takes to start; recorded: 1 to 7 s")  # fmt: skip


def measure(told: argparse.Namespace) -> dict[str, Any]:
    found = {name: _generation(name, told) for name in told.generations}
    return {"times": told.times, "boot_s": told.boot, **found}


def figures(samples: dict[str, list[float]]) -> dict[str, Any]:
    """Milliseconds of each kind, and for the widget's the ratio to what they stand beside."""
    found: dict[str, Any] = {}
    for kind, times in samples.items():
        found[kind] = {"ms": spread(times, 0)}
        if beside := KINDS[kind][3]:
            value, interval = ratio(times, samples[beside])
            found[kind]["beside"] = beside
            found[kind]["ratio"] = at_most(value, LIMIT, interval=interval)
    return found


def turned(kinds: list[str], turn: int) -> list[str]:
    """Each turn begins with another one, so that none is always the first."""
    at = turn % len(kinds)
    return kinds[at:] + kinds[:at]


def _generation(name: str, told: argparse.Namespace) -> dict[str, Any]:
    last = "opened" if name == "A" else "rendered"
    samples: dict[str, list[float]] = {kind: [] for kind in KINDS}
    content = {"Lesson": FILES}
    with (
        fronts.site(
            generation=name, content=content, boot_delay=told.boot, render_seconds=0.0
        ) as site,
        fronts.jupyterlab(site, [told.kernel]) as (page, lab),
        fronts.sheet(page, lab, told.kernel, "shown") as sheet,
    ):
        _sign_in(page, site)
        page.evaluate(WATCH)
        sheet.works(SETUP)
        sheet.delete(len(sheet.cells()) - 1)  # what is below is in view then
        for turn in range(told.times + 1):  # the first fills the browser's cache
            for kind in turned(list(KINDS), turn):
                took = _sample(page, sheet, kind, last)
                if turn:
                    samples[kind].append(took)
    return figures(samples)


def _sample(page: Any, sheet: Any, kind: str, last: str) -> float:
    """Milliseconds from the cell's first line to CoCalc's word."""
    before, source, path, _beside = KINDS[kind]
    page.evaluate("() => { window.seen.length = 0; }")
    there = len(sheet.cells())
    if before:
        sheet.works(before)
        page.wait_for_function(SEEN, arg=[last, ONE], timeout=60_000)
    sheet.works(BEGUN + source)
    page.wait_for_function(SEEN, arg=[last, path], timeout=60_000)
    took = float(page.evaluate(SEEN, [last, path])) - float(sheet.ask("str(begun)"))
    if "w = " in before + source:
        sheet.works("w.close()")
    while len(sheet.cells()) > there:
        sheet.delete(there)
    return took


def _sign_in(page: Any, site: Any) -> None:
    """As a user does in a tab of its own."""
    with Client(site.api_key, host=site.url, verify=site.ca_file) as client:
        token = client.create_token(site.account_id, site.password)
    tab = page.context.new_page()
    tab.goto(dataclasses.replace(token, host=HOST).url())
    ends = time.monotonic() + 30
    while not any(cookie["name"] == "remember_me" for cookie in page.context.cookies(HOST)):
        assert time.monotonic() < ends, "nobody was signed in"
        tab.wait_for_timeout(50)  # A's page starts first, and takes the token then
    tab.wait_for_load_state("networkidle")
    tab.close()
