"""Owns the events of API v1 about copies."""

# What each method does is said once, in dialect.py; not every API needs every argument.
# ruff: noqa: D102

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING, Any

from ..http.policy import copy_limit
from . import records as rows

if TYPE_CHECKING:
    from ...address import Address
    from ..results.jobs import CopyJob
    from .caller import Caller
    from .interface import CopyOptions, Listing


class CopiesV1:
    """The part of `DialectV1` that copies."""

    lists_copies = True
    waits = False
    _caller: Caller

    def check_copies(self, source: Address, targets: list[Address], how: CopyOptions) -> None:
        """Nothing to check here: the server refuses unknown projects itself."""

    def send_copy(self, source: Address, target: Address, how: CopyOptions, *, wait: bool) -> str:
        event = "copy_path_between_projects"
        params: dict[str, Any] = {
            "src_project_id": source.project,
            "src_path": source.path,
            "target_project_id": target.project,
            "target_path": target.path,
            "wait_until_done": wait,
            **how.flags(),
        }
        if how.exclude:
            params["exclude"] = list(how.exclude)
        if how.scheduled is not None:
            params["scheduled"] = how.scheduled.astimezone(timezone.utc).isoformat()
        limit = copy_limit(how.timeout, self._caller.transport.timeouts, queues=not wait)
        return rows.copy_id_of(self._caller.v1(event, params, timeout=limit), event)

    def copy_status(self, copy_id: str) -> CopyJob:
        told = self._caller.v1("copy_path_status", {"copy_path_id": copy_id}, idempotent=True)
        row = told.get("data")
        alone = isinstance(row, list) and len(row) == 1
        return rows.job_of(row[0] if alone else row, "copy_path_status")

    def list_copies(self, which: Listing) -> list[CopyJob]:
        params: dict[str, Any] = {"pending": not which.finished, "limit": which.limit}
        if which.offset:
            params["offset"] = which.offset
        if which.source is not None:
            params["src_project_id"] = which.source.project
            if which.source.path:
                params["src_path"] = which.source.path
        if which.target is not None:
            params["target_project_id"] = which.target.project
        told = self._caller.v1("copy_path_status", params, idempotent=True).get("data")
        found = rows.list_of(told or [], "copy_path_status")
        return [rows.job_of(row, "copy_path_status") for row in found]

    def cancel_copy(self, copy_id: str) -> None:
        self._caller.v1("copy_path_delete", {"copy_path_id": copy_id})
