"""Owns the table of API v1: each event's parameters, and the ways an event can fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from ..state.accounts import Caller
from ..state.core import Core

Params = dict[str, Any]
Action = Callable[[Core, Caller, Params], Awaitable[dict[str, Any]]]


class EventError(Exception):
    """Ends an event with 200 and `{event: "error", error}`; the error can be any JSON."""

    def __init__(self, error: Any) -> None:
        super().__init__(error)
        self.error = error


class RefusedError(Exception):
    """Ends a request with 400 and `{error}`."""


class SilentError(Exception):
    """The request is never answered (recording: a number as a file's content)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its parameters in their order, and what it does."""

    action: Action
    required: tuple[str, ...]
    optional: tuple[str, ...]

    def check(self, body: Any) -> Params:
        """The parameters, or `RefusedError` in CoCalc's words (recording)."""
        if isinstance(body, list):
            body = {str(i): value for i, value in enumerate(body)}
        for name in self.required:
            if body.get(name) is None:
                raise RefusedError(_type_error(f"property '{name}' must be specified: "))
        for name in body:
            if name not in self.required and name not in self.optional:
                raise RefusedError(_type_error(f"got an unexpected argument '{name}' "))
        return {**dict.fromkeys((*self.required, *self.optional)), **body}


EVENTS: dict[str, Event] = {}

# Events of CoCalc's socket that its HTTP API refuses by name. All others that
# the stand-in does not have are left out: they answer like an unknown endpoint.
NOT_HTTP = frozenset(
    {
        "sign_in",
        "sign_out",
        "signed_in",
        "error",
        "success",
        "pong",
        "account_created",
        "sign_in_failed",
    }
)


def event(
    name: str,
    *,
    required: tuple[str, ...] = (),
    optional: tuple[str, ...] = (),
    takes_id: bool = True,
) -> Callable[[Action], Action]:
    """Enter a function into the table."""

    def enter(action: Action) -> Action:
        EVENTS[name] = Event(action, required, (*optional, "id") if takes_id else optional)
        return action

    return enter


def _type_error(what: str) -> str:
    return f"invalid parameters 'Error: misc.defaults -- TypeError: {what}'"
