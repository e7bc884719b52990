"""Seeing whether copies have arrived: hashes of both sides, whatever the files are called."""

from __future__ import annotations

import base64
import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Client
from cocalc_widget.api.copying import checking
from cocalc_widget.api.copying.batch import CopyBatch
from cocalc_widget.api.copying.checking import Content, Entry, compare
from cocalc_widget.api.dialects.interface import CopyOptions
from cocalc_widget.local import LocalCoCalc

from ..sites import KINDS, of_kind

ODD = ("-n", "--help", "new\nline", "größe ✓", "a'b\"c", "$HOME `x`", " blank ", "back\\slash")
CONTENT: dict[str, dict[str, str]] = {
    "Source": {"a.md": "# A\n", "-x y.md": "dash\n", "set/one.txt": "1", "set/deep/two.txt": "2"},
    "One": {},
    "Two": {},
    "Three": {},
}
CONTENT["Source"].update({f"odd ✓/{name}": name for name in ODD})


@pytest.fixture(scope="module", params=KINDS)
def site(request: pytest.FixtureRequest) -> Iterator[LocalCoCalc]:
    with of_kind(request.param, content=CONTENT) as running:
        yield running


def commands(site: LocalCoCalc) -> int:
    told = site.requests
    return told["v1/project_exec"] + told["v2/exec"] + told["conat/project:system.exec"]


def copies(site: LocalCoCalc) -> int:
    return site.requests["v1/copy_path_between_projects"] + site.requests["v2/projects/copy-path"]


def folder(site: LocalCoCalc, title: str) -> Path:
    return site.directory(site.projects[title])


def last(client: Client) -> CopyBatch:
    assert client.last_copy is not None
    return client.last_copy


def test_what_has_arrived(site: LocalCoCalc, client: Client) -> None:
    before = commands(site)
    batch = client.copy("Source:set", "One:x", "One:y/z", "Two:x", check=True)
    assert batch.done
    assert commands(site) - before == 3, "one for each project"
    assert {job.note for job in batch} == {"seen to have arrived: 2 files are the same"}
    assert "CoCalc's word" not in repr(batch)
    plain = client.copy("Source:a.md", "One")
    assert "done is CoCalc's word; what is newer there was kept: check() compares" in repr(plain)
    assert "word; what is newer" in plain._repr_html_()
    assert plain.check().done
    assert plain[0].note == "seen to have arrived: 1 file is the same"


def test_names_of_all_kinds(site: LocalCoCalc, client: Client) -> None:
    for target in ("Two", "Two:-rf", "Two:--/-n"):
        batch = client.copy("Source:odd ✓", target, check=True)
        assert f"{len(ODD)} files are the same" in batch[0].note
    for target in ("Two", "Two:--help", "Two:new/ü '\".md"):
        assert client.copy("Source:-x y.md", target, check=True).done
    for name in ODD:
        (folder(site, "Two") / "odd ✓" / name).write_text("other")
    whole = client.copy("Source:odd ✓", "Two", "One", overwrite_newer=True)
    for name in ODD:
        (folder(site, "Two") / "odd ✓" / name).write_text("other")
    whole.check()
    assert [job.state for job in whole] == ["error", "done"]
    told = str(whole[0].error)
    assert f"{len(ODD)} of {len(ODD)} files are not as in the source: different" in told
    assert f"and {len(ODD) - checking.SHOWN} more" in told


def test_what_is_newer_in_the_target_is_not_done(site: LocalCoCalc, client: Client) -> None:
    """CoCalc leaves it as it is, and says nothing (rsync's way)."""
    mine = folder(site, "Three") / "set" / "one.txt"
    mine.parent.mkdir()
    mine.write_text("my own work")
    os.utime(mine, (4e9, 4e9))
    assert client.copy("Source:set", "Three").done, "as far as CoCalc says"
    with pytest.raises(errors.APIError, match=r"1 of 2 files are .* newer .* 'one.txt'") as caught:
        client.copy("Source:set", "Three", check=True)
    assert "retry()" in caught.value.remedy
    batch = last(client)
    assert batch.failed[0].target.project == site.projects["Three"]
    assert client.copy("Source:set", "Three", overwrite_newer=True, check=True).done
    assert mine.read_text() == "1"


def test_what_is_missing_differs_or_is_something_else(site: LocalCoCalc, client: Client) -> None:
    batch = client.copy("Source:set", "One:m1", "One:m2", "Two:m3", "Two:m4")
    one, two = folder(site, "One"), folder(site, "Two")
    (one / "m1/deep/two.txt").unlink()
    for path in ("m3/one.txt", "m3/deep/two.txt"):
        (two / path).unlink()
    (two / "m3/deep").rmdir()
    (two / "m3").rmdir()
    (two / "m3").write_text("a file")
    batch.check()
    assert [job.state for job in batch] == ["error", "done", "error", "done"]
    assert "missing 'deep/two.txt'" in str(batch[0].error)
    assert "a file is where the folder was to be" in str(batch[2].error)
    (two / "m3").unlink()
    assert batch.check()[2].note == "nothing is there"
    batch.retry()
    batch.check()
    assert batch.done, batch
    # a file into a folder lies in it
    (two / "into").mkdir()
    assert client.copy("Source:a.md", "Two:into", check=True).done
    assert (two / "into/a.md").exists()


