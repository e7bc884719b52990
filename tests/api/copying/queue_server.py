"""Owns a server of generation A with a queue of copies, and a client of it."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

from cocalc_widget.api import Client

from ..fake import Answer, Reaction, Seen

KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"
SOURCE = "aaaaaaaa-0000-4000-8000-000000000001"


def project(number: int) -> str:
    return f"cccccccc-0000-4000-8000-{number:012}"


def iso(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Queue:
    """A v1 server with a copy queue, in memory; says how often each target was copied."""

    def __init__(self, *, at_once: bool = False, seconds: float = 0.0) -> None:
        self.at_once, self.seconds = at_once, seconds
        self.jobs: dict[str, dict[str, Any]] = {}
        self.copied: Counter[str] = Counter()
        self.busy = self.busiest = 0
        self.lock = threading.Lock()
        self.before: dict[str, Reaction] = {}  # target -> reaction instead of copying
        self.after: dict[str, Reaction] = {}  # target -> reaction after having copied
        self.failing: dict[str, str] = {}  # target -> error of its job
        self.delay = 0.0
        self.status_faults: list[Reaction] = []
        self.polls = 0

    def __call__(self, seen: Seen) -> Reaction:
        event = seen.path.rpartition("/")[2]
        if event == "customize":
            return Answer({"configuration": {"kucalc": "no" if self.at_once else "yes"}})
        return getattr(self, event)(seen.json)  # type: ignore[no-any-return]

    def copy_path_between_projects(self, told: dict[str, Any]) -> Reaction:
        target = told["target_project_id"]
        with self.lock:
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
        time.sleep(self.delay)
        with self.lock:
            self.busy -= 1
            if target in self.before:
                return self.before.pop(target)
            self.copied[target] += 1
            copy_id = "" if self.at_once else str(uuid.uuid4())
            now = datetime.now(timezone.utc)
            if copy_id:
                self.jobs[copy_id] = {
                    "copy_path_id": copy_id,
                    "time": iso(now),
                    "source_project_id": told["src_project_id"],
                    "source_path": told["src_path"],
                    "target_project_id": target,
                    "target_path": told["target_path"],
                    "_ends": now + timedelta(seconds=self.seconds),
                    "scheduled": told.get("scheduled"),
                }
            if target in self.after:
                return self.after.pop(target)
        event = "copy_path_between_projects_response"
        return Answer({"event": event, "id": "x", "copy_path_id": copy_id})

    def copy_path_status(self, told: dict[str, Any]) -> Reaction:
        self.polls += 1
        if self.status_faults:
            return self.status_faults.pop(0)
        if "copy_path_id" in told:
            row = self.jobs.get(told["copy_path_id"])
            if row is None:
                return Answer({"event": "error", "error": "Can't find copy operation with ID=x"})
            return self._status(self._row(row))
        rows = [self._row(row) for row in reversed(list(self.jobs.values()))]
        rows = [row for row in rows if row["source_project_id"] == told["src_project_id"]]
        rows = [row for row in rows if bool(row["finished"]) != told["pending"]]
        start = told.get("offset", 0)
        return self._status(rows[start : start + told["limit"]])

    def copy_path_delete(self, told: dict[str, Any]) -> Reaction:
        if self.jobs.pop(told["copy_path_id"], None) is None:
            words = "Copy operation 'x' either does not exist or already finished"
            return Answer({"event": "error", "error": words})
        return Answer({"event": "copy_path_status_response", "data": "deleted"})

    def _status(self, data: Any) -> Answer:
        return Answer({"event": "copy_path_status_response", "id": "x", "data": data})

    def _row(self, job: dict[str, Any]) -> dict[str, Any]:
        row = {key: value for key, value in job.items() if key != "_ends"}
        ended = job["_ends"] <= datetime.now(timezone.utc) and not job["scheduled"]
        row["finished"] = row["started"] = iso(job["_ends"]) if ended else None
        row["error"] = self.failing.get(job["target_project_id"]) if ended else None
        return row


def client(url: str, **options: Any) -> Client:
    options = {"api": "v1", "timeout": 5.0, "retries": 2, **options}
    return Client(KEY, host=url, **options)


SRC = f"{SOURCE}:task/one.md"
