"""Owns copying a path from one project to another, with the options of CoCalc's API."""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import os
import posixpath
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .files import beneath

if TYPE_CHECKING:
    from pathlib import Path

_OPEN_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """What a copy may overwrite, delete and leave out (doc).

    Attributes:
        overwrite_newer: overwrite a file even where the target's is newer.
        delete_missing: delete in the target what the source does not have.
        backup: keep what is overwritten or deleted under its name and `~`.
        exclude: patterns of names, or of paths inside the copied folder.
    """

    overwrite_newer: bool = False
    delete_missing: bool = False
    backup: bool = False
    exclude: tuple[str, ...] = ()


def copy_path(
    source_root: Path, source: str, target_root: Path, target: str, options: CopyOptions
) -> int:
    """Copy a file or a folder's content; the number of files written.

    Raises:
        FileNotFoundError: the source does not exist.
        OutsideError: one of the paths leaves its project.
        OSError: as usual; EINVAL for a folder that would be copied into itself.
    """
    if source_root == target_root and "\0" not in target and _within(source, target):
        raise _into_itself(target)
    with beneath(source_root, source) as (from_dir, name):
        mode = os.stat(name, dir_fd=from_dir, follow_symlinks=False).st_mode
        if not stat.S_ISDIR(mode):
            if target.endswith("/"):
                target += name
            with beneath(target_root, target, make=True) as (to_dir, new_name):
                if _is_dir(to_dir, new_name):
                    with _folder(to_dir, new_name) as inner:
                        return _copy_entry(from_dir, name, inner.fd, name, options)
                return _copy_entry(from_dir, name, to_dir, new_name, options)
        with beneath(target_root, target, make=True) as (to_dir, new_name):
            if new_name != ".":
                _make_folder(to_dir, new_name)
            with _folder(from_dir, name) as old, _folder(to_dir, new_name) as new:
                if source_root == target_root and _reaches(new.fd, old.fd, source_root):
                    raise _into_itself(target)  # by a link
                return _copy_folder(old.fd, new.fd, "", options)


class _folder:  # noqa: N801 (used as a with-statement's verb)
    """An open directory, closed at the end."""

    def __init__(self, parent: int, name: str) -> None:
        self.fd = os.open(name, _OPEN_DIR, dir_fd=parent)

    def __enter__(self) -> _folder:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def _within(source: str, target: str) -> bool:
    outer, inner = posixpath.normpath(source), posixpath.normpath(target)
    return outer == "." != inner or inner.startswith(f"{outer}/")


def _reaches(inner: int, outer: int, root: Path) -> bool:
    """Whether the way up from an open directory to the project leads through another one."""
    wanted, top = os.fstat(outer), root.stat()
    here = os.dup(inner)
    try:
        while True:
            info = os.fstat(here)
            if os.path.samestat(info, wanted):
                return True
            if os.path.samestat(info, top):
                return False
            up = os.open("..", _OPEN_DIR, dir_fd=here)
            os.close(here)
            here = up
    finally:
        os.close(here)


def _into_itself(target: str) -> OSError:
    return OSError(errno.EINVAL, "a folder cannot be copied into itself", target)


def _copy_folder(source: int, target: int, prefix: str, options: CopyOptions) -> int:
    count = 0
    names = [n for n in os.listdir(source) if not _excluded(n, prefix + n, options.exclude)]
    for name in names:
        if _is_dir(source, name):
            _make_folder(target, name)
            with _folder(source, name) as old, _folder(target, name) as new:
                count += _copy_folder(old.fd, new.fd, f"{prefix}{name}/", options)
        else:
            count += _copy_entry(source, name, target, name, options)
    if options.delete_missing:
        for name in set(os.listdir(target)) - set(names):
            if not (_excluded(name, prefix + name, options.exclude) or name.endswith("~")):
                _delete(target, name, backup=options.backup)
    return count


def _copy_entry(source: int, name: str, target: int, new: str, options: CopyOptions) -> int:
    info = os.stat(name, dir_fd=source, follow_symlinks=False)
    old = _lstat(target, new)
    if old is not None and stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(21, "cannot overwrite a directory by a file", new)
    if old is not None and not options.overwrite_newer and old.st_mtime > info.st_mtime:
        return 0
    if old is not None and _same(info, old):
        return 0
    temporary = f".{new}.{os.urandom(4).hex()}"
    if stat.S_ISLNK(info.st_mode):
        # kept as it is: whoever follows it later is checked then
        os.symlink(os.readlink(name, dir_fd=source), temporary, dir_fd=target)
    elif stat.S_ISREG(info.st_mode):
        with (
            os.fdopen(os.open(name, _READ, dir_fd=source), "rb") as reader,
            os.fdopen(os.open(temporary, _WRITE, 0o600, dir_fd=target), "wb") as writer,
        ):
            while block := reader.read(1 << 20):
                writer.write(block)
            os.fchmod(writer.fileno(), stat.S_IMODE(info.st_mode) & 0o777)
        os.utime(temporary, ns=(info.st_atime_ns, info.st_mtime_ns), dir_fd=target)
    else:
        return 0
    if old is not None and options.backup:
        os.replace(new, new + "~", src_dir_fd=target, dst_dir_fd=target)
    os.replace(temporary, new, src_dir_fd=target, dst_dir_fd=target)
    return 1


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    # what rsync takes for unchanged: size and time
    both_files = stat.S_ISREG(one.st_mode) and stat.S_ISREG(other.st_mode)
    return both_files and (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _delete(parent: int, name: str, *, backup: bool) -> None:
    if backup:
        os.replace(name, name + "~", src_dir_fd=parent, dst_dir_fd=parent)
    elif _is_dir(parent, name):
        with _folder(parent, name) as inner:
            for entry in os.listdir(inner.fd):  # noqa: PTH208 (by descriptor)
                _delete(inner.fd, entry, backup=False)
        os.rmdir(name, dir_fd=parent)
    else:
        os.unlink(name, dir_fd=parent)


def _make_folder(parent: int, name: str) -> None:
    if not _is_dir(parent, name):
        with contextlib.suppress(FileExistsError):  # another copy was faster
            os.mkdir(name, 0o755, dir_fd=parent)


def _lstat(parent: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _is_dir(parent: int, name: str) -> bool:
    info = _lstat(parent, name)
    return info is not None and stat.S_ISDIR(info.st_mode)


def _excluded(name: str, path: str, patterns: tuple[str, ...]) -> bool:
    return any(
        fnmatch.fnmatchcase(path if "/" in p.strip("/") else name, p.strip("/")) for p in patterns
    )
