"""Answers that a CoCalc may give and no recording holds: other words, orders, forms and types."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Account, Client, CopyJob, ExecResult, Ping

from ..fake import Answer, Reaction, Seen, serving

KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"
P = "aaaaaaaa-0000-4000-8000-000000000001"
Q = "aaaaaaaa-0000-4000-8000-000000000002"
A = "bbbbbbbb-0000-4000-8000-000000000002"
JOB = "ebb441f0-7714-423f-8c5d-753a71cf6de7"
HTML = "text/html; charset=utf-8"
Auth, Denied, Missing = (
    errors.AuthenticationError,
    errors.PermissionDeniedError,
    errors.NotFoundError,
)
Invalid, Busy, Failed = errors.ValidationError, errors.RateLimitError, errors.ServerError


def client(url: str, api: Any = "v1", **options: Any) -> Client:
    return Client(KEY, host=url, api=api, timeout=5.0, retries=0, **options)


# what a server says -> the class it must become; all words that CoCalc's events, endpoints
# and methods use for such cases
WORDS: list[tuple[type[errors.APIError], str]] = [
    (Auth, "must be logged in"),
    (Auth, "user must be signed in"),
    (Auth, "not authenticated"),
    (Auth, "Unauthorized"),
    (Auth, "account_id must be specified -- make sure you are signed in"),
    (Auth, "You must provide an api key"),
    (Denied, "ACCESS BLOCKED -- No read access to source project -- " + P),
    (Denied, "FATAL: you do not have write access to this project"),
    (Denied, "only owners can delete a project"),
    (Denied, "must be the project owner"),
    (Denied, "user must be an admin of the org"),
    (Denied, "you are not authorized to do that"),
    (Denied, "rsync: mkstemp '/projects/x' failed: Permission denied (13)"),
    (Missing, "unable to find project"),
    (Missing, "project was deleted"),
    (Missing, "copy_id not found"),
    (Missing, "Error: ENOENT: no such file or directory, open 'x'"),
    (Missing, "rsync: link_stat '/projects/x/nope' failed: No such file or directory (2)"),
    (Invalid, "ENOTDIR: not a directory, open 'a.md/x'"),
    (Invalid, "ENAMETOOLONG: name too long, open 'xxx'"),
    (Invalid, "must provide project_id"),
    (Invalid, "path is required"),
    (Invalid, "missing required parameter path"),
    (Invalid, "invalid uuid"),
    (Invalid, '[{"code": "invalid_type", "expected": "string", "path": ["project_id"]}]'),
    (Invalid, "scheduled = 'x' must be a valid date"),
    (Busy, "Too many requests, please try again in 30 seconds"),
    (Busy, "banned -- please wait at least 60s before trying again"),
    (Busy, "rate limit exceeded"),
    (Failed, "rsync: write failed: No space left on device (28)"),
    (Failed, "timeout"),
    (Failed, "connection to database lost"),
    (Failed, "something nobody has heard of"),
]


@pytest.mark.parametrize(("expected", "words"), WORDS, ids=[words[:40] for _, words in WORDS])
@pytest.mark.parametrize("kind", ["v1", "v2", "conat"])
def test_words(kind: str, expected: type[errors.APIError], words: str) -> None:
    """The same words mean the same, whichever API says them; they stay as they are."""
    told: dict[str, Any] = {"id": "7", "error": words, "event": "error"}
    name = {"v1": "ping", "v2": "projects/get", "conat": "system.ping"}[kind]
    answer = Answer(told if kind == "v1" else {"error": words})
    with serving(lambda _seen: answer) as server, pytest.raises(errors.APIError) as caught:
        client(server.url).call(name)
    error = caught.value
    assert type(error) is expected
    trimmed = words.removeprefix("Error: ") if kind == "conat" else words
    assert error.message == trimmed
    assert (error.endpoint, error.status) == (name, 200)
    assert error.body["error"] == words
    assert error.request_id == ("7" if kind == "v1" else None)


# status, content type, body as bytes or JSON -> class, message
SHAPES: list[tuple[str, Reaction, type[errors.APIError], str]] = [
    ("ping", Answer({"event": "error", "error": 1}), Failed, "reason: 1"),
    ("ping", Answer({"event": "error", "error": None}), Failed, "no reason"),
    ("ping", Answer({"event": "error"}), Failed, "no reason"),
    ("ping", Answer({"event": "error", "mesg": "no such account"}), Missing, "no such account"),
    (
        "ping",
        Answer({"event": "error", "error": {"code": "ENOENT", "errno": -2, "syscall": "stat"}}),
        Missing,
        "ENOENT: stat",
    ),
    ("ping", Answer({"event": "error", "error": ["one", "two"]}), Failed, "one; two"),
    ("ping", Answer({"error": 7}, 400), Invalid, "reason: 7"),
    (
        "ping",
        Answer({"error": 'error: value "99" is out of range for type integer'}, 400),
        Auth,
        "out of range",
    ),
    (
        "create_account",
        Answer({"reason": {"first_name": "Enter your name."}, "event": "account_creation_failed"}),
        Invalid,
        "first_name: Enter your name.",
    ),
    (
        "create_account",
        Answer({"event": "account_creation_failed", "reason": "Sign up is disabled."}),
        Invalid,
        "Sign up is disabled.",
    ),
    (
        "create_account",
        Answer(
            {"event": "account_creation_failed", "reason": {"other": "Too many accounts from you"}}
        ),
        Busy,
        "other: Too many accounts from you",
    ),
    ("auth/sign-up", Answer({"issues": {"terms": "Agree."}}), Invalid, "terms: Agree."),
    ("projects/get", Answer(b'{"error":"must be signed in"}', 200, ""), Auth, "must be signed in"),
    (
        "projects/get",
        Answer(b'{"error":"must be signed in"}', 200, "text/plain"),
        Auth,
        "must be signed in",
    ),
    (
        "projects/get",
        Answer('\ufeff{"error":"must be signed in"}'.encode(), 200, "application/json"),
        Auth,
        "must be signed in",
    ),
    (
        "projects/get",
        Answer({"error": "<html><head><title>502 Bad Gateway</title></head></html>"}),
        Failed,
        "502 Bad Gateway",
    ),
    ("projects/get", Answer("Body exceeded 1mb limit", 413, ""), Invalid, "Body exceeded"),
    ("projects/get", Answer("Invalid JSON", 400, ""), Invalid, "Invalid JSON"),
    (
        "projects/get",
        Answer("<html><body><h1>503 Service Unavailable</h1></body></html>", 503, HTML),
        Failed,
        "503 Service Unavailable",
    ),
    (
        "ping",
        Answer("<html><title>Log in</title><form></form></html>", 200, HTML),
        Failed,
        "a web page came instead of an answer: Log in",
    ),
    ("ping", Answer(b"", 200), Failed, "broken JSON"),
    ("ping", Answer(b"", 502, ""), Failed, "HTTP 502"),
    ("ping", Answer({"error": "slow down"}, 429, headers={"Retry-After": "9"}), Busy, "slow down"),
    ("ping", Answer({"message": "no"}, 401), Auth, "no"),
    ("system.ping", Answer({"error": {"message": "Error: unknown function 'x'"}}), Missing, "unkn"),
    (
        "system.ping",
        Answer(
            {
                "error": "Error: no subscribers matching 'x' - callProject: subject='project.x', "
                "name='system.ping', code='503'"
            }
        ),
        Failed,
        "no subscribers matching 'x'",
    ),
]


@pytest.mark.parametrize(("name", "answer", "expected", "words"), SHAPES)
def test_shapes(name: str, answer: Answer, expected: type[errors.APIError], words: str) -> None:
    with serving(lambda _seen: answer) as server, pytest.raises(errors.APIError) as caught:
        client(server.url).call(name, {} if "." not in name else [])
    error = caught.value
    assert type(error) is expected
    assert words in error.message
    assert " - call" not in error.message
    assert (error.endpoint, error.status) == (name, answer.status)
    if isinstance(answer.body, dict):
        assert error.body == answer.body, "the body as it came"
    if expected is Busy and "Retry-After" in answer.headers:
        assert error.retry_after == 9  # type: ignore[attr-defined]


def test_a_field_called_password_is_no_password() -> None:
    """The server's words about it are shown, also in the body; the password itself never is."""
    told = {"password": "hunter2-hunter2 is too weak", "email": "Taken."}
    for name, answer in (
        ("auth/sign-up", Answer({"issues": told})),
        ("create_account", Answer({"event": "account_creation_failed", "reason": told})),
    ):
        with serving(lambda _seen, told=answer: told) as server, pytest.raises(Invalid) as caught:  # type: ignore[misc]
            client(server.url).call(name, password="hunter2-hunter2")
        body = caught.value.body
        assert (body.get("issues") or body["reason"]) == {
            "password": "••• is too weak",
            "email": "Taken.",
        }
        assert "hunter2" not in str(caught.value)


