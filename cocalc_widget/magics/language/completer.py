"""Owns completion, made from the parser's own tree: commands, options, choices, places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...redact import printable
from ..tree import COMMANDS
from . import places
from .known import Known
from .parser import HELP, REST, Command, Param
from .pieces import RawWord
from .words import scan

if TYPE_CHECKING:
    from ..session import Session
    from .places import Places

_VALUE = "\0"  # before a word that begins with a hyphen and is no option
# `%cocalc ...`, `%%cocalc ...`, `name = %cocalc ...`, `a, b["c"] = %cocalc ...`
_LINE = re.compile(
    r"""^\s*(?:(?:[^=%#'"]|'[^'\n]*'|"[^"\n]*")*=\s*)?(?P<sign>%%?)cocalc\s(?P<rest>.*)$""",
    re.DOTALL,
)


def match(line: str, session: Session) -> dict[str, Any]:
    """What IPython's matchers return for the line up to the cursor."""
    from IPython.core.completer import SimpleCompletion

    found = _LINE.match(line)
    if found is None:
        return {"completions": []}
    fragment, texts = candidates(found["rest"], Known(session), cell=found["sign"] == "%%")
    # a title or a name may hold what steers the terminal that lists it
    texts = [text for text in texts if printable(text) == text]
    return {
        "completions": [SimpleCompletion(text, type="magic") for text in texts],
        "matched_fragment": fragment,
        "suppress": bool(texts),  # Python's names have no place on this line
        "ordered": True,
    }


def candidates(rest: str, known: Places, *, cell: bool = False) -> tuple[str, list[str]]:
    """The text that would be replaced, and what may stand there instead."""
    words = scan(rest, partial=True)
    end = words[-1].end if words else 0
    if rest[end:].lstrip().startswith("#"):
        return "", []  # a comment
    current = words.pop() if words and end == len(rest) else RawWord(len(rest))
    fragment = rest[current.start :]
    before = [_plain(word) for word in words]
    if not before or before == ["help"]:
        names = [c.name for c in COMMANDS if c.cell == cell or before]
        return fragment, places.starting(HELP if fragment[:1] == "-" else names, current.text())
    command = next((c for c in COMMANDS if c.name == before[0] and c.cell == cell), None)
    if command is None:
        return fragment, []
    flag, sign, value = fragment.partition("=")
    if sign and _open_option(command, [flag]):  # --option=value
        before.append(flag)
        fragment = value
        current = (scan(value, partial=True) or [RawWord(0)])[-1]
    return fragment, _values(command, before[1:], current, fragment, known)


def _values(
    command: Command, before: list[str], current: RawWord, raw: str, known: Places
) -> list[str]:
    typed = _plain(current)
    waiting = _open_option(command, before)
    if waiting is not None:
        return _of_kind(waiting, raw, current, known)
    options = not (any(param.nargs == REST for param in command.params) and before)
    if "--" in before:
        options, at = False, before.index("--")
        before = before[:at] + [f"{_VALUE}{word}" for word in before[at + 1 :]]
    options = options and typed.startswith("-")
    flags: list[str] = []
    if options:
        used = {word.partition("=")[0] for word in before}
        flags = [
            flag
            for param in command.params
            if param.repeat or not used.intersection(param.flags)
            for flag in param.flags
        ]
        flags = places.starting([*flags, *HELP], typed)
    position = _position(command, before)
    found = [] if position is None else _of_kind(position, raw, current, known)
    return flags + [text for text in found if text != raw or not options]


def _plain(word: RawWord) -> str:
    """A word as it is meant; one that only looks like an option, as its quotes say, marked."""
    text = word.text()
    value = text.startswith("-") and word.pieces[0].quoted
    return f"{_VALUE}{text}" if value else text


def _open_option(command: Command, before: list[str]) -> Param | None:
    """The option whose value is about to be typed."""
    for param in command.params:
        if before and before[-1] in param.flags and not param.switch:
            return param
    return None


def _position(command: Command, before: list[str]) -> Param | None:
    """The argument that stands at the cursor."""
    valued = {flag for param in command.params if not param.switch for flag in param.flags}
    count = sum(
        1
        for at, word in enumerate(before)
        if not word.startswith("-") and (at == 0 or before[at - 1] not in valued)
    )
    arguments = [param for param in command.params if not param.flags]
    for param in arguments:
        if count == 0 or param.nargs in ("*", "+", REST):
            return None if param.nargs == REST else param
        count -= 1
    return None


def _of_kind(param: Param, raw: str, word: RawWord, known: Places) -> list[str]:
    typed = word.text()
    if param.choices:
        return places.starting(param.choices, typed)
    if param.kind not in ("project", "address") or _unknown(word):
        return []  # Python's own completion knows variables and files
    colon = param.kind == "address"
    found = places.projects(typed, word.quote, known, colon=colon)  # a title may hold colons
    if colon and ":" in raw:
        found += places.paths(raw, typed, word.quote, known)
    # Nothing is known, or not yet: the word itself, which keeps Python's names away, and
    # the seconds that these can take.
    return found or [raw][: bool(raw)]


def _unknown(word: RawWord) -> bool:
    """Whether a word holds a name or expression, or is about to."""
    last = word.pieces[-1] if word.pieces else None
    about = last is not None and not last.quoted and last.text.endswith("$")
    return about or any(piece.kind != "text" for piece in word.pieces)
