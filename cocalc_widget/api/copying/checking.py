"""Owns seeing whether copies have arrived: hashes of both sides, one command for each project.

A server's "done" is its word for it: a file that is newer in the target was left as it is,
and nobody is told. Here the files themselves are asked, in the projects.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ...errors import APIError, CoCalcError, ServerError
from . import workers
from .lost_answers import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..dialects.interface import CopyOptions, Dialect
    from ..results.jobs import CopyJob
    from .sending import Sender

CHECK_TIME = 300.0  # s that the hashing in one project may take
MOST_FILES = 20_000  # of one copy; more are not checked
MOST_BYTES = 64_000_000  # that a list of them may have
MOST_PATHS = 60_000  # bytes of paths in one command; a request of generation A has 100 kB
SHOWN = 5  # names that a sentence lists

# What stands at each path: a line with its kind, and one with hash, time and mode of all files
# in it, packed, as names may hold anything. A file copied into a folder lies in it by its name.
_SCRIPT = r"""
name=$1; most=$2; shift 2
look() { xargs -0 -r sh -c 'sha256sum -z -- "$@"; stat --printf "%Y %f %n\0" -- "$@"' sh; }
pack() { gzip -c | base64 -w 0; echo; }
for p in "$@"; do
  p=./$p
  if [ -n "$name" ] && [ -d "$p" ]; then p=${p%/}/$name; fi
  if [ -d "$p" ]; then
    echo d
    (cd -- "$p" && find . \( -type f -o -type l \) -print0 | head -z -n "$most" | look) \
      2>/dev/null | pack
  elif [ -e "$p" ]; then
    echo f
    printf '%s\0' "$p" | look 2>/dev/null | pack
  else
    echo -; echo
  fi
