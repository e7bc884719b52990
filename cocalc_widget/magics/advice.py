"""Owns what to do next as `%cocalc` can do it; errors of the client say it in Python."""

from __future__ import annotations

import re
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
    from .language.parser import Command

# The client's words, and what one writes on a line instead.
ON_A_LINE = {
    "client.projects() lists them": "%cocalc projects lists them",
    "See client.projects()": "See %cocalc projects",
    "timeout= (s)": "--timeout SECONDS",
    "client.copy_status(ID) asks for one": "%cocalc copies --id ID asks for one",
    "client.copy_status(ID) tells when it is done": "%cocalc copies --id ID tells when it is done",
    "client.copies(PROJECT) lists": "%cocalc copies PROJECT lists",
    'client.exec(PROJECT, "ls", [PATH])': "%cocalc exec PROJECT ls PATH",
    'client.exec(PROJECT, "base64", [PATH])': "%cocalc exec PROJECT base64 PATH",
    'Give it: client.create_token(password=...); password="" asks without one all the same.': (
        "Type it when %cocalc token asks, without --no-password."
    ),
    "give its password: client.create_token(password=...)": (
        "type its password when %cocalc token asks"
    ),
    "client.create_token(ACCOUNT, PASSWORD)": "%cocalc token ACCOUNT",
    'give its CA file: Client(verify="ca.pem")': "set REQUESTS_CA_BUNDLE to its CA file",
    "client.last_copy.wait()": "%cocalc copies --wait",
    "client.last_copy.send() sends them": "%cocalc copies --retry sends them",
    "; Client(host=..., allow_http=True) takes it all the same": "",
    "give one, Client(api_key=...), or log in by %cocalc login": "%cocalc login asks for one",
    "client.whoami() tells": "%cocalc whoami tells",
    ', or choose api="v1" or "v2"': "",
    "or as a file by client.write_text(...)": "or as a file by %%cocalc write PROJECT:PATH",
}
# the same with a value inside
_PATTERNS = (
    (re.compile(r"client\.copies\('([^']*)'\)"), r"%cocalc copies '\1'"),
    (re.compile(r"use host='([^']*)'"), r"use %cocalc login --host \1"),
)
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


def on_a_line(text: str) -> str:
    """A sentence of the client with what one types on a line in the place of Python."""
    for words, instead in ON_A_LINE.items():
        text = text.replace(words, instead)
    for pattern, form in _PATTERNS:
        text = pattern.sub(form, text)
    return text


def advise(error: CoCalcError, command: Command) -> None:
    """Make the remedy of an error one for this command."""
    remedy = on_a_line(error.remedy)
    if not remedy:
        remedy = next((text for kind, text in _NEXT if isinstance(error, kind)), "")
    if not remedy and isinstance(error, NotFoundError):
        remedy = _FILES if any(param.kind == "address" for param in command.params) else ""
    error.advise(remedy or f"{command.magic} --help tells more.")
