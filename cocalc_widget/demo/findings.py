"""Owns what `demo --check` finds out after the run: commands, copied files, secrets in the file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from ..local import LocalCoCalc
    from .jupyter.notebook import Notebook

_WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
_COMMANDS = """__import__("json").dumps([
    {"command": " ".join(filter(None, [c.action, c.path])), "state": c.state,
     "verified": c.reply and c.reply.verified, "evidence": c.reply and c.reply.evidence,
     "seconds": c.reply and round(c.reply.elapsed, 3)}
    for w in __import__("cocalc_widget").CoCalc.instances() for c in w.history])"""
_DOCUMENT = """__import__("json").dumps([
    [w.ready and (w.path is None or w.path in w.open_files.get(w.project_id, ())), w.path]
    for w in __import__("cocalc_widget").CoCalc.instances() if w.channel != "closed"][-1:])"""


def wanted(notebook: Path) -> dict[str, bool]:
    """What a notebook must do, but for what its metadata says otherwise (`cocalc_check`).

    `frame`: show a file in a frame; `copies`: copy a file between projects.
    """
    metadata = json.loads(notebook.read_text(encoding="utf-8")).get("metadata", {})
    told = metadata.get("cocalc_check", {})
    return {name: bool(told.get(name, True)) for name in ("frame", "copies")}


def commands(notebook: Notebook) -> list[dict[str, Any]]:
    """Every command that the kernel gave its frames, with how it ended and how long it took."""
    found: list[dict[str, Any]] = json.loads(notebook.ask(_COMMANDS))
    return found


def document(notebook: Notebook) -> tuple[bool, str | None] | None:
    """Whether the widget made last is settled, and the file that it shows; None: no widget yet."""
    found = json.loads(notebook.ask(_DOCUMENT))
    return (bool(found[-1][0]), found[-1][1]) if found else None


def files(site: LocalCoCalc) -> dict[str, dict[str, bytes]]:
    """What lies in each project now: title → path → content."""
    found: dict[str, dict[str, bytes]] = {}
    for project in site.core.projects.of(site.account_id):  # those made since the start, too
        title, root = project["title"], site.directory(project["project_id"])
        paths = [path for path in root.rglob("*") if path.is_file()]
        found[title] = {str(path.relative_to(root)): path.read_bytes() for path in paths}
    return found


def copied(before: dict[str, dict[str, bytes]], after: dict[str, dict[str, bytes]]) -> list[str]:
    """The files that came to a project and equal one of another project, as `TITLE:PATH`."""
    known = {content for contents in before.values() for content in contents.values()}
    return sorted(
        f"{title}:{path}"
        for title, contents in after.items()
        for path, content in contents.items()
        if path not in before.get(title, {}) and content in known
    )


def leaks(saved: Path, site: LocalCoCalc) -> list[str]:
    """Secrets of the site that stand in the saved notebook, widget state included.

    The site keeps keys and tokens as hashes only, so every word of the file
    that could be one is held against them.
    """
    text = saved.read_text(encoding="utf-8")
    if _WIDGET_STATE not in text:
        return ["the notebook was saved without widget state"]
    found = [name for name, value in (("password", site.password),) if value in text]
    found += ["API key"] if site.api_key in text else []
    accounts = site.core.accounts
    words = {word for word in re.findall(r"[A-Za-z0-9]{24}", text) if accounts.by_token(word)}
    found += ["auth token"] if words else []
    return [f"the saved notebook contains the {name}" for name in found]
