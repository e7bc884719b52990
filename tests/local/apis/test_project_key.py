"""A project's own key opens that project, whatever is asked: all tables are gone through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cocalc_widget import LocalCoCalc
from cocalc_widget.local.conat.bridge import HUB, PROJECT
from cocalc_widget.local.v1.events import EVENTS
from cocalc_widget.local.v2.handler import ENDPOINTS

from ..conftest import Api

# What a project's key may ask for, which is about its project; all else is refused.
V1 = {
    "ping", "query", "project_exec", "touch_project", "read_text_file_from_project",
    "write_text_file_to_project", "copy_path_between_projects", "copy_path_status",
    "copy_path_delete", "jupyter_execute", "jupyter_kernels",
}  # fmt: skip
V2 = {
    "customize", "user-query", "exec", "jupyter/execute", "jupyter/kernels", "latex",
    "projects/call",
    "projects/copy-path", "projects/copy-path-status", "projects/get", "projects/get-one",
    "projects/start", "projects/stop", "projects/touch", "projects/write-text-file",
}  # fmt: skip
OF_NO_PROJECT = {"ping", "customize", "projects/get"}
TABLES = (
    "accounts", "guests", "api_keys", "tokens", "sessions", "orgs", "org_admins", "extras",
    "messages", "message_to", "collaborators", "hidden", "invitations", "copies",
)  # fmt: skip


@pytest.fixture(params=["A", "B"])
def site(
    request: pytest.FixtureRequest, make_site: Callable[..., LocalCoCalc]
) -> Iterator[LocalCoCalc]:
    """A site whose owner, a site admin, has two projects."""
    site = make_site(generation=request.param, admin=True, queue=True)
    site.core.queue.paused = True
    return site


def own_key(site: LocalCoCalc) -> Api:
    """What the owner's key for one project can do."""
    made = Api(site).v2("api-keys", action="create", project_id=site.projects["Lesson"])
    return Api(site, key=made["response"][0]["secret"])


def remembered(site: LocalCoCalc) -> dict[str, Any]:
    """All rows that an answer might change, but for times."""
    rows = {table: site.store.all(f"SELECT * FROM {table}") for table in TABLES}
    kept = ("project_id", "title", "description", "deleted")
    projects = site.store.all("SELECT * FROM projects")
    return {**rows, "projects": [{k: row[k] for k in kept} for row in projects]}


def parameters(site: LocalCoCalc, project_id: str) -> dict[str, Any]:
    """Something for every parameter there is."""
    account_id, _ = site.create_account("Ad", "A", f"{project_id[:8]}@local.test")
    copy_id = f"00000000-0000-4000-8000-{project_id[-12:]}"
    if site.core.queue.get(copy_id) is None:
        places = {"source_project_id": project_id, "target_project_id": project_id}
        paths = {"source_path": "lesson.md", "target_path": "x.md"}
        site.store.insert("copies", copy_path_id=copy_id, **places, **paths, time=1)
    mesg = {"event": "read_text_file_from_project", "path": "hello.txt"}
    projects = {"project_id": project_id, "title": None}
    return {
        "project_id": project_id, "src_project_id": project_id, "target_project_id": project_id,
        "path": "hello.txt", "src_path": "hello.txt", "target_path": "new.txt", "content": "x",
        "command": "true", "mesg": mesg, "query": {"projects": projects}, "action": "create",
        "account_id": account_id, "target_account_id": account_id, "account_ids": [account_id],
        "user": account_id, "user_account_id": account_id, "to_ids": [account_id],
        "new_group": "owner", "password": "a long Pass-word 9", "title": "Mine", "name": "mine",
        "email": "new@local.test", "email_address": "new@local.test", "terms": True,
        "firstName": "N", "lastName": "N", "first_name": "N", "last_name": "N",
        "to": "n@local.test", "link2proj": "https://x.test", "subject": "s", "body": "b",
        "username": "mine", "copy_path_id": copy_id, "copy_id": copy_id, "agreed_to_terms": True,
        "get_api_key": True, "limit": 5, "input": "1", "kernel": "python3",
        "opts": {"project_id": project_id, "account_id": account_id},
    }  # fmt: skip


