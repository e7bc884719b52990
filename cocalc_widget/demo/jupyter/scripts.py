"""Owns what is run in a page of JupyterLab to drive a notebook there: JavaScript, as text."""

from __future__ import annotations

# `--expose-app-in-browser` puts the application at window.jupyterapp: cells
# are run by Lab's own command, and outputs are read from the notebook's model.
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
