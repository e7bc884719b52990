"""Owns making HTML of a file harmless: it is taken apart, and only known parts are rebuilt."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

_TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
    ]
)
_VOID = frozenset(("br", "hr", "img", "col"))
# their content is not text for people
_DROPPED = frozenset(
    [
        "script",
        "style",
        "template",
        "iframe",
        "object",
        "noscript",
        "title",
        "textarea",
        "select",
        "svg",
        "math",
        "xmp",
        "noembed",
        "noframes",
        "plaintext",
    ]
)
_ATTRIBUTES = {
    "a": ("href", "title"),
    "img": ("src", "alt", "title", "width", "height"),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan", "scope"),
    "ol": ("start",),
}
_LINK = re.compile(r"(https?://|mailto:)[^\s]*", re.IGNORECASE)
_DATA = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")


def sanitize(source: str) -> str:
    """Only harmless elements and attributes, all text escaped, all elements closed."""
    builder = _Builder()
    builder.feed(source)
    builder.close()
    return builder.result()


class _Builder(HTMLParser):
    """Writes new HTML from the events of the old; nothing of the old is passed on as it is."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []
        self._dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropping.append(tag)
        if self._dropping or tag not in _TAGS:
            return
        kept = "".join(
            f' {name}="{html.escape(value, quote=True)}"'
            for name, value in attrs
            if value is not None and _harmless(tag, name, value)
        )
        if tag == "a":
            kept += ' target="_blank" rel="noopener noreferrer"'
        self._out.append(f"<{tag}{kept}>")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag in self._dropping:
                del self._dropping[self._dropping.index(tag) :]
            return
        if tag in self._open:
            while True:
                last = self._open.pop()
                self._out.append(f"</{last}>")
                if last == tag:
                    return

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._out.append(html.escape(data))

    def result(self) -> str:
        """What was built, with everything closed."""
        return "".join(self._out) + "".join(f"</{tag}>" for tag in reversed(self._open))


def _harmless(tag: str, name: str, value: str) -> bool:
    if name not in _ATTRIBUTES.get(tag, ()):
        return False
    if name == "href":
        return _LINK.fullmatch(value) is not None
    if name == "src":
        return _DATA.fullmatch(value) is not None
    return True
