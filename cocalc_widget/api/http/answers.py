"""Owns the reading of an answer: a result, or the exact error in the server's own words (pure).

The shapes are those of the recordings: API v1 fails in four ways, API v2 with
`{error}` or `{issues}`, the conat bridge with `{error}` and bare results, and all
three with web pages.
"""

from __future__ import annotations

import html
import json
import math
import re
from typing import Any, Literal

from ...errors import APIError, RateLimitError, ServerError
from ...redact import Secret, redact
from .failures import filled, judge, seconds_to_wait
from .secrets import masked, shortened, told_body

_PAGE = 100_000  # characters of a page that are looked at
_WORDS = 20_000  # characters of a message
_DEEPEST = 20  # levels of an error; nobody could read more
Kind = Literal["v1", "v2", "conat", "page"]
# what to do where a page says that there is nothing, by what was called
_NO_API: dict[Kind, str] = {
    "v1": "Is the host a CoCalc? One of 2025 or later has no API v1: "
    'Client(api="v2") speaks with it.',
    "v2": "Is the host a CoCalc? If so, it has no such endpoint in API v2; methods of the conat "
    'bridge are named with a dot, as "system.ping".',
    "conat": "Is the host a CoCalc? One from before 2025 has no conat bridge: call an event of "
    'API v1 ("ping") or a path of API v2 ("projects/get").',
    "page": "Is the host a CoCalc?",
}
_CALLED = re.compile(r" - call[A-Z]\w+: subject='.*$", re.DOTALL)


