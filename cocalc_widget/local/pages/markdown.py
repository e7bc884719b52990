"""Owns Markdown as safe HTML: no raw HTML, pictures of the project only, formulas as MathML."""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from .safe_html import DATA_IMAGE, code, mathml

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

_INLINE = re.compile(r"\$(?!\s|\$)((?:[^$\\]|\\.)+?)(?<!\s)\$(?!\d)([.,;:!?)]?)")


def markdown(text: str, base: str) -> str:
    """Markdown as HTML.

    Args:
        text: the source. HTML in it is shown, not interpreted.
        base: URL below which pictures with relative addresses lie.
    """
    return str(_parser().render(text, {"base": base}))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "highlight": _fence, "typographer": True})
    parser.enable(["table", "strikethrough", "smartquotes"])
    parser.inline.ruler.before("escape", "math", _inline_math)
    parser.block.ruler.before("fence", "math_block", _block_math, {"alt": ["paragraph"]})
    parser.add_render_rule("math", lambda _self, tokens, i, *_: _formula(tokens[i]))
    parser.add_render_rule(
        "math_block", lambda _self, tokens, i, *_: mathml(tokens[i].content, block=True)
    )
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link)
    parser.add_render_rule("th_open", _table_cell)
    parser.add_render_rule("td_open", _table_cell)
    return parser


def _fence(text: str, language: str, _attributes: str) -> str:
    return code(text, language or "text")


def _inline_math(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 (their interface)
    match = _INLINE.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        token = state.push("math", "math", 0)
        token.content, token.info = match.group(1), match.group(2)
    state.pos = match.end()
    return True


def _formula(token: Any) -> str:
    # a comma must not begin the next line, though the formula is a box of its own
    shown = mathml(token.content)
    return f'<span class="kept">{shown}{token.info}</span>' if token.info else shown


def _block_math(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    def line(n: int) -> str:
        return state.src[state.bMarks[n] + state.tShift[n] : state.eMarks[n]].strip()

    first = line(start)
    if not first.startswith("$$"):
        return False
    last = start
    text = first[2:]
    while not text.rstrip().endswith("$$"):
        last += 1
        if last >= end:
            return False
        text += "\n" + line(last)
    if not silent:
        token = state.push("math_block", "math", 0)
        token.content = text.rstrip()[:-2].strip()
        token.map = [start, last + 1]
    state.line = last + 1
    return True


def _image(_self: Any, tokens: Any, i: int, _options: Any, env: Any) -> str:
    token = tokens[i]
    source = str(token.attrGet("src") or "")
    alt = html.escape(token.content, quote=True)
    # nothing is fetched from elsewhere: opening a file must tell nobody
    if not DATA_IMAGE.fullmatch(source):
        if ":" in source or source.startswith(("/", "\\")):
            return f'<span class="missing">{alt}</span>'
        source = env["base"] + source
    return f'<img src="{html.escape(source, quote=True)}" alt="{alt}">'


def _link(self: Any, tokens: Any, i: int, options: Any, env: Any) -> str:
    token = tokens[i]
    token.attrSet("target", "_blank")
    token.attrSet("rel", "noopener noreferrer")
    return str(self.renderToken(tokens, i, options, env))


def _table_cell(self: Any, tokens: Any, i: int, options: Any, env: Any) -> str:
    # the page's policy allows no inline styles; a class says the same
    style = str(tokens[i].attrs.pop("style", ""))
    if style:
        tokens[i].attrSet("class", style.rpartition(":")[2])
    return str(self.renderToken(tokens, i, options, env))
