"""How large the page's half is, and that nothing but the project's own code is in it."""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

from .figures import at_most

ROOT = Path(__file__).parents[2]
WIDGET = 16_000  # bytes, minified
CORE = 2_200  # bytes, minified and gzipped


def options(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def measure(_told: argparse.Namespace) -> dict[str, Any]:
    # the build itself counts; `--report` has it write nothing
    command = ["node", "js/build.mjs", "--report"]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=120, check=True
    )
    return figures(json.loads(done.stdout))


def figures(told: dict[str, Any]) -> dict[str, Any]:
    """The build's report beside the bars.

    Args:
        told: `bytes` by name, and `inputs`: every file that esbuild read or left to be
            loaded at run time.
    """
    sizes = told["bytes"]
    foreign = sorted(it for it in told["inputs"] if not it.startswith("js/"))
    return {
        "widget_minified_bytes": at_most(sizes["widget"], WIDGET),
        "engine_gzipped_bytes": at_most(sizes["engine"], CORE),
        "engine_and_bridge_gzipped_bytes": {"value": sizes["bridge"]},
        "runtime_dependencies": at_most(len(foreign), 0, names=foreign),
        "modules": sorted(set(told["inputs"]) - set(foreign)),
    }