def test_a_source_that_went_away_and_links(site: LocalCoCalc, client: Client) -> None:
    source = folder(site, "Source")
    (source / "gone.md").write_text("g")
    batch = client.copy("Source:gone.md", "One")
    (source / "gone.md").unlink()
    assert batch.check()[0].state == "error"
    assert "its source is not there any more" in str(batch[0].error)
    (source / "links").mkdir()
    (source / "links/in").symlink_to("a.md")
    (source / "links/out").symlink_to("/nowhere/at/all")
    (source / "links/a.md").write_text("a")
    assert client.copy("Source:links", "One", check=True).done
    (folder(site, "One") / "links/in").unlink()
    assert "missing 'in'" in last(client).check()[0].note


def test_what_cannot_be_asked_is_not_done(
    site: LocalCoCalc, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = client._connection.dialect.exec
    broken = {site.projects["Two"]}

    def run(project_id: str, *args: Any, **options: Any) -> Any:
        if project_id in broken:
            raise errors.ServerError("out of order", endpoint="exec", status=500)
        return plain(project_id, *args, **options)

    monkeypatch.setattr(client._connection.dialect, "exec", run)
    batch = client.copy("Source:a.md", "One:n.md", "Two:n.md", check=True)
    assert [job.state for job in batch] == ["done", "unknown"]
    assert "could not be checked" in batch[1].note
    assert "out of order" in str(batch[1].error)
    with pytest.raises(errors.ServerError, match="out of order"):
        client.copy("Source:a.md", "Two:n.md", check=True)
    sent = copies(site)
    broken.clear()
    assert batch.retry().done, "looked at again, not copied again"
    assert copies(site) == sent
    broken.add(site.projects["Source"])
    assert client.copy("Source:a.md", "One:n.md", "Two:n.md", check=True).states == {"unknown": 2}


def test_a_lost_answer_is_settled_by_looking(
    site: LocalCoCalc, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = client._connection.dialect.send_copy

    def lose(*args: Any, **options: Any) -> str:
        plain(*args, **options)
        raise errors.APIConnectionError("broke", sent=True)

    monkeypatch.setattr(client._connection.dialect, "send_copy", lose)
    if "queue" in site.kind:  # type: ignore[attr-defined]
        return  # there the list tells
    assert client.copy("Source:a.md", "Two:lost.md", check=True).done
    with pytest.raises(errors.APIConnectionError):
        client.copy("Source:a.md", "Two:lost2.md")


def test_check_is_a_switch(client: Client) -> None:
    with pytest.raises(errors.ValidationError, match="check must be"):
        client.copy("Source:a.md", "One", check="yes")  # type: ignore[arg-type]


def entry(text: str, changed: int = 1, mode: int = 0x81A4) -> Entry:
    return Entry(text, changed, mode)


@pytest.mark.parametrize(
    ("exclude", "same"), [((), False), (("*.log",), True), (("/sub",), True), (("b",), False)]
)
def test_what_was_left_out_is_not_missing(exclude: tuple[str, ...], same: bool) -> None:
    source = Content("d", {"a": entry("1"), "sub/b.log": entry("2")})
    assert compare(source, Content("d", {"a": entry("1")}), CopyOptions(exclude=exclude))[0] is same


def test_what_cannot_be_read_is_not_the_same() -> None:
    source = Content("d", {"a": entry("")})
    same, told = compare(source, source, CopyOptions())
    assert not same
    assert "different 'a'" in told
    link = Content("d", {"a": entry("", mode=0xA1FF)})
    assert compare(link, link, CopyOptions())[0]
    assert not compare(source, link, CopyOptions())[0]
    many = Content("d", {str(n): entry("x") for n in range(checking.MOST_FILES + 1)})
    assert "cannot be compared" in compare(many, many, CopyOptions())[1]


def packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data)).decode()


@pytest.mark.parametrize(
    "answer", ["", "d\n", "d\nx\n", "d\n" + packed(b"a" * 70_000_000) + "\n", "f\nAAAA\n"]
)
def test_what_a_project_makes_up_is_an_error(answer: str) -> None:
    class Dialect:
        def exec(self, *_args: Any, **_options: Any) -> Any:
            from cocalc_widget.api import ExecResult

            return ExecResult(answer, "sh: no", 0)

    with pytest.raises(errors.ServerError, match="cannot be read"):
        checking.ask(Dialect(), "p", ["a"], name="", seconds=1)  # type: ignore[arg-type]


def test_many_paths_are_asked_for_in_portions() -> None:
    sizes: list[int] = []

    class Dialect:
        def exec(self, _project: str, _command: str, args: list[str], **_options: Any) -> Any:
            from cocalc_widget.api import ExecResult

            sizes.append(len(args) - 5)
            return ExecResult("-\n\n" * sizes[-1], "", 0)

    paths = [f"{'x' * 3000}/{n}" for n in range(50)]
    found = checking.ask(Dialect(), "p", paths, name="", seconds=1)  # type: ignore[arg-type]
    assert len(found) == sum(sizes) == 50
    assert len(sizes) > 1
