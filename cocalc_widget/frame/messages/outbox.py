"""Owns the messages that the kernel sends to the page, each built in one place (pure)."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from ...address import Generation, app_url, file_url, origin_of, signed_url
from ...errors import ConfigurationError
from .inbox import PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# seconds; what each means is said in `deadlines`
_DEADLINES = {
    "ack": 12.0,
    "status": 5.0,
    "ready": 60.0,
    "silent": 12.0,
    "render": 5.0,
    "evidence": 10.0,
}
# From the ack to the end. Until 2025 CoCalc asks the user to start a stopped project, and waits.
# Since then it asks nobody: what is not done within seconds needs a project that runs (recording).
_DONE = {"A": 300.0, "B": 30.0}
# Kinds that CoCalc reports as opened, and never as rendered.
_MUTE = re.compile(
    r"\.(tex|rnw|rtex|rmd|sage|sagews|chat|sage-chat|pdf|png|jpe?g|gif|svg|webp|bmp|ico|tiff?)$",
    re.IGNORECASE,
)
Document = tuple[str, str]  # project id, path


def deadlines(given: Mapping[str, float] | None = None) -> dict[str, float]:
    """The deadlines in seconds, those given replacing the defaults.

    `ack`: from sending an open or closeall to CoCalc's acknowledgement; an open
    that meets silence for so long ends with the reason. `done`: from an open's
    acknowledgement to its end; default: 300, or 30 with generation B. `status`:
    for a status. `ready`: until CoCalc answers at all. `silent`: of a CoCalc
    that should answer and does not, before navigation takes over. `render`:
    from an open's end, until CoCalc reports the file as rendered. `evidence`:
    until a frame that was navigated to a file tells that it shows it.
    """
    merged = dict(_DEADLINES)
    for name, seconds in (given or {}).items():
        if name not in (*merged, "done"):
            raise ConfigurationError(
                f"there is no deadline {name!r}; there are {', '.join([*merged, 'done'])}."
            )
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not number or not 0.001 <= seconds < 1e6:  # a clock of milliseconds counts them
            raise ConfigurationError(f"the deadline {name!r} must be a positive number of seconds.")
        merged[name] = float(seconds)
    return merged


def budget(action: str, limits: Mapping[str, float]) -> float:
    """Seconds after the page's last sign of life in which a command must have ended."""
    # a closeall waits for the opens before it, so that it may take as long as they do
    done = limits.get("done", _DONE["A"]) + limits["render"]
    own = limits["status"] if action == "status" else limits["ack"] + done
    return limits["ready"] + own + 15.0


def welcome(
    host: str,
    channel: str,
    *,
    place: Document | None,
    desired: Iterable[Document],
    token: bool,
    generation: Generation | None,
    limits: Mapping[str, float],
) -> dict[str, Any]:
    """The answer to a hello: where to go, by which channel, what should be open.

    Args:
        host: CoCalc, normalized.
        channel: `messages`, `navigation`, `tab` or `blocked`.
        place: the document to show without messages; None: none.
        desired: the files that should be open, where there are messages.
        token: whether there is one for the page to ask for.
        generation: of the server, None if not known.
        limits: see `deadlines`.
    """
    return {
        "type": "welcome",
        "protocol": PROTOCOL,
        "origin": origin_of(host),
        "home": app_url(host),
        "place": url(host, place),
        "channel": channel,
        "token": token,
        "desired": [document(host, *item) for item in desired],
        "deadlines": {
            name: round(limit(limits, name, generation) * 1000)
            for name in ("ack", "done", "status", "ready")
        },
    }


def early(
    host: str,
    channel: str,
    *,
    home: Document | None,
    generation: Generation | None,
    limits: Mapping[str, float],
) -> dict[str, Any]:
    """The likely welcome, which the page may act on until the real one comes.

    CoCalc need not wait then for the page's hello, the facts, and the way back.
    It is for now only: who opens a saved notebook has no kernel that answers.

    Args:
        host: CoCalc, normalized.
        channel: `messages` or `navigation`; `auto`: the page's address decides.
        home: the widget's document.
        generation: of the server, None if not known.
        limits: see `deadlines`.
    """
    likely = "" if channel == "auto" else channel
    desired = [home] if home else []
    told = welcome(
        host, likely, place=home, desired=desired, token=False, generation=generation, limits=limits
    )
    return {**told, "at": round(time.time() * 1000)}


def limit(limits: Mapping[str, float], name: str, generation: Generation | None = None) -> float:
    """A deadline in seconds, by name."""
    return limits[name] if name in limits else _DONE[generation or "A"]


def url(host: str, place: Document | None) -> str:
    """Where a document shows on its own; for none CoCalc without a file."""
    return file_url(host, *place) if place else app_url(host)


def document(host: str, project_id: str, path: str) -> dict[str, Any]:
    """A file, as the page needs it."""
    return {"project_id": project_id, "path": path, "url": file_url(host, project_id, path)}


def tells(path: str) -> bool:
    """Whether CoCalc reports a file of this kind as rendered (since 2025; recordings)."""
    return _MUTE.search(path) is None


def command(host: str, seq: int, action: str, target: Document | None) -> dict[str, Any]:
    """An order to CoCalc, with the number that its results will carry."""
    message: dict[str, Any] = {"type": "command", "seq": seq, "action": action}
    return message | document(host, *target) if target else message


def token(host: str, seq: int, secret: str, generation: Generation) -> dict[str, Any]:
    """The sign-in URL (a secret: sent once, kept nowhere) and where to go after it."""
    url = app_url(host)
    return {
        "type": "token",
        "seq": seq,
        "url": signed_url(url, secret, generation, host),
        "then": url if generation == "B" else "",
    }


def steer(host: str, place: Document | None) -> dict[str, Any]:
    """Show this document by its URL, in the frame or the tab; None: CoCalc without a file."""
    return {"type": "steer", "url": url(host, place)}


def say(mood: str, words: str, *, more: bool = False) -> dict[str, Any]:
    """What the status line says, "" for what the page would; `more`: opens may take longer."""
    return {"type": "say", "mood": mood, "words": words, "more": more}


def batch(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Several messages as one: each costs the kernel and its server tens of milliseconds."""
    return messages[0] if len(messages) == 1 else {"type": "batch", "messages": messages}
