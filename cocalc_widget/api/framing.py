"""Owns asking a CoCalc who may show it in a frame: two headers of its page, with nobody's key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ServerError

if TYPE_CHECKING:
    from .http.transport import Transport

_PAGE = "/app"


@dataclass(frozen=True, slots=True)
class Framing:
    """What a server says about who may frame its page; raw, as it came.

    Attributes:
        policies: each `Content-Security-Policy`; one header may hold several, with commas.
        x_frame_options: `X-Frame-Options`; several headers are joined by commas,
            None where there is none.
    """

    policies: tuple[str, ...] = ()
    x_frame_options: str | None = None


def ask_framing(transport: Transport, timeout: float) -> Framing:
    """Who may frame CoCalc, by the headers of `GET /app` after its redirect (recording).

    Self-hosted servers send neither header (recording). The page itself is not
    read, and the request carries no key.

    Raises:
        ServerError: no page there, or one on another origin.
        APIConnectionError: no answer.
    """
    reply = transport.request(
        "GET",
        _PAGE,
        endpoint=_PAGE,
        idempotent=True,
        timeout=timeout,
        auth="none",
        whole=False,
    )
    if reply.status >= 400:
        raise ServerError(
            f"{transport.host}{_PAGE} answered with HTTP {reply.status}.",
            endpoint=_PAGE,
            status=reply.status,
            remedy="Is the host a CoCalc, and does it run?",
        )
    options = reply.all("x-frame-options")
    return Framing(reply.all("content-security-policy"), ", ".join(options) if options else None)
