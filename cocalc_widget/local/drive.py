"""Owns the driving of a notebook in a real JupyterLab: open, run a cell, read outputs, save."""

from __future__ import annotations

import ast
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import CoCalcError
from . import lab_page

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

_ASK_DEADLINE = 30.0  # seconds
_OPEN_DEADLINE = 30_000  # ms: Lab itself
_READY_DEADLINE = 60.0  # seconds: the notebook's kernel
_PATIENCE = 5.0  # seconds until a kernel is nudged


@dataclass(frozen=True)
class Cell:
    """What one code cell left: its outputs in the notebook format, and the time it took."""

    index: int
    source: str
    outputs: list[dict[str, Any]] = field(repr=False)
    seconds: float = 0.0

    @property
    def error(self) -> str:
        """The error's name and message, "" if the cell ran through."""
        for output in self.outputs:
            if output["output_type"] == "error":
                return f"{output['ename']}: {output['evalue']}"
        return ""

    @property
    def text(self) -> str:
        """All plain text of the outputs, joined."""
        parts = []
        for output in self.outputs:
            if output["output_type"] == "stream":
                parts.append(output["text"])
            elif "data" in output:
                parts.append(output["data"].get("text/plain", ""))
        return "".join(part if isinstance(part, str) else "".join(part) for part in parts)


class Notebook:
    """One notebook open in JupyterLab, in a page of a browser driven by Playwright."""

    def __init__(self, page: Page, url: str, token: str, name: str) -> None:
        self.page = page
        page.goto(f"{url}/lab?token={token}&reset", timeout=_OPEN_DEADLINE)
        page.wait_for_function("() => window.jupyterapp", timeout=_OPEN_DEADLINE)
        page.evaluate("() => jupyterapp.restored")
        page.evaluate(lab_page.OPEN, name)
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the kernel of the notebook is idle.

        Raises:
            CoCalcError: it was not within a minute.
        """
        if not self.comes(lab_page.READY, _READY_DEADLINE):
            raise CoCalcError(f"the kernel was not idle within {_READY_DEADLINE:g} s")

    def cells(self) -> list[dict[str, str]]:
        """Type and source of every cell."""
        found: list[dict[str, str]] = self.page.evaluate(lab_page.CELLS)
        return found

    def run(self, index: int, *, timeout: float = 60.0) -> Cell:
        """Run one cell as a user does; `timeout` in seconds.

        Raises:
            CoCalcError: the cell did not end within the timeout.
        """
        source = self.cells()[index]["source"]
        start = time.monotonic()
        # evaluate() itself has no deadline: start the cell, then wait for its end
        self.page.evaluate(
            f"i => {{ window.__ran = null; ({lab_page.RUN})(i).then(o => {{ window.__ran = o }}, "
            "e => { window.__ran = String(e) }) }",
            index,
        )
        if not self.comes("() => window.__ran", timeout):
            raise CoCalcError(f"cell {index} did not end within {timeout:g} s: {source}")
        outputs = self.page.evaluate(lab_page.OUTPUTS, index)
        return Cell(index, source, outputs, time.monotonic() - start)

    def execute(self, source: str, *, timeout: float = 60.0) -> Cell:
        """Append a code cell and run it."""
        return self.run(int(self.page.evaluate(lab_page.ADD, source)), timeout=timeout)

    def ask(self, expression: str) -> str:
        """The value of a Python expression that gives a string, without touching any cell."""
        self.page.evaluate(
            f"x => {{ window.__told = null; ({lab_page.ASK})(x).then(a => {{ window.__told = a }}, "
            "e => { window.__told = {status: 'error', ename: 'Error', evalue: String(e)} }) }",
            expression,
        )
        if not self.comes("() => window.__told", _ASK_DEADLINE):
            raise CoCalcError(f"no answer within {_ASK_DEADLINE:g} s (asking for {expression})")
        answer = self.page.evaluate("() => window.__told")
        if answer["status"] != "ok":
            raise CoCalcError(f"{answer['ename']}: {answer['evalue']} (asking for {expression})")
        return str(ast.literal_eval(answer["data"]["text/plain"]))

    def comes(self, condition: str, seconds: float) -> bool:
        """Wait until a function of the page says yes; False if it has not within `seconds`."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._came(condition, min(left, _PATIENCE)):
                return True
            self.page.evaluate(lab_page.NUDGE)
        return False

    def _came(self, condition: str, seconds: float) -> bool:
        try:
            self.page.wait_for_function(condition, timeout=seconds * 1000)
        except Exception as error:
            if "Timeout" not in type(error).__name__:
                raise
            return False
        return True

    def tags(self, index: int) -> list[str]:
        """The tags of a cell."""
        return list(self.page.evaluate(lab_page.TAGS, index) or [])

    def show_end(self, index: int) -> None:
        """Scroll so that the end of a cell's output is seen."""
        self.page.evaluate(
            "index => jupyterapp.shell.currentWidget.content.widgets[index].node"
            ".scrollIntoView({block: 'end'})",
            index,
        )

    def command(self, name: str, args: dict[str, Any] | None = None) -> None:
        """Run one of JupyterLab's commands, e.g. `docmanager:save`."""
        self.page.evaluate(
            "async ([name, args]) => { await jupyterapp.commands.execute(name, args) }",
            [name, args or {}],
        )

    def save(self) -> None:
        """Save the notebook to its file, widget state included."""
        self.command("docmanager:save")

    def frame(self, nth: int = 0) -> FrameLocator:
        """The content of the nth CoCalc frame that is shown."""
        return self.page.locator("iframe[title*=CoCalc]").nth(nth).content_frame
