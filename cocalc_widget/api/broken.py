"""Owns the sentences about requests that got no answer, and redirects that are not followed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ..address import origin_of
from ..errors import APIConnectionError, APITimeoutError, CoCalcError, ServerError

if TYPE_CHECKING:
    from .deadline import Exchange
    from .policy import Timeouts


def explain(  # noqa: PLR0917 - everything the sentence says
    cause: str, host: str, endpoint: str, exchange: Exchange, seconds: float, limits: Timeouts
) -> APIConnectionError:
    """The error for a request that got no answer; says whether it may have arrived."""
    where, sent = f"`{endpoint}` at {host}", exchange.sent
    if cause == "timeout" or exchange.left() < 0.005:
        if sent:
            text = f"no answer to {where} within {seconds:g} s; what was asked may still happen."
            return APITimeoutError(text, endpoint=endpoint, sent=True)
        text = f"could not connect to {host} within {min(limits.connect, seconds):g} s."
        return APITimeoutError(text, endpoint=endpoint, remedy="Is the server up and reachable?")
    if cause.startswith("tls: "):
        return APIConnectionError(
            f"no secure connection to {host}: {_last(cause)}.",
            endpoint=endpoint,
            sent=sent,
            remedy="If the server has a certificate of its own, pass verify=<CA file>.",
        )
    if sent:
        text = f"the connection broke after {where} was sent: {_last(cause)}; it may have worked."
        return APIConnectionError(text, endpoint=endpoint, sent=True)
    return APIConnectionError(
        f"could not reach {host}: {_last(cause)}.", endpoint=endpoint, remedy="Is the host right?"
    )


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
