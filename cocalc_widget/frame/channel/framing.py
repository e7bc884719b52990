"""Owns who may frame a page: `frame-ancestors` and `X-Frame-Options` as browsers read them (pure).

The rules are those of CSP Level 3 (W3C) and of HTML, and where these leave room, what
Chromium was seen to do. A browser that refuses shows an error page of its own in the frame
and tells the parent nothing, so that it has to be known before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .sites import page_name

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 120  # characters of a rule in a sentence
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_BLANKS = " \t\n\f\r"
_SCHEME = r"[a-z][a-z0-9+.-]*"
_LABELS = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*"
_SCHEME_SOURCE = re.compile(rf"({_SCHEME}):")
# A path has no part in it: by the letter it would be compared with an origin that has none, and
# after a redirect, as CoCalc's pages come, it counts for nothing (seen in Chromium).
_HOST_SOURCE = re.compile(
    rf"(?:({_SCHEME})://)?(\*|(?:\*\.)?{_LABELS})(?::(\d{{1,9}}|\*))?(?:/.*)?"
)
_ORIGIN = re.compile(rf"({_SCHEME})://([^/?#@:\[\]\s]*|\[[0-9a-f:.]+\])(?::(\d{{1,5}}))?/?")
# values that contradict each other forbid all framing; what is none of these is no value
_OPTIONS = {"deny", "sameorigin", "allowall"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a browser will not show the page in a frame.

    Attributes:
        header: which one forbids it.
        rule: what it says, as the server sent it.
        ancestor: the first page that is not allowed, of those around the frame.
    """

    header: Literal["Content-Security-Policy", "X-Frame-Options"]
    rule: str
    ancestor: str

    @property
    def shown(self) -> str:
        """The rule, cut where it is long."""
        return self.rule if len(self.rule) <= _SHOWN else f"{self.rule[:_SHOWN]}..."

    @property
    def reason(self) -> str:
        """The rule and the page that it keeps out, as part of a sentence."""
        return f"its {self.header} says {self.shown!r}, which keeps out {page_name(self.ancestor)}"


@dataclass(frozen=True, slots=True)
class _Origin:
    scheme: str
    host: str
    port: int | None  # None: the scheme's own, or none at all


def may_frame(
    policies: Sequence[str],
    x_frame_options: str | None,
    host_origin: str,
    ancestors: Sequence[str],
) -> Refusal | None:
    """Whether a browser shows a page in a frame on these pages.

    Args:
        policies: each `Content-Security-Policy` header of the page, as it came.
            One may hold several policies, with commas between them.
        x_frame_options: the `X-Frame-Options` header, several joined by commas. It
            counts only where no policy has a `frame-ancestors` (HTML).
        host_origin: where the page comes from, which is `'self'`.
        ancestors: the origins of all pages around the frame, the nearest first, as
            browsers write them. "null", or whatever is no origin, is one that
            no rule can name.

    Returns:
        None if it does; else why not.
    """
    own = _origin(host_origin)
    found = [it for policy in policies for each in policy.split(",") if (it := _rule(each))]
    for rule, sources in found:  # every policy has to allow every page
        for ancestor in ancestors:
            page = _origin(ancestor)
            if page is None or not any(_matches(source, page, own) for source in sources):
                return Refusal("Content-Security-Policy", rule, ancestor)
    if found or x_frame_options is None:
        return None
    values = {value.strip(_BLANKS).lower() for value in x_frame_options.split(",")}
    contradicts = len(values) > 1 and values & _OPTIONS
    for ancestor in ancestors:
        same = own is not None and _origin(ancestor) == own
        if contradicts or values == {"deny"} or (values == {"sameorigin"} and not same):
            return Refusal("X-Frame-Options", x_frame_options.strip(_BLANKS), ancestor)
    return None


def _rule(policy: str) -> tuple[str, list[str]] | None:
    """The first `frame-ancestors` of a policy: as it stands there, and its sources."""
    for directive in policy.split(";"):
        words = directive.split()
        if words and words[0].lower() == "frame-ancestors":
            return " ".join(words), [word.lower() for word in words[1:]]
    return None


def _matches(source: str, page: _Origin, own: _Origin | None) -> bool:
    if source == "*":
        return page.scheme in _PORTS or (own is not None and page.scheme == own.scheme)
    if source == "'self'":
        return _is_self(page, own)
    if scheme := _SCHEME_SOURCE.fullmatch(source):
        return _scheme(scheme[1], page.scheme)
    parts = _HOST_SOURCE.fullmatch(source)
    if parts is None or not page.host:  # `'none'` beside others, too, is no source
        return False
    scheme_part, host, port = parts[1], parts[2], parts[3]
    scheme_part = scheme_part or (own.scheme if own is not None else "")
    return (
        _scheme(scheme_part, page.scheme)
        and _host(host, page.host)
        and _port(port, page, upgraded=scheme_part != page.scheme)
    )


def _is_self(page: _Origin, own: _Origin | None) -> bool:
    if own is None or not page.host or page.host != own.host:
        return False
    # the same, or its secure half, each at its own scheme's port (None), or both at one
    upgraded = page.scheme == "https" and own.scheme == "http"
    return page.port == own.port and (page.scheme == own.scheme or upgraded)


def _scheme(wanted: str, scheme: str) -> bool:
    return wanted == scheme or (wanted == "http" and scheme == "https")


def _host(wanted: str, host: str) -> bool:
    if wanted == "*":
        return True
    # `*.uni.edu` is whatever lies below it, and not uni.edu itself
    return host.endswith(wanted[1:]) if wanted.startswith("*.") else host == wanted


def _port(wanted: str | None, page: _Origin, *, upgraded: bool) -> bool:
    if wanted == "*":
        return True
    default = _PORTS.get(page.scheme)
    port = default if page.port is None else page.port
    if wanted is None:
        return port == default
    return int(wanted) == port or (upgraded and int(wanted) == 80 and port == 443)


def _origin(text: str) -> _Origin | None:
    """An origin taken apart; None for what no rule can name ("null", junk)."""
    parts = _ORIGIN.fullmatch(text.strip(_BLANKS).lower()) if isinstance(text, str) else None
    if parts is None:
        return None
    port = int(parts[3]) if parts[3] else None
    return _Origin(parts[1], parts[2], None if port == _PORTS.get(parts[1], -1) else port)
