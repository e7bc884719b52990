"""Owns the reading of what to copy where: addresses, lists of them, CSV files."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..address import Address, check_path, is_uuid, parse_address
from ..errors import ValidationError
from .dialect import CopyOptions
from .policy import check_seconds
from .results import Project

_PROJECT_COLUMNS = ("project_id", "project", "target", "target_project_id")
_PATH_COLUMNS = ("path", "target_path")


def flatten(targets: Iterable[object]) -> list[Address]:
    """Addresses as written: strings, `Address`es, projects, CSV files, lists of these.

    A string is the name of a CSV file where it ends so and there is one. Ids with commas
    or line ends between them are several targets: no path goes on with a project's id.

    Raises:
        ValidationError: something else, or nothing at all.
    """
    found: list[Address] = []
    for target in targets:
        if isinstance(target, str):
            found.extend(_read(target))
        elif isinstance(target, Address):
            found.append(parse_address(target))
        elif isinstance(target, Project):
            found.append(Address(target.project_id))
        elif isinstance(target, Path):
            found.extend(read_csv(target))
        elif isinstance(target, Mapping) or not isinstance(target, Iterable):
            raise ValidationError(
                f"a target is PROJECT or PROJECT:PATH, not {type(target).__name__}."
            )
        else:
            found.extend(flatten(target))
    return found


def _read(text: str) -> list[Address]:
    if text.strip().lower().endswith(".csv") and not is_uuid(text[:36]):
        file = text.strip()
        if os.path.isfile(file):  # noqa: PTH113 - False for a name that no file can have
            return read_csv(Path(file))
    parts = [part.strip() for part in re.split(r"[,\r\n]", text) if part.strip()]
    if len(parts) > 1 and all(is_uuid(part.partition(":")[0].strip()) for part in parts):
        return [parse_address(part) for part in parts]
    return [parse_address(text)]


def read_csv(file: Path) -> list[Address]:
    """The targets in a CSV file: a column of projects (or addresses), and one of paths if any.

    With a heading the columns are found by name (`project_id`, `project` or
    `target`; `path` or `target_path`), else they are the first two.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as handle:
            rows = [row for row in csv.reader(handle) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = type(error).__name__
        rows = None
    if rows is None:
        raise ValidationError(f"the file of targets {str(file)!r} cannot be read ({why}).")
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    project = next((head.index(name) for name in _PROJECT_COLUMNS if name in head), None)
    path = next((head.index(name) for name in _PATH_COLUMNS if name in head), None)
    if project is None and path is not None:
        raise ValidationError(f"{str(file)!r} has no column {' or '.join(_PROJECT_COLUMNS)}.")
    body = rows if project is None else rows[1:]
    where = 0 if project is None else project
    which = 1 if project is None else path
    found = []
    for row in body:
        cells = [cell.strip() for cell in row]
        if where >= len(cells) or not cells[where]:
            raise ValidationError(f"{str(file)!r} has a row without a project: {','.join(row)}.")
        told = parse_address(cells[where])
        if which is not None and which < len(cells) and cells[which]:
            # a column of its own: the other one names the project alone, colons and all
            told = Address(cells[where], check_path(cells[which], "target path"))
        found.append(told)
    return found


def settle(
    source: Address,
    targets: list[Address],
    ids: Mapping[str, str],
    *,
    delete_missing: bool = False,
) -> list[Address]:
    """The targets with project ids, and the source's path where they name none.

    Raises:
        ValidationError: none, the same twice, the source itself or a place inside it;
            or targets that read as if they were further sources.
    """
    if not targets:
        raise ValidationError("there is no target to copy to.")
    origin = Address(ids[source.project], _plain(source.path))
    seen: set[Address] = set()
    settled = []
    for told in targets:
        target = Address(ids[told.project], told.path or source.path)
        place = replace(target, path=_plain(target.path))
        if place == origin:
            raise ValidationError(f"{told} is the source itself.")
        if place.project == origin.project:
            _check_nesting(source, told, origin.path, place.path, delete_missing=delete_missing)
        if place in seen:
            raise ValidationError(f"{told} is named twice; each target is copied to once.")
        seen.add(place)
        settled.append(target)
    _check_alike(source, targets)
    return settled


def _plain(path: str) -> str:
    """A path in its shortest form: `./w`, `w//` and `w` are one place; "" is the home."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _inside(inner: str, outer: str) -> bool:
    return not outer or inner.startswith(f"{outer}/")


def _check_nesting(
    source: Address, told: Address, origin: str, place: str, *, delete_missing: bool
) -> None:
    if _inside(place, origin):
        raise ValidationError(
            f"{told} is inside the source {source}, which would be copied into itself: "
            "nothing was copied.",
            remedy="Copy to a place beside it.",
        )
    if delete_missing and _inside(origin, place):
        raise ValidationError(
            f"with delete_missing the source {source} itself would be deleted from {told}: "
            "nothing was copied.",
            remedy="Leave delete_missing out, or copy to a place beside it.",
        )


def _check_alike(source: Address, targets: list[Address]) -> None:
    """Refuse what reads like `cp one two folder`, of which `two` would be overwritten."""
    own = _plain(source.path)
    bare = next((told for told in targets if not told.path), None)
    pathed = next((told for told in targets if told.path), None)
    same = next((told for told in targets if told.path and _plain(told.path) == own), None)
    other = next((told for told in targets if told.path and _plain(told.path) != own), None)
    if bare is not None and pathed is not None:
        why, first = f"'{pathed}' names a path, '{bare}' does not", bare
    elif same is not None and other is not None:
        why = f"'{same}' has the path of the source, beside '{other}'"
        first = same
    else:
        return
    raise ValidationError(
        f"{why}: is '{first}' a target, whose own {own!r} is overwritten, or meant as a second "
        "source? Nothing was copied.",
        remedy="There is one source, and all behind it are targets: either each is a PROJECT "
        "alone (same path), or each has a path of its own; copy twice for both kinds. Gathering "
        "files of many projects in one takes a copy for each of them.",
    )


def check_options(told: dict[str, Any], now: datetime) -> CopyOptions:
    """The options of a copy, each of its own type: nothing is guessed.

    Raises:
        ValidationError: what is no such option's value.
    """
    for name in ("overwrite_newer", "delete_missing", "backup"):
        if not isinstance(told[name], bool):
            raise ValidationError(f"{name} must be True or False, not {told[name]!r}.")
    timeout = told["timeout"]
    if timeout is not None:
        check_seconds(timeout)
    exclude = told["exclude"]
    exclude = (
        (exclude,) if isinstance(exclude, str) or not isinstance(exclude, Iterable) else exclude
    )
    exclude = tuple(exclude)
    if not all(isinstance(it, str) and it for it in exclude):
        raise ValidationError("exclude must be patterns, each a string.")
    return CopyOptions(
        told["overwrite_newer"],
        told["delete_missing"],
        told["backup"],
        exclude,
        timeout,
        _date(told["scheduled"], now),
    )


def _date(told: object, now: datetime) -> datetime | None:
    if told is None:
        return None
    when = None
    if isinstance(told, str):
        try:
            when = datetime.fromisoformat(told.strip().replace("Z", "+00:00"))
        except ValueError:
            when = None
    elif isinstance(told, datetime):
        when = told
    if when is None:
        raise ValidationError(
            f"scheduled must be a datetime, or a date such as '2030-01-31T08:00', not {told!r}."
        )
    when = when.astimezone()  # without a zone it is local time
    if when <= now:
        raise ValidationError(f"scheduled is in the past: {when:%Y-%m-%d %H:%M %Z}.")
    return when
