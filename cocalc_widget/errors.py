"""Owns every named error: what each says, what it knows of its cause, how IPython shows it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from .redact import printable, redact

if TYPE_CHECKING:
    from types import FrameType, TracebackType


class CoCalcError(Exception):
    """Base of all errors of this package.

    Args:
        message: what happened and why, as a sentence.
        remedy: what to do about it, as a sentence; may be empty.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        self.message = printable(redact(message))
        self.remedy = printable(redact(remedy))
        super().__init__(_sentences(self.message, self.remedy))

    def advise(self, remedy: str) -> None:
        """Say something else about what to do."""
        self.remedy = printable(redact(remedy))
        self.args = (_sentences(self.message, self.remedy),)

    def _render_traceback_(self) -> list[str]:
        # IPython asks the exception how it wants to be shown
        return _shown(self)


class ConfigurationError(CoCalcError, ValueError):
    """A setting is missing or cannot be right (host, key, option); nothing was sent."""


class KeyFileWarning(UserWarning):
    """A file of an API key could not be read or written; the message says what that means."""


class APIConnectionError(CoCalcError):
    """The server could not be reached, or the connection broke.

    Attributes:
        endpoint: what was called.
        sent: False if it is certain that the request never reached the server;
            True if it may have arrived, so that what was asked may have happened.
    """

    def __init__(
        self, message: str, *, endpoint: str = "", sent: bool = False, remedy: str = ""
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.endpoint = endpoint
        self.sent = sent


class APITimeoutError(APIConnectionError):
    """No answer came within the deadline; what was asked may still happen."""


class APIError(CoCalcError):
    """The server answered with an error.

    Attributes:
        endpoint: what was called, e.g. `"copy_path_between_projects"`; "" if nothing was sent.
        status: HTTP status code, None if nothing was sent.
        request_id: the `id` of the answer, where it has one.
        body: the answer as it came (parsed JSON or text), secrets masked.
    """

    def __init__(
        self,
        message: str,
        *,
        endpoint: str = "",
        status: int | None = None,
        request_id: str | None = None,
        body: Any = None,
        remedy: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.endpoint = endpoint
        self.status = status
        self.request_id = request_id
        self.body = body


class AuthenticationError(APIError):
    """No API key, or one that this server does not know; or a wrong password."""


class PermissionDeniedError(APIError):
    """The account may not do this (not a collaborator, not an admin)."""


class NotFoundError(APIError):
    """No such project, file, job, account or endpoint."""


class ValidationError(APIError, ValueError):
    """A parameter is missing or wrong; `status` is None where nothing was sent."""


class RateLimitError(APIError):
    """Too many attempts; `retry_after` is the time to wait in seconds, None if unknown."""

    def __init__(self, message: str, *, retry_after: float | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.retry_after = retry_after


class ServerError(APIError):
    """The server failed, or what it said cannot be understood."""


class CommandError(CoCalcError):
    """CoCalc refused a command of the frame; the message is CoCalc's own `mesg`."""


class CommandTimeoutError(CoCalcError, TimeoutError):
    """CoCalc did not answer a command of the frame within its deadline."""


class CommandCancelledError(CoCalcError):
    """The command was cancelled before CoCalc answered (the widget was closed, say)."""


class ChannelBlockedError(CoCalcError):
    """The page cannot talk to CoCalc; the message says why, the remedy what to change."""


class WouldDeadlockError(CoCalcError, RuntimeError):
    """Waiting here would stop the very messages it waits for; the remedy is the line to write."""


def _sentences(message: str, remedy: str) -> str:
    # a server's own words often end without a full stop
    stop = "" if not remedy or message.endswith((".", "!", "?", ":", "…")) else "."
    return f"{message}{stop} {remedy}".rstrip()


def _shown(error: Exception) -> list[str]:
    """The lines that IPython shows for this error: one, or (for `%tb`) its whole traceback."""
    shell = _ipython()
    trace = error.__traceback__
    if shell is None or trace is None or _fails_now(trace):
        if shell is not None:
            shell.InteractiveTB.tb = trace  # %debug begins there
        return [f"{type(error).__name__}: {' '.join(str(error).split())}"]
    # without the values of variables, which %xmode Verbose would add: some are
    # passwords and tokens, as they were typed
    painter = shell.InteractiveTB
    verbose, painter.include_vars = painter.include_vars, False
    try:
        full = painter.structured_traceback(type(error), error, trace)
    finally:
        painter.include_vars = verbose
    return [redact(line) for line in full]


def _fails_now(trace: TracebackType | None) -> bool:
    """Whether a traceback is of the cell that runs now: its frames are still at work."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - what inspect calls, without its import
    working = set()
    while frame is not None:
        working.add(frame)
        if frame.f_code.co_name == "run_code":  # IPython's, which runs a cell and shows its error
            break
        frame = frame.f_back
    while trace is not None:
        if trace.tb_frame in working:
            return True
        trace = trace.tb_next
    return False


def _ipython() -> Any:
    # only if IPython is loaded: this module must not be what loads it
    core = sys.modules.get("IPython")
    return core.get_ipython() if core is not None else None
