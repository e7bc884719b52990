"""`python -m tests.bench chart RESULTS.json --out FILE.svg`: one picture of a run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from . import chart_copy, chart_roundtrip
from .svg import FAINT, Drawing

WIDTH, HEIGHT, BOTTOM = 1000, 440, 350.0
_TITLE = "How copying scales, and what a round trip takes"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench chart", allow_abbrev=False)
    parser.add_argument("results", type=Path, help="the JSON of `python -m tests.bench all`")
    parser.add_argument("--out", type=Path, default=Path("notebooks/bench.svg"), metavar="FILE")
    told = parser.parse_args(argv)
    found = json.loads(told.results.read_text(encoding="utf-8"))
    lacking = [it for it in ("copy", "roundtrip") if it not in found or "error" in found[it]]
    if lacking:
        sys.stderr.write(f"{told.results} has no figures of: {', '.join(lacking)}\n")
        return 1
    told.out.write_text(drawn(found), encoding="utf-8")
    return 0


def drawn(found: dict[str, Any]) -> str:
    """The picture as SVG text; the same figures give the same text."""
    canvas = Drawing(WIDTH, HEIGHT, _TITLE, _about(found))
    chart_copy.draw(canvas, found["copy"], 66.0, 412.0, BOTTOM)
    chart_roundtrip.draw(canvas, found["roundtrip"], 612.0, 976.0, BOTTOM)
    canvas.text(24, HEIGHT - 18, _measured(found["machine"]), fill=FAINT, font_size="11")
    return canvas.written()


def _about(found: dict[str, Any]) -> str:
    """The picture in words, for those who can't see it."""
    rows = found["copy"]["beside_cocalc_api"]["sizes"]
    said = [
        f"{row['targets']} projects: Client.copy {row['client_s']['median']} s, ideal "
        f"{row['ideal_s']} s, loop over cocalc-api {row['loop_s']} s ({row['loop_is']})."
        for row in rows
    ]
    for name, kernel in found["roundtrip"].items():
        if isinstance(kernel, dict):
            said += [
                f"{name}, {way}: status() {kernel[way]['status_ms']['median']} ms by median, "
                f"{kernel[way]['ratio']['value']} times a bare echo and a raw postMessage."
                for way in ("await", "result")
            ]
    return " ".join(said)


def _measured(about: dict[str, Any]) -> str:
    browser = (about["chromium"] or "").partition(".")[0]
    parts = [
        f"Measured on {about['when'][:10]}",
        f"{about['cores']} cores ({about['cpu'] or 'unknown'})",
        f"load {about['load_at_start']} at the start",
        f"Python {about['python']}",
        f"JupyterLab {about['packages']['jupyterlab']}",
        browser,
        "stand-in for CoCalc on the same machine",
    ]  # fmt: skip
    return " · ".join(part for part in parts if part)
