"""Owns the reading of a class from a file, as spreadsheets write them: rows, columns, faults."""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ...address import Address, check_path, is_uuid, parse_address
from ...errors import CoCalcError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods")  # of names that are taken for files
_PROJECTS = ("project_id", "project", "target", "target_project_id", "target_project", "title")
_PATHS = ("path", "target_path")
_AS_CSV = 'Save it as "CSV UTF-8" in the spreadsheet, and name that file.'
_NAME_THEM = (
    "Write project_id (or project, or target) at the top of the column of projects, and path at "
    "the top of that of paths, if there is one."
)
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_SEPARATORS = ",;\t"
_OPEN = 'a quote (") is not closed'
_LONGEST = 200  # lines that one row may take, with line ends in its cells


class Fault(NamedTuple):
    """What is wrong with one place of a list: where that is, and why."""

    where: str
    error: CoCalcError


class Told(NamedTuple):
    """A target as it was given; `where` says in which row of which file, "" for any other."""

    place: Address
    where: str = ""


@dataclass(slots=True)
class _Row:
    number: int  # as a spreadsheet counts them
    cells: list[str] = field(default_factory=list)
    fault: str = ""
    width: int = 0  # with the cells at its end that are empty


def read_sheet(file: Path, like: str = "") -> tuple[list[Told], list[Fault]]:
    """The targets in a file of comma-, semicolon- or tab-separated values, and what is wrong.

    With a heading the columns are found by name, those of no such name are left alone.
    Without one there is a single column, of projects or addresses; a second one
    counts as paths only if all in it end as `like`, else they may be names.

    Args:
        file: UTF-8, UTF-16 or Windows' code page 1252.
        like: how a path may end that stands in no column of that name, as `".md"`.

    Raises:
        ValidationError: nothing in it can be used; the message says what to do.
    """
    rows = _parse(_text(file), str(file))
    width = max((len(row.cells) for row in rows), default=0)
    head = [re.sub(r"[\s-]+", "_", cell.strip().casefold()) for cell in rows[0].cells]
    project = next((head.index(name) for name in _PROJECTS if name in head), None)
    path = next((head.index(name) for name in _PATHS if name in head), None)
    if project is not None:
        rows, width = rows[1:], rows[0].width
    elif path is not None or not _is_plain(rows, width, like):
        told = ", ".join(repr(cell.strip()) for cell in rows[0].cells)
        raise ValidationError(
            f"{str(file)!r} does not say which of its columns are projects: its first row is "
            f"{told}.",
            remedy=f"{_NAME_THEM} Put what holds a comma into quotes.",
        )
    else:
        project, path = 0, 1 if width > 1 else None
    if not rows:
        raise ValidationError(
            f"{str(file)!r} holds no row below its heading.", remedy="Name a project in each row."
        )
    found: list[Told] = []
    faults: list[Fault] = []
    for row in rows:
        where = f"row {row.number} of {file.name!r}"
        try:
            found.append(Told(_place(row, project, path, width), where))
        except CoCalcError as error:
            faults.append(Fault(where, error))
    return found, faults


def _place(row: _Row, project: int, path: int | None, width: int) -> Address:
    if row.fault:
        raise ValidationError(row.fault)
    cells = row.cells
    if any("\n" in cells[at] for at in (project, path) if at is not None and at < len(cells)):
        raise ValidationError(_OPEN)
    if len(cells) > width:
        raise ValidationError(
            "it has more cells than the heading has: put what holds a separator into quotes"
        )
    name = cells[project] if project < len(cells) else ""
    if not name.strip():
        raise ValidationError("it names no project")
    inner = cells[path].strip() if path is not None and path < len(cells) else ""
    if inner:
        # a column of its own: the other one names the project alone, colons and all
        return Address(name.strip() if is_uuid(name.strip()) else name, check_path(inner))
    return parse_address(name)


def _is_plain(rows: Sequence[_Row], width: int, like: str) -> bool:
    """Whether a file without a heading can be read in one way only."""
    if width <= 1:
        return True
    second = [row.cells[1].strip() for row in rows if len(row.cells) > 1]
    return bool(like) and width == 2 and all(not it or it.endswith(like) for it in second)


