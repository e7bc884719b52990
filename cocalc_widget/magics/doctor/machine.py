"""Owns the checks of this machine: versions, the page's half of the widget, the kernel."""

from __future__ import annotations

import platform
import re
from importlib import metadata
from typing import TYPE_CHECKING

from .report import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("versions", "bundle", "kernel")
# What they must be at least, where they are there; jupyterlab is often in another environment.
_NEEDED = {"ipython": (8, 18), "ipywidgets": (8, 1), "anywidget": (0, 11), "requests": (2, 32)}
_WELCOME = {"ipykernel": (6, 0), "jupyterlab": (4, 0), "notebook": (7, 0)}


def local() -> Iterator[Check]:
    """All of them; they ask nobody."""
    yield versions()
    yield bundle()
    yield kernel()


def versions() -> Check:
    """Every package that matters, with its version."""
    from ..._version import __version__

    found = [f"cocalc-widget {__version__}", f"Python {platform.python_version()}"]
    found.append(f"{platform.system()} {platform.machine()}")
    wrong = []
    for name, least in {**_NEEDED, **_WELCOME}.items():
        version = installed(name)
        if version is not None:
            found.append(f"{name} {version}")
        if version is None and name in _NEEDED:
            wrong.append(f"{name} is not installed")
        elif version is not None and numbers(version) < least:
            wrong.append(f"{name} must be {'.'.join(map(str, least))} or later")
    if not wrong:
        return Check("versions", "ok", ", ".join(found))
    remedy = "; ".join(wrong) + ". Run %pip install -U cocalc-widget and restart the kernel."
    return Check("versions", "fail", ", ".join(found), remedy)


def installed(name: str) -> str | None:
    """The version of a package in the kernel's environment; None if it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def numbers(version: str) -> tuple[int, ...]:
    """Major and minor version, for comparing."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def bundle() -> Check:
    """Whether the script is there that runs in the page."""
    from ...frame.bundle import SCRIPT

    if not SCRIPT.is_file():
        return Check(
            "bundle",
            "fail",
            "The page's half of the widget is missing: cocalc_widget/static/widget.js.",
            "In a checkout run npm ci && npm run build; else %pip install --force-reinstall "
            "cocalc-widget. Then restart the kernel.",
        )
    return Check("bundle", "ok", f"widget.js is there ({SCRIPT.stat().st_size / 1024:.1f} kB)")


def kernel() -> Check:
    """How this kernel can wait for the page's answers."""
    from ...frame.kernel import ipykernel as kernels
    from ...frame.kernel.ipykernel6 import can_serve

    major, minor = kernels.version()
    if kernels.kernel() is None:
        return Check(
            "kernel",
            "warn",
            "No Jupyter kernel: %cocalc works here, frames are not shown.",
            "Run this in a notebook.",
        )
    name = f"ipykernel {major}.{minor}"
    if major <= 6:
        if not can_serve(kernels.kernel()):
            return Check(
                "kernel",
                "warn",
                f"{name} is not built as expected: .result() refuses to wait, await works.",
                "Run %pip install -U ipykernel and restart the kernel.",
            )
        found = f"{name}: .result() and await work, messages are read while they wait"
        return Check("kernel", "ok", found)
    if kernels.has_subshells():
        return Check("kernel", "ok", f"{name} with a subshell: .result() and await work")
    if (major, minor) >= (7, 4):
        found = f"{name}, no subshell so far: await works, .result() needs one."
    else:
        found = f"{name}, no subshell so far: .result() and await need one."
    return Check(
        "kernel",
        "warn",
        found,
        "JupyterLab makes one when it shows the first widget. If this stays after a frame is "
        "shown, switch Settings → Kernels → Kernel Comms over subshells on; restart the kernel.",
    )
