"""Owns the errors for requests that got no answer of the host's: their sentences, and their advice.

Nobody was reached, it took too long, a proxy refused, a redirect led elsewhere.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from requests.utils import select_proxy

from ...address import origin_of
from ...errors import APIConnectionError, APITimeoutError, CoCalcError, ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .connections import Exchange
    from .timeouts import Timeouts


@dataclass(frozen=True, slots=True)
class Proxy:
    """The proxy on the way to a host.

    Attributes:
        url: without user and password.
        setting: what says so: the name of an environment variable, or words.
        host: that is called through it.
    """

    url: str
    setting: str
    host: str

    def without(self) -> str:
        """How to do without it."""
        name = urlsplit(self.host).hostname or self.host
        return f"The proxy is set by {self.setting}; NO_PROXY={name} goes without it."


class Call(NamedTuple):
    """What was called, and by which way."""

    endpoint: str
    host: str
    proxy: Proxy | None = None

    @property
    def through(self) -> str:
        """The way, as a part of a sentence."""
        return f" through the proxy {self.proxy.url}" if self.proxy else ""


def explain(
    cause: str, call: Call, exchange: Exchange, seconds: float, limits: Timeouts
) -> APIConnectionError:
    """The error for a request that got no answer; says whether it may have arrived."""
    endpoint, host, proxy = call
    where, sent = f"`{endpoint}` at {host}{call.through}", exchange.sent
    if exchange.refused:
        return refused_by_proxy(call, exchange.refused, _last(cause))
    if cause == "timeout" or exchange.left() < 0.005:
        if sent:
            limit = round(seconds, 2)
            text = f"no answer to {where} within {limit:g} s; what was asked may still happen."
            return APITimeoutError(text, endpoint=endpoint, sent=True)
        limit = round(min(limits.connect, seconds), 2)
        text = f"could not connect to {host}{call.through} within {limit:g} s."
        remedy = proxy.without() if proxy else "Is the server up and reachable?"
        return APITimeoutError(text, endpoint=endpoint, remedy=remedy)
    if sent:
        text = f"the connection broke after {where} was sent: {_last(cause)}; it may have worked."
        return APIConnectionError(text, endpoint=endpoint, sent=True)
    if cause.startswith("tls: "):
        return APIConnectionError(
            f"no secure connection to {host}{call.through}: {_last(cause)}.",
            endpoint=endpoint,
            remedy="If the server has a certificate of its own, give its CA file: "
            'Client(verify="ca.pem").',
        )
    text = f"could not reach {host}{call.through}: {_last(cause)}; nothing was sent."
    remedy = f"Is the host right? {proxy.without()}" if proxy else "Is the host right?"
    return APIConnectionError(text, endpoint=endpoint, remedy=remedy)


def refused_by_proxy(call: Call, status: int, why: str = "") -> APIConnectionError:
    """The error for a request that a proxy did not let through: the host never saw it."""
    proxy = call.proxy or Proxy("before it", "the network", call.host)
    said = re.sub(r"^Tunnel connection failed: ", "", why) or f"HTTP {status}"
    if status == 407:
        place = f"USER:PASSWORD@{proxy.url.partition('://')[2]}"  # after "://" it would be masked
        return APIConnectionError(
            f"the proxy {proxy.url} wants a sign-in ({said}); nothing was sent to {call.host}.",
            endpoint=call.endpoint,
            remedy=f"Write it into {proxy.setting}, before the proxy's name: {place}"
            if call.proxy
            else "Ask who runs the network.",
        )
    return APIConnectionError(
        f"the proxy {proxy.url} did not let `{call.endpoint}` through to {call.host} ({said}); "
        "nothing was sent.",
        endpoint=call.endpoint,
        remedy=proxy.without(),
    )


def find_proxy(host: str, proxies: Mapping[str, str]) -> Proxy | None:
    """The proxy that requests chooses among these for a host; None without one."""
    if not proxies:
        return None
    found = select_proxy(host, dict(proxies))
    if not found:
        return None
    try:
        parts = urlsplit(found if "://" in found else f"http://{found}")
        port = f":{parts.port}" if parts.port else ""
        name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        url = f"{parts.scheme}://{name}{port}"
    except ValueError:  # no address at all; requests says so
        url = "that is set"
    names = [f"{urlsplit(host).scheme}_proxy", "all_proxy"]
    known = [it for name in names for it in (name.upper(), name) if os.environ.get(it)]
    return Proxy(url, known[0] if known else "the system's settings", host)


def target_of(url: str, location: str) -> str:
    """Where a redirect from `url` goes; "" for what is no address."""
    try:
        target = urljoin(url, location)
        urlsplit(target)
    except ValueError:
        return ""
    return target


def refuse_redirect(host: str, target: str, endpoint: str, status: int) -> CoCalcError:
    """The error for a redirect that is not followed."""
    origin = origin_of(target) if target else "what is no address"
    if origin == origin_of(host):
        text = f"{host} redirects `{endpoint}` in a way that would change the request."
        return ServerError(text, endpoint=endpoint, status=status)
    return ServerError(
        f"{host} redirects to {origin}; that was not followed, since the API key is for {host}.",
        endpoint=endpoint,
        status=status,
        remedy=f"If you trust it, use host={origin!r}." if target else "",
    )


def _last(cause: str) -> str:
    # the innermost reason in the nested text of requests and urllib3
    text = cause.partition(": ")[2]
    found = re.findall(r"\[(?:Errno -?\d+|SSL: \w+)\] ([^'\")(]+)", text)
    if found:
        return str(found[-1]).strip(" ,.")
    quoted = re.findall(r"'([^']{4,})'", text)
    told = str(quoted[-1] if quoted else text)[:200].strip(" ,.()") or "no reason given"
    return f"{told})" if told.count("(") > told.count(")") else told
