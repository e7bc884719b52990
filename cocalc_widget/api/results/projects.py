"""Owns projects, and which of them is meant by an id, the beginning of one, or a title (pure)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ...address import Address, check_path, is_uuid
from ...errors import NotFoundError, ValidationError
from . import tables as rich

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LEAST = 4  # characters of an id that may stand for it
_SHOWN = 4  # candidates that a message lists


@dataclass(frozen=True, slots=True, repr=False)
class Project(rich.Card):
    """A project this account can use."""

    project_id: str
    title: str
    description: str = ""

    _title = "CoCalc project"


class Projects(list[Project]):
    """A list of projects that shows itself as a table."""

    def _table(self) -> tuple[str, list[str], list[list[str]]]:
        described = any(p.description for p in self)
        head = ["title", "project_id", "description"][: None if described else 2]
        rows = [[getattr(p, name) for name in head] for p in self]
        return "1 project" if len(self) == 1 else f"{len(self)} projects", head, rows

    def _repr_html_(self) -> str:
        return rich.table(*self._table())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001, ARG002 - IPython's form
        printer.text(rich.text_table(*self._table()))


def check(told: object) -> str:
    """What names a project: an id (in lower case), the start of one, or a title; or a `Project`.

    Raises:
        ValidationError: nothing that can be one; nothing was sent.
    """
    name = getattr(told, "project_id", told)
    if not isinstance(name, str) or not name.strip():
        raise ValidationError(
            "a project is named by its title, its id, or the start of its id, not by "
            f"{'blanks' if isinstance(name, str) else type(told).__name__}.",
            remedy="client.projects() lists them.",
        )
    return name.strip().lower() if is_uuid(name.strip()) else name


def called(name: str, known: Sequence[Project]) -> list[Project]:
    """The projects of that title, else those whose id begins like this.

    Two ways of writing the same letters (`é` as one character, or as two) are one title.
    Blanks at its ends count only where another title is the same but for them.
    """
    if not name.strip():
        return []
    hits = [p for p in known if p.title == name]
    for same in (_letters, lambda text: _letters(text).strip()):
        hits = hits or [p for p in known if same(p.title) == same(name)]
    start = name.strip().lower()
    if not hits and len(start) >= _LEAST:
        hits = [p for p in known if p.project_id.startswith(start)]
    return hits


def _letters(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def find(name: str, known: Sequence[Project]) -> str:
    """The id of the project that is called so.

    Raises:
        NotFoundError: none is; the message suggests the nearest title.
        ValidationError: several are; the message lists them.
    """
    hits = called(name, known)
    if len(hits) == 1:
        return hits[0].project_id
    if hits:
        raise ValidationError(
            f"{len(hits)} projects match {name!r}: {_candidates(name, hits)}.",
            remedy="Use the id, or more of it.",
        )
    titles = {p.title.casefold(): p.title for p in known}
    near = get_close_matches(name.casefold(), titles, n=1)
    hint = f"; did you mean {titles[near[0]]!r}?" if near else "."
    raise NotFoundError(
        f"there is no project {name!r} among your {len(known)} projects{hint}",
        remedy="client.projects() lists them; name one by title, or by the start of its id.",
    )


def readings(place: Address) -> Iterator[Address]:
    """All that an address can mean, as a title may hold colons: the shortest title first."""
    yield place
    if not place.path or is_uuid(place.project):
        return
    text = f"{place.project}:{place.path}"
    for at in range(len(place.project) + 1, len(text) + 1):
        if text[at : at + 1] in (":", ""):
            yield Address(text[:at], text[at + 1 :])


def settled(place: Address, known: Sequence[Project]) -> Address:
    """The reading of an address in which there is such a project; as it is where there is none.

    Raises:
        ValidationError: there is one in several readings.
    """
    fits = [each for each in readings(place) if each.project and called(each.project, known)]
    if len(fits) > 1:
        several = ", or ".join(f"{each.path!r} in {each.project!r}" for each in fits)
        raise ValidationError(f"{str(place)!r} can be {several}.", remedy="Use the project's id.")
    if not fits or fits[0] is place:
        return place
    return replace(fits[0], path=check_path(fits[0].path) if fits[0].path.strip() else "")


def located(place: Address, known: Sequence[Project]) -> Address:
    """What an address means, with the project's id.

    Args:
        place: as it was given.
        known: the projects of the account; not looked at where the address has an id.

    Raises:
        NotFoundError: no such project.
        ValidationError: several are meant.
    """
    meant = settled(place, known)
    name = meant.project
    return replace(meant, project=name.lower() if is_uuid(name) else find(name, known))


def _candidates(name: str, hits: Sequence[Project]) -> str:
    told = [p.project_id if p.title == name else f"{p.project_id} ({p.title})" for p in hits]
    more = len(told) - _SHOWN
    return ", ".join(told[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
