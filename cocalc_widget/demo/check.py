"""Owns `demo --check`: the notebook run headless in JupyterLab, and what must be seen there."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CoCalcError
from .jupyter.chromium import headless
from .jupyter.notebook import Notebook
from .serve import LAB_HOST, LAB_ORIGIN, find_notebook, stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser

    from ..address import Generation
    from ..local import LocalCoCalc
    from .jupyter.lab import Lab
    from .jupyter.notebook import Cell

_WIDTH, _HEIGHT = 1360, 1040
_BARS = 70  # px below the notebook and the frame: JupyterLab's status bar, the widget's line
_SHOWN_DEADLINE = 15.0  # seconds until the frame shows what the command said it opened
_WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
_COMMANDS = """__import__("json").dumps([
    {"command": " ".join(filter(None, [c.action, c.path])), "state": c.state,
     "verified": c.reply and c.reply.verified, "evidence": c.reply and c.reply.evidence,
     "seconds": c.reply and round(c.reply.elapsed, 3)}
    for w in __import__("cocalc_widget").CoCalc.instances() for c in w.history])"""
_DOCUMENT = """__import__("json").dumps([
    [w.ready and (w.path is None or w.path in w.open_files.get(w.project_id, ())), w.path]
    for w in __import__("cocalc_widget").CoCalc.instances() if w.channel != "closed"][-1:])"""


def check(
    notebook: Path | None,
    screenshot: Path | None,
    generation: Generation = "B",
    *,
    dark: bool = False,
) -> int:
    """Run it, print one JSON object; 0 only if all of it held."""
    theme = "JupyterLab Dark" if dark else "JupyterLab Light"
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "cell.png")
        with (
            stage(find_notebook(notebook), generation, theme=theme) as (site, lab, copy),
            headless({LAB_HOST: lab.port}) as browser,
        ):
            report = _run(browser, site, lab, copy, picture)
        if screenshot is not None and picture.exists():
            screenshot.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(picture, screenshot)
            report["screenshot"] = str(screenshot)
    report["ok"] = not report["errors"] and report["cells_run"] == report["cells"]
    json.dump(report, sys.stdout, indent=2, ensure_ascii=False)
    print()
    return 0 if report["ok"] else 1


def _run(
    browser: Browser, site: LocalCoCalc, lab: Lab, copy: Path, picture: Path
) -> dict[str, Any]:
    errors: list[str] = []
    console: list[str] = []
    before = _files(site)
    due = wanted(copy)
    context = browser.new_context(
        viewport={"width": _WIDTH, "height": _HEIGHT}, device_scale_factor=1.5
    )
    page = context.new_page()
    page.on("pageerror", lambda error: console.append(str(error)))
    notebook = Notebook(page, LAB_ORIGIN, lab.token, copy.name)
    notebook.command("application:toggle-left-area")  # the picture is of the notebook
    notebook.wait_ready()  # which has the focus again
    cells = notebook.cells()
    code = [index for index, cell in enumerate(cells) if cell["type"] == "code"]
    ran: list[Cell] = []
    shown: list[str] = []
    for index in code:
        try:
            cell = notebook.run(index, timeout=20)
        except CoCalcError as error:  # it hangs: what the page shows then is worth a picture
            errors.append(str(error))
            page.screenshot(path=picture)
            break
        ran.append(cell)
        if cell.error:
            errors.append(f"cell {index}: {cell.error}")
            page.screenshot(path=picture)
            break
        shown += _look(notebook, index, picture, errors)
    if errors:  # the kernel may still be busy: what it was told can't be asked
        return _report(copy, code=code, ran=ran, errors=errors, shown=shown)
    commands = _commands(notebook)
    errors += [
        f"{command['command']} ended as {command['state']}, verified: {command['verified']}"
        for command in commands
        if command["state"] != "done" or command["verified"] is False
    ]
    if not shown and due["frame"]:
        errors.append("the frame never showed a file")
    copies = copied(before, _files(site))
    if not copies and due["copies"]:
        errors.append("no file was copied from one project to another")
    notebook.save()
    errors += leaks(copy, site)
    errors += [f"the page said: {line}" for line in console]
    return _report(
        copy, code=code, ran=ran, errors=errors, shown=shown, commands=commands, copies=copies
    )


def _report(
    copy: Path,
    *,
    code: list[int],
    ran: list[Cell],
    errors: list[str],
    shown: list[str],
    commands: Sequence[dict[str, Any]] = (),
    copies: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "notebook": copy.name,
        "cells": len(code),
        "cells_run": sum(not cell.error for cell in ran),
        "seconds": round(sum(cell.seconds for cell in ran), 2),
        "errors": errors,
        "commands": list(commands),
        "files_shown": shown,
        "files_copied": list(copies),
        "screenshot": None,
    }


def _look(notebook: Notebook, index: int, picture: Path, errors: list[str]) -> list[str]:
    """Hold what the frame shows against what the widget says; take the picture."""
    frames = notebook.page.locator("iframe[title*=CoCalc]")
    deadline = time.monotonic() + _SHOWN_DEADLINE
    state = _document(notebook)
    if state is None:
        if "screenshot" in notebook.tags(index):  # a notebook without a frame has its picture too
            notebook.show(index, end=True)
            notebook.page.wait_for_timeout(400)
            notebook.page.screenshot(path=picture)
        return []
    while not (state[0] and frames.count()) and time.monotonic() < deadline:
        if frames.count():
            # CoCalc waits with its work until somebody can see it (recording)
            frames.last.scroll_into_view_if_needed()
        notebook.page.wait_for_timeout(100)
        state = _document(notebook) or state
    settled, path = state
    if not settled:
        errors.append(f"cell {index}: the frame did not settle within {_SHOWN_DEADLINE:g} s")
    if not path:
        return []
    place = notebook.frame(frames.count() - 1).locator("[data-path]:visible").first
    seen = None
    while seen != path and time.monotonic() < deadline:
        seen = place.get_attribute("data-path", timeout=_SHOWN_DEADLINE * 1000)
        notebook.page.wait_for_timeout(50)
    if seen != path:
        errors.append(f"cell {index}: the frame shows {seen}, not {path}")
    if "screenshot" in notebook.tags(index):
        notebook.show(index - 1)  # the sentence before it says what is seen
        box = frames.last.bounding_box()
        if box and box["y"] + box["height"] > _HEIGHT - _BARS:  # but both do not fit
            notebook.show(index, end=True)
        notebook.page.wait_for_timeout(400)  # let the scrolling come to rest
        notebook.page.screenshot(path=picture)
    return [path]


def wanted(notebook: Path) -> dict[str, bool]:
    """What a notebook must do, but for what its metadata says otherwise (`cocalc_check`).

    `frame`: show a file in a frame; `copies`: copy a file between projects.
    """
    metadata = json.loads(notebook.read_text(encoding="utf-8")).get("metadata", {})
    told = metadata.get("cocalc_check", {})
    return {name: bool(told.get(name, True)) for name in ("frame", "copies")}


def _commands(notebook: Notebook) -> list[dict[str, Any]]:
    """Every command that the kernel gave its frames, with how it ended and how long it took."""
    found: list[dict[str, Any]] = json.loads(notebook.ask(_COMMANDS))
    return found


def _document(notebook: Notebook) -> tuple[bool, str | None] | None:
    """Whether the widget made last is settled, and the file that it shows; None: no widget yet."""
    found = json.loads(notebook.ask(_DOCUMENT))
    return (bool(found[-1][0]), found[-1][1]) if found else None


def _files(site: LocalCoCalc) -> dict[str, dict[str, bytes]]:
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
