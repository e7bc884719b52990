"""Owns the question whether a server takes an auth token, which its page does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from ..errors import ServerError

if TYPE_CHECKING:
    from ..redact import Secret
    from .http.transport import Transport

ASK_TIME = 5.0  # s
_PAGE = "/auth/impersonate"
_REFUSED = "impersonate error"


def takes_token(transport: Transport, token: Secret, timeout: float = ASK_TIME) -> bool:
    """Whether generation B's page for it signs in with this token.

    It answers 200 either way: with a page that goes on to the app by script, or
    with a text that says what is wrong (recording). In a frame neither can be
    told from the other. A token may be used more than once, and the cookies
    that come with the answer are thrown away.

    Raises:
        ServerError: no such page there.
        APIConnectionError: no answer.
    """
    reply = transport.request(
        "GET",
        f"{_PAGE}?auth_token={quote(token.reveal(), safe='')}",
        endpoint=_PAGE,
        idempotent=True,
        timeout=timeout,
        auth="none",
    )
    if reply.status >= 400:
        raise ServerError(
            f"{transport.host}{_PAGE} answered with HTTP {reply.status}.",
            endpoint=_PAGE,
            status=reply.status,
            remedy="Is the host a CoCalc of today, and does it run?",
        )
    return _REFUSED not in reply.text