def test_a_refused_key_is_two_sentences() -> None:
    answer = Answer({"error": "must be authenticated"})
    words = r"must be authenticated\. This server .* the argument:"
    with serving(lambda _seen: answer) as server, pytest.raises(Auth, match=words):
        client(server.url, "v2").projects()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("ping", 'api="v2"'), ("projects/get", "conat"), ("system.ping", "projects/get")],
)
def test_an_api_that_is_not_there_names_what_is(name: str, nearest: str) -> None:
    page = Answer("<html><head><title>404 Page Not Found</title></head></html>", 404, HTML)
    with serving(lambda _seen: page) as server, pytest.raises(Missing) as caught:
        client(server.url).call(name)
    assert nearest in caught.value.remedy


Case = tuple[str, Any, Any, Any]
RESULTS: list[Case] = [
    ("v1", lambda c: c.ping(), {"now": None, "id": None, "event": "pong"}, Ping(None)),
    ("v1", lambda c: c.ping(), {"now": 0, "event": "pong"}, "1970"),
    (
        "v1",
        lambda c: c.create_account("a", "b", "a@b.de", "secret-9"),
        {"api_key": None, "account_id": A, "event": "account_created", "id": "x", "more": 1},
        Account(A),
    ),
    (
        "v1",
        lambda c: c.exec(P, "ls"),
        {"exit_code": 0, "stderr": None, "stdout": "x\n", "event": "project_exec_output"},
        ExecResult("x\n", "", 0),
    ),
    ("v1", lambda c: c.projects(), {"event": "query", "query": {"projects_all": None}}, []),
    ("v1", lambda c: c.copies(P), {"event": "copy_path_status_response", "data": None}, []),
    ("v1", lambda c: c.create_project("x"), {"project_id": P, "event": "project_created"}, P),
    ("v2", lambda c: c.exec(P, "ls"), {"stdout": "", "stderr": "", "exit_code": 3}, 3),
    ("v2", lambda c: c.projects(), [], []),
]


