"""Owns what requests is told and what comes back: session, bodies, replies, broken connections."""

from __future__ import annotations

import json
import logging
import os
import platform
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import requests
import urllib3
from requests.utils import get_environ_proxies

from ..._version import __version__
from ...address import is_loopback
from ...errors import ConfigurationError, ValidationError
from ...redact import Secret, redact
from .deadline import DeadlineAdapter

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORM = "application/x-www-form-urlencoded"
USER_AGENT = f"cocalc-widget/{__version__} (Python {platform.python_version()})"
MAX_REPLY = 512 * 1024 * 1024  # bytes; a longer answer could only fill the memory
MAX_ERROR = 1024 * 1024  # bytes of a failure that are read: nobody reads more of it


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, whatever it says; names of headers in any case."""

    status: int
    content_type: str
    text: str
    headers: Mapping[str, str]

    def all(self, name: str) -> tuple[str, ...]:
        """The value of each header of that name, in their order."""
        return tuple(urllib3.HTTPHeaderDict(self.headers).getlist(name))


class Body(bytes):
    """The bytes of a request. They may hold a password, so they don't show themselves."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"

    __str__ = __repr__


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


def encode(body: object, *, form: bool = False) -> tuple[bytes, str]:
    """The bytes of a request and their content type; secrets are revealed here, not before.

    Raises:
        ValidationError: what JSON cannot say (a set, NaN, broken Unicode).
    """
    if body is None:
        return b"", ""
    if isinstance(body, bytes):
        return Body(body), _FORM if form else "application/json"
    try:
        if form and isinstance(body, dict):
            return Body(urlencode(body).encode()), _FORM
        text = json.dumps(body, allow_nan=False, ensure_ascii=False, default=_reveal)
        return Body(text.encode()), "application/json"
    except (TypeError, ValueError) as error:
        why = str(error)
    raise ValidationError(f"these parameters cannot be sent as JSON: {why}.")


def _reveal(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")


def read_head(response: urllib3.BaseHTTPResponse) -> Reply:
    """Take the head of an answer and close its connection: its body is of no interest."""
    headers = response.headers
    response.close()
    response.release_conn()
    return Reply(response.status, headers.get("content-type", ""), "", headers)


def read_reply(response: urllib3.BaseHTTPResponse) -> Reply:
    """Read an answer to its end and give its connection back; a broken one is closed.

    Of a failure that is long only the beginning is read, and its connection closed.
    """
    parts, size = [], 0
    try:
        for part in response.stream(65536, decode_content=True):
            size += len(part)
            if size > MAX_ERROR and response.status >= 400:
                parts.append(part[: len(part) - (size - MAX_ERROR)])
                response.close()
                break
            if size > MAX_REPLY:
                raise OSError(f"the answer is longer than {MAX_REPLY} bytes")
            parts.append(part)
    except BaseException:
        response.close()
        raise
    finally:
        response.release_conn()
    text = b"".join(parts).decode("utf-8", "replace")
    headers = response.headers
    return Reply(response.status, headers.get("content-type", ""), text, headers)


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
