"""Owns copying by API v2 (`projects/copy-path`), which has no list of jobs."""

# What each method does is said once, in dialect.py; not every API needs every argument.
# ruff: noqa: D102, ARG002

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import APIError, NotFoundError
from ..http.policy import copy_limit
from . import records as rows
from .interface import CopyOptions, Listing, lacking

if TYPE_CHECKING:
    from ...address import Address
    from ..results.jobs import CopyJob
    from ..results.values import Project
    from .caller import Caller


class CopiesV2:
    """The part of `DialectV2` that copies, as generation A does it."""

    lists_copies = False
    waits = True
    _caller: Caller

    def projects(self, *, timeout: float | None = None) -> list[Project]:
        raise NotImplementedError

    def check_copies(self, source: Address, targets: list[Address], how: CopyOptions) -> None:
        """Refuse projects that are not there: the server copies to them all the same."""
        self.check_options(how)
        wanted = {source.project, *(target.project for target in targets)}
        for project_id in wanted - {project.project_id for project in self.projects()}:
            query = {"projects": {"project_id": project_id, "title": None}}
            found: Any = None
            try:
                found = self._caller.v2("user-query", {"query": query}, idempotent=True)
            except APIError as error:
                if error.status != 200:
                    raise
            if not rows.dict_of(rows.dict_of(found).get("query")).get("projects"):
                raise NotFoundError(
                    f"there is no project {project_id}, or this account may not use it: "
                    "nothing was copied.",
                    endpoint="projects/copy-path",
                )

    def check_options(self, how: CopyOptions) -> None:
        """Refuse what `projects/copy-path` does not know."""
        for name, value in (("exclude", how.exclude), ("scheduled", how.scheduled)):
            if value:
                raise lacking(
                    "projects/copy-path",
                    f"API v2 cannot copy with `{name}`.",
                    'Leave it out, or use Client(api="v1") where the server has API v1.',
                )

    def send_copy(self, source: Address, target: Address, how: CopyOptions, *, wait: bool) -> str:
        params = {**self.copy_params(source, target, how), "wait_until_done": True}
        self._caller.v2("projects/copy-path", params, timeout=self._limit(how))
        return ""  # `{}`: done, this generation always waits (recording)

    def copy_params(self, source: Address, target: Address, how: CopyOptions) -> dict[str, Any]:
        """The parameters of `projects/copy-path`."""
        return {
            "src_project_id": source.project,
            "path": source.path,
            "target_project_id": target.project,
            "target_path": target.path,
            **how.flags(),
        }

    def copy_status(self, copy_id: str) -> CopyJob:
        raise self._no_status("copy_status")

    def list_copies(self, which: Listing) -> list[CopyJob]:
        raise self._no_status("copies")

    def cancel_copy(self, copy_id: str) -> None:
        raise self._no_status("cancel_copy")

    def _limit(self, how: CopyOptions) -> float:
        return copy_limit(how.timeout, self._caller.transport.timeouts, queues=False)

    def _no_status(self, endpoint: str) -> NotFoundError:
        return lacking(
            endpoint,
            "API v2 of this generation of CoCalc has no copy jobs: a copy is done when it returns.",
            'This server has API v1 too, which has: Client(api="v1").',
        )
