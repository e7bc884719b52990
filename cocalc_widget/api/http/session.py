"""Owns the way to one URL: its pool of connections and the head of its requests, made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import urllib3

from ...redact import Secret
from .messages import Reply, read_head, read_reply

if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter


@dataclass(frozen=True, slots=True)
class Route:
    """What stays the same from one request to the next. Safe to share between threads.

    The key is kept apart from the other headers, where nobody sees it. requests
    chooses pool, proxy and certificates, as for any of its users; only
    what it does anew for each request is left out: that costs as much time as
    all the rest.
    """

    pool: Any
    method: str
    target: str
    headers: dict[str, str]
    auth: Secret | None = None

    def send(self, data: bytes, connect: float, total: float, *, whole: bool = True) -> Reply:
        """One request and its answer, whatever its status; no retry, no redirect.

        Args:
            data: the body.
            connect: seconds to connect.
            total: seconds until each byte; the thread's `exchange` ends the whole.
            whole: read its body, too, not only its head.

        Raises:
            urllib3.exceptions.HTTPError: no answer.
            OSError: no answer.
        """
        headers = self.headers
        if data:
            headers = {**headers, "Content-Length": str(len(data))}
        if self.auth is not None:
            headers = {**headers, "Authorization": self.auth.reveal()}
        response = self.pool.urlopen(
            self.method,
            self.target,
            body=data or None,
            headers=headers,
            redirect=False,
            retries=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=connect, read=total),
        )
        return read_reply(response) if whole else read_head(response)


def make_route(session: requests.Session, request: requests.Request) -> Route:
    """The way to a request's URL, by the session's settings; nothing is sent.

    Raises:
        OSError: the CA file went away.
        requests.RequestException: a URL, or a proxy's, that cannot be.
    """
    prepared = session.prepare_request(request)
    url = str(prepared.url)
    adapter = cast("HTTPAdapter", session.get_adapter(url))
    verify = True if session.verify is None else session.verify
    pool = adapter.get_connection_with_tls_context(prepared, verify, proxies=session.proxies)
    adapter.cert_verify(pool, url, verify, None)  # type: ignore[no-untyped-call]
    prepared.headers.pop("Content-Length", None)
    target = adapter.request_url(prepared, session.proxies)
    key = prepared.headers.pop("Authorization", None)
    auth = Secret(key) if isinstance(key, str) else None
    return Route(pool, str(prepared.method), target, dict(prepared.headers), auth)
