"""Files become readable and harmless HTML."""

# ruff: noqa: RUF001 (mathematical letters)
from __future__ import annotations

import base64
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cocalc_widget.local.pages.markdown import markdown
from cocalc_widget.local.pages.notebook import notebook
from cocalc_widget.local.pages.rendering import render_file
from cocalc_widget.local.pages.safe_html import mathml, sanitize
from cocalc_widget.local.state.files import OutsideError

RAW = "/local/raw/p/"


def show(root: Path, path: str, content: str | bytes | None = None) -> dict[str, Any]:
    if content is not None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode() if isinstance(content, str) else content)
    return render_file(root, path, RAW)


def test_kinds_of_files(tmp_path: Path) -> None:
    assert show(tmp_path, "a.md", "# A")["kind"] == "markdown"
    assert show(tmp_path, "a.py", "x = 1")["kind"] == "code"
    assert show(tmp_path, "Makefile", "all:\n")["kind"] == "code"
    assert show(tmp_path, "a.csv", "n,x\n1,2\n")["kind"] == "table"
    assert show(tmp_path, "a.png", b"\x89PNG")["kind"] == "image"
    assert show(tmp_path, "a.ipynb", "")["kind"] == "notebook"
    assert show(tmp_path, "a.zip", "x") == {}
    assert show(tmp_path, "", None)["kind"] == "text"
    (tmp_path / "folder").mkdir()
    assert show(tmp_path, "folder") == show(tmp_path, "folder/") == {}


def test_a_file_that_does_not_exist_is_made(tmp_path: Path) -> None:
    assert show(tmp_path, "new/a.md")["kind"] == "markdown"
    assert (tmp_path / "new/a.md").read_bytes() == b""
    with pytest.raises(OutsideError):
        show(tmp_path, "../a.md")
    assert not (tmp_path.parent / "a.md").exists()


def test_code_has_a_number_for_each_line(tmp_path: Path) -> None:
    html = show(tmp_path, "a.py", "def f():\n    return '<b>'\n")["html"]
    assert '<pre class="numbers" aria-hidden="true">1\n2</pre>' in html
    assert "&lt;b&gt;" in html
    assert '<span class="k">def</span>' in html
    assert "a &lt; b" in show(tmp_path, "a.unknown", "a < b")["html"]


def test_tables_of_numbers(tmp_path: Path) -> None:
    html = show(tmp_path, "a.csv", 'n,"x<y"\n1,"a,b"\n')["html"]
    assert "<th>x&lt;y</th>" in html
    assert '<td class="number">1</td><td>a,b</td>' in html
    assert "<td>b</td>" in show(tmp_path, "a.tsv", "a\tc\nb\td\n")["html"]
    assert "<table" not in show(tmp_path, "empty.csv", "")["html"]


def test_markdown() -> None:
    html = markdown("# It's\n\n|a|b|\n|:--|--:|\n|1|2|\n\n```python\nx = 1\n```\n~~x~~", RAW)
    assert "<h1>It’s</h1>" in html
    assert '<td class="right">2</td>' in html
    assert "style=" not in html
    assert '<span class="n">x</span>' in html
    assert "<s>x</s>" in html


def test_markdown_is_harmless() -> None:
    html = markdown("<script>x</script> <img src=x onerror=x> [a](javascript:x) [b](data:x)", RAW)
    assert "<script" not in html
    assert "<img" not in html
    assert "href" not in html
    link = markdown("[a](https://example.org)", RAW)
    assert 'rel="noopener noreferrer"' in link


def test_pictures_come_from_the_project_alone() -> None:
    assert f'src="{RAW}pics/a.png"' in markdown("![a](pics/a.png)", RAW)
    for source in ("https://evil.test/a.png", "//evil.test/a.png", "/api/v2/x", "javascript:x"):
        assert "src=" not in markdown(f'![a "b]({source})', RAW)
    data = "data:image/png;base64,iVBORw0KGgo="
    assert f'src="{data}"' in markdown(f"![a]({data})", RAW)


def test_formulas() -> None:
    html = markdown("costs $5 and $6, but $x^2$, and\n\n$$\n\\frac{a}{b}\n$$\n", RAW)
    assert html.count("<math") == 2
    assert "$5 and $6" in html
    assert '<math display="block">' in html
    assert "</math>,</span>" in html
    assert "$$" in markdown("$$\nnever ends", RAW)


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("x_1^2", "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>"),
        (r"\sqrt{2}", "<msqrt><mrow><mn>2</mn></mrow></msqrt>"),
        (r"\alpha \le \infty", "<mi>α</mi><mo>≤</mo><mo>∞</mo>"),
        (r"\mathbb{R}", "<mi>ℝ</mi>"),
        (r"\mathbf{v}", "<mi>𝐯</mi>"),
        (r"\mathbb{A}\mathcal{L}", "<mi>𝔸</mi><mi>ℒ</mi>"),
        (r"\text{if}", "<mtext>if</mtext>"),
        (r"\hat{x}", '<mover accent="true">'),
        (r"\sin x", "<mi>sin</mi>"),
        (r"\left( x \right.", '<mo stretchy="true" fence="true" form="prefix">(</mo>'),
        (r"\begin{matrix}a&b\\c&d\end{matrix}", "<mtable><mtr><mtd><mi>a</mi></mtd>"),
        (r"a < b", "<mo>&lt;</mo>"),
    ],
)
def test_mathml(source: str, part: str) -> None:
    html = mathml(source)
    assert part in html
    ET.fromstring(html)


def test_sums_have_limits_above_and_below_in_a_block() -> None:
    assert "<munderover>" in mathml(r"\sum_{i=0}^n i", block=True)
    assert "<msubsup>" in mathml(r"\sum_{i=0}^n i")
    assert "<msubsup>" in mathml(r"\int_0^1 x", block=True)


