"""Owns the stage of the benches that need a page: the stand-in, JupyterLab or marimo, Chromium."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cocalc_widget.demo.jupyter.chromium import headless
from cocalc_widget.demo.jupyter.lab import Lab, free_port
from cocalc_widget.local import LocalCoCalc

from ..stage.environments import NEWEST, name_of, python_of
from ..stage.labs import SHOW, lab_beside, load_lab
from ..stage.sheets import Sheet, write
from ..stage.stand_in import HUB, environment
from ..stage.tls import in_front_of

COCALC = f"cocalc.{HUB}"  # one site, so that frames are signed in
PYTHON, SETUP = NEWEST, SHOW  # the newest kernel; what a cell begins with
_START = 60.0  # seconds for a front end to come up


@contextlib.contextmanager
def site(**options: Any) -> Iterator[LocalCoCalc]:
    """A stand-in that answers pages of the hub."""
    settings = {"generation": "A", "allowed_hosts": (HUB,), "admin": True, **options}
    with LocalCoCalc(**settings) as running:
        yield running


@contextlib.contextmanager
def jupyterlab(
    running: LocalCoCalc, kernels: Sequence[str], *, nodelay: bool = False
) -> Iterator[tuple[Any, Lab]]:
    """A page with JupyterLab, loaded to the end, and its server."""
    with tempfile.TemporaryDirectory() as to, contextlib.ExitStack() as ends:
        folder = Path(to)
        paths = {name_of(version): python_of(version) for version in kernels}
        lab = ends.enter_context(lab_beside(running, folder, kernels=paths, nodelay=nodelay))
        browser = ends.enter_context(headless({HUB: lab.port, COCALC: running.port}))
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        yield load_lab(context, lab), lab


@contextlib.contextmanager
def sheet(page: Any, lab: Lab, version: str, bench: str) -> Iterator[Sheet]:
    """An empty notebook on this kernel, in that page."""
    name = f"{bench}-{version}.ipynb"
    write(lab.folder, name, name_of(version))
    opened = Sheet(page, name)
    yield opened
    opened.shut()


@contextlib.contextmanager
def marimo(running: LocalCoCalc, source: str) -> Iterator[tuple[Any, Path]]:
    """A page with this notebook of marimo's, running as an app, and the folder it runs in."""
    with tempfile.TemporaryDirectory() as to, contextlib.ExitStack() as ends:
        folder, port = Path(to), free_port()
        (folder / "book.py").write_text(source, encoding="utf-8")
        log = folder / "marimo.log"
        command = [sys.executable, "-m", "marimo", "run", "book.py", "--headless", "--no-token"]
        command += ["--port", str(port), "--proxy", HUB]
        with log.open("wb") as sink:
            process = subprocess.Popen(
                command, cwd=folder, env={**os.environ, **environment(running, folder / ".config")},
                stdout=sink, stderr=sink, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        ends.callback(_end, process)
        until = time.monotonic() + _START
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"marimo did not start. It said: {log.read_text()[-2000:]}")
            time.sleep(0.1)
        https = ends.enter_context(in_front_of(port, running.cert_file, running.key_file))
        browser = ends.enter_context(headless({HUB: https}))
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.goto(f"https://{HUB}/")
        yield page, folder


def written(page: Any, file: Path, seconds: float) -> str:
    """What a notebook has written into this file, as soon as it is there and whole."""
    until = time.monotonic() + seconds
    while not file.is_file():
        if time.monotonic() > until:
            raise RuntimeError(f"{file.name} was never written")
        page.wait_for_timeout(200)
    return file.read_text(encoding="utf-8")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
            return True
    except OSError:
        return False
