"""Targets and options of copies: refused before anything is sent, or as they travel."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from cocalc_widget import errors

from ..fake import Answer, serving
from .queue_server import SOURCE, SRC, Queue, client, project

W = f"{SOURCE}:w"
BAD: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    # a folder into itself, however it is written; and with delete_missing out of itself
    ((W, f"{W}/x"), {}),
    ((W, f"{W}//x"), {}),
    ((f"{SOURCE}:./w", f"{SOURCE}:w/x"), {}),
    ((W, f"{SOURCE}:./w"), {}),
    ((W, f"{SOURCE}:w/../w/x"), {}),
    ((f"{SOURCE}:.", f"{SOURCE}:copy"), {}),
    ((f"{SOURCE}:w/x", W), {"delete_missing": True}),
    # what reads like `cp one two folder`, as Unix has it
    ((W, f"{project(1)}:w", f"{project(2)}:folder"), {}),
    ((W, project(1), f"{project(2)}:folder"), {}),
    ((W, f"{project(2)}:folder", [project(1)]), {}),
    ((W, f"{project(1)}:./w/", f"{project(2)}:folder"), {}),
    ((W, f"{project(1)}:w", f"{project(1)}:./w"), {}),
    ((SOURCE, project(1)), {}),
    ((SRC,), {}),
    ((SRC, []), {}),
    ((SRC, project(1), project(1)), {}),
    ((SRC, SOURCE), {}),
    ((SRC, project(1) + ":../x"), {}),
    ((SRC, 5), {}),
    ((SRC, {"a": 1}), {}),
    ((SRC, project(1)), {"delete_missing": "yes"}),
    ((SRC, project(1)), {"delete_missing": 1}),
    ((SRC, project(1)), {"timeout": -1}),
    ((SRC, project(1)), {"exclude": [""]}),
    ((SRC, project(1)), {"scheduled": "soon"}),
    ((SRC, project(1)), {"scheduled": "2001-01-01"}),
    ((SRC, project(1)), {"concurrency": 0}),
    ((SRC, project(1)), {"wait": "yes"}),
    ((SRC, project(1)), {"wait": -1}),
    ((SRC, Path("no-such.csv")), {}),
]


@pytest.mark.parametrize(("args", "options"), BAD)
def test_refused_before_anything_is_sent(args: Any, options: dict[str, Any]) -> None:
    with serving(lambda _seen: Answer({})) as server:
        with pytest.raises(errors.ValidationError) as caught:
            client(server.url).copy(*args, **options)
        assert server.seen == []
    assert caught.value.status is None


def test_options_on_the_wire() -> None:
    queue = Queue(at_once=True)
    with serving(queue) as server:
        client(server.url).copy(
            SRC,
            f"{project(1)}:else/where.md",
            overwrite_newer=True,
            delete_missing=True,
            backup=True,
            exclude="*.pyc",
            timeout=30,
        )
        assert server.seen[1].json == {
            "src_project_id": SOURCE,
            "src_path": "task/one.md",
            "target_project_id": project(1),
            "target_path": "else/where.md",
            "wait_until_done": True,
            "overwrite_newer": True,
            "delete_missing": True,
            "backup": True,
            "exclude": ["*.pyc"],
            "timeout": 30,
        }


def test_copies_within_a_project_and_what_reads_like_unix() -> None:
    queue = Queue()
    with serving(queue) as server:
        subject = client(server.url)
        assert subject.copy(W, f"{SOURCE}:w2", f"{SOURCE}:v/w").done
        assert subject.copy(f"{SOURCE}:w/x", W).done, "its content, a floor up"
        with pytest.raises(errors.ValidationError, match="second source") as caught:
            subject.copy(W, f"{project(1)}:w", f"{project(2)}:folder")
        for word in ("one source", "each has a path of its own", "takes a copy for each"):
            assert word in caught.value.remedy
        assert queue.copied.keys() == {SOURCE}


@pytest.fixture
def names() -> dict[str, str]:
    return {"Class A": project(1), "Class B": project(2)}


def test_targets_by_title_prefix_and_csv(names: dict[str, str], tmp_path: Path) -> None:
    queue = Queue(at_once=True)
    rows = [{"project_id": p, "title": t} for t, p in {**names, "Src": SOURCE}.items()]
    listing = Answer({"event": "query", "query": {"projects_all": rows}})
    text = io.StringIO()
    csv.writer(text).writerows([["name", "project_id", "path"], ["x", project(7), "in/x.md"]])
    (tmp_path / "class.csv").write_text(text.getvalue())
    (tmp_path / "plain.csv").write_text(f"{project(8)}\n{project(9)}\n\n")
    with serving(lambda s: listing if s.path.endswith("query") else queue(s)) as server:
        batch = client(server.url).copy(
            "Src:a.md",
            "Class A:c.md",
            [names["Class B"][:9] + "0000-4000-8000-000000000002:b.md"],
            tmp_path / "class.csv",
            (f"{project(n)}:d.md" for n in (4, 5)),
        )
        assert server.paths().count("/api/v1/query") == 1
        told = [(job.target.project, job.target.path) for job in batch]
        assert told == [
            (project(1), "c.md"),
            (project(2), "b.md"),
            (project(7), "in/x.md"),
            (project(4), "d.md"),
            (project(5), "d.md"),
        ]
        plain = client(server.url).copy("Src:a.md", tmp_path / "plain.csv", "Class A", "Class B")
        assert [job.target.path for job in plain] == ["a.md"] * 4
        # shown as people know them, where the one listing told; ids otherwise
        assert repr(batch).startswith("<CopyBatch of Src:a.md to 5 targets: 5 done>")
        assert "  Class A:c.md: done" in repr(batch)
        assert "Class B:b.md" in batch._repr_html_()
        assert project(1) not in batch._repr_html_()
        assert project(7) in batch._repr_html_()
        with pytest.raises(errors.NotFoundError, match="Nobody"):
            client(server.url).copy("Src:a.md", "Nobody")
        with pytest.raises(errors.ValidationError, match="2 projects match"):
            client(server.url).copy("Src:a.md", "cccccccc")


def test_titles_cost_no_request_and_are_never_ambiguous() -> None:
    queue = Queue()
    rows = [{"project_id": project(n), "title": t} for n, t in ((1, "Ada"), (2, "B"), (3, "B"))]
    listing = Answer({"event": "query", "query": {"projects_all": rows}})
    with serving(lambda s: listing if s.path.endswith("query") else queue(s)) as server:
        subject = client(server.url)
        shown = repr(subject.copy(SRC, project(1), project(2)))
        assert "/api/v1/query" not in server.paths()
        assert project(1) in shown
        subject.projects()
        batch = subject.copy(SRC, *(f"{project(n)}:b.md" for n in (1, 2, 3)))
        assert server.paths().count("/api/v1/query") == 1
        shown = batch._repr_html_()
        assert "Ada:b.md" in shown
        assert project(2) in shown, "two projects have this title"
        jobs = subject.copies(SRC)
        assert "Ada:b.md" in jobs._repr_html_()
        assert "Ada:b.md" in repr(subject.copy_status(batch[0]))
        assert "Ada:b.md" in repr(subject.copy_status(batch[0].id))
