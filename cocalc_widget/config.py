"""Owns host and API key: where they come from, and who wins."""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .address import DEFAULT_HOST, normalize_host
from .errors import ConfigurationError, KeyFileWarning
from .keyfiles import (
    config_dir,
    delete_key,
    find_key_file,
    key_file,
    lines_of,
    stored_hosts,
    write_key,
)
from .redact import Secret, discreet

if TYPE_CHECKING:
    from collections.abc import Iterator

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

# without a lock, which an exception from outside could leave closed for ever
_session: dict[str, Secret] = {}  # host -> key given by login() in this process
_current: list[str] = []  # hosts logged in to, the latest last


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
