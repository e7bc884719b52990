"""Owns host and API key: where they come from, and who wins."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path

from .address import DEFAULT_HOST, normalize_host
from .errors import ConfigurationError
from .keyfiles import config_dir, key_file, read_lines, stored_hosts, write_key
from .redact import Secret

__all__ = [
    "Credentials",
    "clean_key",
    "config_dir",
    "find_host",
    "key_file",
    "login",
    "logout",
    "resolve",
    "sources",
    "stored_hosts",
    "write_key",
]

_lock = threading.Lock()
_session: dict[str, Secret] = {}  # host -> key given by login() in this process
_current: list[str] = []  # hosts logged in to, the latest last


@dataclass(frozen=True, slots=True)
class Credentials:
    """A host, the key for it, and where the key was found ("" with no key)."""

    host: str
    api_key: Secret | None
    source: str


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
            unreadable key file.
    """
    name = find_host(host, allow_http=allow_http, stored=api_key is None)
    if api_key is not None:
        return Credentials(name, clean_key(api_key), "argument")
    for source, key in _found(name):
        return Credentials(name, key, source)
    return Credentials(name, None, "")


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


def sources(host: str) -> list[str]:
    """Everything that holds a key for this host, the one that wins first."""
    return [source for source, _ in _found(host)]


def login(
    api_key: str | Secret, host: str | None = None, *, store: bool = False, allow_http: bool = False
) -> Credentials:
    """Use this key for this host from now on, in this process; with `store`, later too."""
    name = find_host(host, allow_http=allow_http, stored=False)
    key = clean_key(api_key)
    if not key:
        raise ConfigurationError("the API key is blank.")
    if store:
        write_key(name, key)
    with _lock:
        _session[name] = key
        if name in _current:
            _current.remove(name)
        _current.append(name)
    return Credentials(name, key, "login")


def logout(host: str | None = None) -> list[str]:
    """Forget the key of a host, in this process and on disk.

    Returns:
        What still holds a key for it (an environment variable, say): tell the user.
    """
    name = find_host(host)
    with _lock:
        _session.pop(name, None)
        if name in _current:
            _current.remove(name)
    key_file(name).unlink(missing_ok=True)
    return sources(name)


def _found(host: str) -> list[tuple[str, Secret]]:
    found: list[tuple[str, Secret]] = []
    with _lock:
        if host in _session:
            found.append(("login", _session[host]))
    told = os.environ.get("COCALC_API_KEY", "").strip()
    other = os.environ.get("COCALC_HOST", "").strip()
    if told and (not other or normalize_host(other, allow_http=True) == host):
        found.append(("COCALC_API_KEY", clean_key(told)))
    lines = read_lines(key_file(host))
    if len(lines) == 2 and lines[0] == host:
        found.append((str(key_file(host)), clean_key(lines[1])))
    local = read_lines(Path("api.key"))
    if local:
        found.append(("api.key", clean_key(local[0])))
    return [(source, key) for source, key in found if key]
