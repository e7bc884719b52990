"""Owns the masking of API keys, auth tokens and passwords in all text that leaves the process."""

from __future__ import annotations

import binascii
import re
import weakref
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

from .forking import new_lock

_MASK = "•••"
# An API key as CoCalc makes them: sk_ + 16 or sk- + 22 letters and digits, so far. Names of files
# and titles ("sk-learn-course", "sk_learn_exercises_2024") have other signs long before that.
KEY = re.compile(r"(?<![A-Za-z0-9])(?P<keep>sk[_-])[A-Za-z0-9]{16}[A-Za-z0-9_-]*")
# What else a secret looks like when we do not hold it ourselves: an auth_token in a URL,
# CoCalc's own sentence about an expired token, which repeats it, a password in a URL, and
# whatever stands in a header that is named.
_PATTERNS = (
    KEY,
    re.compile(r"(?P<keep>auth_token(?:=|%3[dD]))[^&\s'\"<>#]+"),
    re.compile(r"(?P<keep>unknown or expired token: ['\"]?)[^'\"\s]+"),
    re.compile(
        r"(?P<keep>\bauthorization['\"]?\s*[:=,]\s*['\"]?(?:basic|bearer)\s+)[^\s'\",;]+",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<keep>://[^\s/?#:@'\"]*:)[^\s/?#@'\"]+(?=@)"),  # user:password@host
)
# The word alone may begin a title ("Basic Statistics", "Bearer instruments"): what follows
# it must look like what belongs there.
_BASIC = re.compile(
    r"(?P<keep>\bBasic )(?P<told>[A-Za-z0-9+/_-]{6,}={0,2})(?![A-Za-z0-9])", re.IGNORECASE
)
_BEARER = re.compile(r"(?P<keep>\bBearer )(?P<told>[A-Za-z0-9+/=_.~-]{16,})", re.IGNORECASE)

_SURE = 12  # characters; what is shorter may be part of an ordinary word


class Secret:
    """A key, token or password that shows itself only when asked to.

    As long as it lives, `redact` masks its value wherever that turns up.

    `str`, `repr` and `format` give a mask, and pickling or copying it into
    JSON fails; `reveal()` gives the value. Two secrets compare by value.

    Attributes:
        home: the only host that it may be given to, "" if not known.
    """

    __slots__ = ("__weakref__", "_value", "home")

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"a secret is a string, not {type(value).__name__}")
        self._value = value
        self.home = ""
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
    text = _BASIC.sub(lambda found: _masked(found, _is_pair), text)
    return _BEARER.sub(lambda found: _masked(found, _is_random), text)


def _masked(found: re.Match[str], meant: Callable[[str], bool]) -> str:
    return found["keep"] + _MASK if meant(found["told"]) else found[0]


def _is_pair(told: str) -> bool:
    """Whether this is `user:password` in base64, as HTTP Basic has it; hardly any word is."""
    bare = told.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    try:
        pair = binascii.a2b_base64(bare + "=" * (-len(bare) % 4)).decode()
    except ValueError:  # no base64, or no text in it
        return False
    return ":" in pair and pair.rstrip("\n:").isprintable()


def _is_random(told: str) -> bool:
    """Whether this is a token, not a name: capitals, small letters, digits here and there."""
    return all(re.search(kind, told) for kind in ("[A-Z]", "[a-z]", "[0-9][^0-9]+[0-9]"))