@pytest.mark.parametrize(("api", "method", "body", "result"), RESULTS)
def test_results_in_any_order_with_nulls(api: Any, method: Any, body: Any, result: Any) -> None:
    with serving(lambda _seen: Answer(body)) as server:
        told = method(client(server.url, api))
    if isinstance(result, str) and isinstance(told, Ping):
        assert result in str(told.now)
    elif isinstance(result, int):
        assert told.exit_code == result
    else:
        assert told == result


ROW = {
    "copy_path_id": JOB,
    "source_project_id": P,
    "source_path": "A",
    "target_project_id": Q,
    "target_path": "B",
}
STATUS: list[tuple[dict[str, Any], str, type[errors.CoCalcError] | None]] = [
    ({}, "queued", None),
    ({"started": None, "finished": None, "error": None}, "queued", None),
    ({"started": 1795432360468}, "started", None),
    ({"finished": "2026-11-23T11:12:08.207Z", "started": None}, "done", None),
    ({"finished": "2026-11-23T11:12:08.207Z", "error": ""}, "done", None),
    ({"finished": "2026-11-23T11:12:08Z", "error": {"code": "ENOENT"}}, "error", Missing),
    ({"error": "killed command 'rsync'"}, "error", Failed),
    ({"error": 1, "finished": "2026-11-23T11:12:08Z"}, "error", Failed),
    ({"scheduled": "2030-01-01T00:00:00.000Z"}, "scheduled", None),
    ({"scheduled": "2020-01-01T00:00:00.000Z", "started": "2020-01-01T00:00:01Z"}, "started", None),
]


@pytest.mark.parametrize(("more", "state", "error"), STATUS)
@pytest.mark.parametrize("listed", [False, True])
def test_states_of_a_copy(more: Any, state: str, error: Any, listed: bool) -> None:
    data: Any = {**more, **ROW}
    answer = Answer({"data": [data] if listed else data, "event": "copy_path_status_response"})
    with serving(lambda _seen: answer) as server:
        job = client(server.url).copy_status(copy_id=JOB)
    assert (job.state, job.target.path) == (state, "B")
    assert (type(job.error) if error else job.error) == error
    if error:
        assert job.error.body["error"] == more["error"]  # type: ignore[union-attr]


