"""A real Chromium, real parent pages, and the stand-in at https://cocalc.test."""

from __future__ import annotations

import contextlib
import http.server
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page
from stage.chromium import persistent
from stage.servers import serving

from cocalc_widget import LocalCoCalc

COCALC = "https://cocalc.test"
COCALC_HUB = "https://cocalc.hub.test"  # the same, under the name of the recordings of B
HUB = "https://host.allowed.test"
ALLOWED = ("host.allowed.test", ".sub.test")
PARENT = b"""<!DOCTYPE html><meta charset="utf-8"><link rel="icon" href="data:,">
<style>body{margin:0}iframe{border:0;width:100vw;height:100vh;display:block}</style><script>
window.log = [];
window.all = [];
const flat = (x) => {
  try { return JSON.parse(JSON.stringify(x) ?? "null"); } catch { return "cyclic"; }
};
addEventListener("message", (e) => {
  const frame = document.querySelector("iframe")?.contentWindow;
  const fromFrame = e.source === frame;
  log.push({ at: performance.now(), origin: e.origin, fromFrame, data: flat(e.data) });
  all.push(flat(e.data));
});
window.show = (url) => {
  document.querySelector("iframe")?.remove();
  const frame = document.createElement("iframe");
  frame.src = url;
  document.body.append(frame);
};
window.post = (data) => document.querySelector("iframe").contentWindow.postMessage(data, "*");
</script><body></body>"""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PARENT)))
        self.end_headers()
        self.wfile.write(PARENT)

    def log_message(self, *_: Any) -> None:
        """Silence."""


@contextlib.contextmanager
def chromium(
    site: LocalCoCalc, profile: Path, *, third_party_cookies: bool = True
) -> Iterator[BrowserContext]:
    """Chromium that finds the site at cocalc.test and parents at all other names.

    Its profile allows cookies of third parties, as the recordings' browser mostly did.
    """
    with serving(_Handler, site.cert_file, site.key_file) as https, serving(_Handler) as plain:
        ports = {
            "cocalc.test:443": site.port,
            "cocalc.hub.test:443": site.port,
            "host.allowed.test:8080": plain,
            "localhost:7446": plain,
            "*.test:80": plain,
            "*.test:6443": https,
            "*.test:7445": https,
            "*.test:443": https,
        }
        with persistent(profile, ports, third_party_cookies=third_party_cookies) as context:
            yield context


class Parent:
    """A page that embeds the stand-in and talks to it."""

    def __init__(self, context: BrowserContext, origin: str = HUB, cocalc: str = COCALC) -> None:
        self.cocalc = cocalc
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.goto(f"{origin}/")

    def show(self, path: str) -> None:
        """Load a page of the stand-in in the frame."""
        self.page.evaluate("(url) => { log.length = 0; show(url); }", self.cocalc + path)

    def post(self, data: Any = None, *, undefined: bool = False) -> None:
        """Send a message; what came before is forgotten."""
        self.page.evaluate(
            "([data, none]) => { log.length = 0; post(none ? undefined : data); }",
            [data, undefined],
        )

    def log(self) -> list[dict[str, Any]]:
        """All messages since the last `post` or `show`."""
        return self.page.evaluate("log")

    def heard(self) -> list[Any]:
        """What these messages say, CoCalc's own log among them."""
        return [message["data"] for message in self.log()]

    def everything(self) -> list[Any]:
        """The same for all that came since the page was loaded."""
        return list(self.page.evaluate("all"))

    def replies(self) -> list[Any]:
        """Messages that are replies: without CoCalc's own log."""
        return [m["data"] for m in self.log() if "cocalc-project-log" not in str(m["data"])]

    def until(self, test: Callable[[list[Any]], bool], seconds: float = 10) -> list[Any]:
        """The replies, once they pass a test."""
        deadline = time.monotonic() + seconds
        while not test(found := self.replies()):
            assert time.monotonic() < deadline, f"only {found[-5:]}"
            self.page.wait_for_timeout(10)
        return found

    def first_reply(self, data: Any, seconds: float = 10) -> Any:
        """Send a message again and again until it is answered."""
        deadline = time.monotonic() + seconds
        while not (found := self.replies()):
            assert time.monotonic() < deadline, "no answer"
            self.page.evaluate("(data) => post(data)", data)
            self.page.wait_for_timeout(20)
        return found[0]

    def ask(self, data: Any, count: int = 1, seconds: float = 10) -> list[Any]:
        """Send a message and wait for this many replies."""
        self.post(data)
        return self.until(lambda found: len(found) >= count, seconds)

    def ready(self, status: str = "connected", seconds: float = 15) -> list[Any]:
        """Ask for the status again and again until it is this one; all replies on the way."""
        deadline = time.monotonic() + seconds
        while status not in [_status(r) for r in self.replies()]:
            found = self.replies()
            assert time.monotonic() < deadline, f"only {found[-5:]}"
            self.page.evaluate("post({action: 'status'})")
            self.page.wait_for_timeout(50)
        return self.replies()

    def silent(self, data: Any, seconds: float = 0.8) -> None:
        """Send a message that nothing answers."""
        self.post(data)
        self.page.wait_for_timeout(seconds * 1000)
        assert self.replies() == []

    def status(self) -> dict[str, Any]:
        """The status now."""
        return self.ask({"action": "status"})[0]

    def open(self, project_id: str, path: str) -> list[Any]:
        """Open a file: ack and done."""
        return self.ask({"action": "open", "project_id": project_id, "path": path}, 2)

    def reloaded(self, cause: Callable[[], Any]) -> None:
        """Do what makes the frame's page reload itself, and wait until it has."""
        self.frame.evaluate("window.old = true")
        cause()
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(Error):  # it is between two pages
                if not self.frame.evaluate("window.old === true"):
                    return
            assert time.monotonic() < deadline
            self.page.wait_for_timeout(20)

    def frame_with(self, text: str) -> None:
        """Wait until the frame shows this, whatever its page."""
        self.page.frame_locator("iframe").get_by_text(text).first.wait_for(timeout=8000)

    @property
    def frame(self) -> Any:
        """The stand-in's own page, to look into, once it is there."""
        deadline = time.monotonic() + 5
        while True:
            for frame in self.page.frames:
                if frame.url.startswith(self.cocalc):
                    return frame
            assert time.monotonic() < deadline, "the frame has no page of the stand-in"
            self.page.wait_for_timeout(20)


def _status(reply: Any) -> str | None:
    return reply.get("connection", {}).get("status") if isinstance(reply, dict) else None
