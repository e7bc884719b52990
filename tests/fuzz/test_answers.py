"""Recorded answers, mutated: each ends in a result or a named error, and tells no secret."""

from __future__ import annotations

import json
import traceback
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from urllib3 import HTTPHeaderDict

from cocalc_widget.api import Client
from cocalc_widget.api.dialects.conat import DialectConat
from cocalc_widget.api.dialects.v1 import DialectV1
from cocalc_widget.api.dialects.v2 import DialectV2
from cocalc_widget.api.http.answers import read
from cocalc_widget.api.http.messages import Reply
from cocalc_widget.errors import CoCalcError
from cocalc_widget.redact import Secret

from . import strategies as bad
from .counting import examples

P, Q = bad.ID, bad.ID.replace("1", "2")


def tells_nothing(error: BaseException, *secrets: str) -> None:
    """A failure can be shown everywhere, and shows no secret: not in words, fields or traceback."""
    assert isinstance(error, CoCalcError), type(error)
    shown = "".join(traceback.format_exception(error))
    fields = {name: it for name, it in vars(error).items() if name != "__notes__"}
    for text in (str(error), error.message, error.remedy, repr(error), repr(fields), shown):
        text.encode()
        assert not any(secret in text for secret in secrets)


@examples(2500, answer=bad.answers())
def test_reading(answer: Any) -> None:
    row, status, kind, text, _headers = answer
    try:
        read(
            status, kind, text, endpoint=row.endpoint, kind=row.kind,
            secrets=(bad.CANARY, bad.WORD),
        )  # fmt: skip
    except CoCalcError as error:
        tells_nothing(error, bad.CANARY, bad.WORD)


def standing(client: Client) -> None:
    """Always a value; its error, too, can be shown everywhere."""
    for told in (client.standing(P, "a.md"), client.standing(P, "a.md", usable=True)):
        assert told.project in ("usable", "stopped", "not mine", "unknown")
        assert told.path in ("file", "folder", "missing", "unknown")
        if told.error is not None:
            tells_nothing(told.error, bad.CANARY, bad.WORD)


CALLS: list[Any] = [
    lambda c: c.ping(),
    lambda c: c.whoami(),
    lambda c: c.customize(),
    lambda c: c.projects(),
    lambda c: c.resolve("Lesson"),
    lambda c: c.read_text(P, "a.md"),
    lambda c: c.write_text(P, "a.md", "x"),
    lambda c: c.exec(P, "ls", check=True),
    lambda c: c.create_project("x"),
    lambda c: c.create_token(),
    lambda c: c.revoke_token("t" * 20),
    lambda c: c.start_project(P, timeout=0.05),
    lambda c: c.log(P, timedelta(days=1)),
    lambda c: c.log("Lesson"),
    lambda c: c.framing(),
    standing,
    lambda c: c.copy(f"{P}:a.md", Q, wait=False),
    lambda c: c.copy(f"{P}:a.md", [Q, f"{Q}:b.md"], wait=0),
    lambda c: c.copy("Lesson:a.md", "Student", wait=0, scheduled="2999-01-01"),
    lambda c: c.copies(P),
    lambda c: c.copy_status(P),
    lambda c: c.cancel_copy(P),
    lambda c: c.call("ping"),
    lambda c: c.call("system.test", project_id=P),
]
SECRET_CALLS: list[Any] = [  # those that send a password
    lambda c: c.create_account("A", "B", "a@b.test", bad.WORD),
    lambda c: c.create_token(P, Secret(bad.WORD)),
    lambda c: c.call("auth/sign-up", {"password": bad.WORD}),
]


class Wire:
    """Stands where the connections are: gives the answers, one after the other,
    the last for ever."""

    def __init__(self, replies: list[Reply]) -> None:
        self.replies = replies
        self.sent: list[str] = []  # URLs
        self.bodies: list[bytes] = []

    def client(self, key: str, dialect: Any = DialectV1) -> Client:
        """A client of it."""
        client = Client(key, host="https://cocalc.test", api="v1", retries=0, timeout=2.0)
        client._connection.found = dialect(client._connection.caller)
        client._connection.transport.__dict__["_once"] = self.once
        return client

    def once(self, what: Any, url: str) -> Reply:
        self.sent.append(url)
        self.bodies.append(what.data)
        return self.replies[min(len(self.sent), len(self.replies)) - 1]


def through(call: Any, dialect: Any, replies: list[Reply]) -> None:
    """One call through the whole client, below which only the sockets are missing."""
    wire = Wire(replies)
    try:
        call(wire.client(bad.CANARY, dialect))
    except CoCalcError as error:
        tells_nothing(error, bad.CANARY, *([bad.WORD] if call in SECRET_CALLS else []))
    assert all(url.startswith("https://cocalc.test/") for url in wire.sent), wire.sent
    assert len(wire.sent) < 40


calls = st.sampled_from(CALLS + SECRET_CALLS)
dialects = st.sampled_from([DialectV1, DialectV2, DialectConat])


@examples(1000, told=st.lists(bad.answers(), min_size=1, max_size=3), call=calls, dialect=dialects)
def test_calls(told: Any, call: Any, dialect: Any) -> None:
    replies = [
        Reply(status, kind, text, HTTPHeaderDict(headers))
        for _, status, kind, text, headers in told
    ]
    through(call, dialect, replies)


@examples(1500, bodies=st.lists(bad.shapes, min_size=1, max_size=3), call=calls, dialect=dialects)
def test_fields(bodies: Any, call: Any, dialect: Any) -> None:
    """Answers that are well formed, but their fields are of any type."""
    kind = "application/json"
    through(call, dialect, [Reply(200, kind, json.dumps(it), {}) for it in bodies])