def test_nothing_but_its_project(site: LocalCoCalc) -> None:
    """Each event, endpoint and method, asked about another project and about accounts."""
    key, other = own_key(site), site.projects["Student"]
    asked = parameters(site, other)
    before = remembered(site)
    for name, event in EVENTS.items() if site.core.options.generation == "A" else ():
        assert not event.project_key or name in V1, name
        body = {k: v for k, v in asked.items() if k in (*event.required, *event.optional)}
        if name == "copy_path_status":
            del body["copy_path_id"]
        answer = key.v1(name, **body)
        if name not in OF_NO_PROJECT:
            assert answer["event"] == "error", (name, answer)
    for path, endpoint in ENDPOINTS.items():
        assert not endpoint.project_key or path in V2, path
        if endpoint.only in ("", site.core.options.generation):
            for more in ({}, {"action": "get"}, {"email": site.email, "password": site.password}):
                response = key.post(f"/api/v2/{path}", {**asked, **more})
                assert "Set-Cookie" not in response.headers, path
                if path not in OF_NO_PROJECT:
                    assert set(response.json()) == {"error"}, (path, response.text)
    assert key.v2("projects/get") == []
    if site.core.options.generation == "B":
        for name in HUB:
            answer = key.post("/api/conat/hub", {"name": name, "args": [asked]}).json()
            assert "MUST provide an api key" in answer["error"], name
        for name in PROJECT:
            call = {"name": name, "args": [asked], "project_id": other}
            answer = key.post("/api/conat/project", call).json()
            assert answer == {"error": "project specific api key must match requested project"}
    assert remembered(site) == before


def test_accounts_are_not_read_nor_anything_set(site: LocalCoCalc) -> None:
    key, lesson = own_key(site), site.projects["Lesson"]
    before = remembered(site)
    ask = [key.v2] if site.core.options.generation == "B" else [key.v1, key.v2]
    for send, path in zip(ask[::-1], ("user-query", "query"), strict=False):
        for query in (
            {"accounts": {"account_id": None, "email_address": None}},
            {"accounts": {"account_id": site.account_id, "first_name": "X"}},
            {"projects": {"project_id": lesson, "users": None}},
            {"projects": {"project_id": lesson, "title": "X"}},
            {"projects": {"project_id": lesson, "deleted": True}},
            {"projects": [{"project_id": site.projects["Student"], "title": None}]},
            {"project_log": [{"project_id": lesson, "id": None}]},
            [{"accounts": {"account_id": None}}],
        ):
            assert "FATAL" in send(path, query=query)["error"]
        mine = send(path, query={"projects": [{"project_id": None, "title": None}]})
        assert mine["query"]["projects"] == [{"project_id": lesson, "title": "Lesson"}]
    assert remembered(site) == before


def test_its_own_project_is_open(site: LocalCoCalc) -> None:
    key, lesson = own_key(site), site.projects["Lesson"]
    site.core.queue.paused = False
    written = key.v2("projects/write-text-file", project_id=lesson, path="k.txt", content="k")
    assert written == {"status": "ok"}
    assert key.v2("exec", project_id=lesson, command="cat k.txt", bash=True)["stdout"] == "k"
    copied = {"path": "k.txt", "src_project_id": lesson, "target_path": "copy.txt"}
    assert "error" not in key.v2("projects/copy-path", **copied, wait_until_done=False)
    for path in ("start", "touch", "stop", "get-one"):
        assert "error" not in key.v2(f"projects/{path}", project_id=lesson), path
    if site.core.options.generation == "A":
        assert key.v1("project_exec", project_id=lesson, command="cat k.txt")["stdout"] == "k"
        place = {"project_id": lesson, "path": "k.txt"}
        assert key.v1("read_text_file_from_project", **place)["content"] == "k"
        return
    call = {"name": "system.readTextFileFromProject", "args": [{"path": "k.txt"}]}
    for more in ({}, {"project_id": lesson}):
        assert key.post("/api/conat/project", {**call, **more}).json() == "k"


