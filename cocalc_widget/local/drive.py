"""Owns the driving of a notebook in a real JupyterLab: open, run a cell, read outputs, save."""

from __future__ import annotations

import ast
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import CoCalcError

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

_OPEN_DEADLINE = 30_000  # ms: Lab itself, the notebook, its kernel
# `--expose-app-in-browser` puts the application at window.jupyterapp: cells
# are run by Lab's own command, and outputs are read from the notebook's model.
_OPEN = "async name => { await jupyterapp.commands.execute('docmanager:open', {path: name}); }"
_READY = """async () => {
  const panel = window.jupyterapp?.shell.currentWidget;
  if (!panel?.sessionContext) return false;
  await panel.revealed; await panel.sessionContext.ready;
  return panel.sessionContext.session?.kernel?.status === 'idle';
}"""
_CELLS = """() => jupyterapp.shell.currentWidget.content.widgets.map(cell => ({
  type: cell.model.type, source: cell.model.sharedModel.getSource()}))"""
_RUN = """async index => {
  const panel = jupyterapp.shell.currentWidget;
  panel.content.activeCellIndex = index;
  panel.content.scrollToItem?.(index);
  await jupyterapp.commands.execute('notebook:run-cell');
  return panel.content.widgets[index].model.outputs.toJSON();
}"""
_OUTPUTS = "index => jupyterapp.shell.currentWidget.content.widgets[index].model.outputs.toJSON()"
_ASK = """async expression => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const asked = kernel.requestExecute(
    {code: '', silent: true, store_history: false, user_expressions: {answer: expression}});
  return (await asked.done).content.user_expressions.answer;
}"""
_TAGS = "index => jupyterapp.shell.currentWidget.content.widgets[index].model.getMetadata('tags')"
_ADD = """source => {
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
        page.evaluate(_OPEN, name)
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until the kernel of the notebook is idle."""
        self.page.wait_for_function(_READY, timeout=_OPEN_DEADLINE)

    def cells(self) -> list[dict[str, str]]:
        """Type and source of every cell."""
        found: list[dict[str, str]] = self.page.evaluate(_CELLS)
        return found

    def run(self, index: int, *, timeout: float = 60.0) -> Cell:
        """Run one cell as a user does; `timeout` in seconds.

        Raises:
            CoCalcError: the cell did not end within the timeout.
        """
        source = self.cells()[index]["source"]
        start = time.monotonic()
        try:
            # evaluate() itself has no deadline: start the cell, then wait for its end
            self.page.evaluate(
                f"i => {{ window.__ran = null; ({_RUN})(i).then(o => {{ window.__ran = o }}, "
                "e => { window.__ran = String(e) }) }",
                index,
            )
            self.page.wait_for_function("() => window.__ran", timeout=timeout * 1000)
        except Exception as error:
            if "Timeout" not in type(error).__name__:
                raise
            raise CoCalcError(f"cell {index} did not end within {timeout:g} s: {source}") from None
        outputs = self.page.evaluate(_OUTPUTS, index)
        return Cell(index, source, outputs, time.monotonic() - start)

    def execute(self, source: str, *, timeout: float = 60.0) -> Cell:
        """Append a code cell and run it."""
        return self.run(int(self.page.evaluate(_ADD, source)), timeout=timeout)

    def ask(self, expression: str) -> str:
        """The value of a Python expression that gives a string, without touching any cell."""
        answer = self.page.evaluate(_ASK, expression)
        if answer["status"] != "ok":
            raise CoCalcError(f"{answer['ename']}: {answer['evalue']} (asking for {expression})")
        return str(ast.literal_eval(answer["data"]["text/plain"]))

    def tags(self, index: int) -> list[str]:
        """The tags of a cell."""
        return list(self.page.evaluate(_TAGS, index) or [])

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
