"""Owns whether a document can be opened: the state of its project, and what its path is."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from ..errors import CoCalcError, NotFoundError, PermissionDeniedError, ValidationError
from .http.timeouts import check_seconds
from .results import projects as naming
from .results import tables as rich

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .connection import Connection
    from .dialects.interface import Dialect
    from .results.projects import Project

ProjectIs = Literal["usable", "stopped", "not mine", "unknown"]
PathIs = Literal["file", "folder", "missing", "unknown"]

ASK_TIME = 5.0  # s
# POSIX; the path is an argument, so that nothing in it is read by the shell, and with "./"
# before it no name is an option. `system.listing` would make a folder that is missing (recording).
_LOOK = (
    'for it do if [ -d "./$it" ]; then echo folder; elif [ -e "./$it" ]; then echo file; '
    "else echo missing; fi; done"
)
_MOST = 50_000  # bytes of paths in one request: servers take 100 kB at least (recording)
# Of all refusals those that speak of the project: a server can refuse a table or a field, too.
_STRANGER = re.compile(r"\b(read|write) access|collaborator", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False)
class Standing(rich.Card):
    """What the server knows about a document. What could not be asked is "unknown".

    Attributes:
        project: "usable" (it runs), "stopped" (or anything else that is not
            running), "not mine" (somebody else's, or there is none: servers of
            both generations say the same of both, recording), or "unknown".
        path: "file" (or anything else that can be opened), "folder", "missing"
            (CoCalc makes an empty file of it, recording), or "unknown": it is asked
            only where the project runs, as asking would start it.
        deleted: the project is marked as deleted; it can be started all the same (recording).
        state: of the project, in CoCalc's own word: "running", "opened", "starting", ...
        error: what asking ended with, where something is unknown for that reason.
    """

    project: ProjectIs = "unknown"
    path: PathIs = "unknown"
    deleted: bool = False
    state: str = ""
    error: CoCalcError | None = None

    _title = "CoCalc document"

    @property
    def can_open(self) -> bool:
        """Whether a frame that is signed in will show it, as far as a server can tell."""
        return self.project == "usable" and self.path in ("file", "missing")


def standings(
    connection: Connection,
    project: str | Project,
    paths: Iterable[str],
    *,
    timeout: float,
    usable: bool,
) -> list[Standing]:
    """How documents of one project stand; arguments and errors are those of `Client.standings`."""
    naming.check(project)
    if isinstance(paths, str) or not isinstance(paths, Iterable):
        kind = type(paths).__name__
        raise ValidationError(f"paths must be a list of strings, not {kind}.")
    paths = list(paths)
    for path in paths:
        if not isinstance(path, str):
            raise ValidationError(f"path must be a string, not {type(path).__name__}.")
    ends = time.monotonic() + check_seconds(timeout)
    try:
        dialect = connection.speaks(timeout)
        project_id = connection.project_id(project, max(0.001, ends - time.monotonic()))
    except ValidationError:
        raise
    except CoCalcError as error:
        strange = isinstance(error, NotFoundError) and error.status is None
        return [Standing("not mine" if strange else "unknown", error=error)] * len(paths)
    left = ends - time.monotonic()
    return _standings(dialect, project_id, paths, timeout=left, usable=usable)


def _standings(
    dialect: Dialect, project_id: str, paths: Sequence[str], *, timeout: float, usable: bool
) -> list[Standing]:
    """Two small requests for hundreds of documents, and never a start.

    A stopped project would be started by whatever is asked of it (doc), so its
    state is asked of the database first. Whatever goes wrong makes it "unknown",
    with the error in it.
    """
    ends = time.monotonic() + timeout
    known = (
        Standing("usable", state="running") if usable else _project(dialect, project_id, timeout)
    )
    if known.project != "usable":
        return [known] * len(paths)
    found = {"": known}
    for some in _parts(path for path in dict.fromkeys(paths) if path):
        left = max(0.001, ends - time.monotonic())
        found |= _look(dialect, project_id, some, known, left)
    return [found[path] for path in paths]


def _look(
    dialect: Dialect, project_id: str, paths: list[str], known: Standing, left: float
) -> dict[str, Standing]:
    """What these paths are, within so many seconds."""
    try:
        # the server's own limit is the later one: ours says what happened
        ended = dialect.exec(
            project_id,
            "sh",
            ["-c", _LOOK, "sh", *paths],
            path="",
            timeout=math.ceil(left) + 1,
            limit=left,
        )
    except CoCalcError as error:
        if _is_strange(error):
            return dict.fromkeys(paths, Standing("not mine", error=error))
        return dict.fromkeys(paths, replace(known, error=error))
    words = ended.stdout.split()
    if len(words) != len(paths) or not set(words) <= set(get_args(PathIs)):
        return dict.fromkeys(paths, known)
    return {
        path: replace(known, path=word)  # type: ignore[arg-type]
        for path, word in zip(paths, words, strict=True)
    }


def _parts(paths: Iterable[str]) -> list[list[str]]:
    """The same, in as few parts as a server takes."""
    parts: list[list[str]] = []
    size = _MOST
    for path in paths:
        weight = len(json.dumps(path))
        if size + weight > _MOST:
            parts.append([])
            size = 0
        parts[-1].append(path)
        size += weight
    return parts


def _project(dialect: Dialect, project_id: str, timeout: float) -> Standing:
    # `projects` leaves out what was not used for weeks (source), `projects_all` nothing
    wanted = {"project_id": project_id, "state": None, "deleted": None}
    try:
        found = dialect.query("projects_all", [wanted], timeout=timeout)
    except CoCalcError as error:
        return Standing("not mine" if _is_strange(error) else "unknown", error=error)
    row = found[0] if isinstance(found, list) and found else None
    if not isinstance(row, dict):
        return Standing("not mine")
    told = row.get("state")  # null where it has never run
    word = told.get("state") if isinstance(told, dict) else None
    state = word if isinstance(word, str) else ""
    project: ProjectIs = "usable" if state == "running" else "stopped"
    return Standing(project, deleted=row.get("deleted") is True, state=state)


def _is_strange(error: CoCalcError) -> bool:
    return isinstance(error, PermissionDeniedError) and bool(_STRANGER.search(error.message))