def read(
    status: int,
    content_type: str,
    text: str,
    *,
    endpoint: str,
    kind: Kind,
    host: str = "",
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
        host: that answered, for an error of what stands before CoCalc.
        retry_after: seconds, as a header said.
        secrets: what must not appear in an error.

    Raises:
        APIError: or the subclass for what the server said.
    """
    body, is_json = _parse(content_type, text)
    if kind == "page" and not is_json:
        words = text[6:].strip() if text.startswith("ERROR:") else ""
        failed = bool(words) or status >= 400
        words = words or page_words(shortened(text, _PAGE, secrets))
    elif is_json:
        failed, words = _failure(body, status, kind)
    else:
        failed, words = True, page_words(shortened(text, _PAGE, secrets))
    if not failed:
        return body
    words = shortened(words, _WORDS, secrets)
    fields = isinstance(body, dict) and ("issues" in body or "reason" in body)
    verdict = judge(words, status, fields=fields)
    if not is_json and status < 400 and kind != "page":
        verdict = verdict._replace(error=ServerError)
        what = "broken JSON" if "json" in content_type else "a web page"
        words = f"{what} came instead of an answer{': ' if words else ''}{words}"
    if not is_json and status == 404:
        verdict = verdict._replace(remedy=_NO_API[kind])
    request_id = body.get("id") if isinstance(body, dict) else None
    details: dict[str, Any] = {
        "endpoint": endpoint,
        "status": status,
        "request_id": redact(request_id, *secrets) if isinstance(request_id, str) else None,
        "body": told_body(body, secrets),
        "remedy": redact(verdict.remedy, *secrets),
    }
    message = redact(_told(words, is_json, status, endpoint, host), *secrets)
    limited = issubclass(verdict.error, RateLimitError)
    wait = seconds_to_wait(words) if limited and retry_after is None else retry_after
    if wait is not None and (limited or status >= 429):
        details["remedy"] = f"{details['remedy']} {patience(wait)}".strip()
    if limited:
        raise RateLimitError(message, retry_after=wait, **details)
    raise verdict.error(message, **details)


def patience(seconds: float) -> str:
    """How long a server wants to be left alone, as advice; in the unit that a person would use."""
    if seconds < 1:
        return "It may be tried again at once."
    for size, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"Wait {math.ceil(10 * seconds / size) / 10:g} {name}, as the server asks."
    return f"Wait {math.ceil(seconds)} s."


def _told(words: str, is_json: bool, status: int, endpoint: str, host: str) -> str:  # noqa: FBT001
    """The words of a failure; with host and call where it is not CoCalc itself that speaks."""
    where = f"{host or 'the server'} answered `{endpoint}` with HTTP {status}"
    if not words:
        return f"{where}."
    before = status in (502, 503, 504) or (status >= 500 and not is_json)
    return f"{where}: {words}" if host and before else words


def _parse(content_type: str, text: str) -> tuple[Any, bool]:
    kind = content_type.partition(";")[0].strip().lower()
    plain = text.lstrip("\ufeff \t\r\n")  # a mark of the byte order is no JSON
    looks = plain[:1] in ("{", "[") or (not kind and (plain[:1] == '"' or plain.strip() == "null"))
    if kind.endswith("json") or (looks and "html" not in kind):
        try:
            return json.loads(plain), True
        except (ValueError, RecursionError):
            pass
    return text, False


def _failure(body: Any, status: int, kind: Kind) -> tuple[bool, str]:
    """Whether a JSON answer is a failure, and its words."""
    if not isinstance(body, dict):
        return status >= 400, words_of(body) if status >= 400 else ""
    event, error = body.get("event"), body.get("error")
    if event == "error":
        error = body.get("mesg", body.get("message")) if error is None else error
        return True, _trim(words_of(error), kind)
    if event == "account_creation_failed":
        return True, words_of(body.get("reason"))
    if kind == "v2" and body.get("issues"):
        return True, words_of(body["issues"])
    if event is None and error not in (None, "", False):
        return True, _trim(words_of(error), kind)
    error = body.get("message") if error is None and status >= 400 else error
    return status >= 400, words_of(error) if error is not None else ""


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
    return filled(re.sub(r"^Error: ", "", _CALLED.sub("", words)))


def words_of(error: Any, depth: int = _DEEPEST) -> str:  # noqa: PLR0911 - one per form
    """What the server said, as a sentence: errors come as text, numbers, objects and mappings."""
    if isinstance(error, str):
        page = re.match(r"\s*<(!doctype|html)\b", error, re.IGNORECASE)
        return (page_words(error) if page else "") or error.strip()
    if not depth:
        return "..."
    if isinstance(error, dict):
        if isinstance(error.get("message"), str):
            return str(error["message"])
        if isinstance(error.get("code"), (str, int)):
            told = f"{error['code']}: {words_of(error.get('syscall', 'failed'), 1)}"
            return f"{told} '{words_of(error['path'], 1)}'" if error.get("path") else told
        return "; ".join(f"{key}: {words_of(value, depth - 1)}" for key, value in error.items())
    if isinstance(error, list):
        return "; ".join(words_of(item, depth - 1) for item in error)
    if error is None:
        return "the server gave no reason"
    return f"the server gave only this as the reason: {error}"


def page_words(text: str) -> str:
    """The message in a web page: what its `<pre>` or its title says."""
    text = text[:_PAGE]
    inner = _inside("pre", text) or _inside("title", text) or _inside("h1", text)
    if inner is None:
        inner = "" if re.search(r"<(html|body|!doctype)", text, re.IGNORECASE) else text
    # the first line: the rest of an Express page is a stack trace
    inner = re.split(r"<br\s*/?>|\n", inner.strip(), maxsplit=1, flags=re.IGNORECASE)[0]
    return html.unescape(re.sub(r"<[^>]+>", "", inner[:2000])).strip()[:500]


def _inside(tag: str, text: str) -> str | None:
    """What the first element of that name holds; in a time that grows with the text alone."""
    start = re.search(rf"<{tag}[^>]{{0,500}}>", text, re.IGNORECASE)
    end = start and re.compile(f"</{tag}>", re.IGNORECASE).search(text, start.end())
    return text[start.end() : end.start()] if start and end else None
