"""Owns what goes over the wire and comes back: bodies of requests, replies as they are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import urllib3

from ...errors import ValidationError
from ...redact import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORM = "application/x-www-form-urlencoded"
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
