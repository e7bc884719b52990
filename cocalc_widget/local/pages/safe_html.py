"""Owns harmless HTML: sanitized (by `nh3`), of source code (by Pygments), of TeX (as MathML).

The libraries do the work; what is said here is which elements and attributes stay.
"""

from __future__ import annotations

import html
import re
from typing import Any

import nh3
from latex2mathml.converter import convert
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename  # type: ignore[import-untyped]
from pygments.util import ClassNotFound  # type: ignore[import-untyped]


def _names(text: str) -> set[str]:
    return set(text.split())


_TAGS = _names(
    """
    a abbr b blockquote br caption cite code col colgroup dd del details div dl dt em figcaption
    figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub
    summary sup table tbody td tfoot th thead tr tt u ul var
    """
)
# their content is not text for people
_DROPPED = _names(
    """
    iframe math noembed noframes noscript object plaintext script select style svg template
    textarea title xmp
    """
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
_FORMULA = _names(
    """
    math maction menclose merror mfenced mfrac mi mlabeledtr mmultiscripts mn mo mover mpadded
    mphantom mprescripts mroot mrow ms mspace msqrt msub msubsup msup mtable mtd mtext mtr munder
    munderover none
    """
)
_FORMULA_ATTRIBUTES = _names(
    """
    accent accentunder columnalign columnlines columnspacing depth display displaystyle fence form
    frame height largeop linethickness lspace mathvariant maxsize minsize movablelimits notation
    rowlines rowspacing rspace scriptlevel separator stretchy symmetric voffset width
    """
)
_FORMATTER: Any = HtmlFormatter(nowrap=True)
_LONGEST = 10_000  # characters: past that it is no formula, and takes seconds
_LINK = re.compile(r"(https?://|mailto:)[^\s]*", re.IGNORECASE)
DATA_IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")


def sanitize(source: str) -> str:
    """Only harmless elements and attributes, all text escaped, all elements closed."""
    return nh3.clean(
        source,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=_kept,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def sanitize_formula(source: str) -> str:
    """A `<math>` element with nothing in it but MathML: no links, no styles, no HTML."""
    return nh3.clean(source, tags=_FORMULA, attributes={"*": _FORMULA_ATTRIBUTES})


def _kept(_tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if _LINK.fullmatch(value) else None
    if name == "src":  # nothing is fetched from elsewhere: opening a file must tell nobody
        return value if DATA_IMAGE.fullmatch(value) else None
    return value


def mathml(source: str, *, block: bool = False) -> str:
    """A formula as a `<math>` element; what is not understood is shown as its source."""
    plain = f'<code class="formula">{html.escape(source)}</code>'
    if len(source) > _LONGEST:
        return plain
    try:
        shown = convert(source, display="block" if block else "inline")
    # it raises what comes, also for what it merely does not know
    except Exception:  # noqa: BLE001
        return plain
    # commands that it does not know it writes as letters
    if "<mi>\\" in shown:
        return plain
    # it passes on what stands in \text{} and the like as it is
    return sanitize_formula(shown)


def language_of(path: str) -> str:
    """Pygments' name for a file's language; "text" if it knows none."""
    try:
        lexer: Any = get_lexer_for_filename(path)
    except ClassNotFound:
        return "text"
    return str(lexer.aliases[0]) if lexer.aliases else "text"


def code(text: str, language: str) -> str:
    """Source code as HTML: spans with classes, everything else escaped."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        return html.escape(text)
    return str(highlight(text, lexer, _FORMATTER))
