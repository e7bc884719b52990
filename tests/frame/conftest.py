"""Owns the fixtures of the frame's tests: a widget whose comm is ours, and its page."""

import comm
import pytest
from framepage import HOST, FakeComm, Page

from cocalc_widget.frame import CoCalc, bundle


@pytest.fixture(autouse=True)
def built(tmp_path, monkeypatch):
    """A script that stands for the built one, whether or not that exists here."""
    script = tmp_path / "widget.js"
    script.write_text("export default {};")
    monkeypatch.setattr(bundle, "SCRIPT", script)
    monkeypatch.delenv("COCALC_HOST", raising=False)
    monkeypatch.setenv("COCALC_CONFIG_DIR", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def comms(monkeypatch):
    monkeypatch.setattr(comm, "create_comm", FakeComm)


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch):
    """Without a client nothing is known of CoCalc, and that at once."""
    for module in ("widget", "channel.facts"):
        monkeypatch.setattr(f"cocalc_widget.frame.{module}.Stranger", lambda _host: None)


@pytest.fixture
def make():
    made = []

    def build(*args, host=HOST, **kwargs):
        made.append(CoCalc(*args, host=host, **kwargs))
        return made[-1]

    yield build
    for widget in made:
        widget.close()


@pytest.fixture
def live(make):
    """A widget and its page, displayed, greeted, ready."""

    def build(*args, page="https://jupyter.test", **kwargs):
        widget = make(*args, **kwargs)
        widget._repr_mimebundle_()
        there = Page(widget)
        there.hello(page)
        there.shown()
        return widget, there

    return build
