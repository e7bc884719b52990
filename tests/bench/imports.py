"""What `import cocalc_widget` and `%load_ext cocalc_widget` cost, each in fresh processes."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from typing import Any

IMPORT_MS = 10  # over bare Python
LOAD_MS = 20  # in an IPython that is warm
_HEAVY = ("requests", "anywidget", "ipywidgets", "tornado", "tqdm", "cocalc_widget.api",
          "cocalc_widget.frame", "cocalc_widget.local", "cocalc_widget.magics.tree")  # fmt: skip
_REPORT = f"print((time.perf_counter() - began) * 1000, *[m for m in {_HEAVY} if m in sys.modules])"
_IMPORT = f"""
import sys, time
began = time.perf_counter()
import cocalc_widget
{_REPORT}
"""
_LOAD = f"""
import sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "autoreload")  # the first extension pays for the loader
began = time.perf_counter()
shell.run_line_magic("load_ext", "cocalc_widget")
{_REPORT}
"""


def run(argv: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="python -m tests.bench import")
    parser.add_argument("--rounds", type=int, default=15, help="fresh processes for each figure")
    told = parser.parse_args(argv)
    imported = _measure(_IMPORT, told.rounds, IMPORT_MS)
    loaded = _measure(_LOAD, told.rounds, LOAD_MS)
    return {
        "cores": os.cpu_count(),
        "load_at_start": round(os.getloadavg()[0], 2),
        "import": imported,
        "load_ext": loaded,
        "ok": imported["ok"] and loaded["ok"],
    }


def _measure(code: str, rounds: int, limit: float) -> dict[str, Any]:
    times, heavy = [], set()
    for number in range(rounds + 1):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
        )
        took, *loaded = done.stdout.split()
        heavy.update(loaded)
        if number:  # the first one may have to compile
            times.append(float(took))
    median = statistics.median(times)
    return {
        "median_ms": round(median, 2),
        "best_ms": round(min(times), 2),
        "worst_ms": round(max(times), 2),
        "limit_ms": limit,
        "heavy_modules_loaded": sorted(heavy),
        # as timeit has it: whatever is above the best is other processes
        "ok": min(times) <= limit and not heavy,
    }
