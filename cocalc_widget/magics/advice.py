"""Owns what to do next as `%cocalc` can do it; errors of the client say it in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import (
    APIConnectionError,
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)

if TYPE_CHECKING:
    from ..errors import CoCalcError
    from .parser import Command

# The client's words, and what one writes on a line instead.
ON_A_LINE = {
    "projects() lists them": "%cocalc projects lists them",
    "timeout= (s)": "--timeout SECONDS",
    "copy_status(id) asks for one": "%cocalc copies --id ID asks for one",
    "exec(project_id, 'ls', [path])": "%cocalc exec PROJECT ls PATH",
    "exec(project_id, 'base64', [path])": "%cocalc exec PROJECT base64 PATH",
    'Pass password=; password="" asks without one all the same.': "Ask again, and type it.",
    "give its password: create_token(password=...)": "type its password when %cocalc token asks",
    "create_token(account, password)": "%cocalc token ACCOUNT",
    "pass verify=<CA file>": "set REQUESTS_CA_BUNDLE to its CA file",
    "To pick them up: wait() again": "To pick them up: %cocalc copies --wait",
}
# For what the server says without saying what to do about it; the first that fits.
_NEXT: tuple[tuple[type[CoCalcError], str], ...] = (
    (AuthenticationError, "%cocalc login --ask asks for another key."),
    (
        PermissionDeniedError,
        "%cocalc whoami shows whose key this is, %cocalc projects what it can use.",
    ),
    (RateLimitError, "Wait a minute, then try again."),
    (APIConnectionError, "%cocalc doctor looks for the cause."),
    (ServerError, "%cocalc doctor looks for the cause."),
)
_FILES = "%cocalc exec PROJECT ls FOLDER lists what is there; Tab does, too."


def advise(error: CoCalcError, command: Command) -> None:
    """Make the remedy of an error one for this command."""
    remedy = error.remedy
    for words, instead in ON_A_LINE.items():
        remedy = remedy.replace(words, instead)
    if not remedy:
        remedy = next((text for kind, text in _NEXT if isinstance(error, kind)), "")
    if not remedy and isinstance(error, NotFoundError):
        remedy = _FILES if any(param.kind == "address" for param in command.params) else ""
    error.advise(remedy or f"{command.magic} --help tells more.")
