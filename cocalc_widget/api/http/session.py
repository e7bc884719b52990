"""Owns what is kept from one request to the next: the session's settings, and the way to a URL."""

from __future__ import annotations

import logging
import os
import platform
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import get_environ_proxies

from ..._version import __version__
from ...address import is_loopback
from ...errors import ConfigurationError
from ...redact import Secret, redact
from .connections import DeadlineAdapter
from .messages import Reply, read_head, read_reply

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter

USER_AGENT = f"cocalc-widget/{__version__} (Python {platform.python_version()})"


class _Discreet(logging.Filter):
    """urllib3 logs the URL of each request at DEBUG; a token in one is masked there."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and "auth_token" in str(record.args):
            record.args = tuple(redact(a) if isinstance(a, str) else a for a in record.args)
        return True


_DISCREET = _Discreet()


def make_session(host: str, *, verify: bool | str, pool: int) -> requests.Session:
    """A session that keeps connections, but neither cookies nor what .netrc says.

    A cookie could sign later calls in as somebody else (`auth/sign-up` of API v2
    sets one, recording), and .netrc could replace the key.
    """
    logging.getLogger("urllib3.connectionpool").addFilter(_DISCREET)  # once: it is the same one
    session = requests.Session()
    session.trust_env = False
    if not is_loopback(urlsplit(host).hostname or ""):  # no proxy can reach this machine's own
        session.proxies = dict(get_environ_proxies(host))
    if verify is True:
        found = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        session.verify = found or True
    else:
        session.verify = verify
    return _filled(session, pool)


def renewed(old: requests.Session, pool: int) -> requests.Session:
    """The same session in a child: with the settings of its parent, and no connection."""
    session = requests.Session()
    session.trust_env, session.verify = False, old.verify
    session.proxies = old.proxies  # not asked for again: on macOS a child cannot
    return _filled(session, pool)


def _filled(session: requests.Session, pool: int) -> requests.Session:
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
    adapter = DeadlineAdapter(pool_connections=4, pool_maxsize=pool)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


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


def check_ca(verify: object) -> bool | str:
    """The setting as requests takes it; refuses a CA file that is not there in better words."""
    if isinstance(verify, bool):
        return verify
    if not isinstance(verify, (str, os.PathLike)):
        raise ConfigurationError(
            f"verify must be True, False or the path of a CA file, not {verify!r}."
        )
    file = os.fsdecode(verify)
    if not os.path.exists(file):  # noqa: PTH110
        raise ConfigurationError(f"the CA file {file!r} does not exist.")
    return file
