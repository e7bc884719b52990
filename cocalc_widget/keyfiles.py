"""Owns the files that keep API keys: where they are, and that nobody else can read them."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ConfigurationError, KeyFileWarning
from .redact import discreet

if TYPE_CHECKING:
    from .redact import Secret

_NO_NAME = re.compile(r"[^a-zA-Z0-9.-]")  # what no name of a file has


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
    """Where the key of a host is stored: no two hosts have the same file."""
    readable = _NO_NAME.sub("_", host)[:80]
    mark = hashlib.sha256(host.encode()).hexdigest()[:16]
    return config_dir() / "keys" / f"{readable}-{mark}.key"


def old_key_file(host: str) -> Path:
    """Where it was stored at first; the line in the file says whether it is this host's."""
    return config_dir() / "keys" / (_NO_NAME.sub("_", host) + ".key")


@discreet
def find_key_file(host: str) -> tuple[Path, str] | None:
    """The file that keeps the key of a host, and what stands there as the key; None: there is none.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    for file in (key_file(host), old_key_file(host)):
        lines = read_lines(file) if len(file.name) < 256 else []
        # whatever its name is: a key is for the host that stands beside it
        if len(lines) == 2 and lines[0] == host:
            return file, lines[1]
    return None


@discreet
def write_key(host: str, key: Secret) -> Path:
    """Store a key: a file that only its owner can read (0600), in folders of ours likewise (0700).

    A folder that is there already stays as it is.

    Raises:
        ConfigurationError: it cannot be written; nothing of the key is left behind.
    """
    file = key_file(host)
    temporary = None
    try:
        _make_folder(file.parent)
        # mkstemp makes it 0600 from the start; the rename makes it appear whole
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".key-")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(f"{host}\n{key.reveal()}\n")
        Path(temporary).replace(file)
        temporary = None
    except OSError as error:
        why = error.strerror or type(error).__name__
    else:
        _forget_old(host)
        return file
    finally:
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink()
    raise ConfigurationError(
        f"the API key cannot be stored in {file.parent} ({why}).",
        remedy="Set COCALC_CONFIG_DIR to a folder that can be written to, or use COCALC_API_KEY.",
    )


def delete_key(host: str) -> None:
    """Delete the stored key of a host, wherever it is.

    Raises:
        ConfigurationError: it cannot be deleted.
    """
    try:
        file = key_file(host)
        if file.exists():  # a folder that is read-only needs no deleting in it
            file.unlink(missing_ok=True)
    except OSError as error:
        why = error.strerror or type(error).__name__
    else:
        _forget_old(host)
        return
    raise ConfigurationError(f"the key file {key_file(host)} cannot be deleted ({why}).")


@discreet
def stored_hosts() -> list[str]:
    """The hosts that have a stored key, in order; without what cannot be read, which is told."""
    hosts = []
    for file in sorted((config_dir() / "keys").glob("*.key")):
        lines = lines_of(file)
        # a line that is not the file's own is nobody's: a key is never looked for there
        if len(lines) == 2 and file in (key_file(lines[0]), old_key_file(lines[0])):
            hosts.append(lines[0])
    return list(dict.fromkeys(hosts))


@discreet
def lines_of(file: Path) -> list[str]:
    """As `read_lines`, for a file that is one of many: if it is unreadable, only a warning."""
    try:
        return read_lines(file)
    except ConfigurationError as error:
        told = error.message
    warnings.warn(KeyFileWarning(f"{told} It is left out."), stacklevel=2)
    return []


@discreet
def read_lines(file: Path) -> list[str]:
    """The words of a small file, none if it is not there; `ConfigurationError` if unreadable."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return []
        return file.read_text(encoding="utf-8").split()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, UnicodeDecodeError) as error:
        why = type(error).__name__
    raise ConfigurationError(f"the key file {file} cannot be read ({why}).")


def _make_folder(folder: Path) -> None:
    # with its parents, each of those we make for us alone, whatever the umask is
    missing = [it for it in (folder, *folder.parents) if not it.exists()]
    for it in reversed(missing):
        with suppress(FileExistsError):  # somebody else's moment
            it.mkdir(mode=0o700)
            it.chmod(0o700)


def _forget_old(host: str) -> None:
    old = old_key_file(host)
    with suppress(OSError, ConfigurationError):
        if read_lines(old)[:1] == [host]:
            old.unlink()
