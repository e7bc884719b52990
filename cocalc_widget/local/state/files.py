"""Owns access to a project's files: nothing named here can lie outside the project."""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import tarfile
import uuid
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# O_NONBLOCK: a project can hold a named pipe, and opening it must not wait
_PLAIN = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_MAX_LINKS = 40


class OutsideError(PermissionError):
    """The path leaves the project, by `..`, a leading slash or a symbolic link."""


@contextmanager
def beneath(
    root: Path, path: str, *, make: bool = False, link: bool = False
) -> Iterator[tuple[int, str]]:
    """The directory that holds `path`, as an open descriptor, and the last name in it.

    Each step is taken from the open directory before it and never follows a
    link by itself, so that nothing swapped in between leads out of `root`.
    Relative links that stay inside are followed. The name is "." for a
    directory reached by "..", or for the project itself.

    Args:
        root: the project's directory.
        path: relative to it, with "/" between names.
        make: create missing directories on the way.
        link: the path may name a link, which is not followed: it is the link that is meant.

    Raises:
        OutsideError: the path leaves the project.
        OSError: as usual.
    """
    if path.startswith("/") or "\0" in path:
        raise OutsideError(errno.EACCES, "path leaves the project", path)
    stack = [os.open(root, _DIRECTORY)]
    try:
        name = _walk(stack, path, make=make, link=link)
        yield stack[-1], name or "."
    finally:
        for descriptor in stack:
            os.close(descriptor)


def _walk(stack: list[int], path: str, *, make: bool, link: bool) -> str | None:
    todo = deque(part for part in path.split("/") if part not in ("", "."))
    links = 0
    while todo:
        part = todo.popleft()
        if part == "..":
            if len(stack) == 1:
                raise OutsideError(errno.EACCES, "path leaves the project", path)
            os.close(stack.pop())
            continue
        try:
            mode = os.stat(part, dir_fd=stack[-1], follow_symlinks=False).st_mode
        except FileNotFoundError:
            if not todo:
                return part
            if not make:
                raise
            with suppress(FileExistsError):  # another request was faster
                os.mkdir(part, 0o755, dir_fd=stack[-1])
            mode = stat.S_IFDIR
        if stat.S_ISLNK(mode) and (todo or not link):
            links += 1
            target = os.readlink(part, dir_fd=stack[-1])
            if target.startswith("/"):
                raise OutsideError(errno.EACCES, "link leaves the project", path)
            if links > _MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            todo.extendleft(p for p in reversed(target.split("/")) if p not in ("", "."))
        elif not todo:
            return part
        else:
            stack.append(os.open(part, _DIRECTORY | os.O_NOFOLLOW, dir_fd=stack[-1]))
    return None


def read_bytes(root: Path, path: str) -> bytes:
    """A regular file's content."""
    with beneath(root, path) as (folder, name):
        descriptor = os.open(name, os.O_RDONLY | _PLAIN, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            if not stat.S_ISREG(mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
            return file.read()


def write_bytes(root: Path, path: str, data: bytes) -> None:
    """Write a file, making the folders above it."""
    if path.endswith("/"):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    with beneath(root, path, make=True) as (folder, name):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _PLAIN
        with os.fdopen(os.open(name, flags, 0o644, dir_fd=folder), "wb") as file:
            file.write(data)


def make_folders(root: Path, path: str) -> None:
    """Make the folders above a path."""
    with beneath(root, path, make=True):
        pass


def kind(root: Path, path: str) -> str:
    """`"file"`, `"directory"`, `"other"`, or `""` where there is nothing."""
    try:
        with beneath(root, path) as (folder, name):
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    if stat.S_ISDIR(mode):
        return "directory"
    return "file" if stat.S_ISREG(mode) else "other"


def listing(root: Path, path: str, *, hidden: bool = False) -> list[dict[str, object]]:
    """What a directory holds, by name."""
    with beneath(root, path) as (folder, name):
        descriptor = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        try:
            rows: list[dict[str, object]] = []
            for entry in sorted(os.listdir(descriptor)):  # noqa: PTH208 (by descriptor)
                if entry.startswith(".") and not hidden:
                    continue
                info = os.stat(entry, dir_fd=descriptor, follow_symlinks=False)
                row: dict[str, object] = {
                    "name": entry,
                    "size": info.st_size,
                    "mtime": info.st_mtime,
                }
                if stat.S_ISDIR(info.st_mode):
                    row |= {"isdir": True, "size": _entries(descriptor, entry)}
                rows.append(row)
            return rows
        finally:
            os.close(descriptor)


def _entries(folder: int, name: str) -> int:
    # a folder's size is its count of entries (recording)
    try:
        inner = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    except OSError:
        return 0
    try:
        return len(os.listdir(inner))  # noqa: PTH208 (by descriptor)
    finally:
        os.close(inner)


def make_folder(root: Path, path: str) -> None:
    """Make a folder, and those above it; one that is there stays."""
    with beneath(root, path, make=True) as (folder, name), suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=folder)


def rename(root: Path, old: str, new: str) -> None:
    """Give a file or folder another path; what is there already is replaced."""
    with (
        beneath(root, old, link=True) as (source, name),
        beneath(root, new, make=True) as (target, other),
    ):
        os.rename(name, other, src_dir_fd=source, dst_dir_fd=target)


def remove(root: Path, path: str) -> None:
    """Delete a file, or a folder with all that is in it; what is not there is no error."""
    try:
        with beneath(root, path, link=True) as (folder, name):
            if name == ".":
                raise OutsideError(errno.EACCES, "the project itself stays", path)
            mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if not stat.S_ISDIR(mode):
                os.unlink(name, dir_fd=folder)
                return
            aside = root.parent / f".{uuid.uuid4().hex}"  # where nobody adds to it meanwhile
            os.rename(name, aside, src_dir_fd=folder)
    except FileNotFoundError:
        return
    delete(aside)


def real_path(root: Path, path: str) -> str:
    """Where a path leads when its links are followed, relative to the project."""
    with beneath(root, path) as (folder, name):  # thus inside
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    return os.path.relpath(os.path.realpath(root / path), os.path.realpath(root))


def tar(root: Path, path: str) -> bytes:
    """A directory as a tar.bz2 archive (what reading a directory gives, by the recording)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:bz2") as archive:
        todo = [path.rstrip("/")]
        while todo:
            folder = todo.pop()
            entry = tarfile.TarInfo(folder or ".")
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
            for row in listing(root, folder, hidden=True):
                inner = f"{folder}/{row['name']}" if folder else str(row["name"])
                if row.get("isdir"):
                    todo.append(inner)
                elif kind(root, inner) == "file":
                    data = read_bytes(root, inner)
                    entry = tarfile.TarInfo(inner)
                    entry.size = len(data)
                    archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def delete(folder: Path) -> None:
    """Delete a folder, however deep it is; what can't be deleted stays without a word."""
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
        return
    # deeper than Python recurses, and than a path may be long: what is below a folder is
    # brought up beside it, so that nothing lies deeper than two floors
    with suppress(OSError):
        todo = [folder]
        while todo:
            here = todo.pop()
            for entry in list(os.scandir(here)):
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)  # noqa: PTH108 (an entry's)
                    continue
                up = folder.parent / f".{uuid.uuid4().hex}"
                os.replace(entry.path, up)  # noqa: PTH105 (an entry's)
                todo.append(up)
            here.rmdir()
