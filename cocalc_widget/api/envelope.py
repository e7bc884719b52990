"""Owns the reading of an answer: a result, or the exact error in the server's own words (pure).

The shapes are those of the recordings: API v1 fails in four ways, API v2 with
`{error}` or `{issues}`, the conat bridge with `{error}` and bare results, and all
three with web pages.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from ..errors import APIError, RateLimitError, ServerError
from ..redact import Secret, mask, redact
from .verdicts import judge, seconds_to_wait
from .words import page_words, words_of

Kind = Literal["v1", "v2", "conat", "page"]
_NO_API = "The server has no such API: is the host a CoCalc, and of this generation?"
SECRET_KEYS = {"auth_token", "token", "secret", "api_key", "password", "url"}
_DEEPEST = 50  # levels of a body in an error
_CALLED = re.compile(r" - callHub: subject='.*$", re.DOTALL)


def read(
    status: int,
    content_type: str,
    text: str,
    *,
    endpoint: str,
    kind: Kind,
    retry_after: float | None = None,
    secrets: tuple[Secret | str | None, ...] = (),
) -> Any:
    """The result in an answer.

    Args:
        status: of HTTP.
        content_type: as the header gave it.
        text: the body.
        endpoint: what was called.
        kind: which API was called; "page" for what is not an API.
        retry_after: seconds, as a header said.
        secrets: what must not appear in an error.

    Raises:
        APIError: or the subclass for what the server said.
    """
    body, is_json = _parse(content_type, text)
    if kind == "page" and not is_json:
        words = text[6:].strip() if text.startswith("ERROR:") else ""
        failed = bool(words) or status >= 400
        words = words or page_words(redact(text, *secrets))
    elif is_json:
        failed, words = _failure(body, status, kind)
    else:
        failed, words = True, page_words(redact(text, *secrets))
    if not failed:
        return body
    fields = isinstance(body, dict) and ("issues" in body or "reason" in body)
    verdict = judge(words, status, fields=fields)
    if not is_json and status < 400 and kind != "page":
        verdict = verdict._replace(error=ServerError)
        what = "broken JSON" if "json" in content_type else "a web page"
        words = f"{what} came instead of an answer{': ' if words else ''}{words}"
    if not is_json and status == 404:
        verdict = verdict._replace(remedy=_NO_API)
    request_id = body.get("id") if isinstance(body, dict) else None
    details: dict[str, Any] = {
        "endpoint": endpoint,
        "status": status,
        "request_id": redact(request_id, *secrets) if isinstance(request_id, str) else None,
        "body": masked(body, secrets),
        "remedy": redact(verdict.remedy, *secrets),
    }
    message = redact(words or f"the server answered `{endpoint}` with HTTP {status}.", *secrets)
    if issubclass(verdict.error, RateLimitError):
        wait = retry_after if retry_after is not None else seconds_to_wait(words)
        if wait is not None and not details["remedy"]:
            details["remedy"] = f"Wait {wait:g} s."
        raise RateLimitError(message, retry_after=wait, **details)
    raise verdict.error(message, **details)


def _parse(content_type: str, text: str) -> tuple[Any, bool]:
    kind = content_type.partition(";")[0].strip().lower()
    looks = text.lstrip()[:1] in ("{", "[", '"') or text.strip() == "null"
    if kind.endswith("json") or (not kind and looks):
        try:
            return json.loads(text), True
        except (ValueError, RecursionError):
            pass
    return text, False


def _failure(body: Any, status: int, kind: Kind) -> tuple[bool, str]:
    """Whether a JSON answer is a failure, and its words."""
    if not isinstance(body, dict):
        return status >= 400, words_of(body) if status >= 400 else ""
    event, error = body.get("event"), body.get("error")
    if event == "error":
        return True, _trim(words_of(error), kind)
    if event == "account_creation_failed":
        return True, words_of(body.get("reason"))
    if kind == "v2" and body.get("issues"):
        return True, words_of(body["issues"])
    if event is None and error not in (None, "", False):
        return True, _trim(words_of(error), kind)
    return status >= 400, words_of(error) if error is not None else ""


def masked(body: Any, secrets: tuple[Secret | str | None, ...] = (), depth: int = _DEEPEST) -> Any:
    """The same body with every secret masked; what is deeper than anything real is left out."""
    if isinstance(body, (dict, list)) and not depth:
        return "..."
    if isinstance(body, dict):
        return {
            redact(key, *secrets): mask(value)
            if key in SECRET_KEYS and isinstance(value, str)
            else masked(value, secrets, depth - 1)
            for key, value in body.items()
        }
    if isinstance(body, list):
        return [masked(item, secrets, depth - 1) for item in body]
    return redact(body, *secrets) if isinstance(body, str) else body


def sealed(params: Any, depth: int = _DEEPEST) -> Any:
    """The same parameters with the passwords and tokens among them as secrets."""
    if isinstance(params, dict) and depth:
        return {
            key: Secret(value)
            if key in SECRET_KEYS and isinstance(value, str)
            else sealed(value, depth - 1)
            for key, value in params.items()
        }
    if isinstance(params, list) and depth:
        return [sealed(value, depth - 1) for value in params]
    return params


def secrets_in(params: Any) -> tuple[Secret | str, ...]:
    """The passwords and tokens among parameters: a server may repeat them in its errors."""
    if isinstance(params, Secret):
        return () if params.reveal() in SECRET_KEYS else (params,)
    if isinstance(params, dict):
        found = tuple(
            # "password" as a password would mask the names of fields
            value
            for key, value in params.items()
            if key in SECRET_KEYS and isinstance(value, str) and value not in SECRET_KEYS
        )
        return found + tuple(it for v in params.values() for it in secrets_in(v))
    if isinstance(params, list):
        return tuple(it for value in params for it in secrets_in(value))
    return ()


def unexpected(endpoint: str, body: Any, wanted: str) -> APIError:
    """The error for an answer that lacks what it should have."""
    return ServerError(
        f"the answer to `{endpoint}` has no {wanted}.",
        endpoint=endpoint,
        status=200,
        body=masked(body),
    )


def _trim(words: str, kind: Kind) -> str:
    # what the conat bridge adds before and after a sentence (recording); whole in .body
    if kind != "conat":
        return words
    return re.sub(r"^Error: ", "", _CALLED.sub("", words))
