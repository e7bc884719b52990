"""Owns a JupyterLab of its own: started in a private home, reachable by https, stopped cleanly."""

from __future__ import annotations

import contextlib
import json
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

if TYPE_CHECKING:
    from collections.abc import Mapping

_START_DEADLINE = 60.0  # seconds; a cold start on a slow disk takes about ten
_STOP_DEADLINE = 10.0
# No pop-up about news and updates in front of the notebook, and the state of
# widgets saved with it, as a user can choose in the Settings menu.
_PAGE_CONFIG = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
_AT_ONCE = {"ServerApp": {"jpserver_extensions": {"cocalc_widget.nodelay": True}}}
_SETTINGS = {
    "@jupyter-widgets/jupyterlab-manager/plugin.jupyterlab-settings": {"saveState": True},
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false"},
}


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
        home = _make_home(self.home, self.token, theme=theme, nodelay=nodelay)
        self._env = {**os.environ, **home, **(env or {})}
        for name, python in (kernels or {}).items():
            _add_kernel(self.home, name, python)
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


def _make_home(home: Path, token: str, *, theme: str, nodelay: bool) -> dict[str, str]:
    """Write the settings; returns the environment in which Jupyter lives there.

    What the demo shows must not depend on whoever runs it.

    Args:
        home: an empty folder.
        token: of the server, for its users.
        theme: of JupyterLab, by its name.
        nodelay: whether the server has the extension `cocalc_widget.nodelay`.
    """
    themes = "@jupyterlab/apputils-extension/themes.jupyterlab-settings"
    settings = {**_SETTINGS, themes: {"theme": theme}}
    files = {
        **{f"settings/{name}": value for name, value in settings.items()},
        "config/labconfig/page_config.json": _PAGE_CONFIG,
        "config/jupyter_server_config.json": _AT_ONCE if nodelay else {},
    }
    for name, value in files.items():
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value))
    return {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_TOKEN": token,
    }


def _add_kernel(home: Path, name: str, python: Path | str) -> None:
    """One more kernel; `python` is an interpreter that has ipykernel."""
    folder = home / "data" / "kernels" / name
    folder.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": name, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))


def free_port() -> int:
    """A port of loopback that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
