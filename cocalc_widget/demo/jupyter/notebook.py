"""Owns the driving of a notebook in a real JupyterLab: open, run a cell, read outputs, save."""

from __future__ import annotations

import ast
import time
from typing import TYPE_CHECKING, Any

from ...errors import CoCalcError
from . import scripts as lab_page
from .cell import Cell

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

_ASK_DEADLINE = 30.0  # seconds
_OPEN_DEADLINE = 30_000  # ms: Lab itself
_READY_DEADLINE = 60.0  # seconds: the notebook's kernel
_PATIENCE = 5.0  # seconds until a kernel is nudged


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
        self.begin(lab_page.RUN, index)
        if self.outcome(timeout) is None:
            raise CoCalcError(f"cell {index} did not end within {timeout:g} s: {source}")
        return Cell(index, source, self.outputs(index), time.monotonic() - start)

    def add(self, source: str) -> int:
        """Append a code cell; its index."""
        return int(self.page.evaluate(lab_page.ADD, source))

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The outputs of a code cell, in the notebook format."""
        return list(self.page.evaluate(lab_page.OUTPUTS, index))

    def execute(self, source: str, *, timeout: float = 60.0) -> Cell:
        """Append a code cell and run it."""
        return self.run(self.add(source), timeout=timeout)

    def ask(self, expression: str) -> str:
        """The value of a Python expression that gives a string, without touching any cell."""
        self.begin(lab_page.ASK, expression)
        if (end := self.outcome(_ASK_DEADLINE)) is None:
            raise CoCalcError(f"no answer within {_ASK_DEADLINE:g} s (asking for {expression})")
        if "error" in end:
            raise CoCalcError(f"Error: {end['error']} (asking for {expression})")
        answer = end["value"]
        if answer["status"] != "ok":
            raise CoCalcError(f"{answer['ename']}: {answer['evalue']} (asking for {expression})")
        return str(ast.literal_eval(answer["data"]["text/plain"]))

    def begin(self, script: str, argument: object = None) -> None:
        """Start a function of the page that gives a promise; `outcome` waits for it.

        To evaluate the promise itself would wait without a deadline.
        """
        self.page.evaluate(lab_page.BEGIN.replace("SCRIPT", script), argument)

    def outcome(self, seconds: float) -> dict[str, Any] | None:
        """What became of it, `{"value": ...}` or `{"error": ...}`; None if it goes on."""
        return self.page.evaluate(lab_page.END) if self.comes(lab_page.END, seconds) else None

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

    def show(self, index: int, *, end: bool = False) -> None:
        """Scroll so that a cell begins at the top; or, with `end`, ends at the bottom."""
        self.page.evaluate(
            "([index, block]) => jupyterapp.shell.currentWidget.content.widgets[index].node"
            ".scrollIntoView({block})",
            [index, "end" if end else "start"],
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
