"""Owns what is known of copies: one, a list of them, and how they show themselves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from ...address import check_uuid
from ...errors import ValidationError
from ...redact import printable
from . import tables as rich

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ...address import Address
    from ...errors import CoCalcError

State = Literal[
    "waiting", "sending", "queued", "scheduled", "started", "done", "error", "cancelled", "unknown"
]
_INNER = ("names", "asked")


@dataclass(frozen=True, slots=True)
class CopyJob:
    """One copy from a project to another.

    Attributes:
        id: of the server's job; "" where the server copied at once.
        source: where from.
        target: where to.
        state: waiting (not sent), sending, queued, scheduled, started, done, error,
            cancelled, or unknown: the request may have arrived, nobody can say.
        error: why, for error and unknown.
        note: what else should be known about it.
        names: titles of projects by id, as far as they were known, for tables.
        asked: overwrite_newer, delete_missing, backup and exclude, where the server lists them.
    """

    id: str
    source: Address
    target: Address
    state: State
    error: CoCalcError | None = None
    note: str = ""
    time: datetime | None = field(default=None, repr=False)
    started: datetime | None = field(default=None, repr=False)
    finished: datetime | None = field(default=None, repr=False)
    scheduled: datetime | None = None
    names: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    asked: tuple[bool, bool, bool, tuple[str, ...]] | None = field(
        default=None, repr=False, compare=False
    )

    @property
    def done(self) -> bool:
        """Whether the copy was made."""
        return self.state == "done"

    @property
    def pending(self) -> bool:
        """Whether its end is still to come, without waiting for a date."""
        return self.state in ("sending", "queued", "started")

    def updated(self, told: CopyJob, *, note: str = "") -> CopyJob:
        """What a server told of this copy now; not every server repeats its places."""
        return replace(
            told,
            source=self.source,
            target=self.target,
            note=note or told.note,
            names=self.names,
        )

    def shown(self, place: Address) -> str:
        """An address for people: with the project's title where that is known."""
        return printable(str(replace(place, project=self.names.get(place.project, place.project))))

    def __repr__(self) -> str:
        why = f" ({self.error})" if self.error else f" ({self.note})" if self.note else ""
        if not self.source.project:  # generation B tells the state alone
            return printable(f"<copy {self.id}: {self.state}{why}>")
        return f"<{self.shown(self.source)} → {self.shown(self.target)}: {self.state}{why}>"

    def _repr_html_(self) -> str:
        told = {name: getattr(self, name) for name in self.__slots__ if name not in _INNER}
        told |= {"source": self.shown(self.source), "target": self.shown(self.target)}
        return rich.pairs("Copy", told.items())


class CopyJobs(list[CopyJob]):
    """A list of copies that shows itself as a table."""

    def _repr_html_(self) -> str:
        head = ("", "target", "state", "error", "source", "id")
        count = "1 copy" if len(self) == 1 else f"{len(self)} copies"
        return rich.table(count, head, [job_row(job) for job in self])


def job_row(job: CopyJob) -> tuple[object, ...]:
    """A job as a row of a table."""
    told = job.error.message if job.error else job.note
    mark = rich.MARKS.get(job.state, "·")
    return (mark, job.shown(job.target), job.state, told, job.shown(job.source), job.id)


def check_job_id(told: object) -> str:
    """The id of a copy job, or `ValidationError`."""
    if told == "":
        raise ValidationError("an empty id means that the copy was done when it was asked for.")
    return check_uuid(told, "copy id")
