"""Owns completion: commands, options, choices, and projects and paths as they must be typed."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Protocol

from ...redact import printable
from .parser import HELP, REST, Command, Param
from .splitter import RawWord, scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...api import Project

_SPECIAL = re.compile(r"[\s'\"#{}$;\\]")  # what a word without quotes can't hold
_VALUE = "\0"  # before a word that begins with a hyphen and is no option
# `%cocalc ...`, `%%cocalc ...`, `name = %cocalc ...`, `a, b["c"] = %cocalc ...`
_LINE = re.compile(
    r"""^\s*(?:(?:[^=%#'"]|'[^'\n]*'|"[^"\n]*")*=\s*)?(?P<sign>%%?)cocalc\s(?P<rest>.*)$""",
    re.DOTALL,
)


class Places(Protocol):
    """What is known of CoCalc (`lookups.Known`)."""

    def projects(self) -> Sequence[Project]:
        """The account's projects."""

    def entries(self, project: str, folder: str) -> Iterable[str]:
        """The names in a folder of a project, those of folders with a slash at the end."""


def match(line: str, commands: Sequence[Command], known: Places) -> dict[str, Any]:
    """What IPython's matchers return for the line up to the cursor.

    Args:
        line: all of it, `%cocalc` included.
        commands: all that there are.
        known: what may be asked.
    """
    from IPython.core.completer import SimpleCompletion

    found = _LINE.match(line)
    if found is None:
        return {"completions": []}
    fragment, texts = candidates(found["rest"], commands, known, cell=found["sign"] == "%%")
    # a title or a name may hold what steers the terminal that lists it
    texts = [text for text in texts if printable(text) == text]
    return {
        "completions": [SimpleCompletion(text, type="magic") for text in texts],
        "matched_fragment": fragment,
        "suppress": bool(texts),  # Python's names have no place on this line
        "ordered": True,
    }


def candidates(
    rest: str, commands: Sequence[Command], known: Places, *, cell: bool = False
) -> tuple[str, list[str]]:
    """The text that would be replaced, and what may stand there instead."""
    words = scan(rest, partial=True)
    end = words[-1].end if words else 0
    if rest[end:].lstrip().startswith("#"):
        return "", []  # a comment
    current = words.pop() if words and end == len(rest) else RawWord(len(rest))
    fragment = rest[current.start :]
    before = [_plain(word) for word in words]
    if not before or before == ["help"]:
        names = [c.name for c in commands if c.cell == cell or before]
        return fragment, _starting(HELP if fragment[:1] == "-" else names, current.text())
    command = next((c for c in commands if c.name == before[0] and c.cell == cell), None)
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
        flags = _starting([*flags, *HELP], typed)
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
        return _starting(param.choices, typed)
    if param.kind not in ("project", "address") or _unknown(word):
        return []  # Python's own completion knows variables and files
    colon = param.kind == "address"
    found = _projects(typed, word.quote, known, colon=colon)  # a title may hold colons
    if colon and ":" in raw:
        found += _paths(raw, typed, word.quote, known)
    # Nothing is known, or not yet: the word itself, which keeps Python's names away, and
    # the seconds that these can take.
    return found or [raw][: bool(raw)]


def _unknown(word: RawWord) -> bool:
    """Whether a word holds a name or expression, or is about to."""
    last = word.pieces[-1] if word.pieces else None
    about = last is not None and not last.quoted and last.text.endswith("$")
    return about or any(piece.kind != "text" for piece in word.pieces)


def _projects(typed: str, quote: str, known: Places, *, colon: bool) -> list[str]:
    """Titles that begin like this, and ids; with `colon` ready for a path behind them."""
    found = known.projects()
    end = ":" if colon else ""
    ids: dict[str, list[str]] = {}
    for p in found:
        ids.setdefault(p.title, []).append(p.project_id)
    words = []
    for title in sorted((t for t in ids if _begins(t.strip(), typed.strip())), key=folded):
        told = _quoted(title, quote) if title.strip() else ""
        # what can't be typed has an id that can; an open quote would be part of that, too
        words += [told] if told else [] if not title else [quote + each for each in ids[title]]
    if typed:
        words += [quote + each for each in _starting({p.project_id for p in found}, typed)]
    return [word + end for word in words]


def _paths(raw: str, typed: str, quote: str, known: Places) -> list[str]:
    """What may follow `PROJECT:`, with all of the word as it was typed in front.

    Args:
        raw: the word as it stands on the line, quotes and all.
        typed: the same as it is meant.
        quote: the quote that is open at its end.
        known: where to look.
    """
    title, path, colons = _split(typed, known)
    folder, slash, name = path.rpartition("/")
    head = ":".join(raw.split(":")[:colons]) + ":"
    opened = bool(quote) and head.count(quote) % 2 == 1  # in front of the colon
    names = [
        entry
        for entry in known.entries(title, folder + slash)
        if name.startswith(".") or not entry.startswith(".")
    ]
    found = []
    for entry in _starting(names, name):
        whole = folder + slash + entry
        if not quote and not _SPECIAL.search(whole):
            found.append(head + whole)
            continue
        sign = next((s for s in ([quote] if quote else "\"'") if _fits(whole, s)), "")
        if sign:  # a folder's quote stays open: there is more to come
            body = whole if whole.endswith("/") else whole + sign
            found.append(head + ("" if opened else sign) + body)
    return found


def _split(typed: str, known: Places) -> tuple[str, str, int]:
    """Title and path of an address, and at which of its colons one ends."""
    parts = typed.split(":")
    ends = list(range(1, len(parts)))
    if len(ends) > 1:
        titles = {folded(p.title).strip() for p in known.projects()}
        ends = [n for n in ends if folded(":".join(parts[:n])).strip() in titles] or ends
    return ":".join(parts[: ends[0]]), ":".join(parts[ends[0] :]), ends[0]


def _quoted(name: str, quote: str) -> str:
    """The name as it must be typed, "" if it can't be; an open quote stays open for the path."""
    if not name.isprintable():
        return ""
    if quote:
        return f"{quote}{name}" if _fits(name, quote) else ""
    if not _SPECIAL.search(name) and name[:1] != "-":  # which would begin an option
        return name
    return next((f"{sign}{name}{sign}" for sign in "\"'" if _fits(name, sign)), "")


def _fits(text: str, sign: str) -> bool:
    """Whether quotes of this kind keep the text as it is."""
    return "'" not in text if sign == "'" else not re.search(r'["${}\\]', text)


def _starting(names: Iterable[str], typed: str) -> list[str]:
    """Those that begin like this, in any case, each once, in order."""
    return sorted({n for n in names if _begins(n, typed)}, key=folded)


def _begins(name: str, typed: str) -> bool:
    """Whether a name begins like this."""
    return folded(name).startswith(folded(typed))


def folded(text: str) -> str:
    """A text for comparing: case, and the ways of writing the same letters, do not count."""
    return unicodedata.normalize("NFC", text.casefold())
