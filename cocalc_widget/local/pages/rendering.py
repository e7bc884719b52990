"""Owns showing a project's file: its kind, its HTML, and what CoCalc tells once it is open."""

from __future__ import annotations

import csv
import html
import io
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from ..state import files
from .markdown import markdown
from .notebook import notebook
from .safe_html import code, language_of

if TYPE_CHECKING:
    from pathlib import Path

_MAX_SHOWN = 2_000_000  # bytes of a text that are shown
_MAX_ROWS = 1000  # of a table
IMAGES = {
    "png": "png",
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "gif": "gif",
    "webp": "webp",
    "svg": "svg+xml",
}
# CoCalc says done for what it has no editor for; generation A does not open it (source),
# B lists it (recording of a `.bin`)
UNSUPPORTED = frozenset(
    {"zip", "gz", "tgz", "bz2", "xz", "7z", "exe", "bin", "so", "o", "pyc", "iso", "mp4", "avi"}
)
# only told as opened (recordings L.type.*; PROTOCOL, section 3, has LaTeX and PDF)
_NEVER = frozenset({"tex", "rtex", "rnw", "rmd", "chat", "sage", "sagews", "pdf", *IMAGES})
# the kinds that CoCalc has an editor of their own for; all others become plain text late
_KNOWN = frozenset({
    "md", "markdown", "ipynb", "py", "txt", "csv", "tsv", "html", "htm", "json", "term", "tasks",
    "board", "slides", "course", "rst", "c", "h", "cpp", "hpp", "cc", "java", "css", "scss", "js",
    "jsx", "ts", "tsx", "sh", "bash", "r", "jl", "m", "sql", "xml", "yaml", "yml", "toml", "ini",
    "go", "rs", "rb", "php", "pl", "lua", "scala", "hs", "f", "f90", "bib", "lean", "adoc", "wiki",
    "mediawiki", "org", "coffee", "pug", "less", "zig", "kt", "swift", "cs",
})  # fmt: skip


def extension_of(path: str) -> str:
    """What stands behind the last dot of a path's last name, in lower case."""
    return path.rpartition("/")[2].rpartition(".")[2].lower()


def rendering_of(path: str) -> Literal["once", "twice", "never"]:
    """What generation B tells when a file is on the screen.

    Returns: "once", that it was rendered; "twice", that it was opened, a second
        time and with another id, and then that it was rendered; "never", nothing.
    """
    extension = extension_of(path)
    if path == "" or extension in _NEVER or extension in UNSUPPORTED:
        return "never"
    return "once" if extension in _KNOWN else "twice"


def render_file(  # noqa: PLR0911 (one a kind)
    root: Path, path: str, raw: str
) -> dict[str, Any]:
    """What the page shows for a path: `{kind, html}`, or `{}` where nothing opens.

    A file that does not exist is made, empty (recording). Directories and
    unsupported extensions do not open, without an error.

    Args:
        root: the project's directory.
        path: the file, relative to it.
        raw: URL below which the project's images are served.

    Raises:
        OSError: it cannot be read; `OutsideError` where it leaves the project.
    """
    if path == "":
        return {"kind": "text", "html": ""}  # the recording's odd one: open, and empty
    extension = extension_of(path)
    there = files.kind(root, path)
    if path.endswith("/") or there in ("directory", "other") or extension in UNSUPPORTED:
        return {}
    if not there:
        files.write_bytes(root, path, b"")
    if extension in IMAGES:
        source = html.escape(raw + quote(path), quote=True)
        return {
            "kind": "image",
            "html": f'<figure class="image"><img src="{source}" alt=""></figure>',
        }
    if extension == "pdf":
        return {"kind": "other", "html": '<p class="note">A PDF document.</p>'}
    text = files.read_bytes(root, path)[:_MAX_SHOWN].decode("utf-8", "replace")
    folder = quote(path.rpartition("/")[0])
    base = f"{raw}{folder}/" if folder else raw
    if extension in ("md", "markdown"):
        return {
            "kind": "markdown",
            "html": f'<article class="prose">{markdown(text, base)}</article>',
        }
    if extension == "ipynb":
        return {"kind": "notebook", "html": notebook(text, base)}
    if extension in ("csv", "tsv"):
        return {"kind": "table", "html": _table(text, "\t" if extension == "tsv" else ",")}
    return {"kind": "code", "html": _numbered(text, language_of(path))}


def _numbered(text: str, language: str) -> str:
    lines = text.count("\n") + (not text.endswith("\n"))
    numbers = "\n".join(str(n) for n in range(1, max(lines, 1) + 1))
    return (
        f'<div class="source"><pre class="numbers" aria-hidden="true">{numbers}</pre>'
        f'<pre class="code">{code(text, language)}</pre></div>'
    )


def _table(text: str, delimiter: str) -> str:
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))[: _MAX_ROWS + 1]
    if not rows:
        return '<div class="sheet"></div>'
    head, *body = rows

    def line(cells: list[str], name: str) -> str:
        shown = "".join(
            f'<{name} class="number">{html.escape(c)}</{name}>'
            if _is_number(c)
            else f"<{name}>{html.escape(c)}</{name}>"
            for c in cells
        )
        return f"<tr>{shown}</tr>"

    inner = "".join(line(row, "td") for row in body)
    head_row = line(head, "th")
    return (
        f'<div class="sheet"><table><thead>{head_row}</thead><tbody>{inner}</tbody></table></div>'
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
