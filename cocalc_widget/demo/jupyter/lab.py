"""Owns a JupyterLab of its own: started in a private home, reachable by https, stopped cleanly."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import CoCalcError, ConfigurationError
from .home import add_kernel, make_home

if TYPE_CHECKING:
    from collections.abc import Mapping

_START_DEADLINE = 60.0  # seconds; a cold start on a slow disk takes about ten
_STOP_DEADLINE = 10.0


class Lab:
    """JupyterLab in `folder`, on a free port of this machine.

    Args:
        folder: what Lab shows as its root.
        certfile, keyfile: PEM files; without them it speaks plain http.
        ca_file: to trust that certificate when asking whether it is up.
        env: more environment for the server and its kernels.
        kernels: more kernels, by name: the interpreter of each, which has ipykernel.
        nodelay: whether the server has the extension `cocalc_widget.nodelay`.

    Raises:
        ConfigurationError: JupyterLab is not installed.
        CoCalcError: it did not come up within 60 s; the message has its last words.
    """

    def __init__(
        self,
        folder: Path,
        *,
        certfile: Path | str | None = None,
        keyfile: Path | str | None = None,
        ca_file: Path | str | None = None,
        env: Mapping[str, str] | None = None,
        theme: str = "JupyterLab Light",
        kernels: Mapping[str, Path | str] | None = None,
        nodelay: bool = False,
    ) -> None:
        self.folder = folder
        self.token = secrets.token_hex(16)
        self.scheme = "https" if certfile else "http"
        self.home = Path(tempfile.mkdtemp(prefix="cocalc-widget-lab-"))
        self.log = self.home / "lab.log"
        self._tls = ["--certfile", str(certfile), "--keyfile", str(keyfile)] if certfile else []
        self._ca = str(ca_file) if ca_file else None
        home = make_home(self.home, self.token, theme=theme, nodelay=nodelay)
        self._env = {**os.environ, **home, **(env or {})}
        for name, python in (kernels or {}).items():
            add_kernel(self.home, name, python)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens, without the sign-in token."""
        return f"{self.scheme}://localhost:{self.port}"

    def start(self) -> Lab:
        """Start the server and wait until it answers."""
        self.port = free_port()
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"]
        command += [f"--port={self.port}", "--ServerApp.port_retries=0", *self._tls]
        # The pages of the tests and the demo come under names of their own.
        command += ["--ServerApp.allow_remote_access=True", "--expose-app-in-browser"]
        command += ["--JupyterNotebookApp.expose_app_in_browser=True"]  # its own, where installed
        command += [f"--ServerApp.root_dir={self.folder}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=self._env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True, cwd=self.folder,
            )  # fmt: skip
        deadline = time.monotonic() + _START_DEADLINE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self.log.read_text(errors="replace").replace(self.token, "•••")[-2000:]
                self.stop()
                if "No module named jupyterlab" in said:
                    raise ConfigurationError(
                        "JupyterLab is not installed.",
                        remedy="pip install 'cocalc-widget[demo]' brings it.",
                    )
                raise CoCalcError(f"JupyterLab did not start. It said: {said}")
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        """Stop the server and its kernels; what does not go by itself is killed."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(_STOP_DEADLINE)
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Lab:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        request = urllib.request.Request(
            f"{self.url}/api/status", headers={"Authorization": f"token {self.token}"}
        )
        context = ssl.create_default_context(cafile=self._ca) if self._ca else None
        try:
            with urllib.request.urlopen(request, timeout=2, context=context) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def free_port() -> int:
    """A port of loopback that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
