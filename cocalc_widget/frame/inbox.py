"""Owns the reading of messages from the page: any JSON in, a checked message or None out (pure)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..redact import redact

PROTOCOL: Final = 1
STEPS: Final = ("sent", "ack")
ENDS: Final = ("done", "error", "timeout", "blocked", "cancelled")
CHANNELS: Final = ("booting", "messages", "navigation", "tab", "blocked", "closed")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair
_DEEPEST = 20  # levels of a message; ours have five
_LONGEST = 2000  # characters of a sentence of CoCalc's
_MOST = 1000  # projects or files: more than anybody has open


@dataclass(frozen=True, slots=True)
class Hello:
    """The page is there; `page` is its origin, as it says."""

    page: str
    protocol: int


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the command `seq`; `state` is one of STEPS or ENDS."""

    seq: int
    state: str
    reply: dict[str, Any] = field(default_factory=dict)
    mesg: str = ""
    verified: bool | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """How the frame is; only what the page told is in `values`."""

    values: dict[str, Any]
    generation: int | None = None


@dataclass(frozen=True, slots=True)
class WantToken:
    """The page is about to make the frame and asks for the sign-in URL."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened that no command asked for."""

    name: str
    detail: dict[str, Any]


Message = Hello | Result | State | WantToken | Event


def read(content: object) -> Message | None:
    """The message in `content`, or None for whatever is not one of ours."""
    if not isinstance(content, Mapping):
        return None
    kind = content.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    return reader(_clean(content)) if reader else None


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
    return Hello(page[:300] if isinstance(page, str) else "null", protocol)


def _result(content: Mapping[str, Any]) -> Result | None:
    seq, state, reply = content.get("seq"), content.get("state"), content.get("reply")
    if not isinstance(seq, int) or isinstance(seq, bool) or state not in (*STEPS, *ENDS):
        return None
    verified = content.get("verified")
    return Result(
        seq,
        str(state),
        dict(reply) if isinstance(reply, Mapping) else {},
        sentence(content.get("mesg")),
        verified if isinstance(verified, bool) else None,
        sentence(content.get("why")),
    )


def _state(content: Mapping[str, Any]) -> State:
    values: dict[str, Any] = {}
    if content.get("channel") in CHANNELS:
        values["channel"] = content["channel"]
    if isinstance(content.get("reason"), str):
        values["reason"] = sentence(content["reason"])
    for name in ("ready", "busy"):
        if isinstance(content.get(name), bool):
            values[name] = content[name]
    if isinstance(content.get("connection"), Mapping):
        values["connection"] = dict(content["connection"])
    if isinstance(content.get("open_files"), Mapping):
        values["open_files"] = open_files(content["open_files"])
    generation = content.get("generation")
    return State(values, generation if isinstance(generation, int) else None)


def _event(content: Mapping[str, Any]) -> Event | None:
    name, detail = content.get("name"), content.get("detail")
    if not isinstance(name, str):
        return None
    return Event(name[:100], dict(detail) if isinstance(detail, Mapping) else {})


_READERS: Final = {
    "hello": _hello,
    "result": _result,
    "state": _state,
    "want-token": lambda _content: WantToken(),
    "event": _event,
}
