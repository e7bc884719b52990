"""Owns the private home of a JupyterLab: its settings, its kernels, nothing of the user's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# No pop-up about news and updates in front of the notebook, and the state of
# widgets saved with it, as a user can choose in the Settings menu.
_PAGE_CONFIG = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
_AT_ONCE = {"ServerApp": {"jpserver_extensions": {"cocalc_widget.nodelay": True}}}
_SETTINGS = {
    "@jupyter-widgets/jupyterlab-manager/plugin.jupyterlab-settings": {"saveState": True},
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false"},
}


def make_home(home: Path, token: str, *, theme: str, nodelay: bool) -> dict[str, str]:
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


def add_kernel(home: Path, name: str, python: Path | str) -> None:
    """One more kernel; `python` is an interpreter that has ipykernel."""
    folder = home / "data" / "kernels" / name
    folder.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": name, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
