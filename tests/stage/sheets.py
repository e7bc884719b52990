"""Owns notebooks that are opened one after the other in a page that stays loaded."""

import nbformat

from cocalc_widget.demo.jupyter import notebook as lab_page

from .labs import Bench

_CLOSE = """async () => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.context.save();
  await panel.sessionContext.shutdown();
  panel.close();
}"""
_INTERRUPT = """async () => {
  const panel = jupyterapp.shell.currentWidget;
  await panel.sessionContext.session.kernel.interrupt();
}"""
_BUSY = """() => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  return kernel.status === 'busy' && !window.__end;
}"""
_TEXTS = """() => jupyterapp.shell.currentWidget.content.widgets.map(cell =>
  (cell.model.outputs?.toJSON() ?? []).filter(o => o.output_type === 'stream')
    .map(o => [o.text].flat().join('')).join(''))"""


def write(folder, name, kernel, *sources):
    """A notebook file for this kernel with these cells."""
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    made = nbformat.v4.new_notebook(metadata={"kernelspec": spec}, cells=cells)
    nbformat.write(made, folder / name)
    return folder / name


class Sheet(Bench):
    """A notebook in a page of JupyterLab or Notebook that is loaded already."""

    def __init__(self, page, name):
        self.page, self.said = page, []
        if name:
            page.evaluate(lab_page.OPEN, name)
        self.wait_ready()

    def interrupted(self, source, after):
        """Run a cell, press stop after so many seconds; the seconds it still took, and the cell."""
        index = self.add(source)
        self.begin(lab_page.RUN, index)
        assert self.comes(_BUSY, 20), "the cell never began"
        self.page.wait_for_timeout(after * 1000)
        self.page.evaluate(_INTERRUPT)
        assert self.outcome(20) is not None, "the cell did not end"
        return self.outputs(index)

    def texts(self):
        """What each cell printed."""
        return self.page.evaluate(_TEXTS)

    def shut(self):
        """End its kernel and close it; the page stays."""
        self.page.evaluate(_CLOSE)
