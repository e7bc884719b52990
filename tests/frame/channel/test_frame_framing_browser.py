"""The table of who may frame CoCalc, beside what Chromium really does with each row of it."""

from __future__ import annotations

import http.server
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from framing_table import COCALC, PAGES, TABLE
from playwright.sync_api import Frame, Page
from stage.chromium import persistent
from stage.servers import serving

from cocalc_widget.local.server import make_certificate

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
# The page around: shows another one of its kind, or all the frames that it is asked for. A frame
# has loaded when it shows the page, and also when it shows the browser's own error page.
AROUND = b"""<!doctype html><link rel="icon" href="data:,"><body><script>
const add = (url, sandbox) => new Promise((done) => {
  const frame = document.createElement("iframe");
  if (sandbox) frame.sandbox = "allow-scripts";
  frame.src = url;
  frame.onload = done;
  document.body.append(frame);
});
window.all = (urls) => Promise.all(urls.map((url) => add(url)));
const asked = new URLSearchParams(location.search);
if (asked.has("inner")) add(asked.get("inner"), asked.has("sandbox"));
window.up = true;
</script></body>"""


class Handler(http.server.BaseHTTPRequestHandler):
    """Pages around, CoCalc's page with the headers of a row, and the note that it ran."""

    protocol_version = "HTTP/1.1"
    ran: set[tuple[str, int]]

    def do_GET(self) -> None:
        where, asked = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        if where.path == "/around":
            self.answer(200, AROUND)
            return
        letter, row = asked["letter"][0], int(asked["row"][0])
        if where.path == "/app":  # as CoCalc's own, with a header that means nothing here
            self.answer(
                302,
                b"",
                ("Location", f"/static/app.html?{where.query}"),
                ("Content-Security-Policy", "frame-ancestors 'none'"),
            )
        elif where.path == "/static/app.html":
            # the script holds up the loading of the page: it has run before that is done
            page = f'<!doctype html><script src="/ran?{where.query}"></script>'
            self.answer(200, page.encode(), *TABLE[row][0])
        else:
            self.ran.add((letter, row))
            self.answer(200, b"", kind="text/javascript")

    def answer(
        self, status: int, body: bytes, *headers: tuple[str, str], kind: str = "text/html"
    ) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            *headers,
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silence."""


def names(https: int, plain: int) -> dict[str, int]:
    """Where all the names and ports of the table are at home here."""
    others = ("*.test:80", "*.test:8080", "localhost:8888", "127.0.0.1:8888")
    return {"*.test:443": https, "*.test:8443": https, **dict.fromkeys(others, plain)}


def around(page: Page, ancestors: tuple[str, ...]) -> Page | Frame:
    """The nearest of the pages around, open in those around it."""
    nearest = ancestors[0]
    if len(ancestors) == 1:
        page.goto(f"{nearest}/around")
        page.wait_for_function("window.up")
        return page
    sandbox = "&sandbox" if nearest == "null" else ""
    inner = f"{ancestors[1] if sandbox else nearest}/around"
    with page.expect_event("framenavigated", lambda frame: frame.url == inner):
        page.goto(f"{ancestors[1]}/around?inner={quote(inner, safe='')}{sandbox}")
    frame = next(it for it in page.frames if it.url == inner)
    frame.wait_for_function("window.up")
    return frame


def test_chromium_does_as_the_table_says(tmp_path: Path) -> None:
    handler = type("Here", (Handler,), {"ran": set()})
    certificate = make_certificate(tmp_path / "tls")
    with (
        serving(handler, certificate.cert_file, certificate.key_file) as https,
        serving(handler) as plain,
        persistent(tmp_path / "profile", names(https, plain)) as context,
    ):
        for letter, ancestors in PAGES.items():
            page = context.new_page()
            urls = [f"{COCALC}/app?letter={letter}&row={row}" for row in range(len(TABLE))]
            around(page, ancestors).evaluate("urls => all(urls)", urls)
            page.close()
    shown = [
        "".join(letter for letter in PAGES if (letter, row) in handler.ran)
        for row in range(len(TABLE))
    ]
    differ = {
        json.dumps(headers): f"the browser shows it on {seen!r}, the table on {expected!r}"
        for (headers, expected), seen in zip(TABLE, shown, strict=True)
        if seen != expected
    }
    assert differ == {}
