"""Owns that API keys, auth tokens and passwords leave the process in no text and no traceback."""

from __future__ import annotations

import binascii
import functools
import re
import weakref
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

P = ParamSpec("P")
R = TypeVar("R")


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

# Signs that steer a terminal or turn the direction of reading, and halves of surrogate pairs,
# which cannot be printed at all: what a server says may hold them.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_SURE = 12  # characters; what is shorter may be part of an ordinary word


def discreet(function: Callable[P, R]) -> Callable[P, R]:
    """The same function, of whose values no traceback tells when it fails, or is interrupted.

    Whatever comes through it, at whatever line (an alarm, Ctrl-C, an exception set by another
    thread), finds the lines of the way here and below, but no variables: those of `http.client`
    hold the key as a header, those of `json` a password, and an answer may repeat either.
    """

    @functools.wraps(function)
    def hushed(*args: P.args, **options: P.kwargs) -> R:
        # One line, so that no line of this is outside of the try; and while the function
        # works, nothing here has its arguments.
        # fmt: off
        try: return function(*(args, args := ())[0], **(options, options := {})[0])  # type: ignore[assignment]  # noqa: E701
        except BaseException as error:
            args, options = (), {}  # type: ignore[assignment]
            forget(error)
            raise
        # fmt: on

    return hushed


def forget(error: BaseException) -> None:
    """Forget the values of all variables in an error's traceback, but those of calls at work."""
    todo, seen = [error], set()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if _clear(one, one.__traceback__ if one is not error else None):
            todo += [it for it in (one.__context__, one.__cause__) if it is not None]


def _clear(error: BaseException, first: TracebackType | None) -> bool:
    # False where its `first` call is still at work: it came up before ours, and is the caller's
    trace = error.__traceback__
    while trace is not None:
        try:
            trace.tb_frame.clear()
        except RuntimeError:  # at work
            if trace is first:
                return False
        trace = trace.tb_next
    return True


class Secret:
    """A key, token or password that shows itself only when asked to.

    As long as it lives, `redact` masks its value wherever that turns up.

    `str`, `repr` and `format` give a mask, and pickling or copying it into
    JSON fails; `reveal()` gives the value. Two secrets compare by value.

    Attributes:
        home: the only host that it may be given to, "" if not known.
    """

    __slots__ = ("__weakref__", "_forms", "_value", "home")

    @discreet
    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"a secret is a string, not {type(value).__name__}")
        self._value = value
        self._forms: tuple[str, ...] | None = None
        self.home = ""
        _living[id(self)] = self

    def reveal(self) -> str:
        """The value itself: hand it to the wire, to nothing else."""
        return self._value

    @discreet
    def forms(self) -> tuple[str, ...]:
        """How the value may be written in a text, itself first."""
        if self._forms is None:
            self._forms = _forms_of(self._value)
        return self._forms

    def __str__(self) -> str:
        return mask(getattr(self, "_value", ""))  # a traceback may show one that is half made

    def __repr__(self) -> str:
        return f"<secret {self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")

    __getstate__ = __reduce__

    def __deepcopy__(self, memo: object) -> Secret:
        return self  # `dataclasses.asdict` copies so, and nothing leaves the process


_living: weakref.WeakValueDictionary[int, Secret] = weakref.WeakValueDictionary()


def printable(text: str) -> str:
    """A text of a server's as it may be printed: what would steer the terminal is shown as `�`."""
    return _UNSHOWN.sub("\ufffd", text.replace("\r\n", "\n"))


@discreet
def mask(value: str) -> str:
    """The last four characters of a long secret, nothing of a short one."""
    return _MASK + value[-4:] if len(value) >= 16 else _MASK


@discreet
def redact(text: str, *secrets: Secret | str | None) -> str:
    """`text` without secrets: those given, those alive, and whatever looks like one."""
    # without a lock, which an exception from outside could leave closed for ever; the list of
    # references is made in one step
    living = (reference() for reference in _living.valuerefs())
    known = [it for it in living if it is not None and len(it.reveal()) >= _SURE]
    for secret in (*secrets, *known):
        if not secret:
            continue
        for form in secret.forms() if isinstance(secret, Secret) else _forms_of(secret):
            if len(form) >= 4 and form in text:
                text = text.replace(form, _MASK)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<keep>{_MASK}", text)
    text = _BASIC.sub(lambda found: _masked(found, _is_pair), text)
    return _BEARER.sub(lambda found: _masked(found, _is_random), text)


@discreet
def _forms_of(value: str) -> tuple[str, ...]:
    """A value as it is, in a URL, a form, JSON, `repr`, and as the user name of HTTP Basic."""
    import json
    from urllib.parse import quote, quote_plus

    text = value.encode("utf-8", "replace").decode()  # halves of surrogate pairs
    found = [value, quote(text, safe=""), quote(text), quote_plus(text), repr(value)[1:-1]]
    found += [json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)]
    if len(value) >= _SURE:
        # the last signs depend on what follows
        found.append(binascii.b2a_base64(text.encode(), newline=False).decode()[:-4])
    return tuple(dict.fromkeys(found))


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
