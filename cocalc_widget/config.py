"""Owns host and API key: where they come from, who wins, and the files that keep keys."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import tempfile
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .address import DEFAULT_HOST, normalize_host
from .errors import ConfigurationError, KeyFileWarning
from .redact import Secret, discreet

if TYPE_CHECKING:
    from collections.abc import Iterator

# without a lock, which an exception from outside could leave closed for ever
_session: dict[str, Secret] = {}  # host -> key given by login() in this process
_current: list[str] = []  # hosts logged in to, the latest last
_NO_NAME = re.compile(r"[^a-zA-Z0-9.-]")  # what no name of a file has


@dataclass(frozen=True, slots=True)
class Credentials:
    """A host, the key for it, and where the key was found ("" with no key)."""

    host: str
    api_key: Secret | None
    source: str


@discreet
def clean_key(value: str | Secret) -> Secret:
    """A key without blanks and line ends, as pasting and `echo` leave them.

    Raises:
        ConfigurationError: no text, or characters that no header can carry.
    """
    told = value.reveal() if isinstance(value, Secret) else value
    if not isinstance(told, str):
        raise ConfigurationError(f"the API key must be text, not {type(told).__name__}.")
    text = re.sub(r"\s+", "", told)
    if not text.isascii() or not text.isprintable():
        raise ConfigurationError("the API key contains characters that no API key has.")
    return Secret(text)


@discreet
def resolve(
    api_key: str | Secret | None = None, host: str | None = None, *, allow_http: bool = False
) -> Credentials:
    """Host and key to use: argument → login → environment → stored file → `api.key`.

    A key stored for one host is never used for another: `COCALC_API_KEY` counts
    for `COCALC_HOST` (for any host if that is not set). A key that is given goes to
    the host that is given, logged in to, in `COCALC_HOST`, or cocalc.com: never to
    one whose own key happens to be stored.

    Raises:
        ConfigurationError: a host that is no web address, or unencrypted; an
            unreadable key file of that host.
    """
    if api_key is not None:
        api_key = clean_key(api_key)  # in the place of what was given
    name = find_host(host, allow_http=allow_http, stored=api_key is None)
    if api_key is not None:
        return Credentials(name, api_key, "argument")
    for source, key in _found(name):
        return Credentials(name, key, source)
    return Credentials(name, None, "")


@discreet
def find_host(host: str | None = None, *, allow_http: bool = False, stored: bool = True) -> str:
    """The host: argument → latest login → `COCALC_HOST` → the only stored one → cocalc.com.

    The stored one is left out without `stored`: for what is not its own key.
    """
    if host is not None:
        return normalize_host(host, allow_http=allow_http)
    if _current:
        return _current[-1]
    told = os.environ.get("COCALC_HOST", "").strip()
    if told:
        return normalize_host(told, allow_http=allow_http)
    kept = stored_hosts() if stored else []
    return kept[0] if len(kept) == 1 else DEFAULT_HOST


@discreet
def sources(host: str) -> list[str]:
    """Everything that holds a key for this host, the one that wins first.

    Raises:
        ConfigurationError: an unreadable key file of that host.
    """
    return [source for source, _ in _found(host)]


@discreet
def login(
    api_key: str | Secret, host: str | None = None, *, store: bool = False, allow_http: bool = False
) -> Credentials:
    """Use this key for this host from now on, in this process; with `store`, later too.

    Where it cannot be stored it is used all the same, and a `KeyFileWarning` says so.

    Raises:
        ConfigurationError: a host that is no web address, or a key that cannot be one.
    """
    key = api_key = clean_key(api_key)  # in the place of what was given
    name = find_host(host, allow_http=allow_http, stored=False)
    if not key:
        raise ConfigurationError("the API key is blank.")
    _session[name] = key
    _current[:] = [*(it for it in _current if it != name), name]
    if store:
        try:
            write_key(name, key)
        except ConfigurationError as error:
            told = f"{error.message} It is used until this process ends. {error.remedy}"
        else:
            told = ""
        if told:
            warnings.warn(KeyFileWarning(told), stacklevel=2)
    return Credentials(name, key, "login")


@discreet
def logout(host: str | None = None) -> list[str]:
    """Forget the key of a host, in this process and on disk.

    Returns:
        What still holds a key for it (an environment variable, say): tell the user.
    """
    name = find_host(host)
    _session.pop(name, None)
    _current[:] = [it for it in _current if it != name]
    delete_key(name)
    return sources(name)


def _found(host: str) -> Iterator[tuple[str, Secret]]:
    """The keys for a host, one after the other: what is not needed is not looked at."""
    given = _session.get(host)
    if given:
        yield "login", given
    told = os.environ.get("COCALC_API_KEY", "").strip()
    other = os.environ.get("COCALC_HOST", "").strip()
    if told and (not other or normalize_host(other, allow_http=True) == host):
        yield "COCALC_API_KEY", clean_key(told)
    stored = find_key_file(host)
    if stored is not None:
        yield str(stored[0]), clean_key(stored[1])
    local = lines_of(Path("api.key"))
    if local:
        yield "api.key", clean_key(local[0])


# The files: nobody else can read them.


def config_dir() -> Path:
    """The folder of stored keys: `COCALC_CONFIG_DIR`, or the platform's place for settings."""
    told = os.environ.get("COCALC_CONFIG_DIR")
    if told:
        return Path(told)
    # not platformdirs: it heeds XDG_CONFIG_HOME on macOS and no APPDATA; stored keys would be lost
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
