"""Owns notebooks as safe HTML: cells with their prompts, and outputs of every kind."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any

from .markdown import markdown
from .safe_html import code, sanitize

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")


def notebook(text: str, base: str) -> str:
    """A notebook's cells as HTML; one that cannot be read says so."""
    try:
        content = _load(text)
        language = str(content.get("metadata", {}).get("language_info", {}).get("name", "python"))
        cells = "".join(_cell(cell, language, base) for cell in content["cells"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return '<p class="note">This notebook cannot be read.</p>'
    return f'<div class="notebook">{cells}</div>'


def _load(text: str) -> dict[str, Any]:
    if not text.strip():
        return {"cells": []}
    content: dict[str, Any] = json.loads(text)
    if content.get("nbformat") != 4:
        import nbformat

        reads: Any = nbformat.reads
        content = reads(text, as_version=4)
    return content


def _cell(cell: dict[str, Any], language: str, base: str) -> str:
    source = _joined(cell.get("source", ""))
    if cell["cell_type"] == "markdown":
        return f'<section class="cell prose">{markdown(source, base)}</section>'
    if cell["cell_type"] != "code":
        return f'<section class="cell"><pre class="raw">{html.escape(source)}</pre></section>'
    count = cell.get("execution_count")
    number = count if isinstance(count, int) else " "
    inside = f'<div class="prompt">[{number}]</div><pre class="code">{code(source, language)}</pre>'
    outputs = "".join(_output(output, base) for output in cell.get("outputs", []))
    shown = f'<div class="outputs">{outputs}</div>' if outputs else ""
    return f'<section class="cell code-cell">{inside}{shown}</section>'


def _output(output: dict[str, Any], base: str) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return f'<pre class="{name}">{_plain(_joined(output.get("text", "")))}</pre>'
    if kind == "error":
        lines = output.get("traceback") or [f"{output.get('ename')}: {output.get('evalue')}"]
        return f'<pre class="error">{_plain(chr(10).join(map(str, lines)))}</pre>'
    return _rich(output.get("data") or {}, base)


def _rich(data: dict[str, Any], base: str) -> str:
    """The best of what an output offers."""
    for kind in ("image/png", "image/jpeg", "image/gif"):
        value = _joined(data.get(kind, ""))
        if value and _BASE64.fullmatch(value):
            return f'<img src="data:{kind};base64,{"".join(value.split())}" alt="">'
    if svg := _joined(data.get("image/svg+xml", "")):
        # as an image: scripts in it do not run, and nothing is loaded
        packed = base64.b64encode(svg.encode()).decode()
        return f'<img src="data:image/svg+xml;base64,{packed}" alt="">'
    if page := _joined(data.get("text/html", "")):
        return f'<div class="html">{sanitize(page)}</div>'
    if latex := _joined(data.get("text/latex", "")):
        return f'<div class="html">{markdown(latex, base)}</div>'
    if prose := _joined(data.get("text/markdown", "")):
        return f'<div class="prose">{markdown(prose, base)}</div>'
    return f'<pre class="result">{_plain(_joined(data.get("text/plain", "")))}</pre>'


def _plain(text: str) -> str:
    return html.escape(_ANSI.sub("", text))


def _joined(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)
