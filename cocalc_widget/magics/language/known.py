"""Owns what one completion may know of CoCalc: its projects, and what lies in a folder of one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ...address import is_uuid
from .lookups import PATIENCE

if TYPE_CHECKING:
    from ...api import Project
    from ..session import Session


class Known:
    """Asks within one deadline, however much is asked for.

    Args:
        session: its client is used, if there is a key.
        patience: seconds for everything together.
    """

    def __init__(self, session: Session, patience: float = PATIENCE) -> None:
        self._session = session
        self._until = time.monotonic() + patience

    def projects(self) -> list[Project]:
        """The account's projects; none where there is no key, or no answer yet."""
        session = self._session
        who = session.credentials()
        if who is None:
            return []
        fetch = lambda: list(session.client().projects())  # noqa: E731
        return session.projects.get(who, fetch, self._left()) or []

    def entries(self, project: str, folder: str) -> list[str]:
        """Names in a folder ("" for the home) of a project; those of folders end in `/`.

        A project that is stopped is started by this, as by any work in it.
        """
        session = self._session
        who, project_id = session.credentials(), self._id(project)
        if who is None or project_id is None:
            return []

        def fetch() -> list[str]:
            # on every generation of CoCalc the same; -p marks folders
            told = session.client().exec(
                project_id, "ls", ["-1Ap", "--", folder or "."], timeout=10.0
            )
            return told.stdout.splitlines() if told.exit_code == 0 else []

        return session.folders.get((who, project_id, folder), fetch, self._left()) or []

    def _id(self, project: str) -> str | None:
        if is_uuid(project):
            return project.lower()
        listed = self.projects()
        if not listed:
            return None
        from ...api.results.projects import called  # which the listing has loaded

        hits = called(project, listed)
        return hits[0].project_id if len(hits) == 1 else None

    def _left(self) -> float:
        return self._until - time.monotonic()
