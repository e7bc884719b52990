"""Owns the reading of what to copy where: addresses, lists of them, CSV files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ...address import Address, is_uuid, parse_address
from ...errors import CoCalcError, NotFoundError, ValidationError
from ..dialects.interface import CopyOptions
from ..http.timeouts import check_seconds
from ..results import projects as naming
from ..results.projects import Project
from .sheets import SUFFIXES, Fault, Told, read_sheet

_SAID = 40  # faults that are told in full; of more, only where they are


def read(targets: Iterable[object], like: str = "") -> tuple[list[Told], list[Fault]]:
    """Targets as written, and what is wrong in files of them.

    They are strings, `Address`es, projects, files, and lists of these. A string is the
    name of a file where it ends as one of a spreadsheet does and there is one. Ids with
    commas or line ends between them are several targets: no path goes on with a project's id.

    Args:
        targets: as `Client.copy` takes them.
        like: how a path ends, for files that name their columns not (`read_sheet`).

    Raises:
        ValidationError: something else, or a file that can't be read at all.
    """
    found: list[Told] = []
    faults: list[Fault] = []
    for target in targets:
        wrong: list[Fault] = []
        if isinstance(target, Address):
            more = [Told(parse_address(target))]
        elif isinstance(target, Project):
            more = [Told(Address(target.project_id))]
        elif isinstance(target, Path):
            more, wrong = read_sheet(target, like)
        elif isinstance(target, str):
            file = _file(target)
            more, wrong = read_sheet(file, like) if file else (_several(target), wrong)
        elif isinstance(target, Mapping) or not isinstance(target, Iterable):
            raise ValidationError(
                f"a target is PROJECT or PROJECT:PATH, not {type(target).__name__}."
            )
        else:
            more, wrong = read(target, like)
        found.extend(more)
        faults.extend(wrong)
    return found, faults


def _file(text: str) -> Path | None:
    name = text.strip()
    if not name.lower().endswith(SUFFIXES) or is_uuid(name[:36]):
        return None
    file = os.path.expanduser(name)  # noqa: PTH111 - takes any text
    return Path(name) if os.path.isfile(file) else None  # noqa: PTH113 - False for no name at all


def _several(text: str) -> list[Told]:
    parts = [part.strip() for part in re.split(r"[,\r\n]", text) if part.strip()]
    if len(parts) > 1 and all(is_uuid(part.partition(":")[0].strip()) for part in parts):
        return [Told(parse_address(part)) for part in parts]
    return [Told(parse_address(text))]


def settle(
    source: Address,
    told: list[Told],
    known: Sequence[Project],
    faults: list[Fault],
    *,
    delete_missing: bool = False,
) -> list[Address]:
    """The targets with the ids of their projects, and the source's path where they name none.

    Args:
        source: with its project's id.
        told: the targets as they were given.
        known: the projects of the account; none where all targets have ids.
        faults: what is known to be wrong already.
        delete_missing: what only the target has is deleted there.

    Raises:
        CoCalcError: what is wrong, all of it: places that are no targets, the same
            one twice, the source itself or a place in it; targets that read as if they
            were further sources. Or there is none.
    """
    if not told and not faults:
        raise ValidationError("there is no target to copy to.")
    seen: dict[Address, str] = {}
    settled: list[Address] = []
    typed: list[tuple[Address, Address]] = []
    for given, where in told:
        try:
            meant = naming.located(given, known)
            target = replace(meant, path=meant.path or source.path)
            place = _place(target)
            if place == _place(source):
                raise ValidationError(f"{given} is the source itself.")
            _check_nesting(given, _place(source), place, delete_missing=delete_missing)
            if place in seen:
                before = f" (first in {seen[place]})" if seen[place] else ""
                raise ValidationError(
                    f"{given} is named twice{before}; each target is copied to once."
                )
        except CoCalcError as error:
            if isinstance(error, NotFoundError) and str(given).lower().endswith(SUFFIXES):
                error.advise(f"There is no file of that name in {os.getcwd()} either.")  # noqa: PTH109
            faults.append(Fault(where, error))
            continue
        seen[place] = where
        settled.append(target)
        if not where:  # a column of a file can't be meant as a list of sources
            typed.append((given, meant))
    if faults:
        raise _together(faults)
    _check_alike(source, typed)
    return settled


def _place(told: Address) -> Address:
    """The same with its path in its shortest form: `./w`, `w//`, `w` are one; "" is the home."""
    return replace(told, path=_plain(told.path))


def _plain(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _inside(inner: str, outer: str) -> bool:
    return not outer or inner.startswith(f"{outer}/")


def _check_nesting(
    given: Address, source: Address, place: Address, *, delete_missing: bool
) -> None:
    if place.project != source.project:
        return
    if _inside(place.path, source.path):
        raise ValidationError(
            f"{given} is inside the source, which would be copied into itself: nothing was copied.",
            remedy="Copy to a place beside it.",
        )
    if delete_missing and _inside(source.path, place.path):
        raise ValidationError(
            f"with delete_missing the source itself would be deleted from {given}: "
            "nothing was copied.",
            remedy="Leave delete_missing out, or copy to a place beside it.",
        )


def _check_alike(source: Address, typed: list[tuple[Address, Address]]) -> None:
    """Refuse what reads like `cp one two folder`, of which `two` would be overwritten."""
    own = _plain(source.path)
    bare = next((given for given, meant in typed if not meant.path), None)
    pathed = [(given, _plain(meant.path) == own) for given, meant in typed if meant.path]
    same = next((given for given, equal in pathed if equal), None)
    other = next((given for given, equal in pathed if not equal), None)
    if bare is not None and pathed:
        why, first = f"'{pathed[0][0]}' names a path, '{bare}' does not", bare
    elif same is not None and other is not None:
        why, first = f"'{same}' has the path of the source, beside '{other}'", same
    else:
        return
    raise ValidationError(
        f"{why}: is '{first}' a target, whose own {own!r} is overwritten, or meant as a second "
        "source? Nothing was copied.",
        remedy="There is one source, and all behind it are targets: either each is a PROJECT "
        "alone (same path), or each has a path of its own; copy twice for both kinds. Gathering "
        "files of many projects in one takes a copy for each of them.",
    )


def _row(fault: Fault) -> tuple[str, int]:
    """File and row of a fault, for their order."""
    row, _, file = fault.where.partition(" of ")
    return file, int(row.removeprefix("row ") or 0)


def _together(faults: list[Fault]) -> CoCalcError:
    """One error for all that is wrong: an only one keeps its kind and its advice."""
    if len(faults) == 1 and not faults[0].where:
        return faults[0].error
    files = list(dict.fromkeys(_row(it)[0] for it in faults))
    ordered = sorted(faults, key=lambda it: (files.index(_row(it)[0]), _row(it)[1]))
    lines = [
        f"{where}: {error.message.rstrip('.')}" if where else error.message.rstrip(".")
        for where, error in ordered[:_SAID]
    ]
    more = [it.where.partition(" of ")[0] or str(it.error) for it in ordered[_SAID:]]
    if more:
        lines.append(f"and the like in {', '.join(more)}")
    remedies = dict.fromkeys(it.error.remedy for it in faults if it.error.remedy)
    if any(_row(it)[1] == 1 and isinstance(it.error, NotFoundError) for it in faults):
        remedies["If row 1 is a heading, write project in it."] = None
    alike = {type(it.error) for it in faults}
    kind = alike.pop() if alike <= {NotFoundError} else ValidationError
    count = "1 target is" if len(faults) == 1 else f"{len(faults)} targets are"
    told = f"{count} wrong, nothing was copied: {'; '.join(lines)}"
    return kind(told if told.endswith("?") else f"{told}.", remedy=" ".join(remedies))


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
