"""Owns the commands that nobody waits for: how each stands, until it is forgotten."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .commands import text_of

if TYPE_CHECKING:
    from .commands import Progress

MOST = 100  # that are remembered


@dataclass(eq=False)
class Job:
    """One command that was begun."""

    project_id: str
    job_id: str
    progress: Progress
    max_output: int
    start: float  # s since 1970
    status: str = "running"
    exit_code: int = 0
    elapsed: float | None = None  # s, once it has ended
    _begun: float = field(default_factory=time.monotonic)

    @property
    def ended(self) -> bool:
        """Whether it has."""
        return self.elapsed is not None

    def end(self, status: str, exit_code: int) -> None:
        """It has ended, in this way."""
        self.status, self.exit_code = status, exit_code
        self.elapsed = time.monotonic() - self._begun

    def standing(self, *, pid: bool) -> dict[str, Any]:
        """What is told of it, with what it said until now."""
        said = self.progress.stdout, self.progress.stderr
        stdout, stderr = (text_of(bytes(each), self.max_output) for each in said)
        process = self.progress.pid if pid else None
        return {
            "type": "async",
            "stdout": stdout,
            "stderr": stderr,
            "exit_code": self.exit_code,
            "start": int(self.start * 1000),
            "job_id": self.job_id,
            "status": self.status,
            **({} if process is None else {"pid": process}),
            **({} if self.elapsed is None else {"elapsed_s": round(self.elapsed, 3)}),
        }


class Background:
    """The latest of them, by id; those that have ended are forgotten first."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def add(self, job: Job) -> None:
        """Remember one."""
        self._jobs[job.job_id] = job
        for old in [each for each in self._jobs.values() if each.ended]:
            if len(self._jobs) <= MOST:
                return
            del self._jobs[old.job_id]

    def get(self, job_id: str) -> Job | None:
        """The one with this id."""
        return self._jobs.get(job_id)
