"""`python -m tests.bench NAME [options]`: run one bench, or all, and print one JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from .figures import bars, missed
from .machine import load, machine

# what is asked for -> its module (none can be called `import`), and what `--quick` makes of it
BENCHES = {
    "import": ("imports", ["--rounds=5"]),
    "bundle": ("bundle", []),
    "exec": ("calls", ["--times=20"]),
    "copy": ("copy", ["--targets=40", "--scaling", "10", "30", "100"]),
    "roundtrip": ("roundtrip", ["--times=20"]),
    "shown": ("shown", ["--times=3"]),
    "gather": ("gather", ["--rounds=3", "--sizes=10"]),
}
_LIMIT = 900  # seconds for one bench of `all`


def main(argv: list[str]) -> int:
    name, rest = ("all", argv) if not argv or argv[0].startswith("--") else (argv[0], argv[1:])
    if name == "chart":
        return int(importlib.import_module("tests.bench.chart").main(rest))
    if name not in (*BENCHES, "all"):
        sys.stderr.write(
            f"usage: python -m tests.bench [{'|'.join(BENCHES)}|all|chart] [options]\n"
        )
        return 2
    parser = argparse.ArgumentParser(prog=f"python -m tests.bench {name}", allow_abbrev=False)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the JSON here as well")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a bar is missed")
    if name == "all":
        parser.add_argument("--quick", action="store_true", help="small sizes, to try it out")
        told = parser.parse_args(rest)
        about = machine()
        found = {it: _apart(it, quick=told.quick) for it in BENCHES}
    else:
        module = importlib.import_module(f"tests.bench.{BENCHES[name][0]}")
        module.options(parser)
        told = parser.parse_args(rest)
        about = machine()
        found = {name: _timed(module, told)}
    below = missed(found)
    summary = {"ok": not below, "bars": bars(found), "missed": below}
    text = written({**summary, "machine": about, **found})
    sys.stdout.write(text)
    if told.out:
        told.out.parent.mkdir(parents=True, exist_ok=True)
        told.out.write_text(text, encoding="utf-8")
    failed = any("error" in it for it in found.values())
    return int(failed or (told.strict and bool(below)))


def written(figures: dict[str, Any]) -> str:
    """As JSON that a person can read: lists of numbers are lines."""
    text = json.dumps(figures, indent=2)
    plain = re.compile(r"\[\n\s+([^\[\]{}]*?)\n\s+\]")  # no string of JSON has a line break
    return plain.sub(lambda it: f"[{' '.join(it[1].split())}]", text) + "\n"


def _timed(module: Any, told: argparse.Namespace) -> dict[str, Any]:
    before, began = load(), time.monotonic()
    figures = module.measure(told)
    took = round(time.monotonic() - began, 1)
    return {"load_at_start": before, "took_s": took, **figures}


def _apart(name: str, *, quick: bool) -> dict[str, Any]:
    """One bench in a process of its own: none finds the memory of the one before."""
    command = [sys.executable, "-m", "tests.bench", name, *(BENCHES[name][1] if quick else [])]
    sys.stderr.write(f"{name} … ")
    sys.stderr.flush()
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.communicate(timeout=_LIMIT)[0]
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # so that it stops its servers
            return {"error": f"it took more than {_LIMIT} s"}
        finally:
            sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
    if process.returncode:
        return {"error": f"it ended with {process.returncode}; what it said stands above"}
    found: dict[str, Any] = json.loads(said)[name]
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
