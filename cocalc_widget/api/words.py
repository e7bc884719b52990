"""Owns turning what a server said into a sentence: text, numbers, objects, web pages (pure)."""

from __future__ import annotations

import html
import re
from typing import Any


def words_of(error: Any) -> str:  # noqa: PLR0911 - one per form
    """What the server said, as a sentence: errors come as text, numbers, objects and mappings."""
    if isinstance(error, str):
        return error.strip()
    if isinstance(error, dict):
        if isinstance(error.get("message"), str):
            return str(error["message"])
        if "code" in error:
            told = f"{error['code']}: {error.get('syscall', 'failed')}"
            return f"{told} '{error['path']}'" if error.get("path") else told
        return "; ".join(f"{key}: {words_of(value)}" for key, value in error.items())
    if isinstance(error, list):
        return "; ".join(words_of(item) for item in error)
    if error is None:
        return "the server gave no reason"
    return f"the server gave only this as the reason: {error}"


def page_words(text: str) -> str:
    """The message in a web page: what its `<pre>` or its title says."""
    found = re.search(r"<pre[^>]*>(.*?)</pre>", text, re.IGNORECASE | re.DOTALL)
    found = found or re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    inner = (
        found[1]
        if found
        else ("" if re.search(r"<(html|body|!doctype)", text, re.IGNORECASE) else text)
    )
    # the first line: the rest of an Express page is a stack trace
    inner = re.split(r"<br\s*/?>|\n", inner.strip(), maxsplit=1, flags=re.IGNORECASE)[0]
    return html.unescape(re.sub(r"<[^>]+>", "", inner)).strip()[:500]
