"""Corners of the dialects: tokens without a password, missing folders, answers that lack much."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Client
from cocalc_widget.api.copying import workers

from ..fake import NO_KEY, Answer, Reaction, Seen, serving

KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"
P = "aaaaaaaa-0000-4000-8000-000000000001"
Q = "aaaaaaaa-0000-4000-8000-000000000002"
TOKEN = Answer({"event": "user_auth_token", "id": "x", "auth_token": "T" * 24})
NOT_FOUND = Answer("<title>404 Page Not Found</title>", 404, "text/html")


def client(url: str, api: Any = "v1", **options: Any) -> Client:
    return Client(KEY, host=url, api=api, timeout=5.0, retries=0, **options)


def groups(*names: str) -> Answer:
    return Answer({"event": "query", "query": {"accounts": {"account_id": P, "groups": [*names]}}})


@pytest.mark.parametrize(
    ("told", "sent"),
    [
        (groups("admin"), True),
        (groups("student"), False),
        (Answer({"event": "error", "error": "FATAL: user get query not allowed"}), False),
        (Answer({"event": "query", "query": {"accounts": None}}), False),
    ],
)
def test_no_password_is_for_admins(told: Answer, sent: bool) -> None:
    """An empty password from anyone else counts as a wrong one, and bans the right one."""
    with serving(lambda s: TOKEN if s.path.endswith("user_auth") else told) as server:
        if sent:
            client(server.url).create_token(Q)
            assert server.seen[-1].json == {"account_id": Q, "password": ""}
        else:
            with pytest.raises(errors.ValidationError, match="password"):
                client(server.url).create_token(Q)
            assert server.paths() == ["/api/v1/query"]
            with pytest.raises(errors.ValidationError, match='password=""'):
                client(server.url).create_token(Q)
            client(server.url).create_token(Q, "")  # said in so many words: sent
            assert server.seen[-1].json == {"account_id": Q, "password": ""}


def test_tokens_by_address() -> None:
    found: list[dict[str, str]] = [{"account_id": Q}]

    def handle(seen: Seen) -> Reaction:
        if seen.path.endswith("user_search"):
            return Answer({"event": "user_search_results", "results": found})
        return TOKEN

    with serving(handle) as server:
        client(server.url).create_token("ada@example.com", "secret-7")
        assert server.seen[-1].json["account_id"] == Q
        found.clear()
        with pytest.raises(errors.NotFoundError, match="ada@example"):
            client(server.url).create_token("ada@example.com", "secret-7")
        with pytest.raises(errors.ValidationError):
            client(server.url).create_token(" ", "secret-7")


def test_projects_where_not_all_can_be_listed() -> None:
    def handle(seen: Seen) -> Reaction:
        if "projects_all" in seen.json["query"]:
            words = "FATAL: get queries not allowed for table 'projects_all'"
            return Answer({"event": "error", "error": words})
        return Answer({"event": "query", "query": {"projects": [{"project_id": P, "title": "x"}]}})

    with serving(handle) as server:
        assert [p.title for p in client(server.url).projects()] == ["x"]


def test_the_bridge_makes_no_folders() -> None:
    made: list[str] = []

    def handle(seen: Seen) -> Reaction:
        name = seen.json["name"]
        if name == "system.exec":
            made.append(seen.json["args"][0]["args"][-1])
            return Answer({"stdout": "", "stderr": "", "exit_code": 0})
        if name == "system.writeTextFileToProject" and not made:
            return Answer({"error": "Error: ENOENT: no such file or directory, open 'a/b/c.txt'"})
        return Answer(None)

    with serving(handle) as server:
        subject = client(server.url, "v2")
        subject.write_text(P, "a/b/c.txt", "x")
        assert made == ["a/b"]
        made.clear()
        with pytest.raises(errors.NotFoundError):
            subject.write_text(P, "c.txt", "x")
        assert made == []


def test_v2_says_ok_for_a_folder() -> None:
    """Generation A's v2 does (recording): the client looks."""
    code, size = [21], [""]

    def handle(seen: Seen) -> Reaction:
        if "conat" in seen.path:
            return NOT_FOUND
        if "v1" in seen.path:
            return NO_KEY
        if seen.path.endswith("/exec"):
            return Answer({"stdout": size[0], "stderr": "", "exit_code": code[0]})
        return Answer({"status": "ok"})

    with serving(handle) as server:
        subject = client(server.url, "v2")
        with pytest.raises(errors.ValidationError, match="is a folder"):
            subject.write_text(P, "folder", "x")
        code[0], size[0] = 0, "7\n"
        with pytest.raises(errors.ServerError, match="was not written"):
            subject.write_text(P, "file", "x")
        size[0] = "1\n"
        subject.write_text(P, "file", "x")
        for lacking in (subject.copies, lambda _: subject.copy_status(P), subject.cancel_copy):
            with pytest.raises(errors.NotFoundError) as caught:
                lacking(P)
            assert 'api="v1"' in caught.value.remedy
        with pytest.raises(errors.NotFoundError, match="cannot revoke"):
            subject.revoke_token("x" * 24)


