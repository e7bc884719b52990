"""Copying to a class from a cell, and what became of it: against the local stand-in."""

import pytest
from stage.stand_in import enter

from cocalc_widget import LocalCoCalc, errors


def test_cp(online, site):
    with pytest.raises(errors.ValidationError, match="second source"):
        online("%cocalc cp Lesson:lesson.md Student 'My course:week 1/x.md'")
    batch = online(
        "batch = %cocalc cp Lesson:lesson.md Student:l.md 'My course:week 1/x.md'\nbatch"
    )
    assert [job.state for job in batch] == ["done", "done"]
    assert batch.failed == []
    assert online("%cocalc cat Student:l.md") == "# Lesson\n"
    assert online("%cocalc cat 'My course:week 1/x.md'") == "# Lesson\n"
    online["names"] = ["Student", "My course"]
    assert len(online("%cocalc cp Lesson:'week 1' {names} --no-wait")) == 2


@pytest.mark.parametrize("queue", [True, False])
def test_a_stopped_cp_says_what_to_do_and_the_rest_can_be_sent(online, monkeypatch, capsys, queue):
    from cocalc_widget.api.copying.progress import Progress

    names = [f"P{n:02}" for n in range(30)]
    content = {"Lesson": {"a.md": "a\n"}, **{name: {} for name in names}}
    with LocalCoCalc(
        queue=queue, copy_seconds=0.2, latency=0.05, content=content, generation="A"
    ) as site:
        enter(monkeypatch, site)
        online["names"] = names
        plain, once = Progress.update, iter([KeyboardInterrupt])

        def update(progress):
            plain(progress)
            if site.requests["v1/copy_path_between_projects"]:
                for key in once:
                    raise key

        with monkeypatch.context() as patch:
            patch.setattr(Progress, "update", update)
            with pytest.raises(KeyboardInterrupt) as caught:
                online("%cocalc cp Lesson:a.md {names}")
        told = str(caught.value)
        assert "copies go on: %cocalc copies tells" in told
        assert "were not sent: %cocalc copies --retry sends them." in told
        capsys.readouterr()
        batch = online("%cocalc copies --wait")
        left = [job.target.project for job in batch.unsent]
        assert 0 < len(left) < 30
        said = capsys.readouterr().out
        assert "Not sent, as it was stopped before: P" in said
        assert "%cocalc copies --retry sends them." in said
        assert "not sent: P" in repr(batch)
        assert "retry() sends them" in batch._repr_html_()
        assert {job.state for job in online("%cocalc copies")} == {"done", "waiting"}
        assert online("%cocalc copies --retry") is batch
        assert batch.states == {"done": 30}
        assert not batch.unsent
        assert site.requests["v1/copy_path_between_projects"] == 30, "none twice"


def test_cp_with_check(both):
    for generation in ("A", "B"):
        online = both(generation)
        batch = online("%cocalc cp --check Lesson:lesson.md Student:checked.md")
        assert batch[0].note == "seen to have arrived: 1 file is the same"
        online("%cocalc exec Student 'echo mine > checked.md; touch -d 2099-01-01 checked.md'")
        with pytest.raises(errors.APIError, match="newer in the target"):
            online("%cocalc cp Lesson:lesson.md Student:checked.md --check")


def test_copies(online, monkeypatch):
    with pytest.raises(errors.ConfigurationError, match="Nothing was copied yet"):
        online("%cocalc copies")
    content = {"Lesson": {"a.md": "a\n"}, "One": {}, "Two": {}}
    with LocalCoCalc(queue=True, copy_seconds=0.3, content=content, generation="A") as queued:
        enter(monkeypatch, queued)
        batch = online("batch = %cocalc cp Lesson:a.md One Two --no-wait\nbatch")
        assert {job.state for job in batch} <= {"queued", "started"}
        before = online("%cocalc copies")
        assert [job.id for job in before] == [job.id for job in batch]
        assert online("%cocalc copies --wait") is batch
        assert [job.state for job in batch] == ["done", "done"]
        assert [job.state for job in online("%cocalc copies")] == ["done", "done"]
        assert len(online("%cocalc copies Lesson")) == 2
        assert len(online("%cocalc copies --to Two")) == 1
        assert online(f"%cocalc copies --id {batch[0].id}").state == "done"
        unknown = "00000000-0000-4000-8000-000000000000"
        with pytest.raises(errors.NotFoundError) as caught:
            online(f"%cocalc copies --id {unknown}")
        assert str(caught.value).endswith(
            "It was cancelled, or was made on another host or long ago: %cocalc copies PROJECT "
            "lists those of a project."
        )
        with pytest.raises(errors.ValidationError) as caught:
            online("%cocalc copies --id seven")
        assert str(caught.value) == (
            "copy id must be a UUID, not 'seven'. %cocalc copies --help tells more."
        )
