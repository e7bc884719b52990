"""Owns what is said of the machine that measured: without it no figure can be read."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

# what the figures depend on
_PACKAGES = ("cocalc-widget", "cocalc-api", "cocalc-python", "requests", "httpx", "anywidget",
             "ipykernel", "ipython", "jupyterlab", "jupyter-server", "tornado")  # fmt: skip
_COMMANDS = {"node": ["node", "--version"], "chromium": ["chromium", "--version"]}


def machine() -> dict[str, Any]:
    """Cores, load just now, and the versions of all that takes part."""
    return {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": os.cpu_count(),
        "cpu": _cpu(),
        # above the number of cores, times say more about the machine than about the code
        "load_at_start": load(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: _said(command) for name, command in _COMMANDS.items()},
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def load() -> float:
    """Processes that ran or waited to run, over the last minute."""
    return round(os.getloadavg()[0], 2)


def _cpu() -> str | None:
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.is_file() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), None)


def _said(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
