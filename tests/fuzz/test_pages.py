"""Messages of the page, of any kind: read, or not; the widget goes on, and no command is lost."""

from __future__ import annotations

import json
from typing import Any

import comm
import pytest
from frame.framepage import WIRE, FakeComm, Page
from hypothesis import strategies as st
from jupyter_client.session import json_packer
from traitlets import TraitError

from cocalc_widget.errors import CoCalcError
from cocalc_widget.frame import CoCalc, bundle, options
from cocalc_widget.frame.messages import inbox, outbox

from . import strategies as bad
from .counting import examples

SAMPLES = list(WIRE["to_kernel"].values())
ENDS = ("done", "error", "timeout", "cancelled")


@st.composite
def messages(draw: Any) -> Any:
    """What a page may say: one of ours, spoiled once or more, or any JSON."""
    message = draw(st.sampled_from(SAMPLES))
    if draw(st.integers(0, 5)) == 0:
        return draw(st.one_of(bad.json_values, bad.deep))
    if "seq" in message:
        message = {**message, "seq": draw(st.integers(-1, 6))}
    more = {"listed", "posted", "opened_as", "page", "reply", "heard", "generation", "detail"}
    names = ({*message} | more) - {"type", "seq", "state"}
    for name in sorted(names):
        if draw(st.integers(0, 3)) == 0:
            message = {
                **message,
                name: draw(st.one_of(bad.text, bad.leaves, bad.json_values, bad.deep)),
            }
    return draw(bad.spoiled(message)) if draw(st.integers(0, 4)) == 0 else message


def published(value: Any) -> None:
    """What goes to the page, or into an output, is what Jupyter can send."""
    json_packer(value)


@examples(1200, content=st.one_of(messages(), bad.scalars))
def test_reading(content: Any) -> None:
    message = inbox.read(content)
    if message is None:
        return
    kind = type(message).__name__
    assert kind in ("Hello", "Result", "State", "WantToken", "Line", "Told", "Batch")
    if isinstance(message, inbox.Batch):
        assert not any(isinstance(part, inbox.Batch) for part in message.messages)
        return
    for name in message.__slots__ if hasattr(message, "__slots__") else ():
        published(getattr(message, name))
    if isinstance(message, inbox.Result):
        assert message.state in (*inbox.STEPS, *inbox.ENDS)
        assert len(message.opened_as) < 2100
        assert message.posted >= 0
    if isinstance(message, inbox.State):
        assert all(isinstance(it, str) for paths in message.open_files.values() for it in paths)
    if isinstance(message, inbox.Line):
        assert message.name
        assert message.id
        assert message.project_id
        assert message.generation >= 0


@pytest.fixture(scope="module", autouse=True)
def _offline(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Widgets without a server, on comms that send nothing."""
    script = tmp_path_factory.mktemp("js") / "widget.js"
    script.write_text("export default {};")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "SCRIPT", script)
        patch.setattr(comm, "create_comm", FakeComm)
        patch.setattr("cocalc_widget.frame.widget.Stranger", lambda _host: None)
        yield


STEPS = st.lists(
    st.one_of(
        messages(),
        st.tuples(st.just("say"), st.sampled_from(["open", "status", "closeall", "cancel"])),
    ),
    max_size=8,
)


@examples(500, steps=STEPS, host=st.sampled_from(["https://cocalc.test", "https://a.test/b"]))
def test_a_widget_hears_anything(steps: list[Any], host: str) -> None:
    """It never fails, every command ends once, and what it says is well formed."""
    widget = CoCalc(bad.ID, "a.md", host=host, token="t" * 24)
    page = Page(widget)
    given: list[Any] = []
    ends: list[Any] = []
    try:
        page.hello()
        for step in steps:
            if not (isinstance(step, tuple) and step[:1] == ("say",)):
                page.say(step)
            elif step[1] == "cancel":
                for command in given:
                    command.cancel()
            else:
                command = widget.open("b.md") if step[1] == "open" else getattr(widget, step[1])()
                command.add_done_callback(ends.append)
                given.append(command)
            for name in ("ready", "channel", "reason", "connection", "open_files", "last_reply"):
                published(getattr(widget, name))
            if (event := widget.last_event) is not None:
                published([event.name, event.project_id, event.path, event.id])
            assert widget.channel in inbox.CHANNELS
            assert all(isinstance(it, list) for it in widget.open_files.values())
        repr(widget)
        for command in given:
            repr(command), command._repr_html_()
            if command.reply:
                command.reply._repr_html_()
    finally:
        widget.close()
    assert all(command.done() for command in given), "nothing stays pending"
    assert len(ends) == len(given), "nothing ends twice"
    assert all(command.state in ENDS for command in given)
    sent = page.comm.customs
    published(sent)
    known = {"welcome", "command", "cancel", "token", "steer", "reload", "say", "bye"}
    assert {message["type"] for message in sent} <= known
    assert len(page.heard("token")) <= 1, "the token is given once"
    urls = [it["home"] for it in page.heard("welcome")] + [it["url"] for it in page.heard("token")]
    assert all(url.startswith(f"{host}/") for url in urls)
    assert "t" * 24 not in json.dumps([it for it in sent if it["type"] != "token"])


TEXTS = st.one_of(bad.text, bad.scalars, bad.long_text)


@examples(700, height=TEXTS, sandbox=TEXTS, token=TEXTS, project=st.one_of(bad.ids, bad.scalars),
          limits=st.dictionaries(st.sampled_from(["ack", "done", "status", "x"]), bad.scalars,
          max_size=2))  # fmt: skip
def test_options(height: Any, sandbox: Any, token: Any, project: Any, limits: Any) -> None:
    for check in (
        lambda: options.check_height(height),
        lambda: options.check_sandbox(sandbox),
        lambda: options.find_token(token, "https://cocalc.test"),
        lambda: options.find_project(project, None),
        lambda: outbox.deadlines(limits),
        lambda: options.check_keywords([str(height)], ["path"]),
    ):
        try:
            found = check()
        except CoCalcError as error:
            str(error).encode()
            continue
        if isinstance(found, dict):
            assert all(it > 0 and round(it * 1000) for it in found.values())
        elif isinstance(found, str):
            published(found)


@examples(500, path=st.one_of(bad.paths, bad.scalars), project=st.one_of(bad.ids, st.none()),
          token=st.one_of(bad.text, bad.scalars))  # fmt: skip
def test_a_widget_is_told_anything(path: Any, project: Any, token: Any) -> None:
    """What it takes goes to the page as it was given; what it refuses does not go there."""
    host = "https://cocalc.test"
    widget = CoCalc(bad.ID, host=host)
    page = Page(widget)
    page.hello()
    page.shown()
    try:
        for tell in (
            lambda: widget.open(path, project_id=project),
            lambda: widget.set_trait("path", path),
            lambda: widget.set_trait("project_id", project),
            lambda: widget.sign_in(token),
        ):
            before = len(page.commands) + len(page.heard("token"))
            try:
                tell()
            except (CoCalcError, TraitError) as error:
                str(error).encode()
                sent = len(page.commands) + len(page.heard("token"))
                assert sent == before, "refused, and yet sent"
        for command in page.commands:
            assert command["url"].startswith(f"{host}/projects/{command['project_id']}/files/")
            given = path.decode() if isinstance(path, bytes) else path  # traitlets' way
            assert command["path"] == given
        published(page.comm.customs)
        published(widget.get_state())
    finally:
        widget.close()
