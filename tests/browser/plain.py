"""Owns a plain page with the built widget in it, tied to a real CoCalc object in this process.

No kernel and no JupyterLab take part, so faults run fast: the page's `model` hands messages to
the Python object and back, over the same wire.
"""

import contextlib
import http.server
import time
from collections import deque
from pathlib import Path

from comm.base_comm import BaseComm
from stage.servers import serving

import cocalc_widget
from cocalc_widget import CoCalc

# seconds
QUICK = {"ack": 3, "done": 3, "status": 2, "ready": 20, "silent": 9, "render": 3, "evidence": 5}
SCRIPT = Path(cocalc_widget.__file__).parent / "static" / "widget.js"
PAGE = """<!doctype html><title>plain</title><link rel=stylesheet href="/widget.css"><body><script>
// Counts what a widget could leave behind.
const timers = new Set(), listeners = new Set();
let detached = 0;
const { setTimeout: later, clearTimeout: never } = window;
window.setTimeout = (call, ms, ...args) => {
  const id = later(() => { timers.delete(id); call(...args); }, ms);
  timers.add(id);
  return id;
};
window.clearTimeout = (id) => { timers.delete(id); never(id); };
const listen = window.addEventListener;
window.addEventListener = function (type, call, options) {
  if (type === "message") {
    listeners.add(call);
    options?.signal?.addEventListener("abort", () => listeners.delete(call));
  }
  return listen.call(this, type, call, options);
};
const { get } = Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, "contentWindow");
Object.defineProperty(HTMLIFrameElement.prototype, "contentWindow", {
  get() { if (!this.isConnected) detached++; return get.call(this); },
});
window.left = () => ({ timers: timers.size, listeners: listeners.size, detached });
</script><script type="module">
import factory from "/widget.js";
const all = {};
const forget = (list, item) => {
  const at = list?.indexOf(item) ?? -1;
  if (at >= 0) list.splice(at, 1);
};
window.start = async (id, traits) => {
  const on = {};
  const model = {
    get: (name) => traits[name], set() {}, save_changes() {},
    on: (name, call) => (on[name] ??= []).push(call),
    off: (name, call) => forget(on[name], call),
    send: (message) => window.toKernel(id, JSON.parse(JSON.stringify(message))),
  };
  const widget = typeof factory === "function" ? await factory() : factory;
  const end = new AbortController();
  all[id] = { widget, model, on, end, views: [] };
  await widget.initialize({ model, signal: end.signal, experimental: {} });
};
window.show = async (id) => {
  const { widget, model, views } = all[id];
  const el = document.body.appendChild(document.createElement("div"));
  const end = new AbortController();
  views.push({ el, end });
  await widget.render({ model, el, signal: end.signal, experimental: {} });
};
window.hide = (id, nth) => {
  const { el, end } = all[id].views[nth];
  end.abort();
  el.remove();
};
window.end = (id) => {
  for (const { el, end } of all[id].views) { end.abort(); el.remove(); }
  all[id].end.abort();
  delete all[id];
};
window.drop = (id, nth) => {
  window.hide(id, nth);
  all[id].views.splice(nth, 1);
};
window.move = (id, nth) => document.body.appendChild(all[id].views[nth].el);
window.deliver = (pairs) => {
  for (const [id, message] of pairs) {
    for (const call of all[id]?.on["msg:custom"] ?? []) call(message, []);
  }
};
window.up = true;
</script></body>"""


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body, kind = {
            "/widget.js": (SCRIPT.read_bytes(), "text/javascript"),
            "/widget.css": (SCRIPT.with_suffix(".css").read_bytes(), "text/css"),
        }.get(self.path, (PAGE.encode(), "text/html"))
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        if self.path == "/opaque":
            self.send_header("Content-Security-Policy", "sandbox allow-scripts")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


class Parent:
    """A web server for the page: https under every name that leads to it, or plain http."""

    def __init__(self, certfile=None, keyfile=None):
        self._ends = contextlib.ExitStack()
        self.port = self._ends.enter_context(serving(_Handler, certfile, keyfile))

    def close(self):
        self._ends.close()


