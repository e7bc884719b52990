"""Owns the reading of messages from the page: any JSON in, a checked message or None out (pure)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...redact import redact

PROTOCOL: Final = 2
STEPS: Final = ("sent", "ack")
ENDS: Final = ("done", "error", "timeout", "cancelled")
CHANNELS: Final = ("booting", "messages", "navigation", "tab", "blocked", "closed")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair
_DEEPEST = 20  # levels of a message; ours have five
_LONGEST = 2000  # characters of a sentence of CoCalc's
_LONGEST_PATH = 4096
_HUGE = 1e15
_MOST = 1000  # projects or files: more than anybody has open


@dataclass(frozen=True, slots=True)
class Hello:
    """The page is there.

    Attributes:
        page: its origin, as it says.
        ancestors: the origins of the pages that frame it, from the inside out; None where its
            browser does not tell.
    """

    page: str
    protocol: int
    ancestors: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the command `seq`; `state` is one of STEPS or ENDS.

    Attributes:
        reply: CoCalc's, where there is one.
        at: where it was when its time was over: 0 not sent, 1 not answered, 2 not finished.
        listed: whether CoCalc's list of open files has it, after an open; None if not known.
        posted: when CoCalc was told, in ms of the page's clock.
        opened_as: the name under which it opened, if another.
    """

    seq: int
    state: str
    reply: dict[str, Any] = field(default_factory=dict)
    at: int = 0
    listed: bool | None = None
    posted: float = 0.0
    opened_as: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """How the frame is, as the page tells; what it did not tell has its default.

    Attributes:
        channel: one of CHANNELS; "" before the page told any.
        ready: CoCalc takes messages.
        generation: counts the documents in the frame.
        loads: how often the URL that was set last has loaded; 0 while it does.
        view: some cell shows the widget.
        offscreen: the frame is out of view.
    """

    channel: str = ""
    ready: bool = False
    generation: int = 0
    loads: int = 0
    view: bool = True
    offscreen: bool = False
    connection: dict[str, Any] = field(default_factory=dict)
    open_files: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a project's log, which CoCalc tells to the page that frames it.

    Attributes:
        name: "opened", "rendered", or CoCalc's own name for it.
        id: an opening and its rendering have the same.
        path: "" where it is not told.
        time: ISO, "" where it is not told.
        heard: in ms of the page's clock.
        generation: of the document that told it.
    """

    name: str
    id: str
    project_id: str
    path: str = ""
    time: str = ""
    heard: float = 0.0
    generation: int = 0


@dataclass(frozen=True, slots=True)
class WantToken:
    """The page is about to make the frame and asks for the sign-in URL."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something happened that no command asked for.

    `silent`: CoCalc does not answer; `heard`: it does again. `unanswered`: nor does it an open
    of the page's own. `visited`, `popup`: the tab was opened, or the browser did not let the page.
    `late-reply`: nobody waited for it any more.
    """

    name: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """What was said in one moment, in its order."""

    messages: tuple[Message, ...]


Message = Hello | Result | State | WantToken | Line | Told | Batch


def read(content: object) -> Message | None:
    """The message in `content`, or None for whatever is not one of ours."""
    return _message(_clean(content)) if isinstance(content, Mapping) else None


def _message(content: object) -> Message | None:
    kind = content.get("type") if isinstance(content, Mapping) else None
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    return reader(content) if reader and isinstance(content, Mapping) else None


def _clean(value: Any, depth: int = _DEEPEST) -> Any:
    """The same as what every part of Jupyter can send on: no half of a character, no NaN."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, Mapping):
        names = [name for name in value if isinstance(name, str)] if depth else []
        return {_clean(name): _clean(value[name], depth - 1) for name in names}
    if isinstance(value, list | tuple):
        return [_clean(item, depth - 1) for item in value] if depth else []
    known = isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value))
    return value if known else None


def open_files(value: object) -> dict[str, list[str]]:
    """Project id → paths, of whatever the page calls its open files."""
    if not isinstance(value, Mapping):
        return {}
    return {
        project: [path for path in paths if isinstance(path, str)][:_MOST]
        for project, paths in list(value.items())[:_MOST]
        if isinstance(project, str) and isinstance(paths, list | tuple)
    }


def sentence(value: object) -> str:
    """Text of CoCalc's, fit to be shown: one string, no control characters, not endless."""
    if value is None:
        return ""
    text = redact(_CONTROL.sub(" ", value if isinstance(value, str) else str(value)))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " ..."


def _hello(content: Mapping[str, Any]) -> Hello | None:
    page, protocol = content.get("page"), content.get("protocol")
    if not isinstance(protocol, int):
        return None
    told = content.get("ancestors")
    ancestors = tuple(str(one)[:300] for one in told[:20]) if isinstance(told, list) else None
    return Hello(page[:300] if isinstance(page, str) else "null", protocol, ancestors)


def _result(content: Mapping[str, Any]) -> Result | None:
    seq, state, reply = content.get("seq"), content.get("state"), content.get("reply")
    if not isinstance(seq, int) or isinstance(seq, bool) or state not in (*STEPS, *ENDS):
        return None
    at, listed = content.get("at"), content.get("listed")
    return Result(
        seq,
        str(state),
        dict(reply) if isinstance(reply, Mapping) else {},
        at if at in (0, 1, 2) else 0,
        listed if isinstance(listed, bool) else None,
        _number(content.get("posted")),
        sentence(content.get("opened_as")),
    )


def _state(content: Mapping[str, Any]) -> State | None:
    connection = content.get("connection")
    if content.get("channel") not in CHANNELS:
        return None
    return State(
        channel=str(content["channel"]),
        ready=content.get("ready") is True,
        generation=int(_number(content.get("generation"))),
        loads=int(_number(content.get("loads"))),
        view=content.get("view") is not False,
        offscreen=content.get("offscreen") is True,
        connection=dict(connection) if isinstance(connection, Mapping) else {},
        open_files=open_files(content.get("open_files")),
    )


def _line(content: Mapping[str, Any]) -> Line | None:
    told = [content.get(name) for name in ("name", "id", "project_id", "path", "time")]
    if not all(isinstance(value, str) and len(value) <= _LONGEST_PATH for value in told):
        return None
    name, line, project_id, path, time = map(str, told)
    if not (name and line and project_id):
        return None
    heard, generation = _number(content.get("heard")), int(_number(content.get("generation")))
    return Line(name, line, project_id, path, time, heard, generation)


def _number(value: object) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known and 0 <= value < _HUGE else 0.0  # type: ignore[arg-type, operator]


def _told(content: Mapping[str, Any]) -> Told | None:
    name, detail = content.get("name"), content.get("detail")
    if not isinstance(name, str):
        return None
    return Told(name[:200], dict(detail) if isinstance(detail, Mapping) else {})


def _batch(content: Mapping[str, Any]) -> Batch:
    told = content.get("messages")
    parts = (_message(each) for each in told[:_MOST]) if isinstance(told, list) else ()
    return Batch(tuple(part for part in parts if part and not isinstance(part, Batch)))


_READERS: Final = {
    "hello": _hello,
    "result": _result,
    "state": _state,
    "want-token": lambda _content: WantToken(),
    "log": _line,
    "event": _told,
    "batch": _batch,
}
