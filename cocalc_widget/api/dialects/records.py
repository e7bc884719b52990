"""Owns the reading of single records in answers: copy jobs, projects, commands (pure)."""

from __future__ import annotations

import re
import reprlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...address import Address
from ...errors import NotFoundError
from ..http.answers import unexpected, words_of
from ..http.failures import judge
from ..http.secrets import masked
from ..results.jobs import CopyJob
from ..results.projects import Project
from ..results.values import ExecResult, parse_time
from .interface import Person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...errors import APIError


_CUT = re.compile(r" \(truncated at (\d+) characters\)\Z")


def job_of(row: Any, endpoint: str) -> CopyJob:
    """A copy job as API v1 describes it; what has not happened is absent or null (recording)."""
    if not isinstance(row, dict) or not isinstance(row.get("copy_path_id"), str):
        raise unexpected(endpoint, row, "copy_path_id")
    source = Address(text_of(row.get("source_project_id")), text_of(row.get("source_path")))
    target_path = row.get("target_path") or source.path
    target = Address(text_of(row.get("target_project_id")), text_of(target_path))
    job = make_job(row, row["copy_path_id"], source, target, endpoint)
    exclude = row.get("exclude") or ()
    told = tuple(exclude) if isinstance(exclude, (list, tuple)) else (text_of(exclude),)
    flags = (bool(row.get(name)) for name in ("overwrite_newer", "delete_missing", "backup"))
    return replace(job, asked=(*flags, told))  # type: ignore[arg-type]


def copy_id_of(body: Any, endpoint: str) -> str:
    """The id of a new copy job; "" for a copy that is made already.

    An empty id means that (recording). So does an answer that is a success and names
    none: `{event: "success"}` of CoCalc's own reference (doc), `{}` of API v2 (recording).
    """
    name = "copy_id" if "/" in endpoint else "copy_path_id"
    if isinstance(body, dict) and body.get(name) is None:
        known = ("success", "copy_path_between_projects_response")
        if "/" in endpoint or body.get("event") in known:
            return ""
    return text_at(body, name, endpoint)


def make_job(
    row: dict[str, Any], copy_id: str, source: Address, target: Address, endpoint: str
) -> CopyJob:
    """A job from the fields `started`, `finished`, `error` (v2: `copy_error`), `scheduled`."""
    words = row.get("error") or row.get("copy_error")
    error = job_error(words_of(words), endpoint, row) if words else None
    scheduled, started = parse_time(row.get("scheduled")), parse_time(row.get("started"))
    finished = parse_time(row.get("finished"))
    state = (
        "error"
        if error
        else "done"
        if finished
        else "started"
        if started
        else "scheduled"
        if scheduled
        else "queued"
    )
    return CopyJob(
        copy_id,
        source,
        target,
        state,  # type: ignore[arg-type]
        error,
        time=parse_time(row.get("time")),
        started=started,
        finished=finished,
        scheduled=scheduled,
    )


def job_error(words: str, endpoint: str, row: Any = None) -> APIError:
    """The error of a copy that the server reports as failed, long after it was asked for."""
    verdict = judge(words, 200)
    return verdict.error(
        words, endpoint=endpoint, status=200, body=masked(row), remedy=verdict.remedy
    )


def project_of(row: Any, endpoint: str) -> Project:
    """A project as a query returns it."""
    if not isinstance(row, dict) or not isinstance(row.get("project_id"), str):
        raise unexpected(endpoint, row, "project_id")
    return Project(row["project_id"], text_of(row.get("title")), text_of(row.get("description")))


def person_of(row: Any, endpoint: str) -> Person:
    """The account behind a key, from its row in `accounts`."""
    account_id = text_at(row, "account_id", endpoint)
    names = (text_of(row.get(name)) for name in ("first_name", "last_name"))
    email = text_of(row.get("email_address"))
    return Person(account_id, email, " ".join(it for it in names if it))


def account_of(people: Any, account: str, endpoint: str) -> str:
    """The id of the one account that a search found.

    Raises:
        NotFoundError: it found none, or several.
    """
    ids = [dict_of(it).get("account_id") for it in list_of(people, endpoint)]
    if len(ids) == 1 and isinstance(ids[0], str):
        return ids[0]
    raise NotFoundError(
        f"{len(ids) or 'no'} accounts match {account!r}.",
        endpoint=endpoint,
        status=200,
        remedy="Give the account_id.",
    )


def exec_of(body: Any, endpoint: str) -> ExecResult:
    """How a command ended, in the same fields on every API (recording)."""
    if not isinstance(body, dict) or not isinstance(body.get("exit_code"), int):
        raise unexpected(endpoint, body, "exit_code")
    out, err = (_whole(text_of(body.get(name))) for name in ("stdout", "stderr"))
    return ExecResult(out[0], err[0], body["exit_code"], out[1] or err[1])


def _whole(text: str) -> tuple[str, bool]:
    """The text of a stream, and whether it was cut: a note at its end says so (recording)."""
    found = _CUT.search(text[-60:])
    if found is None:
        return text, False
    kept = text[: len(text) - len(found[0])]
    # JavaScript counts a character beyond the BMP twice; anything shorter printed this itself
    length = len(kept) if kept.isascii() else len(kept.encode("utf-16-le", "surrogatepass")) // 2
    return (kept, True) if length >= int(found[1]) - 1 else (text, False)


def text_of(value: Any) -> str:
    """A field that should be text; any other value as far as a person could read it."""
    if isinstance(value, str):
        return value
    return reprlib.repr(value) if value else ""


def text_at(body: Any, name: str, endpoint: str) -> str:
    """The string of that name in an answer, or `ServerError`."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str):
        raise unexpected(endpoint, body, name)
    return value


def string_of(value: Any, what: str, endpoint: str = "projects.createProject") -> str:
    """An answer that is a bare string (the bridge's way, recording), or `ServerError`."""
    if not isinstance(value, str):
        raise unexpected(endpoint, value, what)
    return value


def dict_of(value: Any) -> dict[str, Any]:
    """An answer that should be an object; what is none has no fields."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any, endpoint: str) -> list[Any]:
    """An answer that is a list, or `ServerError`."""
    if not isinstance(value, list):
        raise unexpected(endpoint, value, "list")
    return value


def with_env(
    command: str, args: Sequence[str] | None, env: dict[str, str] | None
) -> tuple[str, Sequence[str] | None]:
    """A command with variables set by the program `env`, for an API that can't set them."""
    if not env:
        return command, args
    run = ["bash", "-c", command] if args is None else [command, *args]
    return "env", [*(f"{name}={value}" for name, value in env.items()), *run]


def exec_params(
    command: str, args: Sequence[str] | None, path: str, timeout: float, env: dict[str, str] | None
) -> dict[str, Any]:
    """The parameters of a command, the same on every API.

    A non-zero exit is a result here, so `err_on_exit` is always false. Without
    `args` the command is a line for bash.
    """
    told: dict[str, Any] = {"command": command, "timeout": timeout, "err_on_exit": False}
    if args is None:
        told["bash"] = True
    else:
        told["args"] = list(args)
    if path:
        told["path"] = path
    if env:
        told["env"] = env
    return told
