"""Owns making HTML of a file harmless: which elements and attributes stay; `nh3` does the work."""

from __future__ import annotations

import re

import nh3


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
_LINK = re.compile(r"(https?://|mailto:)[^\s]*", re.IGNORECASE)
_DATA = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")


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
        return value if _DATA.fullmatch(value) else None
    return value
