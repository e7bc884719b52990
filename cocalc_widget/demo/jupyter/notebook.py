"""Owns the driving of a notebook in a real JupyterLab: open, run a cell, read outputs, save."""

from __future__ import annotations

import ast
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...errors import CoCalcError

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

_ASK_DEADLINE = 30.0  # seconds
_OPEN_DEADLINE = 30_000  # ms: Lab itself
_READY_DEADLINE = 60.0  # seconds: the notebook's kernel
_PATIENCE = 5.0  # seconds until a kernel is nudged

# What is run in the page. `--expose-app-in-browser` puts the application at
# window.jupyterapp: cells are run by Lab's own command, and outputs are read
# from the notebook's model.
OPEN = "async name => { await jupyterapp.commands.execute('docmanager:open', {path: name}); }"
READY = """async () => {
  const panel = window.jupyterapp?.shell.currentWidget;
  if (!panel?.sessionContext) return false;
  await panel.revealed; await panel.sessionContext.ready;
  return panel.sessionContext.session?.kernel?.status === 'idle';
}"""
CELLS = """() => jupyterapp.shell.currentWidget.content.widgets.map(cell => ({
  type: cell.model.type, source: cell.model.sharedModel.getSource()}))"""
RUN = """async index => {
  const panel = jupyterapp.shell.currentWidget;
  panel.content.activeCellIndex = index;
  panel.content.scrollToItem?.(index);
  await jupyterapp.commands.execute('notebook:run-cell');
}"""
OUTPUTS = "index => jupyterapp.shell.currentWidget.content.widgets[index].model.outputs.toJSON()"
ASK = """async expression => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const asked = kernel.requestExecute(
    {code: '', silent: true, store_history: false, user_expressions: {answer: expression}});
  return (await asked.done).content.user_expressions.answer;
}"""
BEGIN = """argument => {
  window.__end = null;
  (SCRIPT)(argument).then(
    value => { window.__end = {value}; },
    error => { window.__end = {error: String(error)}; });
}"""
END = "() => window.__end"
# Before 7.4 ipykernel can let the requests of a page lie: another connection wakes it
# (https://github.com/ipython/ipykernel/pull/1529).
NUDGE = """() => {
  const model = jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.model;
  if (!model) return;
  const other = jupyterapp.serviceManager.kernels.connectTo({model, handleComms: false});
  other.info.catch(() => {}).finally(() => other.dispose());
}"""
TAGS = "index => jupyterapp.shell.currentWidget.content.widgets[index].model.getMetadata('tags')"
ADD = """source => {
  const panel = jupyterapp.shell.currentWidget;
  const model = panel.content.model.sharedModel;
  model.addCell({cell_type: 'code', source});
  return model.cells.length - 1;
}"""


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
        page.evaluate(OPEN, name)
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the kernel of the notebook is idle.

        Raises:
            CoCalcError: it was not within a minute.
        """
        if not self.comes(READY, _READY_DEADLINE):
            raise CoCalcError(f"the kernel was not idle within {_READY_DEADLINE:g} s")

    def cells(self) -> list[dict[str, str]]:
        """Type and source of every cell."""
        found: list[dict[str, str]] = self.page.evaluate(CELLS)
        return found

    def run(self, index: int, *, timeout: float = 60.0) -> Cell:
        """Run one cell as a user does; `timeout` in seconds.

        Raises:
            CoCalcError: the cell did not end within the timeout.
        """
        source = self.cells()[index]["source"]
        start = time.monotonic()
        self.begin(RUN, index)
        if self.outcome(timeout) is None:
            raise CoCalcError(f"cell {index} did not end within {timeout:g} s: {source}")
        return Cell(index, source, self.outputs(index), time.monotonic() - start)

    def add(self, source: str) -> int:
        """Append a code cell; its index."""
        return int(self.page.evaluate(ADD, source))

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The outputs of a code cell, in the notebook format."""
        return list(self.page.evaluate(OUTPUTS, index))

    def execute(self, source: str, *, timeout: float = 60.0) -> Cell:
        """Append a code cell and run it."""
        return self.run(self.add(source), timeout=timeout)

    def ask(self, expression: str) -> str:
        """The value of a Python expression that gives a string, without touching any cell."""
        self.begin(ASK, expression)
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
        self.page.evaluate(BEGIN.replace("SCRIPT", script), argument)

    def outcome(self, seconds: float) -> dict[str, Any] | None:
        """What became of it, `{"value": ...}` or `{"error": ...}`; None if it goes on."""
        return self.page.evaluate(END) if self.comes(END, seconds) else None

    def comes(self, condition: str, seconds: float) -> bool:
        """Wait until a function of the page says yes; False if it has not within `seconds`."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._came(condition, min(left, _PATIENCE)):
                return True
            self.page.evaluate(NUDGE)
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
        return list(self.page.evaluate(TAGS, index) or [])

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
