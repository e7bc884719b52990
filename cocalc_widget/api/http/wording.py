"""Owns turning what a server said into a sentence: text, numbers, objects, web pages (pure)."""

from __future__ import annotations

import html
import re
from typing import Any

_LONGEST = 100_000  # characters of a page that are looked at
_DEEPEST = 20  # levels of an error; nobody could read more


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
    text = text[:_LONGEST]
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
