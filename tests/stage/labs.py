"""Owns JupyterLab beside a stand-in, and notebooks in it: cells that must work, kernel's values."""

import json
import time

from cocalc_widget.demo.jupyter.lab import Lab
from cocalc_widget.demo.jupyter.notebook import Notebook

from .stand_in import HUB, environment

_ALL = "() => jupyterapp.commands.execute('notebook:run-all-cells')"
_OUTPUTS = """() => jupyterapp.shell.currentWidget.content.widgets.map(
  cell => cell.model.outputs?.toJSON() ?? [])"""
_DELETE = """async index => {
  jupyterapp.shell.currentWidget.content.activeCellIndex = index;
  await jupyterapp.commands.execute('notebook:delete-cell');
}"""
_MOVE = """([from, to]) => { jupyterapp.shell.currentWidget.content.moveCell(from, to); }"""
_MOVE_DOWN = """async index => {
  jupyterapp.shell.currentWidget.content.activeCellIndex = index;
  await jupyterapp.commands.execute('notebook:move-cell-down');
}"""
_END_KERNEL = "async () => { await jupyterapp.shell.currentWidget.sessionContext.shutdown(); }"
_RESTART = """async () => {
  await jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart();
}"""
_SHUT = "async () => { await jupyterapp.serviceManager.sessions.shutdownAll(); }"

SETUP = """
from cocalc_widget import CoCalc, Client
client = Client()
lesson = {p.title: p.project_id for p in client.projects()}["Lesson"]
def new(path=None, **options):
    token = client.create_token(client.account_id)
    return CoCalc(lesson, path, client=client, token=token, **options)
"""
SHOW = SETUP + "w = new()\ndisplay(w)\n"


def lab_beside(site, folder, env=None, **options):
    """JupyterLab with the stand-in's certificate, whose kernels find it."""
    tls = {"certfile": site.cert_file, "keyfile": site.key_file, "ca_file": site.ca_file}
    env = environment(site, folder / ".config") if env is None else env
    return Lab(folder, **tls, env=env, **options)


def load_lab(context, lab):
    """A page with JupyterLab, loaded to the end."""
    page = context.new_page()
    page.goto(f"https://{HUB}/lab?token={lab.token}&reset")
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate("() => jupyterapp.restored")
    return page


class Bench(Notebook):
    """A notebook whose cells are expected to work."""

    def __init__(self, page, url, token, name):
        self.said = []
        page.on("console", lambda line: self.said.append(f"{line.type}: {line.text}"))
        page.on("pageerror", lambda error: self.said.append(f"pageerror: {error}"))
        self._again = (page, url, token, name)
        super().__init__(page, url, token, name)

    def works(self, source, **kwargs):
        """Run a cell that must not fail; what it printed."""
        cell = self.execute(source, **kwargs)
        assert not cell.error, cell.error
        return cell.text.strip()

    def fails(self, source, name, **kwargs):
        """Run a cell that must end in the error of this name; name and message."""
        cell = self.execute(source, **kwargs)
        assert cell.error.startswith(f"{name}: "), cell.error or cell.text
        return cell.error

    def value(self, expression):
        """What an expression is in the kernel, between cells."""
        return json.loads(self.ask(f"__import__('json').dumps({expression})"))

    def becomes(self, expression, expected, seconds=20):
        """Wait until an expression in the kernel has this value."""
        until = time.monotonic() + seconds
        while (found := self.value(expression)) != expected:
            assert time.monotonic() < until, f"{expression} is {found!r}, not {expected!r}"
            time.sleep(0.1)

    def run_all(self, *sources):
        """Add these cells and press Run All; the text of the last."""
        for source in sources:
            self.add(source)
        self.begin(_ALL)
        assert self.outcome(80) is not None, "Run All did not end"
        last = self.page.evaluate(_OUTPUTS)[-1]
        assert not [output for output in last if output["output_type"] == "error"], last
        return "".join(output.get("text", "") for output in last).strip()

    def delete(self, index):
        """Delete a cell."""
        self.page.evaluate(_DELETE, index)

    def move(self, index, to):
        """Move a cell."""
        self.page.evaluate(_MOVE, [index, to])

    def move_down(self, index):
        """Move a cell behind the next, by Lab's own command."""
        self.page.evaluate(_MOVE_DOWN, index)

    def end_kernel(self):
        """Shut the kernel down; the page stays."""
        self.page.evaluate(_END_KERNEL)

    def says(self, words, seconds=20):
        """Wait until a status line says this."""
        line = self.page.get_by_role("status").filter(has_text=words).first
        line.wait_for(timeout=seconds * 1000)

    @property
    def born(self):
        """When the document in the frame was made."""
        return self.frame().locator("body").evaluate("() => performance.timeOrigin")

    def restart(self):
        """Restart the kernel."""
        self.page.evaluate(_RESTART)
        self.wait_ready()

    def reload(self):
        """Load the whole page again; the kernel lives on."""
        super().__init__(*self._again)

    def shut(self):
        """End the kernels of this server and leave the page."""
        self.page.evaluate(_SHUT)
        self.page.close()

    @property
    def failures(self):
        """What the page's console complained about, as far as it is of our making."""
        words = ("widget", "cocalc", "postMessage")
        return [
            line
            for line in self.said
            if line.startswith(("error", "pageerror")) and any(word in line for word in words)
        ]