def test_v2_start_and_create() -> None:
    def handle(seen: Seen) -> Reaction:
        if "conat" in seen.path:
            return NOT_FOUND
        if "v1" in seen.path:
            return NO_KEY
        if seen.path.endswith("/exec"):
            return Answer({"error": "user must be a collaborator on the project"})
        return Answer({"status": "ok", "project_id": P})

    with serving(handle) as server, pytest.raises(errors.PermissionDeniedError):
        client(server.url, "v2").create_project("x", start=True)


def test_the_bridge_on_the_wire() -> None:
    def handle(seen: Seen) -> Reaction:
        told = seen.json or {}
        return Answer({"state": "running"} if told.get("name") == "projects.state" else P)

    with serving(handle) as server:
        subject = client(server.url, "v2")
        assert subject.create_project("x", start=True) == P
        told = server.seen[1].json
        assert told["name"] == "projects.createProject"
        assert told["args"] == [{"title": "x", "description": ""}]
        assert told["timeout"] == 5000
        subject.call("system.test", project_id=P)
        assert server.seen[-1].path == "/api/conat/project"
        assert server.seen[-1].json["project_id"] == P
        with pytest.raises(errors.NotFoundError, match="cannot cancel"):
            subject.cancel_copy(P)
        for bad in ({"nope": 1}, {"project_id": "x"}):
            with pytest.raises(errors.ValidationError):
                subject.call("system.test", **bad)
        with pytest.raises(errors.ValidationError):
            subject.call("projects/get", 5)


LACKING: list[tuple[Any, Any]] = [
    (lambda c: c.whoami(), {"event": "query", "query": {}}),
    (lambda c: c.create_project("x"), {"event": "project_created"}),
    (lambda c: c.read_text(P, "a"), {"event": "x", "content": 5}),
    (lambda c: c.exec(P, "ls"), {"event": "x", "stdout": ""}),
    (lambda c: c.copy_status(P), {"event": "x", "data": "gone"}),
    (lambda c: c.copy_status(P), {"event": "x", "data": {}}),
    (lambda c: c.projects(), {"event": "query", "query": {"projects_all": ["x"]}}),
]


@pytest.mark.parametrize(("method", "body"), LACKING)
def test_answers_that_lack_a_field(method: Any, body: Any) -> None:
    with serving(lambda _seen: Answer(body)) as server:  # noqa: SIM117
        with pytest.raises(errors.ServerError, match="has no") as caught:
            method(client(server.url))
    assert caught.value.endpoint


@pytest.mark.parametrize("method", [lambda c: c.projects(), lambda c: c.create_project("x")])
def test_the_bridge_answering_oddly(method: Any) -> None:
    with serving(lambda _seen: Answer({"odd": 1})) as server:  # noqa: SIM117
        with pytest.raises(errors.ServerError, match="has no"):
            method(client(server.url, "v2"))


def test_copies_to_a_project() -> None:
    rows = [{"copy_path_id": str(uuid.uuid4()), "target_project_id": Q, "finished": None}]
    with serving(lambda _seen: Answer({"event": "x", "data": rows})) as server:
        jobs = client(server.url).copies(f"{P}:a", target=Q, limit=5)
        told = server.seen[0].json
        assert (told["src_path"], told["target_project_id"], told["limit"]) == ("a", Q, 5)
        assert len(jobs) == 1
        with pytest.raises(errors.ValidationError):
            client(server.url).copies(P, limit=0)


def test_a_broken_worker_ends_the_work() -> None:
    done: list[int] = []
    lock = threading.Lock()

    def work(item: int) -> None:
        if item == 3:
            raise ValueError("a bug")
        with lock:
            done.append(item)

    with pytest.raises(ValueError, match="a bug"):
        workers.run(range(10_000), work, workers=4)
    assert len(done) < 10_000


def test_answers_that_are_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    from cocalc_widget.api.http import messages as wire

    monkeypatch.setattr(wire, "MAX_REPLY", 1000)
    with serving(lambda _seen: Answer({"event": "x" * 2000})) as server:  # noqa: SIM117
        with pytest.raises(errors.APIConnectionError, match="longer than 1000"):
            client(server.url).ping()


def test_what_json_cannot_say() -> None:
    with serving(lambda _seen: Answer({})) as server:
        for bad in ({"a": {1, 2}}, {"a": float("nan")}, {"a": "\ud800"}):
            with pytest.raises(errors.ValidationError):
                client(server.url).call("anything", bad)
        assert server.seen == []


def test_proxies_are_for_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(lambda _seen: Answer({"event": "pong", "now": None})) as server:
        client(server.url).ping()
    with pytest.raises(errors.APIConnectionError) as caught:
        client("https://cocalc.invalid").ping()
    assert not caught.value.sent


def test_a_ca_file_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    subject = client("https://cocalc.invalid")
    assert subject._connection.transport._session.verify == str(file)
    assert (
        client("https://cocalc.invalid", verify=False)._connection.transport._session.verify
        is False
    )


def test_a_client_is_a_context() -> None:
    with client("https://cocalc.invalid") as subject:
        assert subject.key_source == "argument"
        assert subject.host == "https://cocalc.invalid"
        assert subject.verify is True
