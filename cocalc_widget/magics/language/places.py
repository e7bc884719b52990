"""Owns the completion of projects and addresses: which there are, and how each must be typed."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...api import Project

_SPECIAL = re.compile(r"[\s'\"#{}$;\\]")


class Places(Protocol):
    """What is known of CoCalc (`known.Known`)."""

    def projects(self) -> Sequence[Project]:
        """The account's projects."""

    def entries(self, project: str, folder: str) -> Iterable[str]:
        """The names in a folder of a project, those of folders with a slash at the end."""


def projects(typed: str, quote: str, known: Places, *, colon: bool) -> list[str]:
    """Titles that begin like this, and ids; with `colon` ready for a path behind them."""
    found = known.projects()
    end = ":" if colon else ""
    ids: dict[str, list[str]] = {}
    for p in found:
        ids.setdefault(p.title, []).append(p.project_id)
    words = []
    for title in sorted((t for t in ids if begins(t.strip(), typed.strip())), key=folded):
        told = quoted(title, quote) if title.strip() else ""
        # what can't be typed has an id that can; an open quote would be part of that, too
        words += [told] if told else [] if not title else [quote + each for each in ids[title]]
    if typed:
        words += [quote + each for each in starting({p.project_id for p in found}, typed)]
    return [word + end for word in words]


def paths(raw: str, typed: str, quote: str, known: Places) -> list[str]:
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
    for entry in starting(names, name):
        whole = folder + slash + entry
        if not quote and not _SPECIAL.search(whole):
            found.append(head + whole)
            continue
        sign = next((s for s in ([quote] if quote else "\"'") if fits(whole, s)), "")
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


def quoted(name: str, quote: str) -> str:
    """The name as it must be typed, "" if it can't be; an open quote stays open for the path."""
    if not name.isprintable():
        return ""
    if quote:
        return f"{quote}{name}" if fits(name, quote) else ""
    if not _SPECIAL.search(name) and name[:1] != "-":  # which would begin an option
        return name
    return next((f"{sign}{name}{sign}" for sign in "\"'" if fits(name, sign)), "")


def fits(text: str, sign: str) -> bool:
    """Whether quotes of this kind keep the text as it is."""
    return "'" not in text if sign == "'" else not re.search(r'["${}\\]', text)


def starting(names: Iterable[str], typed: str) -> list[str]:
    """Those that begin like this, in any case, each once, in order."""
    return sorted({n for n in names if begins(n, typed)}, key=folded)


def begins(name: str, typed: str) -> bool:
    """Whether a name begins like this."""
    return folded(name).startswith(folded(typed))


def folded(text: str) -> str:
    """A text for comparing: case, and the ways of writing the same letters, do not count."""
    return unicodedata.normalize("NFC", text.casefold())
