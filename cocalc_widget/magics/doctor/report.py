"""Owns what `doctor` finds: one check, and the report of all, as table and as text to paste."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ...redact import Secret, printable, redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

State = Literal["ok", "warn", "fail"]
_MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}
_WIDTH = 96


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: `found` is what there is, `remedy` what to do about it."""

    name: str
    state: State
    found: str
    remedy: str = ""


class Report(tuple[Check, ...]):
    """All checks in order; `print()` gives text that can be pasted into a bug report.

    It holds no secret: keys are never put in, and what looks like one, or is
    one of those given, is masked. The user's home folder is written as `~`.
    """

    __slots__ = ()

    @classmethod
    def of(cls, checks: Iterable[Check], secrets: Sequence[Secret | str | None] = ()) -> Report:
        """A report without those secrets."""

        def clean(text: str) -> str:
            return printable(redact(text, *secrets)).replace(_home(), "~")

        return cls(
            replace(check, found=clean(check.found), remedy=clean(check.remedy)) for check in checks
        )

    @property
    def ok(self) -> bool:
        """Whether nothing failed; warnings may be there."""
        return not self.failed

    @property
    def failed(self) -> list[Check]:
        """The checks that failed."""
        return [check for check in self if check.state == "fail"]

    @property
    def warnings(self) -> list[Check]:
        """What works less well than it could, or could not be looked at."""
        return [check for check in self if check.state == "warn"]

    def check(self, name: str) -> Check:
        """The check of that name.

        Raises:
            KeyError: there is none.
        """
        for check in self:
            if check.name == name:
                return check
        raise KeyError(name)

    @property
    def title(self) -> str:
        """How many are in which state."""
        good = len(self) - len(self.failed) - len(self.warnings)
        plural = "" if len(self.warnings) == 1 else "s"
        return (
            f"cocalc-widget doctor: {good} ok, {len(self.warnings)} warning{plural}, "
            f"{len(self.failed)} failed"
        )

    def __str__(self) -> str:
        return "\n".join([self.title, *self._lines()])

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        width = max((len(check.name) for check in self), default=0)
        hang = " " * (width + 8)
        for check in self:
            head = f"  {check.state:<4}  {check.name:<{width}}"
            yield from _hanging(f"{head}  ", check.found, hang)
            if check.remedy:
                yield from _hanging(f"{hang}→ ", check.remedy, f"{hang}  ")

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:  # noqa: FBT001, ARG002 - IPython's form
        printer.text(str(self))  # type: ignore[attr-defined]

    def _repr_html_(self) -> str:
        from ...api.results import tables as rich

        rows = [(_MARKS[c.state], c.state, c.name, c.found, c.remedy) for c in self]
        return rich.table(self.title, ("", "state", "check", "found", "what to do"), rows)


def _hanging(head: str, text: str, hang: str) -> list[str]:
    lines = textwrap.wrap(
        text, _WIDTH - len(hang), break_long_words=False, break_on_hyphens=False
    ) or [""]
    return [f"{head}{lines[0]}".rstrip(), *(f"{hang}{line}" for line in lines[1:])]


def _home() -> str:
    try:
        home = str(Path.home())
    except RuntimeError:  # a user without one
        return "\0"
    return home if len(home) > 1 else "\0"
