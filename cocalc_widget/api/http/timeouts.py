"""Owns timeouts and retries: how long is waited, what is tried again, and when (pure)."""

from __future__ import annotations

import email.utils
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import (
    APIConnectionError,
    APITimeoutError,
    CoCalcError,
    ConfigurationError,
    ValidationError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .messages import Reply

REDIRECTS = 3
FIRST_WAIT = 0.5  # seconds before the first retry, doubled for each further one
LONGEST_WAIT = 8.0  # seconds, unless the server asks for more
CONNECT = 10.0
TOTAL = 60.0
COPY_WAIT = 300.0  # what a server that copies at once may take for one copy
BATCH_WAIT = 3600.0  # how long to wait for queued copies, unless told otherwise


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, for a whole call with its retries, for a copy made while we wait."""

    connect: float = CONNECT
    total: float = TOTAL
    copy: float = COPY_WAIT


def check_timeout(told: float | tuple[float, float] | None) -> Timeouts:
    """The limits a client was given: seconds for a call, or (to connect, for a call).

    Raises:
        ConfigurationError: no such thing.
    """
    if told is None:
        return Timeouts()
    pair = told if isinstance(told, tuple) else (CONNECT, told)
    if len(pair) != 2 or not all(
        isinstance(it, (int, float)) and not isinstance(it, bool) and 0 < it < 1e6 for it in pair
    ):
        raise ConfigurationError(
            f"timeout must be seconds, or a pair of seconds to connect and to call, not {told!r}.",
            remedy=f"Leave it out for ({CONNECT:g}, {TOTAL:g}), and {COPY_WAIT:g} for a copy.",
        )
    return Timeouts(min(pair[0], pair[1]), pair[1], pair[1])


def check_seconds(told: object) -> float:
    """The limit that one call was given, in seconds.

    Raises:
        ValidationError: no number, or one that no clock can count.
    """
    if isinstance(told, (int, float)) and not isinstance(told, bool) and 0 < told < 1e6:
        return told
    raise ValidationError(f"timeout must be seconds, not {told!r}.")


def copy_limit(asked: float | None, limits: Timeouts, *, queues: bool) -> float:
    """Seconds to wait for the answer to one copy.

    A server without a queue copies first and answers then; one that `queues`
    (its ids told) answers at once.
    """
    if queues:
        return limits.total
    return limits.copy if asked is None else asked + limits.total


def worth_retrying(outcome: Reply | CoCalcError) -> bool:
    """Whether trying again may help (says nothing about whether it does harm)."""
    if isinstance(outcome, APITimeoutError):
        return False  # the deadline is for all attempts together: nothing is left
    if isinstance(outcome, CoCalcError):
        return isinstance(outcome, APIConnectionError)
    return outcome.status in (408, 429, 500, 502, 503, 504)


def backoff(attempt: int, outcome: Reply | CoCalcError, chance: float, now: float) -> float:
    """Seconds to wait before the next attempt.

    Args:
        attempt: 0 for the first wait.
        outcome: of the attempt that failed; its `Retry-After` wins.
        chance: random in [0, 1): clients that failed together come back apart.
        now: seconds since 1970.
    """
    if not isinstance(outcome, CoCalcError):
        asked = retry_after(outcome.headers, now)
        if asked is not None:
            return asked + 0.1 * chance
    if isinstance(outcome, APIConnectionError) and not outcome.sent and attempt == 0:
        return 0.1 * (1 + chance)  # a refused connection is often a server just starting
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0**attempt)
    return longest * (0.5 + 0.5 * chance)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds asked for by `Retry-After` (a number, or a date), None without one.

    A date is one of the server's clock, which `Date` shows: ours may be hours off.
    """
    text = headers.get("retry-after", "").strip()
    try:
        asked = float(text)
    except ValueError:
        until, told = http_date(text), http_date(headers.get("date", ""))
        return None if until is None else max(0.0, until - (now if told is None else told))
    return max(0.0, asked) if math.isfinite(asked) else None


def http_date(text: str) -> float | None:
    """A date in a header, in seconds since 1970; None for what is none."""
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, OSError):
        return None
