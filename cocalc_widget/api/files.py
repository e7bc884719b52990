"""Owns a project's text files, of any size: what one request can't carry, what is not text."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
import string
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from ..address import check_path
from ..errors import CoCalcError, ServerError, ValidationError
from .dialects.interface import folder_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .connection import Connection
    from .dialects.interface import Dialect
    from .results.projects import Project

# $1 the folder of the parts, $2 the file, $3 the hash of the whole
_JOIN = """\
[ ! -d "$2" ] || { rm -rf -- "$1"; exit 21; }
cat -- "$1"/* > "$1/.whole" || exit 22
if command -v sha256sum > /dev/null; then sum=$(sha256sum < "$1/.whole")
else sum=$(shasum -a 256 < "$1/.whole"); fi
[ "${sum%% *}" = "$3" ] || exit 23
cat -- "$1/.whole" > "$2" || exit 24
rm -rf -- "$1"
"""
_WHAT = 'if [ -d "$1" ]; then echo folder; else wc -c < "$1"; fi'
_ARCHIVE = "BZh"  # how bzip2 begins
_PLAIN = f"{string.ascii_letters}{string.digits}_.-~ ".encode()  # what a form leaves as it is
_SURROGATE = re.compile("[\ud800-\udfff]")
_JOIN_TIME = 120.0  # s
_DIRECTORY = 'Read a file in it, or list it: client.exec(PROJECT, "ls", [PATH]).'
_BINARY = 'For its bytes: client.exec(PROJECT, "base64", [PATH]).'


def read_text(connection: Connection, project: str | Project, path: str) -> str:
    """The content of a text file; the errors are those of `Client.read_text`."""
    path = check_path(path)
    project_id = connection.project_id(project)
    content = connection.dialect.read_text(project_id, path)
    return _checked(connection.dialect, project_id, path, content)


def write_text(connection: Connection, project: str | Project, path: str, text: str) -> None:
    """Write a whole text file; the errors are those of `Client.write_text`."""
    if not isinstance(text, str):
        # a number as content was never answered by the server (recording)
        raise ValidationError(f"the text must be a string, not {type(text).__name__}.")
    path = check_path(path)
    if path.endswith("/"):
        raise ValidationError(f"{path!r} names a folder.", remedy="Name a file in that folder.")
    if _SURROGATE.search(text):  # what no request can carry
        raise _no_unicode()
    _write(connection.dialect, connection.project_id(project), path, text)


def _write(dialect: Dialect, project_id: str, path: str, text: str) -> None:
    """Write a whole text file, in one request or in parts that are joined and checked.

    CoCalc takes 100 kB as JSON and 1 MB as a form (recording). Larger text goes
    into a folder beside the file, part by part; a command joins the parts and
    compares the hash before the file is touched.

    Raises:
        ValidationError: the path is a folder.
        ServerError: the parts did not arrive whole.
    """
    if measure(text, form=dialect.form) <= dialect.part_size:
        dialect.write_text(project_id, path, text)
        return
    parts = posixpath.join(posixpath.dirname(path), f".cocalc-widget-{uuid.uuid4().hex}")
    try:
        for number, part in enumerate(split(text, dialect.part_size, form=dialect.form)):
            dialect.write_text(project_id, f"{parts}/{number:06}", part)
        digest = hashlib.sha256(text.encode()).hexdigest()
        args = ["-c", _JOIN, "bash", parts, path, digest]
        ended = dialect.exec(project_id, "bash", args, path="", timeout=_JOIN_TIME)
    except CoCalcError as error:
        if not _clean(dialect, project_id, parts):
            error.advise(f"{error.remedy} {_left(parts)}".lstrip())
        raise
    except KeyboardInterrupt:
        done = "Stopped; the parts that were sent are removed."
        if not _clean(dialect, project_id, parts):
            done = f"Stopped. {_left(parts)}"
        raise KeyboardInterrupt(done) from None
    if ended.exit_code == 0:
        return
    left = "" if _clean(dialect, project_id, parts) else _left(parts)
    if ended.exit_code == 21:
        raise folder_named(path, "write_text")
    why = "they differ from what was sent" if ended.exit_code == 23 else ended.stderr.strip()
    raise ServerError(
        f"the parts of {path!r} could not be joined: {why or f'exit code {ended.exit_code}'}.",
        endpoint="write_text",
        remedy=left,
    )


def _checked(dialect: Dialect, project_id: str, path: str, content: str) -> str:
    """The content of a file, if it is text.

    Raises:
        ValidationError: it is a folder, or is binary, so that its bytes were lost on the way.
    """
    nul = "\x00" in content
    if not (nul or "\ufffd" in content or content.startswith(_ARCHIVE)):
        return content
    # A folder comes as an archive (recording), as a file that is one does; only the project
    # can tell them apart. What is no UTF-8 was replaced by U+FFFD, which is longer than the
    # byte it stands for; or the file really has it.
    args = ["-c", _WHAT, "bash", path]
    found = dialect.exec(project_id, "bash", args, path="", timeout=30).stdout.strip()
    if found == "folder":
        raise ValidationError(
            f"{path!r} is a folder, not a file.",
            endpoint="read_text",
            status=200,
            remedy=_DIRECTORY,
        )
    if nul or found != str(len(content.encode("utf-8", "replace"))):
        raise ValidationError(
            f"{path!r} is not a text file in UTF-8.",
            endpoint="read_text",
            status=200,
            remedy=_BINARY,
        )
    return content


def measure(text: str, *, form: bool) -> int:
    """Bytes of this text inside a request.

    Raises:
        ValidationError: text that UTF-8 cannot express.
    """
    try:
        if form:
            data = text.encode()  # all but these become three characters
            return len(data) + 2 * len(data.translate(None, _PLAIN))
        return len(json.dumps(text, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        pass
    raise _no_unicode()


def _no_unicode() -> ValidationError:
    return ValidationError("the text is not valid Unicode: it has half of a surrogate pair.")


def split(text: str, size: int, *, form: bool) -> Iterator[str]:
    """Parts of a text, each at most `size` bytes inside a request."""
    start = 0
    while start < len(text):
        count = size
        while measure(text[start : start + count], form=form) > size:
            too_long = measure(text[start : start + count], form=form) / size
            count = max(1, int(min(count, len(text) - start) / too_long * 0.98))
        yield text[start : start + count]
        start += count


def _clean(dialect: Dialect, project_id: str, parts: str) -> bool:
    """Remove the parts; whether that is certain. The first error is what the caller must hear."""
    with suppress(CoCalcError, KeyboardInterrupt):
        ended = dialect.exec(project_id, "rm", ["-rf", "--", parts], path="", timeout=30)
        return ended.exit_code == 0
    return False


def _left(parts: str) -> str:
    return f"Parts of it may be left in the project: the folder {parts!r} can be deleted."
