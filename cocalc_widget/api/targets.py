"""Owns the reading of what to copy where: addresses, lists of them, CSV files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..address import Address, is_uuid, parse_address
from ..errors import CoCalcError, NotFoundError, ValidationError
from . import naming
from .dialect import CopyOptions
from .policy import check_seconds
from .results import Project
from .sheets import SUFFIXES, Fault, Told, read_sheet


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
    source: Address, told: list[Told], known: Sequence[Project], faults: list[Fault]
) -> list[Address]:
    """The targets with the ids of their projects, and the source's path where they name none.

    Args:
        source: with its project's id.
        told: the targets as they were given.
        known: the projects of the account; none where all targets have ids.
        faults: what is known to be wrong already.

    Raises:
        CoCalcError: what is wrong, all of it: places that are no targets, the same
            one twice, the source itself. Or there is none.
    """
    if not told and not faults:
        raise ValidationError("there is no target to copy to.")
    seen: dict[Address, str] = {}
    settled: list[Address] = []
    for given, where in told:
        try:
            meant = naming.located(given, known)
            target = replace(meant, path=meant.path or source.path)
            if _same(target) == _same(source):
                raise ValidationError(f"{given} is the source itself.")
            if target in seen:
                before = f" (first in {seen[target]})" if seen[target] else ""
                raise ValidationError(
                    f"{given} is named twice{before}; each target is copied to once."
                )
        except CoCalcError as error:
            if isinstance(error, NotFoundError) and str(given).lower().endswith(SUFFIXES):
                error.advise(f"There is no file of that name in {os.getcwd()} either.")  # noqa: PTH109
            elif isinstance(error, NotFoundError) and where.startswith("row 1 of"):
                error.advise(f"{error.remedy} If row 1 is a heading, write project in it.")
            faults.append(Fault(where, error))
            continue
        seen[target] = where
        settled.append(target)
    if faults:
        raise _together(faults)
    return settled


def _same(place: Address) -> tuple[str, str]:
    return place.project, place.path.rstrip("/")


def _together(faults: list[Fault]) -> CoCalcError:
    """One error for all that is wrong: an only one keeps its kind and its advice."""
    if len(faults) == 1 and not faults[0].where:
        return faults[0].error
    ordered = sorted(faults, key=lambda it: [int(n) for n in re.findall(r"^row (\d+)", it.where)])
    lines = [
        f"{where}: {error.message.rstrip('.')}" if where else error.message.rstrip(".")
        for where, error in ordered
    ]
    remedies = dict.fromkeys(it.error.remedy for it in faults if it.error.remedy)
    alike = {type(it.error) for it in faults}
    kind = alike.pop() if alike <= {NotFoundError} else ValidationError
    count = "1 target is" if len(faults) == 1 else f"{len(faults)} targets are"
    return kind(
        f"{count} wrong, nothing was copied: {'; '.join(lines)}.", remedy=" ".join(remedies)
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
