"""Owns what browsers mean by origin and site, as far as the frame depends on it (pure)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ...forking import importing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from publicsuffixlist import PublicSuffixList

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Origin:
    """An origin taken apart; `port` is None where the browser leaves it out."""

    scheme: str
    host: str
    port: int | None = None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}" + (f":{self.port}" if self.port else "")


def parse_origin(text: object) -> Origin | None:
    """An http(s) origin as a browser writes it; None if opaque (`null`, `file://`, junk)."""
    if not isinstance(text, str) or len(text) > 300:
        return None
    try:
        parts = urlsplit(text.strip().lower())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Origin(parts.scheme, host, None if port == _PORTS[parts.scheme] else port)


def page_name(page: object) -> str:
    """A page's origin in a sentence, also where it has none."""
    if (parent := parse_origin(page)) is not None:
        return str(parent)
    text = page if isinstance(page, str) and 0 < len(page) <= 100 else "this page"
    return "a page without an origin" if text in ("null", "this page") else text


def same_site(one: Origin, other: Origin) -> bool:
    """Whether cookies with SameSite=Strict or Lax travel between a page and a frame in it.

    By the Public Suffix List, as browsers have it: `a.github.io` and `b.github.io` are two sites.
    """
    if one.scheme != other.scheme:
        return False
    if one.host == other.host:
        return True
    # the list is looked into only where it can matter: reading it takes 50 ms
    if _last(one.host) != _last(other.host):
        return False
    return _site(one.host) == _site(other.host)


def listed(host: str, hosts: Iterable[object]) -> bool:
    """Whether CoCalc's `iframe_comm_hosts` admits a page's host (source, recording).

    `.sub.test` admits `sub.test` and everything under it; `hub.test` that host alone.
    """
    for entry in hosts:
        if not isinstance(entry, str) or not entry:
            continue
        name = entry.strip().lower()
        if name.startswith("."):
            if host == name[1:] or host.endswith(name):
                return True
        elif host == name:
            return True
    return False


def _last(host: str) -> str:
    return host.rstrip(".").rpartition(".")[2]


@lru_cache(maxsize=256)  # asked at every turn of a conversation
def _site(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        name = host.rstrip(".")
    # a name that is a public suffix itself, or has no dot, is a site of its own
    return _suffixes().privatesuffix(name) or name


@cache
def _suffixes() -> PublicSuffixList:
    with importing():
        from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
