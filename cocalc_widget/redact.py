"""Owns the masking of API keys, auth tokens and passwords in all text that leaves the process."""

from __future__ import annotations

import re
import weakref
from typing import NoReturn

from .forking import new_lock

_MASK = "•••"
# What a secret looks like when we do not hold it ourselves: CoCalc's API keys
# (`sk_` + 16 or `sk-` + 22 characters, so far), an auth_token in a URL,
# CoCalc's own sentence about an expired token, which repeats it, and a password in a URL.
_PATTERNS = (
    re.compile(r"(?P<keep>\bsk[_-])[A-Za-z0-9_-]{8,}"),
    re.compile(r"(?P<keep>auth_token(?:=|%3[dD]))[^&\s'\"<>#]+"),
    re.compile(r"(?P<keep>unknown or expired token: ['\"]?)[^'\"\s]+"),
    re.compile(r"(?P<keep>\b(?:Basic|Bearer) )[A-Za-z0-9+/=_.-]{8,}"),
    re.compile(r"(?P<keep>://[^\s/?#:@'\"]*:)[^\s/?#@'\"]+(?=@)"),  # user:password@host
)

_SURE = 12  # characters; what is shorter may be part of an ordinary word


class Secret:
    """A key, token or password that shows itself only when asked to.

    As long as it lives, `redact` masks its value wherever that turns up.

    `str`, `repr` and `format` give a mask, and pickling or copying it into
    JSON fails; `reveal()` gives the value. Two secrets compare by value.
    """

    __slots__ = ("__weakref__", "_value")

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"a secret is a string, not {type(value).__name__}")
        self._value = value
        with _lock:
            _living[id(self)] = self

    def reveal(self) -> str:
        """The value itself: hand it to the wire, to nothing else."""
        return self._value

    def __str__(self) -> str:
        return mask(self._value)

    def __repr__(self) -> str:
        return f"<secret {mask(self._value)}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")

    __getstate__ = __reduce__


_living: weakref.WeakValueDictionary[int, Secret] = weakref.WeakValueDictionary()
_lock = new_lock()


def mask(value: str) -> str:
    """The last four characters of a long secret, nothing of a short one."""
    return _MASK + value[-4:] if len(value) >= 16 else _MASK


def redact(text: str, *secrets: Secret | str | None) -> str:
    """`text` without secrets: those given, those alive, and whatever looks like one."""
    with _lock:
        known = [it for it in _living.values() if len(it.reveal()) >= _SURE]
    for secret in (*secrets, *known):
        value = secret.reveal() if isinstance(secret, Secret) else secret
        if value and len(value) >= 4:
            text = text.replace(value, _MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<keep>{_MASK}", text)
    return text
