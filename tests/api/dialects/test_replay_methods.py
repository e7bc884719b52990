"""The same recordings behind the typed methods: result objects, and the same errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.address import Address
from cocalc_widget.api import Account, Client, CopyJob, ExecResult, Ping, Project, Token
from cocalc_widget.redact import Secret

from ..fake import NO_KEY, Answer, Reaction, Seen, Server, serving
from .expected import FAILURES
from .recordings import ROWS, Row, client_for

P = "aaaaaaaa-0000-4000-8000-000000000001"
Q = "aaaaaaaa-0000-4000-8000-000000000002"
A = "bbbbbbbb-0000-4000-8000-000000000002"
JOB = "ebb441f0-7714-423f-8c5d-753a71cf6de7"
Method = Callable[[Client], Any]


def last_of(client: Client, **options: Any) -> CopyJob:
    return client.copy(f"{P}:A/doc.txt", Q, **options)[0]


# path (for the bridge: method) -> the typed method that calls it
V1: dict[str, Method] = {
    "ping": lambda c: c.ping(),
    "create_account": lambda c: c.create_account("Stu", "Two", "b@example.com", "PW2_PLACEHOLDER"),
    "user_auth": lambda c: c.create_token(A, "PW2_PLACEHOLDER"),
    "create_project": lambda c: c.create_project("Source", "source project"),
    "write_text_file_to_project": lambda c: c.write_text(P, "A/doc.txt", "hello"),
    "read_text_file_from_project": lambda c: c.read_text(P, "A/doc.txt"),
    "project_exec": lambda c: c.exec(P, "echo", ["xyz", "abc"]),
    "copy_path_between_projects": lambda c: last_of(c, wait=False),
    "copy_path_status": lambda c: c.copy_status(JOB),
    "copy_path_delete": lambda c: c.cancel_copy(JOB),
    "query": lambda c: c.projects(),
}
V2: dict[str, Method] = {
    "auth/sign-up": lambda c: c.create_account("V", "Two", "v@example.com", "PW3_PLACEHOLDER"),
    "projects/create": lambda c: c.create_project("v2 proj", "d"),
    "projects/get": lambda c: c.projects(),
    "projects/start": lambda c: c.start_project(P),
    "projects/write-text-file": lambda c: c.write_text(P, "v2/a.txt", "hi"),
    "projects/copy-path": lambda c: c.copy(f"{P}:A/doc.txt", Q)[0],
    "user-query": lambda c: c.whoami(),
    "exec": lambda c: c.exec(P, "pwd"),
    "projects/call": lambda c: c.read_text(P, "v2/a.txt"),
}
CONAT: dict[str, Method] = {
    "system.ping": lambda c: c.ping(),
    "projects.createProject": lambda c: c.create_project("Source", "d"),
    "projects.start": lambda c: c.start_project(P),
    "system.writeTextFileToProject": lambda c: c.write_text(P, "top.txt", "t"),
    "system.readTextFileFromProject": lambda c: c.read_text(P, "top.txt"),
    "system.exec": lambda c: c.exec(P, "pwd"),
    "org.createToken": lambda c: c.create_token(A),
    "org.expireToken": lambda c: c.revoke_token(
        Token(Secret("TOKEN24PLACEHOLDER000000"), None, "B", c.host, "organization")
    ),
    "auth/sign-up": lambda c: c.create_account("a", "b", "owner@example.com", "Xyz-12345-abc"),
    "projects/copy-path": lambda c: c.copy(f"{P}:A/doc.txt", Q)[0],
    "projects/copy-path-status": lambda c: c.copy_status(JOB),
    "projects/get": lambda c: c.projects(),
}
METHODS = {"v1": V1, "v2": V2, "conat-2026": CONAT}
# what these rows asked for cannot be asked for by a typed method
RAW = {
    "hub.no_name",
    "v1.gone.ping",
    "v1.gone.user_auth",
    "project.no_project_id",
    "project.unknown_project",
    "project.bad_uuid",
    "project.stranger",
    "project.no_key",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(lambda _seen: Answer({})) as running:
        yield running


def handler(row: Row) -> Callable[[Seen], Reaction]:
    """The recorded answer at its own place; elsewhere what the client needs to get there."""

    def handle(seen: Seen) -> Reaction:
        told = seen.json if seen.method == "POST" else {}
        if seen.path == row.path and not (
            row.kind == "conat"
            and isinstance(told, dict)
            and told.get("name") != row.request["body"].get("name")
        ):
            return row.reaction()
        if isinstance(told, dict) and told.get("name") == "projects.state":
            return row_named("project.state", "rest-2026").reaction()
        if seen.path == "/api/conat/hub":
            if row.file != "conat-2026":
                return Answer("<title>404 Page Not Found</title>", 404, "text/html")
            return Answer({"error": "You must provide authentication via an API key."})
        if seen.path == "/customize":
            queued = row.name.startswith("kucalc.") and "wait_true" not in row.name
            kind = "yes" if queued else "no"
            return Answer({"configuration": {"kucalc": kind}})
        if seen.path == "/api/v1/ping":
            return NO_KEY
        if seen.path == "/api/v2/projects/get":
            return Answer([{"project_id": P, "title": "S"}, {"project_id": Q, "title": "T"}])
        if seen.path == "/api/v2/exec":
            return Answer({"stdout": "2\n", "stderr": "", "exit_code": 0})
        return Answer({"error": f"unexpected request {seen.path}"}, 418)

    return handle


def method_of(row: Row) -> Method | None:
    if row.name in RAW or row.request["method"] != "POST":
        return None
    return METHODS.get(row.file, {}).get(row.endpoint)


def typed(row: Row, server: Server) -> Any:
    server.handle = handler(row)
    method = method_of(row)
    assert method is not None
    client = client_for(row, server.url, api="v1" if row.file == "v1" else "v2")
    return method(client)


FAILING = {
    (file, name): error
    for file, groups in FAILURES.items()
    for error, names in groups.items()
    for name in names
    if error is not errors.APITimeoutError
}


@pytest.mark.parametrize(
    "row", [r for r in ROWS if (r.file, r.name) in FAILING and method_of(r)], ids=str
)
def test_failures(row: Row, server: Server) -> None:
    with pytest.raises(errors.APIError) as caught:
        typed(row, server)
    error = caught.value
    assert type(error) is FAILING[row.file, row.name]
    assert error.status == row.response["status"]
    assert error.message == (row.words() or error.message)


def row_named(name: str, file: str) -> Row:
    return next(row for row in ROWS if row.name == name and row.file == file)


def job(state: str, **fields: Any) -> CopyJob:
    source, target = Address(P, "A/doc.txt"), Address(Q, "A/doc.txt")
    return CopyJob(fields.pop("id", ""), source, target, state, **fields)  # type: ignore[arg-type]


RESULTS: list[tuple[str, str, Any]] = [
    (
        "v1",
        "ping.ok.basic_new_key",
        Ping(datetime(2026, 11, 23, 9, 49, 53, 77000, timezone.utc)),
    ),
    ("v1", "create_account.ok.no_api_key", Account("01d6027b-581c-44a7-8af1-97a4fc9f9f81")),
    ("v1", "create_project.ok", P),
    ("v1", "create_project.ok.empty", "071b54ff-5c42-4714-949a-ab9b15082dc8"),
    ("v1", "write_text.ok", None),
    ("v1", "write_text.ok.overwrite_unicode", None),
    ("v1", "write_text.target_stopped_project(starts it)", None),
    ("v1", "read_text.ok", "hello\nwörld ✓\n"),
    ("v1", "read_text.ok.form", "a=b&c d"),
    ("v1", "exec.ok", ExecResult("xyz abc\n", "", 0)),
    ("v1", "exec.ok.bash", ExecResult("a\n", "b\n", 0)),
    ("v1", "exec.nonzero_exit.err_on_exit_false", ExecResult("out\n", "bad\n", 3)),
    ("v1", "v1.project_key.exec", ExecResult(f"/projects/{P}\n", "", 0)),
    ("v1", "copy.ok.default", job("done")),
    ("v1", "copy.ok.wait_false", job("done")),
    ("v1", "kucalc.copy.wait_true.ok", job("done")),
    (
        "v1",
        "kucalc.copy.wait_false",
        job("queued", id="1796ef2f-7f1a-4f2e-b237-ef3bb8555978"),
    ),
    ("v1", "kucalc.copy_path_delete.scheduled", None),
    (
        "v2",
        "sign_up.same_email_same_password(signs in)",
        Account("1390a66e-130b-45c6-87cb-42c4fd1c6620"),
    ),
    ("v2", "projects/create.ok.basic", "ee0a936c-c2a3-457f-8f4e-b3006930e12c"),
    (
        "v2",
        "projects/get.ok",
        [
            Project("d8accb11-ce73-469d-931f-438c8c5adac8", "x"),
            Project("6a76dc43-13d0-41f8-81d5-0be6a6853c1f", "x"),
        ],
    ),
    ("v2", "project_key.projects/get", []),
    ("v2", "projects/start.ok", None),
    ("v2", "write-text-file.ok", None),
    ("v2", "exec.ok.bash", ExecResult("o\n", "e\n", 0)),
    ("v2", "exec.nonzero.err_on_exit_false", ExecResult("", "", 3)),
    ("v2", "projects/call.read_text", "hi"),
    ("v2", "copy-path.ok", job("done")),
    (
        "conat-2026",
        "hub.system.ping",
        Ping(datetime.fromtimestamp(1795435109.472, timezone.utc)),
    ),
    ("conat-2026", "hub.createProject", "aaaaaaaa-0000-4000-8000-000000000011"),
    ("conat-2026", "hub.projects.start", None),
    ("conat-2026", "project.write.top", None),
    ("conat-2026", "project.read", "t"),
    ("conat-2026", "project.exec.nonzero", ExecResult("", "", 3)),
    ("conat-2026", "v2.copy-path", job("done")),
    ("conat-2026", "v2.copy-path.no_wait", job("done")),
    ("conat-2026", "hub.expireToken", None),
    ("conat-2026", "hub.expireToken.unknown", None),
]


@pytest.mark.parametrize(
    ("file", "name", "result"), RESULTS, ids=[f"{f}:{n}" for f, n, _ in RESULTS]
)
def test_results(file: str, name: str, result: Any, server: Server) -> None:
    assert typed(row_named(name, file), server) == result


@pytest.mark.parametrize(
    ("name", "file", "value", "hours", "url"),
    [
        ("user_auth.ok.other_account", "v1", "AUTH_TOKEN_PLACEHOLDER_24", 12, "/app?auth_token="),
        (
            "hub.createToken",
            "conat-2026",
            "TOKEN24PLACEHOLDER000000",
            24,
            "/auth/impersonate?auth_",
        ),
    ],
)
def test_tokens(name: str, file: str, value: str, hours: int, url: str) -> None:
    with serving(lambda _seen: Answer({})) as server:
        token = typed(row_named(name, file), server)
        assert token.value == value
        assert token.url().startswith(server.url + url)
        assert f"auth_token={value}" in token.url(P, "a b.md")
    assert token.expire is not None
    left = (token.expire - datetime.now(timezone.utc)).total_seconds()
    assert left == pytest.approx(hours * 3600, abs=60)
    assert value not in repr(token) + token._repr_html_() + str(token)
    assert value[-4:] in repr(token)


STATES = {
    "copy_status.single.pending(row)": ("queued", None),
    "copy_status.single.started(row)": ("started", None),
    "copy_status.single.failed(row)": ("error", errors.NotFoundError),
    "kucalc.status.right_after": ("queued", None),
    "kucalc.status.started": ("started", None),
    "kucalc.status.finished": ("done", None),
    "kucalc.status.failed": ("error", errors.NotFoundError),
    "kucalc.status.scheduled": ("scheduled", None),
}


@pytest.mark.parametrize("name", STATES)
def test_copy_states(name: str) -> None:
    state, error = STATES[name]
    with serving(lambda _seen: Answer({})) as server:
        told = typed(row_named(name, "v1"), server)
    assert told.state == state
    assert told.source.project == P
    assert told.target.project == Q
    assert (type(told.error) if error else told.error) == error


def test_copies_lists_both() -> None:
    rows = {True: "copy_status.list.by_target(row)", False: "copy_status.list.finished(row)"}

    def handle(seen: Seen) -> Reaction:
        assert "id" not in seen.json, "copy_path_status takes no id"
        return row_named(rows[seen.json["pending"]], "v1").reaction()

    with serving(handle) as server:
        row = row_named("copy_status.list.finished(row)", "v1")
        jobs = client_for(row, server.url, api="v1").copies(P)
    assert [job.state for job in jobs] == ["error", "done"]
    assert "rsync: link_stat failed" in str(jobs[0].error)
    assert "rsync" in jobs._repr_html_()


def test_whoami_of_each() -> None:
    account = "bbbbbbbb-0000-4000-8000-000000000001"
    row = row_named("query.get.account", "v1")
    with serving(lambda _seen: row.reaction()) as server:
        told = client_for(row, server.url, api="v1").whoami()
    assert (told.account_id, told.email) == (account, "owner@example.com")
    assert (told.name, told.api, told.generation) == ("Owner", "v1", "A")
    assert told.key_source == "argument"
    assert told.api_source == 'chosen by api="v1"; the server was not asked'
    assert account in told._repr_html_()
    assert "the server was not asked" in told._repr_html_()
    row = row_named("v2.user-query", "conat-2026")
    answer = row.body["query"]

    def bridge(_seen: Seen) -> Reaction:
        return Answer(answer)

    with serving(bridge) as server:
        told = client_for(row, server.url, api="v2").whoami()
    assert (told.email, told.api, told.generation) == ("owner@example.com", "v2", "B")
    assert told.api_source == 'chosen by api="v2"; the server answered with the conat bridge'


def test_the_key_of_a_project() -> None:
    """It is nobody's account: the bridge refuses it at the hub and knows its project."""

    def handle(seen: Seen) -> Reaction:
        if seen.path == "/api/conat/hub":
            return Answer({"error": "must be signed in and MUST provide an api key"})
        return row_named("project.test", "conat-2026").reaction()

    with serving(handle) as server:
        row = row_named("project.test", "conat-2026")
        told = client_for(row, server.url, api="v2").whoami()
    assert told.account_id == ""
    assert told.project_id == "aaaaaaaa-0000-4000-8000-000000000011"
