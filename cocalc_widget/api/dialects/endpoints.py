"""Owns `Client.call`: which API a bare name belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...address import check_uuid
from ...errors import NotFoundError, ValidationError
from ..http.policy import check_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from .caller import Caller


# what begins so is known to the hub alone (recording); `system.` and `jupyter.` to both
_HUB = ("projects", "db", "org", "messages", "purchases")


def call_raw(
    caller: Caller,
    name: object,
    args: tuple[Any, ...],
    options: dict[str, Any],
    api: Callable[[], str],
) -> Any:
    """Call what a name stands for: `event` (v1), `some/path` (v2), `some.method` (conat).

    A single word belongs to the API in use; `api/v1/...` and `api/v2/...` say it.

    Raises:
        ValidationError: no such form of name, or arguments that do not fit it.
    """
    if not isinstance(name, str) or not name.strip("/ ") or any(c in name for c in "?#%\\ "):
        raise ValidationError(f"{name!r} is no name of an API call.")
    name = name.strip("/")
    if name.startswith("api/conat"):
        raise ValidationError(
            f"{name!r} is where the bridge is, not a method of it.",
            remedy='Name the method: client.call("system.ping"), with project_id= for one of a '
            "project.",
        )
    for start, kind in (("api/v1/", "v1"), ("api/v2/", "v2")):
        if name.startswith(start):
            return _post(caller, kind, name.removeprefix(start), args, options)
    if "." in name and "/" not in name:
        return _bridge(caller, name, args, dict(options))
    if "/" in name or "-" in name:
        return _post(caller, "v2", name, args, options)
    return _post(caller, api(), name, args, options)


def _post(
    caller: Caller, kind: str, name: str, args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    if ".." in name.split("/"):
        raise ValidationError(f"{name!r} is no name of an API call.")
    if len(args) > 1 or (args and not isinstance(args[0], dict)):
        raise ValidationError(f"`{name}` takes one dict of parameters, or keywords.")
    params = {**(args[0] if args else {}), **options}
    return caller.v1(name, params) if kind == "v1" else caller.v2(name, params)


def _bridge(caller: Caller, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    project_id, timeout = options.pop("project_id", None), options.pop("timeout", None)
    if options:
        raise ValidationError(
            f"`{name}` takes its arguments by position; {', '.join(options)} is unknown.",
            remedy="Options of the bridge are project_id and timeout (s).",
        )
    if project_id is not None:
        if name.partition(".")[0] in _HUB:
            # the project would be started by it, and then not know it
            raise ValidationError(
                f"`{name}` is a method of the hub, and project_id= calls one of the project.",
                remedy=f'Give the id as an argument: client.call("{name}", '
                f'{{"project_id": {str(project_id)!r}}}).',
            )
        check_uuid(project_id)
    if timeout is not None:
        check_seconds(timeout)
    try:
        return caller.conat(name, list(args), project_id=project_id, timeout=timeout)
    except NotFoundError as error:
        if "unknown function" in error.message and not error.remedy:
            there = "project" if project_id is not None else "hub"
            other = "leave project_id= out" if project_id is not None else "add project_id=ID"
            error.advise(f"The {there} has no such method; to ask the other side, {other}.")
        raise