NOT_UNDERSTOOD = [r"\unknown{x}", "^", r"\left(", "x" * 10_001]


@pytest.mark.parametrize("source", NOT_UNDERSTOOD)
def test_what_is_not_understood_is_shown_as_it_is(source: str) -> None:
    assert mathml(source).startswith('<code class="formula">')


@pytest.mark.parametrize(
    "source",
    [
        r"\text{<img src=x onerror=y>}", r"\href{javascript:x}{y}", r"\style{x:y}{z}",
        r"\class{a}{b}", r"\text{</mtext></math><script>x</script>}", "<script>x</script>",
        r"\text{<svg onload=x>}", r"\mbox{<a href='javascript:x'>y</a>}",
    ],
)  # fmt: skip
def test_a_formula_is_harmless(source: str) -> None:
    for tag, attributes in _Seen(mathml(source)).tags:
        assert tag in ("math", "mrow", "mi", "mo", "mtext", "mspace", "code")
        assert set(attributes) <= {"display", "class", "stretchy", "width"}
        assert attributes.get("class") in (None, "formula")


EVIL = [
    "<script>x</script>",
    "<img src=x onerror=x>",
    "<a href='javascript:x'>a</a>",
    "<a href='JaVa\tScript:x'>a</a>",
    "<svg><script>x</script></svg>",
    "<iframe src=x></iframe>",
    "<form action=x><button formaction=x>",
    "<div style='x' onclick=x>",
    "<math><mtext><style><img src=x onerror=x>",
    "<!--><script>x</script>-->",
    "<b <script>x</script>",
    "<base href=x><link rel=stylesheet href=x><meta http-equiv=refresh>",
    "<img src='data:image/svg+xml;base64,AAAA'>",
    "<input autofocus onfocus=x>",
]


class _Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("source", EVIL)
def test_sanitize(source: str) -> None:
    for tag, attributes in _Seen(sanitize(source)).tags:
        assert tag in ("a", "b", "div", "img")
        assert set(attributes) <= {"target", "rel"}


def test_sanitize_keeps_what_is_harmless_and_closes_it() -> None:
    table = '<table border="1"><tr><td colspan="2" class="x">a &amp; b</td></tr></table>'
    assert sanitize(table) == (
        '<table><tbody><tr><td colspan="2">a &amp; b</td></tr></tbody></table>'
    )
    assert sanitize("<p><b>x") == "<p><b>x</b></p>"
    assert sanitize("<p>x</b></p></div>") == "<p>x</p>"
    link = sanitize('<a href="https://x.test/?a=1&b=2">x</a>')
    assert 'href="https://x.test/?a=1&amp;b=2"' in link
    assert 'target="_blank"' in link
    assert sanitize("a<br>b<embed>c") == "a<br>bc"
    assert sanitize("<style>x</style>y<select><option>z</select>w") == "yw"


def _notebook(*outputs: dict[str, Any], source: Any = "x = 1") -> str:
    cell = {"cell_type": "code", "execution_count": 3, "metadata": {}, "outputs": list(outputs)}
    content = {"cells": [{**cell, "source": source}], "metadata": {}, "nbformat": 4}
    return notebook(json.dumps(content), RAW)


def _data(**data: Any) -> dict[str, Any]:
    kinds = {k.replace("__", "/").replace("_xml", "+xml"): v for k, v in data.items()}
    return {"output_type": "display_data", "data": kinds}


def test_notebook_cells() -> None:
    html = _notebook(source=["x = 1\n", "y"])
    assert '<div class="prompt">[3]</div>' in html
    assert '<span class="mi">1</span>' in html
    cells = [
        {"cell_type": "markdown", "source": "# T"},
        {"cell_type": "raw", "source": "<raw>"},
        {"cell_type": "code", "source": "", "execution_count": None},
    ]
    html = notebook(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}), RAW)
    assert "<h1>T</h1>" in html
    assert "&lt;raw&gt;" in html
    assert "[ ]" in html


def test_notebook_outputs() -> None:
    stream = {"output_type": "stream", "name": "stderr", "text": ["\x1b[31ma<b", "\x1b[0m"]}
    assert '<pre class="stderr">a&lt;b</pre>' in _notebook(stream)
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": []}
    assert '<pre class="error">E: v</pre>' in _notebook(error)
    png = _notebook(_data(image__png="iVBO\nRw0=", text__plain="p"))
    assert 'src="data:image/png;base64,iVBORw0="' in png
    svg = _notebook(_data(image__svg_xml="<svg onload=x/>"))
    packed = base64.b64encode(b"<svg onload=x/>").decode()
    assert f'src="data:image/svg+xml;base64,{packed}"' in svg
    assert "<p>x</p>" in _notebook(_data(text__html="<p>x</p><script>y</script>"))
    assert "<math" in _notebook(_data(text__latex="$x$"))
    assert "<em>x</em>" in _notebook(_data(text__markdown="*x*"))
    assert '<pre class="result">1 &lt; 2</pre>' in _notebook(_data(text__plain="1 < 2"))
    forged = _notebook(_data(image__png='"><script>x</script>', text__plain="p"))
    assert "<script" not in forged


def test_notebooks_that_are_old_or_broken() -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": [{"cell_type": "markdown", "source": "# Old", "metadata": {}}]}],
    }
    assert "<h1>Old</h1>" in notebook(json.dumps(old), RAW)
    for text in ("{", "[]", '{"nbformat": 4}', '{"nbformat": 4, "cells": [5]}'):
        assert "cannot be read" in notebook(text, RAW)