done
"""
_HASH = re.compile(rb"([0-9a-f]{64}) [ *](.+)", re.DOTALL)
_STAT = re.compile(rb"(-?\d+) ([0-9a-f]+) (.+)", re.DOTALL)
_LINK = 0xA000  # the kind in a file's mode


@dataclass(slots=True)
class Entry:
    """One file: its hash ("" where it cannot be read), when it was changed (s), its mode."""

    hash: str = ""
    changed: int = 0
    mode: int = 0

    @property
    def link(self) -> bool:
        """Whether it is a symbolic link, which may lead to something else over there."""
        return self.mode & 0xF000 == _LINK


@dataclass(frozen=True, slots=True)
class Content:
    """What stands at a path: `kind` is "f", "d", or "-" for nothing; files by their names."""

    kind: str
    files: Mapping[str, Entry] = field(default_factory=dict)


class Checks:
    """What was seen of the copies of one batch, whose jobs it brings up to date.

    Args:
        sender: of the batch.
        jobs: of the batch; changed in place.
        concurrency: projects that are asked at a time.

    Attributes:
        seen: numbers of the jobs that were seen to have arrived.
        differing: of those that are not as they should be.
        unchecked: of those that are done by the server's word; nobody could look.
    """

    def __init__(self, sender: Sender, jobs: list[CopyJob], concurrency: int) -> None:
        self._sender, self._jobs, self._concurrency = sender, jobs, concurrency
        self.seen: set[int] = set()
        self.differing: set[int] = set()
        self.unchecked: set[int] = set()

    def possible(self) -> list[int]:
        """The jobs that can be looked at."""
        states = ("done", "unknown")
        return [n for n, job in enumerate(self._jobs) if job.state in states or n in self.differing]

    def forget(self, number: int) -> None:
        """A job is sent again: what was seen of it counts no more."""
        self.differing.discard(number)
        self.unchecked.discard(number)

    def run(self, numbers: list[int], seconds: float) -> None:
        """Look at the files of these jobs, some seconds at most in each project.

        Raises:
            WaitingStopped: Ctrl-C.
        """
        if not numbers:
            return
        sender, name = self._sender, ""
        try:
            (source,) = ask(
                sender.dialect,
                sender.source.project,
                [sender.source.path],
                name="",
                seconds=seconds,
            )
        except CoCalcError as error:
            self._not_checked(numbers, error)
            return
        if source.kind == "f":
            name = sender.source.path.rstrip("/").rpartition("/")[2]
        groups: dict[str, list[int]] = {}
        for number in numbers:
            groups.setdefault(self._jobs[number].target.project, []).append(number)
        each = list(groups.values())

        def look(group: int) -> None:
            jobs = [self._jobs[number] for number in each[group]]
            paths = [job.target.path for job in jobs]
            try:
                there = ask(
                    sender.dialect, jobs[0].target.project, paths, name=name, seconds=seconds
                )
            except CoCalcError as error:
                self._not_checked(each[group], error)
                return
            for number, content in zip(each[group], there, strict=True):
                self._judge(number, *compare(source, content, sender.how))

        try:
            workers.run(range(len(each)), look, workers=self._concurrency)
        except KeyboardInterrupt:
            raise workers.WaitingStopped("Stopped comparing: check() compares again.") from None

    def _judge(self, number: int, same: bool, told: str) -> None:  # noqa: FBT001 (a pair's)
        job = self._jobs[number]
        self.forget(number)
        if same:
            self.seen.add(number)
            self._jobs[number] = replace(job, state="done", error=None, note=told)
            return
        self.seen.discard(number)
        if job.state == "unknown":  # it may be under way
            self._jobs[number] = replace(job, note=f"{told}; {UNKNOWN}")
            return
        self.differing.add(number)
        error = APIError(
            f"the copy to {job.shown(job.target)} is not there as it should be: {told}.",
            endpoint="copy",
            status=200,
            remedy="retry() copies it again; what is newer there stays as it is.",
        )
        self._jobs[number] = replace(job, state="error", error=error, note=told)

    def _not_checked(self, numbers: list[int], error: CoCalcError) -> None:
        error = error.with_traceback(None)
        error.advise("The copy was made, by CoCalc's word: check() looks again for it.")
        for number in numbers:
            job = self._jobs[number]
            self.seen.discard(number)
            if job.state != "unknown":
                self.unchecked.add(number)
                note = "copied, by CoCalc's word; it could not be checked"
                self._jobs[number] = replace(job, state="unknown", error=error, note=note)


def ask(
    dialect: Dialect, project_id: str, paths: list[str], *, name: str, seconds: float
) -> list[Content]:
    """What stands at these paths of a project, by one command in it.

    Args:
        dialect: spoken with the server.
        project_id: where; a stopped project is started.
        paths: relative to its home.
        name: of a file that was copied: where a path is a folder, it lies in there.
        seconds: until the command is ended.

    Raises:
        CoCalcError: it could not be asked.
    """
    found: list[Content] = []
    for some in _portions(paths):
        args = ["-c", _SCRIPT, "bash", name, str(MOST_FILES + 1), *some]
        ended = dialect.exec(project_id, "bash", args, path="", timeout=seconds)
        lines = ended.stdout.split("\n")
        if len(lines) != 2 * len(some) + 1:
            raise _unread(ended.stderr)
        for kind, packed in zip(lines[::2], lines[1::2], strict=False):
            found.append(Content(kind, _files(packed) if kind in ("d", "f") else {}))
    return found


def compare(source: Content, target: Content, how: CopyOptions) -> tuple[bool, str]:
    """Whether a copy is there, and in a sentence what is, or what is not."""
    if source.kind == "-":
        return False, "its source is not there any more"
    if target.kind == "-":
        return False, "nothing is there"
    if source.kind != target.kind:
        place, it = ("folder", "file") if target.kind == "d" else ("file", "folder")
        return False, f"a {place} is where the {it} was to be"
    if len(source.files) > MOST_FILES or len(target.files) > MOST_FILES:
        return False, f"more than {MOST_FILES:,} files cannot be compared"
    if source.kind == "f":  # its name over there may be another one
        mine, there = ({"": entry} for it in (source, target) for entry in it.files.values())
        count, missing, other, newer = _sorted(mine, there, replace(how, exclude=()))
    else:
        count, missing, other, newer = _sorted(source.files, target.files, how)
    bad = len(missing) + len(other) + len(newer)
    if not bad:
        return True, f"seen to have arrived: {_files_are(count)} the same"
    parts = [
        f"{word}{_names(names)}"
        for word, names in (
            ("missing", missing),
            ("different", other),
            ("newer in the target, and left as it is (overwrite_newer=True overwrites)", newer),
        )
        if names
    ]
    return False, f"{bad} of {_files_are(count)} not as in the source: {'; '.join(parts)}"


def _sorted(
    source: Mapping[str, Entry], target: Mapping[str, Entry], how: CopyOptions
) -> tuple[int, list[str], list[str], list[str]]:
    """How many files were compared; those that are missing, that differ, that are newer."""
    count = 0
    missing: list[str] = []
    other: list[str] = []
    newer: list[str] = []
    for name, mine in source.items():
        if _excluded(name, how.exclude):
            continue
        count += 1
        over = target.get(name)
        if over is None:
            missing.append(name)
        elif mine.link or over.link:
            if mine.link != over.link:
                other.append(name)
        elif mine.hash != over.hash or not mine.hash:
            kept = not how.overwrite_newer and over.changed > mine.changed
            (newer if kept else other).append(name)
    return count, missing, other, newer


def _portions(paths: list[str]) -> list[list[str]]:
    portions: list[list[str]] = [[]]
    size = 0
    for path in paths:
        size += len(path.encode()) + 20
        if portions[-1] and size > MOST_PATHS:
            portions.append([])
            size = len(path.encode()) + 20
        portions[-1].append(path)
    return portions


def _files(packed: str) -> dict[str, Entry]:
    try:
        # what a project says is not to be trusted: a few bytes may unpack to gigabytes
        unpacking = zlib.decompressobj(wbits=31)
        data = unpacking.decompress(base64.b64decode(packed, validate=True), MOST_BYTES)
    except (binascii.Error, ValueError, zlib.error):
        data = None
    if data is None or not unpacking.eof:
        raise _unread("")
    files: dict[str, Entry] = {}
    for record in data.split(b"\0"):
        told = _HASH.fullmatch(record)
        if told is not None:
            files.setdefault(_name(told[2]), Entry()).hash = told[1].decode()
        elif (told := _STAT.fullmatch(record)) is not None:
            entry = files.setdefault(_name(told[3]), Entry())
            entry.changed, entry.mode = int(told[1]), int(told[2], 16)
    return files


def _name(raw: bytes) -> str:
    return raw.removeprefix(b"./").decode("utf-8", "surrogateescape")


def _unread(stderr: str) -> ServerError:
    why = f": {stderr.strip()[-200:]}" if stderr.strip() else ""
    return ServerError(
        f"the project's answer about its files cannot be read{why}", endpoint="exec", status=200
    )


def _excluded(name: str, patterns: tuple[str, ...]) -> bool:
    # nearly as rsync reads them; what was left out on purpose is not missing
    parts = name.split("/")
    starts = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    plain = [pattern.strip("/") for pattern in patterns]
    return any(fnmatchcase(it, p) for p in plain for it in (*parts, *starts))


def _files_are(count: int) -> str:
    return "1 file is" if count == 1 else f"{count} files are"


def _names(names: list[str]) -> str:
    told = [repr(name) for name in sorted(names)[:SHOWN] if name]
    more = len(names) - SHOWN
    listed = ", ".join(told) + (f" and {more} more" if more > 0 else "")
    return f" {listed}" if listed else ""
