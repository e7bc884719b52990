"""What imports cost, each in fresh processes: of the package, the extension, and the clients."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from typing import Any

from .figures import at_most, spread

IMPORT_MS = 10  # over bare Python
LOAD_MS = 20  # in an IPython that is warm
_HEAVY = ("requests", "anywidget", "ipywidgets", "tornado", "tqdm", "cocalc_widget.api",
          "cocalc_widget.frame", "cocalc_widget.local",
          "cocalc_widget.magics.dispatch")  # fmt: skip
_REPORT = f"print((time.perf_counter() - began) * 1000, *[m for m in {_HEAVY} if m in sys.modules])"
_IMPORT = f"""
import sys, time
began = time.perf_counter()
WHAT
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
# The package loads nothing before it is used, so a client is what can be compared.
_CLIENTS = {
    "cocalc_widget": "from cocalc_widget import Client",
    "cocalc-api": "from cocalc_api import Hub",
    "cocalc-python": "from cocalc.api import CocalcApiClient",
}


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=15, help="fresh processes for each figure")


def measure(told: argparse.Namespace) -> dict[str, Any]:
    clients = dict.fromkeys(_CLIENTS, ())
    for number in range(told.rounds + 1):  # turn and turn about; the first may have to compile
        for name, line in _CLIENTS.items():
            took = _once(_IMPORT.replace("WHAT", line))[0]
            clients[name] = (*clients[name], took) if number else ()
    medians = {name: statistics.median(times) for name, times in clients.items()}
    return {
        "import_ms": _measure(_IMPORT.replace("WHAT", "import cocalc_widget"), told, IMPORT_MS),
        "load_ext_ms": _measure(_LOAD, told, LOAD_MS),
        "client_ms": {
            **{name: spread(times) for name, times in clients.items()},
            "ratio_to": {
                name: round(medians["cocalc_widget"] / medians[name], 3)
                for name in list(medians)[1:]
            },
        },
    }


def _measure(code: str, told: argparse.Namespace, limit: float) -> dict[str, Any]:
    times, heavy = [], set()
    for number in range(told.rounds + 1):
        took, loaded = _once(code)
        heavy.update(loaded)
        if number:
            times.append(took)
    found = spread(times)
    return {
        **found,
        "bar": at_most(found["median"], limit),
        "heavy_modules_loaded": at_most(len(heavy), 0, names=sorted(heavy)),
    }


def _once(code: str) -> tuple[float, list[str]]:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    took, *loaded = done.stdout.split()
    return float(took), loaded