class PlainComm(BaseComm):
    """Keeps the kernel's custom messages until the stage takes them to the page."""

    outbox: deque

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        if data and data.get("method") == "custom":
            PlainComm.outbox.append((self.comm_id, data["content"]))


class Stage:
    """One page with any number of widgets."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        self.widgets, self.said, self.states, self.heard = {}, [], {}, []
        self.results = []
        PlainComm.outbox = deque()
        page.on("console", lambda line: self.said.append(f"{line.type}: {line.text}"))
        page.on("pageerror", lambda error: self.said.append(f"pageerror: {error}"))
        self._inbox = deque()
        page.expose_function("toKernel", lambda key, message: self._inbox.append((key, message)))
        page.goto(url)
        page.wait_for_function("() => window.up")

    def new(self, *args, show=True, **options):
        """A widget, initialized in the page and shown there."""
        return self.adopt(CoCalc(*args, **options), show=show)

    def adopt(self, widget, *, show=True):
        """The same with a widget that exists."""
        self.widgets[widget.model_id] = widget
        traits = {name: getattr(widget, name) for name in ("height", "target", "host", "sandbox")}
        self.page.evaluate("a => start(...a)", [widget.model_id, traits])
        if show:
            self.show(widget)
        return widget

    def show(self, widget):
        widget._repr_mimebundle_()
        self.page.evaluate("id => show(id)", widget.model_id)

    def hide(self, widget, nth=0):
        self.page.evaluate("a => hide(...a)", [widget.model_id, nth])

    def move(self, widget, nth=0):
        self.page.evaluate("a => move(...a)", [widget.model_id, nth])

    def end(self, widget):
        """The page drops the model, as when the notebook is closed."""
        self.page.evaluate("id => end(id)", widget.model_id)

    @property
    def left(self):
        """Timers, message listeners, and looks into frames that were gone."""
        return self.page.evaluate("left()")

    @property
    def frame(self):
        """The content of the live frame."""
        return self.page.locator("iframe[title*=CoCalc]").content_frame

    def line(self, nth=0):
        """What the status line of a view says."""
        return self.page.get_by_role("status").nth(nth).inner_text()

    def pump(self):
        """Carry messages both ways, once."""
        self.page.wait_for_timeout(15)
        for widget in self.widgets.values():
            widget._session.postbox.flush()
        while self._inbox:
            key, message = self._inbox.popleft()
            parts = message.get("messages", [message])
            self.heard += parts
            for part in parts:
                if part["type"] == "state":
                    self.states[key] = part
            data = {"method": "custom", "content": message}
            content = {"comm_id": key, "data": data}
            self.widgets[key].comm and self.widgets[key].comm.handle_msg(
                {"content": content, "buffers": []}
            )
        if PlainComm.outbox:
            pairs = [list(pair) for pair in PlainComm.outbox]
            PlainComm.outbox.clear()
            self.page.evaluate("pairs => deliver(pairs)", pairs)

    def until(self, condition, seconds=15):
        """Carry messages until the condition holds."""
        limit = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < limit, f"never came true; last states: {self.states}"
            self.pump()

    def ends(self, *commands, seconds=15):
        """Wait for the ends of commands; the reply or the error of each, or of the only one."""
        self.until(lambda: all(command.done() for command in commands), seconds)
        found = [command.exception() or command.result() for command in commands]
        return found if len(commands) > 1 else found[0]

    def events(self, name):
        return [m["detail"] for m in self.heard if m["type"] == "event" and m["name"] == name]

    def at_rest(self, seconds=5):
        """Nothing is pending anywhere, and the console has no complaint of our making."""
        self.until(lambda: not any(s["pending"] for s in self.states.values()), seconds)
        assert not [w for w in self.widgets.values() if w._session.ledger.pending]
        ours = [line for line in self.said if line.startswith("pageerror") or "postMessage" in line]
        assert ours == []
