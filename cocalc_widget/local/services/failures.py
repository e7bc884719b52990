"""Owns the ways in which what is asked of a site fails, in CoCalc's and in Node.js's words."""

from __future__ import annotations

import errno
import os
from typing import Any

from ...address import is_uuid


class ServiceError(Exception):
    """What was asked fails, with this error, which can be any JSON; each API wraps it its way.

    Attributes:
        kind: how CoCalc calls this type of exception, where an API tells it.
    """

    kind = "Error"

    def __init__(self, error: Any) -> None:
        super().__init__(error)
        self.error = error


class OwnershipError(ServiceError):
    """What is asked would break the rules about a project's owners."""

    kind = "OwnershipError"


class DatabaseError(ServiceError):
    """What is asked for makes a statement that CoCalc's database refuses."""

    kind = "error"


class UndefinedError(ServiceError):
    """What is asked for lacks a part that CoCalc's code takes for granted."""

    kind = "TypeError"

    def __init__(self, reading: str) -> None:
        super().__init__(f"Cannot read properties of undefined (reading '{reading}')")


def check_uuid(value: object, words: str = "project_id must be a valid uuid") -> str:
    """An id; what is none is refused in these words."""
    if not is_uuid(value):
        raise ServiceError(words)
    return str(value)


def shown_path(project_id: str, path: str) -> str:
    """A project's file as CoCalc's errors name it."""
    return f"/projects/{project_id}/{path}"


def node_words(error: OSError, call: str, path: str) -> str:
    """An error of the file system as Node.js words it."""
    known = {"ENOENT": "no such file or directory", "EISDIR": "illegal operation on a directory"}
    reason = known.get(_code(error)) or os.strerror(error.errno or 5).lower()
    return f"{_code(error)}: {reason}, {call} '{path}'"


def node_error(error: OSError, call: str, path: str) -> dict[str, Any]:
    """The same as an object (recording: writing to a directory)."""
    return {"errno": -(error.errno or 5), "code": _code(error), "syscall": call, "path": path}


def _code(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 5, "EIO")
