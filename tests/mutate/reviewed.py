"""Owns the list of faults that change nothing: reviewed by hand, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Reviewed:
    """One entry: a piece of the statement, what it became ("": whatever), and the reason."""

    path: str
    old: str
    new: str
    reason: str

    def is_about(self, path: str, old: str, new: str) -> bool:
        """Whether this is the fault, or one of the faults, meant."""
        if path != self.path:
            return False
        old, new = flat(old), flat(new)
        if not self.new:
            return self.old in old
        pieces = old.split(self.old)
        places = range(1, len(pieces))
        changed = (
            self.old.join(pieces[:at]) + self.new + self.old.join(pieces[at:]) for at in places
        )
        return new in changed


def flat(text: str) -> str:
    """The same in one line."""
    return " ".join(text.split())


def reviewed(listed: Path) -> list[Reviewed]:
    """The entries; a `ValueError` says which is not whole.

    An entry is a few lines, with an empty line before the next one: the file, "- " and the
    statement or a piece of it, perhaps "+ " and what it became, and the reason.
    """
    found = []
    for block in listed.read_text("utf-8").split("\n\n"):
        lines = [it for it in block.splitlines() if it.strip() and not it.startswith("#")]
        if not lines:
            continue
        path, *rest = lines
        old = flat(" ".join(it[2:] for it in rest if it.startswith("- ")))
        new = flat(" ".join(it[2:] for it in rest if it.startswith("+ ")))
        reason = " ".join(it.strip() for it in rest if it[:2] not in {"- ", "+ "})
        if not old or not reason:
            raise ValueError(f"no statement, or no reason, in the entry {block!r} of {listed.name}")
        found.append(Reviewed(path.strip(), old, new, reason))
    return found