def test_who_made_it_no_longer_counts_as_the_one_who_uses_it(site: LocalCoCalc) -> None:
    """The key of a site admin's project is no admin's key, and who made it may be gone since."""
    key, lesson = own_key(site), site.projects["Lesson"]
    core = site.core
    account_id, _ = site.create_account("New", "Owner", "owner@local.test")
    core.projects.add(lesson, account_id)
    core.projects.regroup(lesson, account_id, "owner")
    core.projects.regroup(lesson, site.account_id, "collaborator")
    core.projects.remove(lesson, site.account_id)
    assert key.v2("exec", project_id=lesson, command="pwd")["exit_code"] == 0
    if core.options.generation == "A":
        refused = key.v1("user_auth", account_id=site.account_id, password="")
        assert refused["error"] == "user must be signed in"


def test_ids_of_keys_that_are_none(site: LocalCoCalc) -> None:
    api = Api(site)
    odd: list[Any] = ["x", 1.5, [1], {}, True, 10**20, -(2**40), "1 OR 1=1", "²", ""]
    count = len(api.v2("api-keys", action="get")["response"])
    for action in ("edit", "delete"):
        for number in odd:
            answer = api.post("/api/v2/api-keys", {"action": action, "id": number, "name": "n"})
            assert answer.status_code == 200, (action, number)
            assert "integer" in answer.json()["error"], (action, number)
    assert len(api.v2("api-keys", action="get")["response"]) == count
    assert api.v2("api-keys", action="delete") == {}
    made = api.v2("api-keys", action="create", name="a")["response"][0]
    assert api.v2("api-keys", action="edit", id=str(made["id"]), name="b") == {}
    names = [row["name"] for row in api.v2("api-keys", action="get")["response"]]
    assert names.count("b") == 1
    assert api.v2("api-keys", action="delete", id=str(made["id"])) == {}
    assert "error" in Api(site, key=made["secret"]).v2("projects/touch")


def test_keys_of_a_project_are_its_peoples(site: LocalCoCalc) -> None:
    api, lesson = Api(site), site.projects["Lesson"]
    account_id, key = site.create_account("F", "R", "friend@local.test")
    friend = Api(site, key=key)
    made = api.v2("api-keys", action="create", name="a", project_id=lesson)["response"][0]
    ask = {"project_id": lesson, "id": made["id"]}
    for action in ("get", "create", "edit", "delete"):
        refused = friend.v2("api-keys", action=action, **ask)
        words = "user must be collaborator on project to manage project_id api keys"
        assert refused == {"error": words}
    assert friend.v2("api-keys", action="get", id=made["id"])["response"] == [None]
    assert friend.v2("api-keys", action="delete", id=made["id"]) == {}, "and nothing happens"
    assert api.v2("api-keys", action="get", **ask)["response"][0]["name"] == "a"
    site.core.projects.add(lesson, account_id)
    over = "2001-01-01T00:00:00.000Z"
    project = Api(site, key=made["secret"])
    assert project.v2("exec", project_id=lesson, command="pwd")["exit_code"] == 0
    assert friend.v2("api-keys", action="edit", **ask, name="b", expire=over) == {}
    told = api.v2("api-keys", action="get", **ask)["response"][0]
    assert (told["name"], told["expire"]) == ("b", over)
    assert project.v2("exec", project_id=lesson, command="pwd") == {"error": "must be signed in"}
    assert "timestamp" in friend.v2("api-keys", action="edit", **ask, expire="soon")["error"]
    assert friend.v2("api-keys", action="delete", **ask) == {}
    assert api.v2("api-keys", action="get", project_id=lesson)["response"] == []
