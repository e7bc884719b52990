"""Owns making a PDF of TeX as API v2 does it: the file, the command, and the PDF's address."""

from __future__ import annotations

import shlex
import time
import uuid
from typing import TYPE_CHECKING, Any

from ..state import files as project_files
from . import commands, files
from .failures import ServiceError, node_words

if TYPE_CHECKING:
    from ..state.site_state import SiteState

_COMMAND = "latexmk -pdf -f -g -bibtex -deps -synctex=1 -interaction=nonstopmode"
_SECONDS = 30  # that the command may take, unless asked otherwise (source)
_KEPT = 3600  # seconds that a PDF is kept, unless asked otherwise (source)
_MOST = 20  # PDFs that are kept


async def compile_(site: SiteState, project_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Run TeX; what the command said, and where the PDF is.

    Raises:
        ServiceError: the path is none of a `.tex` file.
    """
    path = str(body.get("path") or "")
    if not path.endswith(".tex"):
        raise ServiceError("path must be specified and end in .tex")
    folder, _, name = path.rpartition("/")
    told: dict[str, Any] = {}
    if not body.get("only_read_pdf"):
        if body.get("content") is not None:
            try:
                await files.write_text(site, project_id, path, str(body["content"]))
            except OSError as error:
                raise ServiceError(f"Error: {node_words(error, 'open', path)}") from None
        line = str(body.get("command") or f"{_COMMAND} {shlex.quote(name)}")
        asked = {"command": line, "path": folder, "timeout": body.get("timeout") or _SECONDS}
        try:
            output = await commands.execute(site, project_id, asked, none="")
            told["compile"] = {"event": "project_exec_output", "id": str(uuid.uuid4()), **output}
        except ServiceError as error:
            told["compile"] = {"event": "error", "id": str(uuid.uuid4()), "error": error.error}
    pdf = f"{path[:-4]}.pdf"
    try:
        data = await site.run(project_files.read_bytes, site.projects.root(project_id), pdf)
    except OSError as error:
        return {**told, "error": f"Error: {node_words(error, 'open', pdf)}"}
    ttl = body.get("ttl")
    key = _keep(site, data, float(ttl) if isinstance(ttl, int | float) else _KEPT)
    place = f"https://localhost:{site.port}/blobs/{pdf}?uuid={key}"
    read = {"event": "file_read_from_project", "id": str(uuid.uuid4()), "data_uuid": key}
    return {**told, "url": place, "pdf": read}


def kept(site: SiteState, key: str) -> bytes | None:
    """A PDF by the id in its address; whoever has that may have the PDF (source)."""
    ends, data = site.blobs.get(key, (0.0, b""))
    return data if ends > time.monotonic() else None


def _keep(site: SiteState, data: bytes, seconds: float) -> str:
    key = str(uuid.uuid4())
    while len(site.blobs) >= _MOST:
        site.blobs.pop(next(iter(site.blobs)))
    site.blobs[key] = (time.monotonic() + seconds, data)
    return key
