"""Owns the files that keep API keys: where they are, and that nobody else can read them."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ConfigurationError

if TYPE_CHECKING:
    from .redact import Secret


def config_dir() -> Path:
    """The folder of stored keys: `COCALC_CONFIG_DIR`, or the platform's place for settings."""
    told = os.environ.get("COCALC_CONFIG_DIR")
    if told:
        return Path(told)
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "cocalc-widget"


def key_file(host: str) -> Path:
    """Where the key of a host is stored."""
    return config_dir() / "keys" / (re.sub(r"[^a-zA-Z0-9.-]", "_", host) + ".key")


def write_key(host: str, key: Secret) -> Path:
    """Store a key: a file that only its owner can read (0600), in a folder likewise (0700)."""
    file = key_file(host)
    for folder in (file.parent.parent, file.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    # mkstemp makes it 0600 from the start; the rename makes it appear whole
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".key-")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(f"{host}\n{key.reveal()}\n")
    Path(name).replace(file)
    return file


def stored_hosts() -> list[str]:
    """The hosts that have a stored key, in order."""
    lines = (read_lines(file) for file in sorted((config_dir() / "keys").glob("*.key")))
    return [line[0] for line in lines if len(line) == 2]


def read_lines(file: Path) -> list[str]:
    """The words of a small file, none if it is not there; `ConfigurationError` if unreadable."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return []
        return file.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        why = type(error).__name__
    raise ConfigurationError(f"the key file {file} cannot be read ({why}).")
