"""What the server knows about a document: every answer it can give, in few requests, in time."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Client, Standing
from cocalc_widget.api.dialects.conat import DialectConat
from cocalc_widget.api.dialects.v1 import DialectV1
from cocalc_widget.api.dialects.v2 import DialectV2
from cocalc_widget.local import LocalCoCalc

from .dialects.recordings import Row, load
from .fake import HANG, RESET, Answer, Reaction, Seen, serving
from .sites import of_kind

KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"
P = "aaaaaaaa-0000-4000-8000-000000000001"
ROWS = {row.name: row for name in ("v1", "v2", "rest-2024", "rest-2026") for row in load(name)}
DIALECTS: dict[str, Any] = {"v1": DialectV1, "v2": DialectV2, "conat": DialectConat}


@contextmanager
def told(kind: str, query: Any, ran: Any = "file\n") -> Iterator[tuple[Client, Any]]:
    """A client of a server that gives these answers to the query and to the command."""

    def handle(seen: Seen) -> Reaction:
        name = seen.json.get("name") or seen.path.rpartition("/")[2]
        if name not in ("query", "user-query", "db.userQuery"):
            return ran if isinstance(ran, (Answer, str)) and ran in (HANG, RESET) else ended(ran)
        if isinstance(query, Row):
            return query.reaction()
        if isinstance(query, (Answer, str)):
            return query
        body = {"projects_all": query}
        return Answer(body if kind == "conat" else {"event": "query", "query": body})

    def ended(stdout: Any) -> Answer:
        if isinstance(stdout, Answer):
            return stdout
        return Answer({"event": "x", "stdout": stdout, "stderr": "", "exit_code": 0})

    with serving(handle) as server, Client(KEY, host=server.url, retries=0) as client:
        client._connection.found = DIALECTS[kind](client._connection.caller)
        yield client, server


def row(state: Any = "running", **more: Any) -> list[dict[str, Any]]:
    return [{"project_id": P, "state": {"state": state, "time": "2026"}, **more}]


@pytest.mark.parametrize("kind", DIALECTS)
class TestAnswers:
    @pytest.mark.parametrize("word", ["file", "folder", "missing"])
    def test_the_good_case_takes_two_requests(self, kind: str, word: Any) -> None:
        with told(kind, row(), f"{word}\n") as (client, server):
            assert client.standing(P, "a.md") == Standing("usable", word, state="running")
            assert len(server.seen) == 2

    def test_many_documents_take_no_more_requests_than_one(self, kind: str) -> None:
        paths = ["a.md", "B", "c.md", "a.md", ""]
        with told(kind, row(), "file\nfolder\nmissing\n") as (client, server):
            found = client.standings(P, paths)
            assert [it.path for it in found] == ["file", "folder", "missing", "file", "unknown"]
            assert {it.project for it in found} == {"usable"}
            assert len(server.seen) == 2
            client.standings(P, iter(paths), usable=True)
            assert len(server.seen) == 3

    @pytest.mark.parametrize("said", ["file\n", "file\nfile\nfile\n", "file\nno\n", "", "x"])
    def test_an_answer_that_fits_no_question_is_none(self, kind: str, said: str) -> None:
        with told(kind, row(), said) as (client, _):
            assert [it.path for it in client.standings(P, ["a", "b"])] == ["unknown"] * 2

    def test_paths_without_end_go_in_parts(self, kind: str) -> None:
        paths = [f"{n}-{'x' * 3000}" for n in range(40)]
        with told(kind, row(), "file\n" * 16) as (client, server):
            client.standings(P, paths, usable=True)
            assert len(server.seen) == 3
            assert max(len(json.dumps(seen.json)) for seen in server.seen) < 100_000

    def test_one_request_where_only_the_path_is_asked_for(self, kind: str) -> None:
        with told(kind, row(), "folder\n") as (client, server):
            found = client.standing(P, "A", usable=True)
            assert (found.project, found.path, len(server.seen)) == ("usable", "folder", 1)
            assert client.standing(P).project == "usable"
            assert len(server.seen) == 2, "and one where only the project is"

    @pytest.mark.parametrize("state", ["opened", "closed", "archived", "starting", "stopping"])
    def test_nothing_is_asked_of_a_project_that_does_not_run(self, kind: str, state: str) -> None:
        with told(kind, row(state)) as (client, server):
            assert client.standing(P, "a.md") == Standing("stopped", state=state)
            assert len(server.seen) == 1

    @pytest.mark.parametrize("state", [None, "x", 5, {"state": None}, {}])
    def test_a_project_that_never_ran_has_no_state(self, kind: str, state: Any) -> None:
        with told(kind, [{"project_id": P, "state": state}]) as (client, server):
            assert client.standing(P, "a.md").project == "stopped"
            assert len(server.seen) == 1

    def test_a_deleted_project_says_so(self, kind: str) -> None:
        with told(kind, row("opened", deleted=True)) as (client, _):
            assert client.standing(P, "a.md") == Standing("stopped", deleted=True, state="opened")
        with told(kind, row(deleted=True)) as (client, _):
            found = client.standing(P, "a.md")
            assert (found.project, found.path, found.deleted) == ("usable", "file", True)

    @pytest.mark.parametrize(
        "words",
        [
            "FATAL: you do not have read access to this project",
            f"FATAL: you do not have read access to this project -- account_id={P}",
            "user must be a collaborator on the project",
        ],
    )
    def test_a_strangers_project(self, kind: str, words: str) -> None:
        with told(kind, Answer({"event": "error", "error": words})) as (client, server):
            found = client.standing(P, "a.md")
            assert (found.project, found.path) == ("not mine", "unknown")
            assert isinstance(found.error, errors.PermissionDeniedError)
            assert len(server.seen) == 1
        with told(kind, []) as (client, _):
            assert client.standing(P, "a.md").project == "not mine"

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (Answer({"event": "error", "error": "must be signed in"}), errors.AuthenticationError),
            (
                Answer({"error": "FATAL: user get query not allowed for projects_all.state"}),
                errors.PermissionDeniedError,
            ),
            (Answer("<title>x</title>", 502, "text/html"), errors.ServerError),
            (RESET, errors.APIConnectionError),
        ],
    )
    def test_what_cannot_be_asked_is_unknown(
        self, kind: str, answer: Any, error: type[Exception]
    ) -> None:
        with told(kind, answer) as (client, _):
            found = client.standing(P, "a.md")
            assert (found.project, found.path) == ("unknown", "unknown")
            assert type(found.error) is error
        with told(kind, row(), answer) as (client, _):
            found = client.standing(P, "a.md")
            assert (found.project, found.path, found.state) == ("usable", "unknown", "running")
            assert type(found.error) is error

    def test_access_that_was_lost_since(self, kind: str) -> None:
        refused = Answer({"event": "error", "error": "user must be a collaborator on the project"})
        with told(kind, row(), refused) as (client, _):
            assert client.standing(P, "a.md", usable=True).project == "not mine"

    @pytest.mark.parametrize("hung", ["query", "command"])
    def test_it_ends_in_time(self, kind: str, hung: str) -> None:
        answers = (HANG, "file\n") if hung == "query" else (row(), HANG)
        with told(kind, *answers) as (client, _):
            began = time.monotonic()
            found = client.standing(P, "a.md", timeout=0.4)
            assert time.monotonic() - began < 3, "not after the time of a call, either"
            assert found.path == "unknown"
            assert found.project == ("unknown" if hung == "query" else "usable")
            assert client.standing(P, "a.md", timeout=1e-6).path == "unknown"
            assert isinstance(found.error, errors.APITimeoutError)

    @pytest.mark.parametrize("junk", [5, "x", None, [5], {"a": 1}, [{"state": []}]])
    def test_junk(self, kind: str, junk: Any) -> None:
        with told(kind, Answer({"event": "query", "query": junk, "projects_all": junk})) as (c, _):
            assert c.standing(P, "a.md").project in ("not mine", "stopped", "unknown")
        with told(kind, row(), str(junk)) as (client, _):
            assert client.standing(P, "a.md").path == "unknown"
        with told(kind, row(), Answer(junk)) as (client, _):
            assert client.standing(P, "a.md").path == "unknown"


@pytest.mark.parametrize(
    ("kind", "name", "project", "deleted"),
    [
        ("v1", "query.get.no_match", "not mine", False),
        ("conat", "project.stranger", "not mine", False),
        ("conat", "log.get.stranger", "not mine", False),
        ("conat", "project.deleted.query", "stopped", True),
        ("v2", "user-query.invalid_table", "unknown", False),
    ],
)
def test_recorded_answers(kind: str, name: str, project: str, deleted: bool) -> None:
    with told(kind, ROWS[name]) as (client, _):
        found = client.standing(P, "a.md")
    assert (found.project, found.deleted) == (project, deleted)


def test_the_recorded_state_of_a_project() -> None:
    """`projects_all` has the fields of `projects` (source), of which the recordings are."""
    for kind, name in (("v1", "v1.query.project.fields"), ("conat", "project.fields")):
        body = ROWS[name].body
        told_row = (body["query"] if kind == "v1" else body)["projects"]
        with told(kind, [told_row]) as (client, _):
            assert client.standing(P, "a.md").project == "usable"


def test_bad_input_is_refused_before_anything_is_sent() -> None:
    with told("v1", row()) as (client, server):
        for call in (
            lambda: client.standing("  ", "a.md"),
            lambda: client.standing(P, 5),  # type: ignore[arg-type]
            lambda: client.standing(P, "a.md", timeout=0),
            lambda: client.standings(P, "a.md"),
            lambda: client.standings(P, ["a.md", 5]),  # type: ignore[list-item]
            lambda: client.framing(timeout=-1),
        ):
            with pytest.raises(errors.ValidationError):
                call()
        assert server.seen == []


def test_a_host_that_hangs_before_its_generation_is_known() -> None:
    with serving(lambda _seen: HANG) as server, Client(KEY, host=server.url, retries=0) as client:
        began = time.monotonic()
        found: list[Standing] = []

        def ask() -> None:
            found.append(client.standing(P, "a.md", timeout=0.5))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert time.monotonic() - began < 5, "nobody waits for the others' turns"
    assert [it.project for it in found] == ["unknown"] * 4
    assert all(isinstance(it.error, errors.APITimeoutError) for it in found)


NAMES = [
    "plain.md", "with blank.md", "-n", "--help", "!", "(", "quote'd.md", 'double".md', "$HOME.md",
    "`id`.md", "a;b.md", "back\\slash.md", "ünï ✓.md", "new\nline.md", "*", "~",
]  # fmt: skip


@pytest.fixture(scope="module", params=["v1", "v2", "conat"])
def site(request: pytest.FixtureRequest) -> Iterator[LocalCoCalc]:
    with of_kind(request.param, content={"Here": {}, "Off": {}}) as running:
        yield running


def test_every_name_is_what_it_is(site: LocalCoCalc, client: Client) -> None:
    here = site.projects["Here"]
    root = site.directory(here)
    for number, name in enumerate(NAMES):
        assert client.standing(here, name).path == "missing", name
        (root / name).mkdir() if number % 2 else (root / name).write_text("x")
        expected = "folder" if number % 2 else "file"
        assert client.standing(here, name).path == expected, name
        assert client.standing(here, f"{name}/inside").path == "missing", name
    (root / "gone").symlink_to("nowhere")
    (root / "link").symlink_to(NAMES[1])
    assert [client.standing(here, it).path for it in ("gone", "link", "link/")] == [
        "missing", "folder", "folder",
    ]  # fmt: skip
    assert not (root / "never").exists(), "asking makes nothing"


def test_asking_starts_nothing(site: LocalCoCalc, client: Client) -> None:
    off = site.projects["Off"]
    site.core.projects.change(off, running=0)
    assert client.standing(off, "a.md") == Standing("stopped", state="opened")
    assert not site.core.projects.get(off)["running"]  # type: ignore[index]
    client.start_project("Off")
    assert client.standing(off, "a.md").can_open
    site.core.projects.change(off, deleted=1)
    try:
        assert client.standing(off, "a.md").deleted
    finally:
        site.core.projects.change(off, deleted=0)


def test_somebody_elses(site: LocalCoCalc, client: Client) -> None:
    _, key = site.create_account("N", "N", f"n{time.time_ns()}@local.test")
    with Client(key, host=site.url, verify=site.ca_file) as other:
        found = other.standing(site.projects["Here"], "a.md")
        assert found.project == "not mine"
        assert not found.can_open
        for call in (other.start_project, other.log):
            with pytest.raises(errors.PermissionDeniedError):
                call(site.projects["Here"])
    assert client.standing(P, "a.md").project == "not mine", "there is none"


def test_the_key_of_a_project_breaks_nothing(site: LocalCoCalc) -> None:
    here = site.projects["Here"]
    _, key = site.core.accounts.new_key(site.account_id, project_id=here)
    with Client(key, host=site.url, verify=site.ca_file) as client:
        found = client.standing(here, "a.md")
        if client.generation == "B":  # whose hub takes keys of accounts only (source)
            assert found.project == "unknown"
            assert isinstance(found.error, errors.AuthenticationError)
        assert client.standing(here, "a.md", usable=True).path == "missing"


def test_from_many_threads(site: LocalCoCalc, client: Client) -> None:
    here = site.projects["Here"]
    (site.directory(here) / "many.md").write_text("x")
    found: list[Standing] = []
    threads = [
        threading.Thread(target=lambda: found.append(client.standing(here, "many.md")))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [Standing("usable", "file", state="running")] * 16


def starting(states: list[str], *, late: bool = False) -> Callable[[Seen], Reaction]:
    """A hub whose project goes through these states, and stays in the last one."""

    def handle(seen: Seen) -> Reaction:
        name = seen.json["name"]
        if name == "projects.state":
            return Answer({"state": states.pop(0) if len(states) > 1 else states[0]})
        assert name == "projects.start"
        words = "timeout - callHub: subject='hub.account', name='projects.start', code='408' "
        return Answer({"error": words} if late else None)

    return handle


def conat(url: str) -> Client:
    client = Client(KEY, host=url, retries=0)
    client._connection.found = DialectConat(client._connection.caller)
    return client


def test_a_start_waits_until_it_runs() -> None:
    with serving(starting(["opened", "starting", "starting", "running"])) as server:
        conat(server.url).start_project(P)
        names = [seen.json["name"] for seen in server.seen]
    assert names == ["projects.start", *["projects.state"] * 4]


@pytest.mark.parametrize("state", ["starting", "opened"])
def test_a_start_that_takes_too_long_has_a_name(state: str) -> None:
    with serving(starting([state])) as server, pytest.raises(errors.APITimeoutError) as caught:
        conat(server.url).start_project(P, timeout=0.5)
    assert f"does not run 0.5 s after it was told to start (its state is {state!r})" in str(
        caught.value
    )
    assert "longer timeout" in caught.value.remedy
    assert caught.value.sent


@pytest.mark.parametrize("kind", DIALECTS)
def test_a_server_that_gives_up_or_hangs_during_a_start(kind: str) -> None:
    for answer in (HANG, Answer({"event": "error", "error": "timeout"})):
        with serving(lambda _seen, answer=answer: answer) as server:
            client = Client(KEY, host=server.url, retries=0)
            client._connection.found = DIALECTS[kind](client._connection.caller)
            began = time.monotonic()
            with pytest.raises(errors.APITimeoutError, match="told to start"):
                client.start_project(P, timeout=0.4)
            assert time.monotonic() - began < 3


@pytest.mark.parametrize("kind", DIALECTS)
def test_a_server_that_refuses_a_start(kind: str) -> None:
    words = "Error: no space left on the server"
    with serving(lambda _seen: Answer({"event": "error", "error": words})) as server:
        client = Client(KEY, host=server.url, retries=0)
        client._connection.found = DIALECTS[kind](client._connection.caller)
        with pytest.raises(errors.ServerError, match="no space left") as caught:
            client.start_project(P)
    assert "told to start" not in str(caught.value)


def test_a_start_by_title_and_its_refusals(site: LocalCoCalc, client: Client) -> None:
    client.start_project("Here", timeout=20)
    with pytest.raises(errors.NotFoundError, match="did you mean"):
        client.start_project("Heer")
    for bad in ("", "  ", None, 5):
        with pytest.raises(errors.ValidationError):
            client.start_project(bad)  # type: ignore[arg-type]
    with pytest.raises(errors.ValidationError):
        client.start_project("Here", timeout=0)


def test_it_shows_itself() -> None:
    found = Standing("stopped", state="opened", error=errors.ServerError("why"))
    assert "stopped" in repr(found)
    assert "why" in found._repr_html_()
    assert json.dumps(found.project) == '"stopped"'
    assert not found.can_open
    assert Standing("usable", "missing").can_open, "CoCalc makes it"
    assert not Standing("usable", "folder").can_open
