"""Owns formulas: TeX as MathML, which browsers show themselves; `latex2mathml` does the work."""

from __future__ import annotations

import html

from latex2mathml.converter import convert

from .sanitize import sanitize_formula

_LONGEST = 10_000  # characters: past that it is no formula, and takes seconds


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
