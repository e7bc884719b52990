"""Lines of the magics: understood, or refused by name; what is refused sends nothing."""

from __future__ import annotations

import dataclasses
import io
import json
from contextlib import redirect_stdout
from typing import Any

import pytest
from hypothesis import strategies as st

from cocalc_widget.api import Client
from cocalc_widget.api.http.messages import Reply
from cocalc_widget.errors import CoCalcError
from cocalc_widget.frame import CoCalc
from cocalc_widget.magics import dispatch
from cocalc_widget.magics.language.completer import match
from cocalc_widget.magics.language.expansion import expand
from cocalc_widget.magics.language.lookups import Known
from cocalc_widget.magics.language.splitter import scan
from cocalc_widget.magics.session import Session
from cocalc_widget.redact import Secret

from . import strategies as bad
from .counting import examples
from .test_answers import Wire, tells_nothing
from .test_arguments import BODY


class Broken:
    """A value that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("broken")

    __repr__ = __str__


NAMES: dict[str, Any] = {
    "__builtins__": {},  # a made-up expression must not do anything real
    "name": "Lesson", "n": 7, "targets": [bad.ID, "two words"], "nothing": None, "odd": "a\0\ud800",
    "key": Secret(bad.CANARY), "path": __import__("pathlib").Path("a/b.csv"), "broken": Broken(),
    "deep": bad.nested(3000, "list"),
}  # fmt: skip


def outcome(line: str, run: Any) -> Any:
    """What came of a line, where it is no named error."""
    try:
        with redirect_stdout(io.StringIO()):
            return run()
    except CoCalcError as error:
        tells_nothing(error, bad.CANARY)
        return None if error.message else pytest.fail(f"no message for {line!r}")


@examples(1200, line=st.one_of(bad.lines, bad.text))
def test_words(line: str) -> None:
    """Every line is split, whole or while it is typed; words lie in it, in order."""
    raw = outcome(line, lambda: scan(line))
    typed = scan(line, partial=True)
    ends = [0]
    for word in typed:
        assert ends[-1] <= word.start <= word.end <= len(line)
        ends.append(word.end)
        word.text()
    if raw is not None:
        assert [it.pieces for it in raw] == [it.pieces for it in typed]
        words = outcome(line, lambda: expand(raw, NAMES))
        assert words is None or all(isinstance(it, str) for it in words)


@examples(1200, line=bad.lines, cell=st.one_of(st.none(), bad.text))
def test_parsing(line: str, cell: str | None) -> None:
    """Up to the command itself, whose arguments are of their own types then."""
    found: list[Any] = []
    real = dispatch.find

    def find(name: str, **told: Any) -> Any:
        command = real(name, **told)
        return dataclasses.replace(
            command, run=lambda _session, args: found.append((command, args))
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "find", find)
        outcome(line, lambda: dispatch.dispatch(object(), line, cell, NAMES))  # type: ignore[arg-type]
    for command, args in found:
        assert command.cell == (cell is not None)
        assert {param.name for param in command.params} <= set(vars(args))


@examples(1000, line=bad.lines, cell=st.one_of(st.none(), bad.text))
def test_running(line: str, cell: str | None) -> None:
    """With the client, whose requests all get one answer; nothing is asked of the user."""
    wire = Wire([Reply(200, "application/json", json.dumps(BODY), {})])
    client = wire.client(bad.CANARY)

    class Offline(Session):
        def client(self) -> Client:
            return client

    def nobody(*_told: Any) -> str:
        raise EOFError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("getpass.getpass", nobody)
        patch.setattr("builtins.input", nobody)
        patch.setattr("cocalc_widget.frame.channel.facts.background", lambda *_told: False)
        session = Offline(None)
        if not line.strip().startswith("doctor"):  # that one has servers of its own to ask
            outcome(line, lambda: dispatch.dispatch(session, line, cell, NAMES))
        match(f"%cocalc {line}", dispatch.COMMANDS, Known(session))
        for widget in CoCalc.instances():
            widget.close()
    assert all(url.startswith("https://cocalc.test/api/") for url in wire.sent)