def test_a_status_without_places_shows_its_id() -> None:
    """Generation B tells no more than the state."""
    told = {"started": "2026-11-23T11:12:08Z", "finished": None, "copy_error": None}
    with serving(lambda _seen: Answer(told)) as server:
        job = client(server.url, "v2").copy_status(JOB)
    assert isinstance(job, CopyJob)
    assert repr(job) == f"<copy {JOB}: started>"


DONE: list[tuple[Any, Any]] = [
    ("v1", {"event": "success", "id": "x"}),
    ("v1", {"event": "copy_path_between_projects_response", "copy_path_id": None}),
    ("v1", {"event": "copy_path_between_projects_response", "copy_path_id": ""}),
    ("v2", {}),
    ("v2", {"copy_id": None}),
    ("v2", {"copy_id": ""}),
]


@pytest.mark.parametrize(("api", "body"), DONE)
def test_a_success_without_a_job_is_done(api: Any, body: Any) -> None:
    def handle(seen: Seen) -> Reaction:
        return Answer({"now": 1} if seen.path.endswith("/hub") else body)

    with serving(handle) as server:
        batch = client(server.url, api).copy(f"{P}:a.md", Q)
        assert [job.state for job in batch] == ["done"]
        sent = [seen for seen in server.seen if "copy" in seen.path]
    assert len(sent) == 1


NO_STATUS = [
    ("v1", Answer({"error": "unknown endpoint 'copy_path_status'"}, 400)),
    ("v2", Answer("<html><title>404 Page Not Found</title></html>", 404, HTML)),
]


@pytest.mark.parametrize(("api", "refusal"), NO_STATUS)
@pytest.mark.parametrize("count", [1, 3])
def test_a_queue_that_tells_nothing(api: Any, refusal: Answer, count: int) -> None:
    """The server takes the copies and has no status of them: nobody knows, and it is said."""
    targets = [f"{Q}:{n}.md" for n in range(count)]

    def handle(seen: Seen) -> Reaction:
        if "status" in seen.path:
            return refusal
        told = {"event": "copy_path_between_projects_response", "copy_path_id": JOB}
        return Answer({"now": 1} if seen.path.endswith("/hub") else {**told, "copy_id": JOB})

    with serving(handle) as server:
        subject = client(server.url, api)
        if count == 1:
            with pytest.raises(Missing, match=r"unknown endpoint|404"):
                subject.copy(f"{P}:a.md", targets)
        else:
            subject.copy(f"{P}:a.md", targets)
        batch = subject.last_copy
        assert batch is not None
        assert batch.states == {"unknown": count}
        assert {type(job.error) for job in batch.failed} == {Missing}
        assert "nobody knows" in batch[0].note
        before = len(server.seen)
        batch.retry()
        assert not [seen for seen in server.seen[before:] if "status" not in seen.path]


UNCLEAR: list[tuple[Reaction, str]] = [
    (Answer({"event": "error", "error": "timed out waiting for the copy"}), "unknown"),
    (Answer({"event": "error", "error": "Timeout"}), "unknown"),
    (Answer("<html><title>Maintenance</title></html>", 200, HTML), "unknown"),
    (Answer(b'{"event": "copy_path', 200), "unknown"),
    (Answer({"event": "something else"}), "unknown"),
    (Answer({"error": "kaputt"}, 503), "unknown"),
    (Answer({"event": "error", "error": "no space left"}), "error"),
    (Answer({"event": "error", "error": "no such project"}), "error"),
    (Answer({"error": "too many"}, 429), "error"),
    (Answer("", 302, "", {"Location": "https://elsewhere.test/"}), "error"),
]


@pytest.mark.parametrize(("answer", "state"), UNCLEAR)
def test_what_may_have_been_copied_is_not_sent_again(answer: Answer, state: str) -> None:
    with serving(lambda _seen: answer) as server:
        subject = client(server.url)
        with pytest.raises(errors.CoCalcError):
            subject.copy(f"{P}:a.md", Q)
        batch = subject.last_copy
        assert batch is not None
        assert batch[0].state == state
        told = len(server.seen)
        batch._sender.queues = False  # no list could tell
        batch.retry(wait=False)
        assert len(server.seen) == told + (state == "error")


def test_the_body_can_be_large() -> None:
    text = "x" * 3_000_000
    with serving(lambda _seen: Answer({"content": text, "event": "x"})) as server:
        assert client(server.url).read_text(P, "big.txt") == text
    with serving(lambda _seen: Answer({"error": text})) as server, pytest.raises(Failed) as caught:
        client(server.url).read_text(P, "big.txt")
    assert len(json.dumps(caught.value.body)) > 3_000_000
