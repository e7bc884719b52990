"""What may be given to the client: targets of every form, ids, tokens, names, paths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cocalc_widget import Client, LocalCoCalc, errors
from cocalc_widget.redact import Secret

CONTENT = {"P": {"a.md": "hi", "dé☃/x.txt": "x"}, "P1": {}, "P2": {}}
Site = tuple[LocalCoCalc, Client]


@pytest.fixture(scope="module", params=["A", "B"])
def site(request: pytest.FixtureRequest) -> Iterator[LocalCoCalc]:
    with LocalCoCalc(content=CONTENT, generation=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def client(site: LocalCoCalc) -> Client:
    return Client(site.api_key, host=site.url, verify=site.ca_file)


def test_targets_of_every_form(
    site: LocalCoCalc, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = site.projects["P1"], site.projects["P2"]
    file = tmp_path / "Class.CSV"
    file.write_text(f"project_id,path\n{one},csv.md\n{two},csv.md\n")
    monkeypatch.chdir(tmp_path)
    told: dict[str, Any] = {
        "path": file,
        "name": str(file),
        "short": "Class.CSV",
        "several": f"{one}:csv.md, {two}:csv.md",
        "lines": f"{one}:csv.md\n{two}:csv.md\n",
        "list": [f"{one}:csv.md", f"{two}:csv.md"],
        "generator": (f"{each}:csv.md" for each in (one, two)),
        "nested": [[f"{one}:csv.md"], (f"{two}:csv.md",)],
    }
    for form, target in told.items():
        batch = client.copy("P:a.md", target)
        assert [job.target.project for job in batch] == [one, two], form
        assert {job.target.path for job in batch} == {"csv.md"}
        assert batch.done
    several = [each for each in client.projects() if each.title in ("P1", "P2")]
    batch = client.copy("P:a.md", several)
    assert {(job.target.project, job.target.path) for job in batch} == {
        (one, "a.md"),
        (two, "a.md"),
    }


def test_a_path_keeps_its_commas(site: LocalCoCalc, client: Client) -> None:
    batch = client.copy("P:a.md", f"{site.projects['P1']}:b, c.md")
    assert batch[0].target.path == "b, c.md"


def test_targets_that_are_none(client: Client) -> None:
    for bad in ({"P1": "x"}, None, 5, [], "nobody.csv", "P1, P2"):
        with pytest.raises((errors.ValidationError, errors.NotFoundError)):
            client.copy("P:a.md", bad)  # type: ignore[arg-type]


def test_tokens_that_are_none(site: LocalCoCalc, client: Client) -> None:
    before = sum(site.requests.values())
    for bad in (None, "", " ", 5, Secret("")):
        with pytest.raises(errors.ValidationError):
            client.revoke_token(bad)  # type: ignore[arg-type]
        if bad is not None:
            with pytest.raises(errors.ValidationError):
                client.embed_url(site.projects["P"], "a.md", token=bad)  # type: ignore[arg-type]
    with pytest.raises(errors.ValidationError, match="password"):
        client.create_token(site.account_id, 5)  # type: ignore[arg-type]
    with pytest.raises(errors.ValidationError, match="password"):
        client.create_account("A", "B", "c@local.test", None)  # type: ignore[arg-type]
    assert sum(site.requests.values()) == before, "nothing was sent"


def test_ids_by_name(client: Client) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    for call in (client.copy_status, client.cancel_copy):
        with pytest.raises(errors.NotFoundError) as caught:
            call(copy_id=unknown)
        lists = client.generation == "A"
        known = "client.copies(PROJECT) lists those" if lists else "made on another host or long"
        if lists or call == client.copy_status:
            assert known in caught.value.remedy
        with pytest.raises(errors.ValidationError, match="copy was done"):
            call(copy_id="")


def test_the_bridge_is_called_by_method(client: Client) -> None:
    for name in ("api/conat/hub", "/api/conat/project"):
        with pytest.raises(errors.ValidationError, match=r'call\("system.ping"\)'):
            client.call(name, {"name": "system.ping"})


def test_folders(site: LocalCoCalc, client: Client) -> None:
    project = site.projects["P"]
    client.exec(project, "mkdir -p none/at/all")
    for folder in ("dé☃", "none", "none/at/all/"):
        with pytest.raises(errors.ValidationError, match=r"folder|EISDIR") as caught:
            client.read_text(project, folder)
        assert (bool(caught.value.endpoint), caught.value.status) == (True, 200)
    before = sum(site.requests.values())
    with pytest.raises(errors.ValidationError, match="names a folder"):
        client.write_text(project, "new/", "x")
    assert sum(site.requests.values()) == before, "nothing was sent"
    with pytest.raises(errors.ValidationError, match="ENOTDIR"):
        client.write_text(project, "a.md/x", "x")
    assert client.read_text(project, "a.md") == "hi"


def test_an_api_that_the_server_has_not() -> None:
    with LocalCoCalc(content=CONTENT, generation="B") as site:
        project = site.projects["P"]
        old = Client(site.api_key, host=site.url, verify=site.ca_file, api="v1")
        for method in (
            old.ping,
            lambda: old.copy(f"{project}:a.md", site.projects["P1"]),
            lambda: old.create_token(site.account_id, site.password),
            lambda: old.write_text(project, "x", "x" * 2_000_000),
            lambda: old.start_project(project),
        ):
            with pytest.raises(errors.NotFoundError) as caught:
                method()
            assert 'api="v2"' in caught.value.remedy
        new = Client(site.api_key, host=site.url, verify=site.ca_file)
        for options in ({"exclude": "*.log"}, {"scheduled": "2099-01-01"}):
            with pytest.raises(errors.NotFoundError, match="cannot copy with") as caught:
                new.copy(f"{project}:a.md", site.projects["P1"], **options)  # type: ignore[arg-type]
            assert "v1" not in str(caught.value), "there is none"


def test_values_of_other_types(site: LocalCoCalc, client: Client) -> None:
    project = site.projects["P"]
    before = sum(site.requests.values())
    for bad in ([1], {"A": 5}, {1: "x"}, "A=1"):
        with pytest.raises(errors.ValidationError, match="env"):
            client.exec(project, "true", env=bad)  # type: ignore[arg-type]
    for bad in ("a b", [1], 5, [None]):
        with pytest.raises(errors.ValidationError, match="args"):
            client.exec(project, "echo", bad)  # type: ignore[arg-type]
    with pytest.raises(errors.ValidationError, match="expire"):
        client.create_token(site.account_id, site.password, expire=5)  # type: ignore[arg-type]
    for limit in ("5", 0, 1001, True):
        with pytest.raises(errors.ValidationError, match="limit"):
            client.copies(project, limit=limit)  # type: ignore[arg-type]
    with pytest.raises(errors.ValidationError, match="wait"):
        client.copy(f"{project}:a.md", site.projects["P1"], wait=float("nan"))
    with pytest.raises(errors.ConfigurationError, match="key must be text"):
        Client(5, host=site.url)  # type: ignore[arg-type]
    assert sum(site.requests.values()) == before, "nothing was sent"


def test_arguments_that_can_be_read_once(site: LocalCoCalc, client: Client) -> None:
    ended = client.exec(site.projects["P"], "echo", (word for word in ("a", "b")))  # type: ignore[arg-type]
    assert ended.stdout == "a b\n"


@pytest.mark.parametrize("fault", ["error-500", "html-page", "wrong-json", "wrong-length", "reset"])
def test_a_copy_that_got_lost_says_what_happened_to_it(fault: str) -> None:
    """Not what happened to the questions about it; and many are told one by one."""
    with LocalCoCalc(content=CONTENT, generation="A") as site:
        client = Client(site.api_key, host=site.url, verify=site.ca_file, api="v1", retries=0)
        source = f"{site.projects['P']}:a.md"
        site.fault(fault)
        with pytest.raises(errors.CoCalcError) as caught:
            client.copy(source, site.projects["P1"])
        assert caught.value.endpoint == "copy_path_between_projects"  # type: ignore[attr-defined]
        batch = client.copy(source, site.projects["P1"], site.projects["P2"])
        assert {job.state for job in batch} == {"unknown"}
        assert all(job.error for job in batch)


def test_what_is_sent_to_the_wrong_side_of_the_bridge_is_said(
    site: LocalCoCalc, client: Client
) -> None:
    project = site.projects["P"]
    client.ping()
    before = sum(site.requests.values())
    for name in ("projects.stop", "projects.state", "db.userQuery"):
        with pytest.raises(errors.ValidationError, match="is a method of the hub") as caught:
            client.call(name, project_id=project)
        line = caught.value.remedy.partition(": ")[2].rstrip(".")
        assert line == f'client.call("{name}", {{"project_id": {project!r}}})'
    assert sum(site.requests.values()) == before, "a stopped project would have been started"
    if client.generation == "A":
        return
    with pytest.raises(errors.NotFoundError, match="ask the other side, leave project_id= out"):
        client.call("system.userSearch", {"query": "x"}, project_id=project)
    with pytest.raises(errors.NotFoundError, match="ask the other side, add project_id=ID"):
        client.call("system.listing", {"path": ""})
