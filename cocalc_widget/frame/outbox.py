"""Owns the messages that the kernel sends to the page, each built in one place (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..address import Generation, app_url, file_url, origin_of, signed_url
from ..errors import ConfigurationError
from .inbox import PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .verdict import Verdict

# seconds; what each means is said in `deadlines`
_DEADLINES = {"ack": 30.0, "done": 300.0, "status": 5.0, "ready": 60.0, "silent": 12.0}
Document = tuple[str, str]  # project id, path


def deadlines(given: Mapping[str, float] | None = None) -> dict[str, float]:
    """All deadlines in seconds, those given replacing the defaults.

    `ack`: from sending an open to CoCalc's acknowledgement. `done`: from there
    to the end (CoCalc may be starting the project). `status`: for a status.
    `ready`: until CoCalc answers at all. `silent`: of a CoCalc that should
    answer and does not, before navigation takes over.
    """
    merged = dict(_DEADLINES)
    for name, seconds in (given or {}).items():
        if name not in merged:
            raise ConfigurationError(
                f"there is no deadline {name!r}; there are {', '.join(merged)}."
            )
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not number or not 0.001 <= seconds < 1e6:  # a clock of milliseconds counts them
            raise ConfigurationError(f"the deadline {name!r} must be a positive number of seconds.")
        merged[name] = float(seconds)
    return merged


def budget(action: str, limits: Mapping[str, float]) -> float:
    """Seconds after the page's last sign of life in which a command must have ended."""
    # a closeall waits for the opens before it, so that it may take as long as they do
    own = limits["status"] if action == "status" else limits["ack"] + limits["done"]
    return limits["ready"] + own + 15.0


def welcome(
    host: str,
    verdict: Verdict,
    *,
    home: Document | None,
    desired: Iterable[Document],
    token: bool,
    limits: Mapping[str, float],
    words: Mapping[str, str],
) -> dict[str, Any]:
    """The answer to a hello: where to go, by which channel, what should be open."""
    return {
        "type": "welcome",
        "protocol": PROTOCOL,
        "origin": origin_of(host),
        "home": file_url(host, *home) if home else app_url(host),
        "channel": verdict.channel,
        "reason": verdict.sentence,
        "token": token,
        "desired": [document(host, *item) for item in desired],
        "deadlines": {name: round(seconds * 1000) for name, seconds in limits.items()},
        "words": dict(words),
    }


def document(host: str, project_id: str, path: str) -> dict[str, str]:
    """A file, as the page needs it."""
    return {"project_id": project_id, "path": path, "url": file_url(host, project_id, path)}


def command(host: str, seq: int, action: str, target: Document | None) -> dict[str, Any]:
    """An order to CoCalc, with the number that its results will carry."""
    message: dict[str, Any] = {"type": "command", "seq": seq, "action": action}
    return message | document(host, *target) if target else message


def token(host: str, home: Document | None, secret: str, generation: Generation) -> dict[str, str]:
    """The sign-in URL (a secret: sent once, kept nowhere) and where to go after it."""
    url = file_url(host, *home) if home else app_url(host)
    return {
        "type": "token",
        "url": signed_url(url, secret, generation, host),
        "then": url if generation == "B" else "",
    }
