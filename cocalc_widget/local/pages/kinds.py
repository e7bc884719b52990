"""Owns which kinds of files there are, and what CoCalc's pages tell about each once it is open."""

from __future__ import annotations

from typing import Literal

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
