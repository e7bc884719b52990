"""Owns the command line: `cocalc-widget demo`, with and without `--check`.

The command begins here; nothing else in the package uses this floor.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .._version import __version__
from ..errors import CoCalcError
from ..extras import need

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the result is the exit code."""
    args = _parser().parse_args(argv)
    try:
        checks = bool(args.check or args.screenshot)
        need("check" if checks else "demo", f"cocalc-widget demo{' --check' if checks else ''}")
        if checks:
            from .check import check

            return check(args.notebook, args.screenshot, args.generation, dark=args.dark)
        from .serve import serve

        return serve(args.notebook, args.generation, browser=not args.no_browser)
    except CoCalcError as error:
        print(f"cocalc-widget: {type(error).__name__}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cocalc-widget", description="CoCalc inside a Jupyter notebook, driven from Python."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="JupyterLab and a local stand-in for CoCalc, with a notebook to try",
        description="Starts a local stand-in for CoCalc with two projects, and JupyterLab on a "
        "notebook that works with it. Ctrl-C ends both. Nothing leaves this machine.",
    )
    demo.add_argument(
        "--notebook", type=Path, default=None, metavar="FILE", help="instead of quickstart.ipynb"
    )
    demo.add_argument(
        "--generation",
        choices=("A", "B"),
        default="B",
        help="the CoCalc that the stand-in plays: A (until 2025-05) or B (since then; default)",
    )
    demo.add_argument("--no-browser", action="store_true", help="only print where it is")
    demo.add_argument(
        "--check",
        action="store_true",
        help="run the notebook headless in Chromium, check what it shows, print JSON",
    )
    demo.add_argument(
        "--screenshot", type=Path, default=None, metavar="FILE", help="with --check: a PNG"
    )
    demo.add_argument("--dark", action="store_true", help="with --check: JupyterLab's dark theme")
    return parser
