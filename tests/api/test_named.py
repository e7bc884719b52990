"""PROJECT is an id, the start of one, or a title, in every method; an id costs no request."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from typing import Any

import pytest

from cocalc_widget import LocalCoCalc, errors
from cocalc_widget.api import Client, Project
from cocalc_widget.api.dialects import detection as detect

from .fake import Answer, serving

Call = Callable[[Client, Any], Any]
METHODS: dict[str, Call] = {
    "resolve": lambda c, p: c.resolve(p),
    "locate": lambda c, p: c.locate(f"{p}:a.md"),
    "start_project": lambda c, p: c.start_project(p),
    "read_text": lambda c, p: c.read_text(p, "a.md"),
    "write_text": lambda c, p: c.write_text(p, "b.md", "x"),
    "exec": lambda c, p: c.exec(p, "true", []),
    "embed_url": lambda c, p: c.embed_url(p, "a.md"),
    "log": lambda c, p: c.log(p),
    "standing": lambda c, p: c.standing(p, "a.md"),
    "copy": lambda c, p: c.copy(f"{p}:a.md", f"{p}:c.md", overwrite_newer=True),
}


@pytest.fixture(scope="module", params=["A", "B"])
def site(request: pytest.FixtureRequest) -> Any:
    with LocalCoCalc(generation=request.param, content={"My course": {"a.md": "a\n"}}) as local:
        yield local


def listings(site: LocalCoCalc) -> int:
    # v1 lists by a query, as it asks for much else
    return site.requests["v2/projects/get"] + site.requests["v1/query"]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_takes_a_title_or_the_start_of_an_id(
    site: LocalCoCalc, client: Client, method: str
) -> None:
    project_id = site.projects["My course"]
    call = METHODS[method]
    call(client, project_id)  # what a host speaks is known from here on
    before = listings(site)
    by_id = call(client, project_id.upper())
    own = listings(site) - before
    for name in ("My course", project_id[:9]):
        before = listings(site)
        told = call(client, name)
        assert listings(site) - before == own + 1, "one listing"
        if method not in ("log", "copy"):
            assert told == by_id
    if method not in ("log", "standing"):
        assert own == 0, "an id costs nothing"
    if method == "standing":
        assert told.can_open
        assert client.standing("Nobody").project == "not mine"
        return
    with pytest.raises(errors.NotFoundError, match=r"no project .My cours..*did you mean .My"):
        call(client, "My cours")


def test_a_project_of_a_listing_stands_for_itself(site: LocalCoCalc, client: Client) -> None:
    project = client.projects()[0]
    assert isinstance(project, Project)
    before = listings(site)
    assert client.read_text(project, "a.md") == "a\n"
    assert listings(site) == before


@pytest.mark.parametrize("bad", [None, "", "  ", 5, ["a"], b"x"])
def test_what_names_no_project_is_refused_before_anything_is_sent(bad: Any) -> None:
    detect.forget()
    with serving(lambda _s: Answer({"now": 1})) as server:
        subject = Client("sk-" + "k" * 22, host=server.url, api="v1", retries=0)
        for method, call in METHODS.items():
            if method in ("locate", "copy"):
                continue  # theirs are addresses
            with pytest.raises(errors.ValidationError, match="a project is named by its title"):
                call(subject, bad)
        for text in (bad, f":{bad}"):
            with pytest.raises(errors.ValidationError, match="an address is PROJECT"):
                subject.locate(text)
        for broken in (
            lambda: subject.read_text("Title", "../x"),
            lambda: subject.write_text("Title", "a.md", "\ud800"),
            lambda: subject.write_text("Title", "a/", "x"),
            lambda: subject.exec("Title", " "),
            lambda: subject.exec("Title", "true", timeout=0),
            lambda: subject.embed_url("Title", ""),
            lambda: subject.start_project("Title", timeout=-1),
            lambda: subject.log("Title", 5),
            lambda: subject.standing("Title", "a", timeout=-1),
        ):
            with pytest.raises(errors.ValidationError):
                broken()
        assert server.seen == []


def test_where_only_an_id_will_do_the_way_to_one_is_named() -> None:
    from cocalc_widget.address import check_uuid

    with pytest.raises(errors.ValidationError, match=r"Client\(\).resolve\(TITLE\)"):
        check_uuid("My course")


def archive(mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as made:  # type: ignore[call-overload]
        made.addfile(tarfile.TarInfo("a.md"))
    return buffer.getvalue()


@pytest.mark.parametrize("api", ["auto", "v2"])
def test_folders_and_archives_are_told_apart(site: LocalCoCalc, api: Any) -> None:
    """A folder comes as an archive on generation A; a file that is one is no folder."""
    client = Client(site.api_key, host=site.url, verify=str(site.ca_file), api=api)
    content = {
        "a.tar": archive("w"),
        "a.tar.bz2": archive("w:bz2"),
        "f/ü/x.md": "x\n",
        "BZh.md": "BZh91AY is how bzip2 begins\n",
        "odd.md": "\ufffd is a letter\n",
        "latin.md": "größe".encode("latin-1"),
    }
    there = site.create_project("Archives", content)
    for path in ("f", "f/ü", "f/"):
        with pytest.raises(errors.CoCalcError, match=r"(is a folder, not a file|EISDIR)"):
            client.read_text(there, path)
    for path in ("a.tar", "a.tar.bz2", "latin.md"):
        with pytest.raises(errors.ValidationError, match="is not a text file in UTF-8"):
            client.read_text(there, path)
    for path in ("BZh.md", "odd.md"):
        assert client.read_text(there, path) == content[path]