def _parse(text: str, name: str) -> list[_Row]:
    lines = re.split(r"\r\n|\r|\n", text)
    told = _SEP.fullmatch(lines[0])
    if told:
        lines = lines[1:]
    if not any(line.strip(f" {_SEPARATORS}") for line in lines):
        raise ValidationError(f"{name!r} is empty.", remedy="Name a project in each of its rows.")
    if told:
        return list(_rows(lines, told[1]))
    tried = [list(_rows(lines, sign)) for sign in _SEPARATORS]
    return min(tried, key=_strangeness)


def _strangeness(rows: Sequence[_Row]) -> tuple[bool, int, int, int]:
    """How unlikely it is that rows were separated so; the least of several is right."""
    head = {re.sub(r"[\s-]+", "_", cell.strip().casefold()) for cell in rows[0].cells}
    named = len(head.intersection((*_PROJECTS, *_PATHS)))
    whole = [row for row in rows if not row.fault]
    if named:  # more of the names known; then no row that is longer than the heading
        return False, -named, sum(len(row.cells) > rows[0].width for row in whole), 0
    # in a file without a heading only what stands in every row separates
    ids = sum(is_uuid(row.cells[0].strip()) for row in rows if row.cells)
    each = min((row.width for row in whole), default=0)
    return True, len(rows) - len(whole), -ids, -(each > 1)


def _rows(lines: Sequence[str], separator: str) -> Iterator[_Row]:
    """The rows with something in them; after a fault the next line is a row again."""
    at = number = 0
    while at < len(lines):
        number += 1
        row, used = _one(lines, at, separator, number)
        at += used
        if row.fault or any(row.cells):
            yield row


def _one(lines: Sequence[str], at: int, separator: str, number: int) -> tuple[_Row, int]:
    last = min(len(lines), at + _LONGEST)
    reader = csv.reader(
        (f"{lines[n]}\n" for n in range(at, last)),
        delimiter=separator,
        strict=True,
        skipinitialspace=separator != "\t",
    )
    try:
        cells = next(reader)
    except StopIteration:
        return _Row(number), 1
    except csv.Error as error:
        words = str(error)
        if "end of data" in words or reader.line_num > 1:
            return _Row(number, fault=_OPEN), 1
        if "expected after" in words:
            return _Row(number, fault='a quote (") inside a quoted cell must be written twice'), 1
        return _Row(number, fault=f"it can't be read ({words})"), 1
    width = len(cells)
    while cells and not cells[-1].strip():
        cells.pop()
    if any(_swallows(cell, separator) for cell in cells):
        return _Row(number, fault=f"{_OPEN}, or a cell has lines that read like rows"), 1
    return _Row(number, cells, width=width), reader.line_num


def _swallows(cell: str, separator: str) -> bool:
    """Whether a cell of several lines may hold rows: its quote is then closed by another one's."""
    inner = cell.split("\n")[1:]
    return any(separator in line or is_uuid(line.strip()[:36]) for line in inner)


def _text(file: Path) -> str:
    try:
        data = file.expanduser().read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        data = None
    if data is None:
        raise ValidationError(
            f"the file of targets {str(file)!r} cannot be read: {why}.",
            remedy="Its path is taken from the folder that the kernel works in: %pwd shows it.",
        )
    if data[:4] == b"PK\x03\x04" or data[:4] == b"\xd0\xcf\x11\xe0":
        raise ValidationError(f"{str(file)!r} is a workbook, not a CSV file.", remedy=_AS_CSV)
    for encoding in _encodings(data):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding).removeprefix("\ufeff")
    raise ValidationError(f"{str(file)!r} is not text that can be read.", remedy=_AS_CSV)


def _encodings(data: bytes) -> tuple[str, ...]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ("utf-16",)
    if b"\0" in data:  # UTF-16 without its mark: the half of plain letters is zero
        if len(data) % 2:
            return ()
        return ("utf-16-le",) if data[1::2].count(0) > data[::2].count(0) else ("utf-16-be",)
    return ("utf-8", "cp1252")
