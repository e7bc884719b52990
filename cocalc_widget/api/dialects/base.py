"""Owns what is asked and read in the same way on every API: each dialect adds how it is called."""

# What each method does is said once, in interface.py.
# ruff: noqa: D102

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from . import records as rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...address import Address
    from ..results.values import ExecResult
    from .calls import Caller
    from .interface import CopyOptions, Person

_PERSON = {"account_id": None, "email_address": None, "first_name": None, "last_name": None}


class BaseDialect(ABC):
    """The base of all dialects, in whose place one of them can stand: what they have in common.

    Attributes:
        query_name: what its errors call the query of the database.
        exec_name: what they call the running of a command.
    """

    query_name: str
    exec_name: str

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def person(self) -> Person:
        return rows.person_of(self.query("accounts", _PERSON), self.query_name)

    @abstractmethod
    def query(self, table: str, wanted: Any, *, timeout: float | None = None) -> Any: ...

    def exec(
        self,
        project_id: str,
        command: str,
        args: Sequence[str] | None,
        *,
        path: str,
        timeout: float,
        env: dict[str, str] | None = None,
        limit: float | None = None,
    ) -> ExecResult:
        told = rows.exec_params(command, args, path, timeout, env)
        seconds = timeout + self._caller.transport.timeouts.total if limit is None else limit
        answer = self._run(project_id, told, seconds, hard=limit is not None)
        return rows.exec_of(answer, self.exec_name)

    @abstractmethod
    def _run(self, project_id: str, told: dict[str, Any], seconds: float, *, hard: bool) -> Any:
        """Send a command: the raw answer, within so many seconds, which nothing exceeds if hard."""
        ...

    @staticmethod
    def _copy_params(
        source: Address, target: Address, how: CopyOptions, *, wait: bool
    ) -> dict[str, Any]:
        """What both APIs call the same in a copy; the path of its source has a name in each."""
        return {
            "src_project_id": source.project,
            "target_project_id": target.project,
            "target_path": target.path,
            "wait_until_done": wait,
            **how.flags(),
        }
