"""Owns the demo: the stand-in and a JupyterLab that works with it, and a browser to see them."""

from __future__ import annotations

import contextlib
import html
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from ..local import LocalCoCalc
from .jupyter.chromium import QUIET, find_chromium, mapped
from .jupyter.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..address import Generation

# CoCalc listens only to https pages without a port, and its sign-in cookies stay away from
# frames on another site: in the demo's Chromium JupyterLab has the stand-in's own name.
LAB_HOST = "localhost"
LAB_ORIGIN = f"https://{LAB_HOST}"
_SHIPPED = Path(__file__).parent.parent / "notebooks"  # in the wheel
_CHECKOUT = Path(__file__).parents[2] / "notebooks"


def find_notebook(given: Path | None) -> Path:
    """The notebook to show: the given one, or the quickstart that comes along."""
    if given is not None:
        if not given.is_file():
            raise ConfigurationError(f"there is no notebook {given}.")
        return given
    for folder in (_CHECKOUT, _SHIPPED):
        if (folder / "quickstart.ipynb").is_file():
            return folder / "quickstart.ipynb"
    raise ConfigurationError(
        "quickstart.ipynb is not installed.", remedy="Name a notebook with --notebook FILE."
    )


@contextlib.contextmanager
def stage(
    notebook: Path, generation: Generation = "B", *, theme: str = "JupyterLab Light"
) -> Iterator[tuple[LocalCoCalc, Lab, Path]]:
    """The stand-in, JupyterLab beside it, and the copy of the notebook that is worked on."""
    folder = Path(tempfile.mkdtemp(prefix="cocalc-widget-demo-"))
    copy = Path(shutil.copy(notebook, folder / notebook.name))
    try:
        # an admin's account, as it may mint auth tokens without asking for a password
        with LocalCoCalc(allowed_hosts=(LAB_HOST,), admin=True, generation=generation) as site:
            env = {
                "COCALC_HOST": site.url,
                "COCALC_API_KEY": site.api_key,
                "COCALC_CONFIG_DIR": str(folder / ".config"),
                "REQUESTS_CA_BUNDLE": str(site.ca_file),
            }
            with Lab(
                folder, certfile=site.cert_file, keyfile=site.key_file, ca_file=site.ca_file,
                env=env, theme=theme, nodelay=True,
            ) as lab:  # fmt: skip
                yield site, lab, copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def serve(given: Path | None, generation: Generation = "B", *, browser: bool = True) -> int:
    """Run the demo until Ctrl-C (or SIGTERM)."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    # a script that starts us in the background has it ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print("Starting the local stand-in for CoCalc and JupyterLab ...", flush=True)
    with (
        contextlib.suppress(KeyboardInterrupt),
        stage(find_notebook(given), generation) as (site, lab, copy),
        contextlib.ExitStack() as stack,
    ):
        page = f"/lab/tree/{copy.name}?token={lab.token}"
        print(f"\n  stand-in    {site.url}\n  JupyterLab  {lab.url}{page}\n")
        chromium = find_chromium()
        if chromium and browser and _has_screen():
            switches = _switches(lab, site)
            stack.enter_context(_window(chromium, switches, f"{LAB_ORIGIN}{page}"))
            print("Chromium is opening. In there everything works, messages to the frame included.")
        else:
            print(_by_hand(_switches(lab, site), page, chromium))
        print("Ctrl-C ends it.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            ended.wait()
        print("\nStopping ...", flush=True)
    return 0


def _has_screen() -> bool:
    return sys.platform != "linux" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ))


def _switches(lab: Lab, site: LocalCoCalc) -> list[str]:
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    quiet = [switch for switch in QUIET if switch not in ("--no-sandbox", "--disable-gpu")]
    return [*root, *quiet, *mapped({LAB_HOST: lab.port}, site.cert_file)]


@contextlib.contextmanager
def _window(chromium: str, switches: list[str], url: str) -> Iterator[None]:
    profile = tempfile.mkdtemp(prefix="cocalc-widget-profile-")
    start = _start_page(Path(profile), url)
    process = subprocess.Popen(
        [chromium, *switches, f"--user-data-dir={profile}", start],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        shutil.rmtree(profile, ignore_errors=True)


def _start_page(folder: Path, url: str) -> str:
    # JupyterLab's token is in the URL: on the command line every user of this
    # machine could read it, and run code here
    file = folder / "start.html"
    file.touch(mode=0o600)
    file.write_text(f'<meta http-equiv="refresh" content="0; url={html.escape(url)}">')
    return file.as_uri()


def _by_hand(switches: list[str], page: str, chromium: str | None) -> str:
    switches = [*switches, "--user-data-dir=/tmp/cocalc-demo"]
    words = " ".join(f'"{s}"' if " " in s else s for s in switches)
    return (
        "In a browser of your own, open the stand-in's address first and accept its certificate,\n"
        "then JupyterLab's. Its address has a port, and CoCalc takes no messages from such pages:\n"
        "files are then shown by navigation. For everything, start Chromium or Chrome with\n"
        f"  {chromium or 'chromium'} {words} \\\n    '{LAB_ORIGIN}{page}'\n"
    )
