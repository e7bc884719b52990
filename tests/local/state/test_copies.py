"""The copy queue is really asynchronous."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from cocalc_widget import LocalCoCalc

from ..conftest import Api, until


@pytest.fixture
def queued(make_site: Callable[..., LocalCoCalc]) -> Api:
    return Api(make_site(queue=True, copy_seconds=0.15, generation="A"))


def put(api: Api, **more: Any) -> str:
    projects = api.site.projects
    ask = {"src_project_id": projects["Lesson"], "target_project_id": projects["Student"]}
    answer = api.v1("copy_path_between_projects", **{**ask, "src_path": "lesson.md", **more})
    return str(answer["copy_path_id"])


def state(api: Api, copy_path_id: str) -> dict[str, Any]:
    return api.v1("copy_path_status", copy_path_id=copy_path_id)["data"]


def finished(api: Api, copy_path_id: str) -> dict[str, Any]:
    return until(lambda: (row := state(api, copy_path_id)).get("finished") and row)


def test_a_copy_is_queued_started_and_finished(queued: Api) -> None:
    target = queued.site.directory(queued.site.projects["Student"]) / "lesson.md"
    queued.site.core.queue.paused = True
    job = put(queued)
    assert "started" not in state(queued, job)
    assert not target.exists()
    queued.site.core.queue.paused = False
    until(lambda: "started" in state(queued, job))
    assert "finished" not in state(queued, job)
    row = finished(queued, job)
    assert "error" not in row
    assert target.exists()


def test_a_missing_source_is_noticed_only_later(queued: Api) -> None:
    row = finished(queued, put(queued, src_path="nothing"))
    assert row["error"] == "copy from nothing failed: No such file or directory"


def test_waiting_for_a_copy(queued: Api) -> None:
    assert put(queued, wait_until_done=True) == ""
    target = queued.site.directory(queued.site.projects["Student"]) / "lesson.md"
    assert target.exists()


def test_lists_of_copies(queued: Api) -> None:
    lesson, student = queued.site.projects["Lesson"], queued.site.projects["Student"]
    good, bad = put(queued), put(queued, src_path="nothing")
    listed = queued.v1("copy_path_status", src_project_id=lesson)["data"]
    assert {row["copy_path_id"] for row in listed} == {good, bad}
    finished(queued, good)
    finished(queued, bad)
    assert queued.v1("copy_path_status", src_project_id=lesson)["data"] == []
    done = queued.v1("copy_path_status", target_project_id=student, pending=False)["data"]
    assert [row["copy_path_id"] for row in done] == [bad, good]
    failed = queued.v1("copy_path_status", src_project_id=lesson, failed=True)["data"]
    assert [row["copy_path_id"] for row in failed] == [bad]
    page = queued.v1("copy_path_status", src_project_id=lesson, pending=False, limit=1, offset=1)
    assert [row["copy_path_id"] for row in page["data"]] == [good]


def test_a_scheduled_copy_waits_and_can_be_cancelled(queued: Api) -> None:
    far = put(queued, scheduled="2030-01-01T00:00:00")
    assert state(queued, far)["scheduled"] == "2030-01-01T00:00:00.000Z"
    assert queued.v1("copy_path_delete", copy_path_id=far)["data"].endswith("deleted")
    assert queued.v1("copy_path_status", copy_path_id=far)["event"] == "error"
    soon = datetime.now(timezone.utc) + timedelta(seconds=0.5)
    near = put(queued, scheduled=soon.isoformat())
    assert "started" not in state(queued, near)
    finished(queued, near)
    assert time.time() >= soon.timestamp()
    again = queued.v1("copy_path_delete", copy_path_id=near)
    assert again["error"].endswith("either does not exist or already finished")
    assert (
        "valid date"
        in queued.v1(
            "copy_path_between_projects",
            src_project_id=queued.site.projects["Lesson"],
            src_path="x",
            target_project_id=queued.site.projects["Student"],
            scheduled="soon",
        )["error"]
    )


def test_the_queue_of_generation_b(make_site: Callable[..., LocalCoCalc]) -> None:
    api = Api(make_site(queue=True, generation="B", copy_seconds=0.05))
    lesson, student = api.site.projects["Lesson"], api.site.projects["Student"]
    ask = {"path": "lesson.md", "src_project_id": lesson, "target_project_id": student}
    assert api.v2("projects/copy-path", **ask) == {"copy_id": ""}
    job = api.v2("projects/copy-path", **ask, wait_until_done=False)["copy_id"]
    row = until(lambda: (r := api.v2("projects/copy-path-status", copy_id=job))["finished"] and r)
    assert row["copy_error"] is None
    ask["path"] = "nothing"
    job = api.v2("projects/copy-path", **ask, wait_until_done=False)["copy_id"]
    row = until(lambda: (r := api.v2("projects/copy-path-status", copy_id=job))["finished"] and r)
    assert "No such file" in row["copy_error"]
    assert "error" in api.v2("projects/copy-path", **ask)


def test_generation_a_says_ok_for_a_target_that_is_not_there(site: LocalCoCalc, api: Api) -> None:
    nowhere = "00000000-0000-4000-8000-000000000000"
    ask = {"path": "lesson.md", "src_project_id": site.projects["Lesson"]}
    assert api.v2("projects/copy-path", **ask, target_project_id=nowhere) == {}
    assert not site.directory(nowhere).exists()


@pytest.mark.parametrize("generation", ["A", "B"])
def test_without_a_queue_a_copy_is_waited_for_or_only_begun(
    make_site: Callable[..., LocalCoCalc], generation: str
) -> None:
    """Begun: the answer comes first, the files later, and a failure is told to nobody."""
    api = Api(make_site(generation=generation, copy_seconds=0.3))
    lesson, student = (api.site.projects[it] for it in ("Lesson", "Student"))
    target = api.site.directory(student)

    def ask(path: str, target_path: str, **more: Any) -> Any:
        places = {"src_project_id": lesson, "target_project_id": student}
        places["target_path"] = target_path
        if generation == "A":
            return api.v1("copy_path_between_projects", src_path=path, **places, **more)
        return api.v2("projects/copy-path", path=path, **places, **more)

    for wait in ({}, {"wait_until_done": True}):
        name = f"{len(wait)}.md"
        assert "error" not in ask("lesson.md", name, **wait)
        assert (target / name).exists()
    assert "error" not in ask("lesson.md", "late.md", wait_until_done=False)
    assert not (target / "late.md").exists()
    until((target / "late.md").exists)
    # found out at once
    told = ask("nothing", "x", wait_until_done=False)["error"]
    assert told.startswith("ENOENT: no such file or directory, stat '/projects/")
    (target / "wall").write_text("in the way")
    told = ask("lesson.md", "wall/x.md", wait_until_done=False)["error"]
    assert told == "child exited with code 1"
    # and never
    (target / "folder.md").mkdir()
    (target / "folder.md/lesson.md").mkdir()
    assert "error" in ask("lesson.md", "folder.md")
    assert "error" not in ask("lesson.md", "folder.md", wait_until_done=False)
