"""Owns which error a failure is: by CoCalc's own words, else by the status of HTTP (pure).

Here a 404 becomes `NotFoundError`, and a 403 `PermissionDeniedError`.

Sources: the recordings of both generations. Quoted parts of a message are taken
out first: they repeat what the caller sent, and must not decide anything.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ...errors import (
    APIError,
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    ValidationError,
)


class Verdict(NamedTuple):
    """The class of a failure and what to do about it."""

    error: type[APIError]
    remedy: str = ""


_KEY = "Check the API key, or log in again."
_SMALLER = "Send it in smaller parts, or as a file by client.write_text(...)."
_NO_FOLDER = "A name on the way to it is that of a file."
_ORG = "Only an admin of that user's organization, or of the site, can mint tokens there."
BAN = 60.0  # s after a wrong password (recording)
_LATE = r"\btimed? ?out\b"
# The first entry that has one of its expressions in the words decides.
_TABLE: tuple[tuple[tuple[str, ...], Verdict], ...] = (
    # how a command in a project ended: what follows is the command's own text
    (("exited with nonzero code",), Verdict(ServerError)),
    (("killed command",), Verdict(ServerError, "Give it more time with timeout= (s).")),
    (("make sure you are signed in", r"anonymous \w+ queries"), Verdict(AuthenticationError, _KEY)),
    (
        (r"^banned\b", "too many", r"rate.?limit", "throttl", "please wait .*(before|try)"),
        Verdict(RateLimitError),
    ),
    (("entity too large", "body exceeded"), Verdict(ValidationError, _SMALLER)),
    ((r"\bEISDIR\b", "is a directory"), Verdict(ValidationError, "Name a file in that folder.")),
    ((r"\bENOTDIR\b", "not a directory"), Verdict(ValidationError, _NO_FOLDER)),
    ((r"\bE(ACCES|PERM)\b", "permission denied"), Verdict(PermissionDeniedError)),
    (
        (
            "invalid (param|input|project_id|account_id|src_|target_|user_query|json)",
            "unexpected (argument|end of|token)",
            r"invalid (\w+ )?(uuid|e-?mail|path|field|type|value|date|limit|argument)",
            "must be (specified|a valid|valid uuid|defined|contained|given|between)",
            "must be an? (object|array|string|number)",
            "must (include|set|specify|agree) ",
            "must provide (?!authentication|an api key)",
            r"\bis required\b",
            r"missing (required )?(param|argument|field|property)",
            r"\b(invalid_type|ENAMETOOLONG)\b",
            r"not (a )?valid\b",
            "illegal value",
            "cannot read propert(y|ies) of (undefined|null)",
            "syntaxerror",
        ),
        Verdict(ValidationError),
    ),
    (
        (
            "provide (authentication|an api key)",
            "(must be|not) (signed|logged) in",
            "(must be|not) authenticated",
            "unauthorized",
            "no account found",
            "api key wrong",
            "invalid api key",
            "unknown authorization",
        ),
        Verdict(AuthenticationError, _KEY),
    ),
    (
        ("(incorrect|invalid|wrong) password", "password .*is (incorrect|wrong)"),
        Verdict(AuthenticationError, "Mind: a wrong password bans the right one for 60 s."),
    ),
    (("(expired|invalid) token",), Verdict(AuthenticationError, "Mint a new token.")),
    (
        (
            "not part of the http api",
            "unknown (endpoint|function|event|action|method)",
            "is not enabled",
            "not (implemented|supported)",
        ),
        Verdict(NotFoundError),
    ),
    (
        ("not in an org", "org(anization)? admin", "must (be )?an admin of the org"),
        Verdict(PermissionDeniedError, _ORG),
    ),
    (
        (
            r"does not have \w+ access",
            "access (blocked|denied)",
            r"do not have (\w+ )?access",
            r"must be (an? |the )?(\w+ )?(collaborator|admin|owner|member)",
            r"only (\w+ )?(collaborator|admin|owner|member)s? ",
            "not a collaborator",
            "ownershiperror",
            "not (allowed|permitted|authorized)",
            "forbidden",
        ),
        Verdict(PermissionDeniedError),
    ),
    (
        (
            r"\bENOENT\b",
            "no such",
            "not found",
            "(can't|cannot|unable to) find",
            "(project|account|user|file) (is|was|has been) deleted",
            "(does not|doesn't) exist",
            "no (project|account|copy|api key|file) with",
            "unknown (project|account|user)",
            "no spec available",
        ),
        Verdict(NotFoundError),
    ),
    ((_LATE,), Verdict(ServerError, "What was asked may still happen.")),
)
_COMPILED = tuple(
    (re.compile("|".join(texts), re.IGNORECASE | re.DOTALL), it) for texts, it in _TABLE
)
# a sign-up that is refused for its sender's haste names no field but this one
_TOO_MANY = re.compile(r"^other: .*\btoo many\b", re.IGNORECASE)
_READ = 5000  # characters that decide: some expressions take the square of their number
_QUOTED = re.compile(r"(?<!\w)(?:'[^']*'|\"[^\"]*\")(?!\w)")
_BY_STATUS: dict[int, Verdict] = {
    400: Verdict(ValidationError),
    401: Verdict(AuthenticationError, _KEY),
    403: Verdict(PermissionDeniedError),
    404: Verdict(NotFoundError, "The server may be of another generation; client.whoami() tells."),
    405: Verdict(ValidationError),
    410: Verdict(NotFoundError),
    413: Verdict(ValidationError, _SMALLER),
    415: Verdict(ValidationError),
    422: Verdict(ValidationError),
    429: Verdict(RateLimitError),
}


def judge(words: str, status: int, *, fields: bool = False) -> Verdict:
    """Which error this failure is.

    Args:
        words: what the server said; may be empty.
        status: of HTTP; decides where the words do not, as 200 says nothing.
        fields: the failure named fields of a form, each with its message.
    """
    if status == 429 or status in (401, 403, 413):
        return _BY_STATUS[status]
    if fields:
        return Verdict(RateLimitError if _TOO_MANY.search(words) else ValidationError)
    # a key whose number is too big for the database is a wrong key (recording)
    if status == 400 and "out of range for type integer" in words:
        return Verdict(AuthenticationError, _KEY)
    # what JSON says of parameters is in quotes itself
    plain = words[:_READ] if words[:2] == "[{" else _QUOTED.sub("''", words[:_READ])
    if status < 500:
        for pattern, verdict in _COMPILED:
            if pattern.search(plain):
                return verdict
    return _BY_STATUS.get(status, Verdict(ServerError))


def is_late(words: str) -> bool:
    """Whether a server gave up waiting: what it waited for may still happen."""
    return re.search(_LATE, words[:_READ], re.IGNORECASE) is not None


def filled(words: str) -> str:
    """A server's words with the number in them that it forgot to fill in (recording)."""
    return words.replace("#{BAN_TIME_MS/1000}", f"{BAN:g}")


def seconds_to_wait(words: str) -> float | None:
    """The time a ban lasts, as its sentence says it, in seconds."""
    found = re.search(r"(\d{1,9}(?:\.\d{1,9})?) ?(s|sec\w*|m|min\w*|h|hour\w*)\b", words[:_READ])
    if found is None:
        return BAN if words.startswith("banned") else None
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2][0]]
