"""The rest of the conat bridge and of v2, and what the page asks its own site."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from cocalc_widget import LocalCoCalc

from ..conftest import Api, until


@pytest.fixture(scope="module")
def b() -> Iterator[LocalCoCalc]:
    with LocalCoCalc(generation="B", admin=True) as site:
        yield site


def hub(api: Api, name: str, options: Any = None) -> Any:
    return api.post("/api/conat/hub", {"name": name, "args": [options or {}]}).json()


ID0 = "00000000-0000-4000-8000-000000000000"


def in_project(api: Api, name: str, **options: Any) -> Any:
    call = {"name": f"system.{name}", "args": [options]}
    project_id = api.site.projects["Lesson"]
    return api.post("/api/conat/project", {**call, "project_id": project_id}).json()


def test_people_and_organizations(b: LocalCoCalc) -> None:
    api = Api(b)
    account_id, key = b.create_account("Ada", "Lovelace", "ada@local.test")
    assert hub(api, "system.getNames", [account_id]) == {
        account_id: {"first_name": "Ada", "last_name": "Lovelace", "profile": None}
    }
    nobody = hub(api, "system.getNames", [ID0])
    assert nobody == {ID0: {"first_name": "Deleted", "last_name": "User"}}
    found = hub(api, "system.userSearch", {"query": "Ada"})
    assert [row["account_id"] for row in found] == [account_id]
    assert isinstance(hub(api, "org.create", {"name": "uni"}), str)
    assert "already used" in hub(api, "org.create", {"name": "uni"})["error"]
    assert "cannot find" in hub(api, "org.addUser", {"name": "uni", "user": "nobody"})["error"]
    add = {"name": "uni", "user": "ada@local.test"}
    assert "admin" in hub(Api(b, key=key), "org.addUser", add)["error"]
    assert hub(api, "org.addUser", add) is None
    token = hub(api, "org.createToken", {"user": account_id, "expire": 1})["token"]
    assert b.core.accounts.by_token(token) is None  # it ended in 1970
    token = hub(api, "org.createToken", {"user": account_id})["token"]
    assert b.core.accounts.by_token(token) == account_id


def test_collaborators_by_nested_options(b: LocalCoCalc) -> None:
    api, lesson = Api(b), b.projects["Lesson"]
    account_id, key = b.create_account("C", "C", "c@local.test")
    other = Api(b, key=key)
    ask = {"opts": {"project_id": lesson, "account_id": account_id}}
    assert "collaborator" in hub(other, "projects.touch", {"project_id": lesson})["error"]
    assert hub(api, "projects.addCollaborator", ask) == {"project_id": [lesson]}
    assert hub(other, "projects.touch", {"project_id": lesson}) is None
    assert hub(api, "projects.removeCollaborator", ask) is None
    assert "collaborator" in hub(other, "projects.touch", {"project_id": lesson})["error"]
    assert "uuid" in hub(api, "projects.touch", {"project_id": "nope"})["error"]


def test_queries_of_the_log_and_of_projects_that_are_gone(b: LocalCoCalc) -> None:
    api = Api(b)
    made = b.create_project("Gone", {})
    log = b.core.project_log
    entries = [log.opened(made, b.account_id, f"{n}.md") for n in range(3)]

    def ask(table: str, options: Any = None, **wanted: Any) -> Any:
        pattern = [{"project_id": made, **wanted}]
        return hub(api, "db.userQuery", {"query": {table: pattern}, "options": options})

    newest = ask("project_log", [{"limit": 2}], id=None)["project_log"]
    assert [row["id"] for row in newest] == entries[:0:-1]
    assert len(ask("project_log", [{"limit": "x"}], id=None)["project_log"]) == 3
    assert len(ask("project_log_all", id=None)["project_log_all"]) == 3
    assert ask("project_log", id=None, time={">=": "2999-01-01T00:00:00Z"}) == {"project_log": []}
    assert "invalid input" in ask("project_log", id=None, time={">=": "soon"})["error"]
    assert "not allowed for project_log.x" in ask("project_log", x=None)["error"]
    set_it = {"query": {"project_log": {"id": "x", "project_id": made}}}
    assert "user set query not allowed" in hub(api, "db.userQuery", set_it)["error"]
    assert hub(api, "projects.deleteProject", {"project_id": made}) is None
    for table, listed in (("projects", False), ("projects_all", True)):
        wanted = {"query": {table: [{"project_id": None, "deleted": None}]}}
        rows = {row["project_id"]: row for row in hub(api, "db.userQuery", wanted)[table]}
        assert (made in rows) == listed
    assert rows[made] == {"project_id": made, "deleted": True}
    assert "deleted" not in rows[b.projects["Lesson"]], "what is null is left out of lists"


def test_the_key_of_a_project_and_the_hub(b: LocalCoCalc) -> None:
    lesson = b.projects["Lesson"]
    _, key = b.core.accounts.new_key(b.account_id, project_id=lesson)
    own = Api(b, key=key)
    assert "MUST provide an api key" in hub(own, "system.ping")["error"]
    call = {"name": "system.test", "args": []}
    assert own.post("/api/conat/project", call).json()["project_id"] == lesson


def test_files_and_commands_of_a_project(b: LocalCoCalc) -> None:
    api = Api(b)
    names = [row["name"] for row in in_project(api, "listing", path="")]
    assert "lesson.md" in names
    data = next(r for r in in_project(api, "listing", path="") if r["name"] == "data")
    assert data["isdir"] is True
    assert in_project(api, "listing", path="nothing") == [], "it is made (recording)"
    assert "EISDIR" in in_project(api, "writeTextFileToProject", path="data", content="x")["error"]
    assert in_project(api, "writeTextFileToProject", path="new.txt", content="x") is None
    assert in_project(api, "readTextFileFromProject", path="new.txt") == "x"
    assert "EACCES" in in_project(api, "readTextFileFromProject", path="../x")["error"]
    failed = in_project(api, "exec", command="false")["error"]
    assert failed == "command ''false' (args=)' exited with nonzero code 1 -- stderr=''"
    assert "TypeError" in in_project(api, "exec")["error"]


def test_sign_in_and_out(b: LocalCoCalc, site: LocalCoCalc) -> None:
    for where, same_site in ((b, "SameSite=Strict"), (site, "")):
        session = requests.Session()
        session.trust_env = False
        session.verify = where.ca_file
        body = {"email": where.email, "password": where.password}
        url = f"{where.url}/api/v2/auth"
        answer = session.post(f"{url}/sign-in", json=body, timeout=5)
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert ("SameSite" in cookie) == bool(same_site)
        assert same_site in cookie
        create = f"{where.url}/api/v2/projects/create"
        assert "project_id" in session.post(create, json={}, timeout=5).json()
        session.post(f"{url.replace('/auth', '/accounts')}/sign-out", json={}, timeout=5)
        assert "error" in session.post(create, json={}, timeout=5).json()


def test_sign_up(api: Api) -> None:
    body = {"email": "new@local.test", "password": "a-good-one", "terms": True}
    made = api.v2("auth/sign-up", **body)
    assert api.v2("auth/sign-up", **body) == made  # the same again signs in


def test_other_corners_of_v2(site: LocalCoCalc, api: Api) -> None:
    lesson = site.projects["Lesson"]
    assert api.post("/api/v2/projects/get", {"x": "x" * 1_100_000}).status_code == 413
    assert api.post("/api/v2/projects/create", [1]).json().keys() == {"project_id"}
    assert api.v2("projects/call", project_id=lesson, mesg=5)["error"] == "not implemented"
    outside = api.v2("projects/write-text-file", project_id=lesson, path="../x", content="x")
    assert outside == {"error": "path leaves the project"}
    assert api.v2("customize") == {"siteName": "Local CoCalc", "kucalc": "no"}
    job = api.v2(
        "exec", project_id=lesson, command="sleep 9", bash=True, timeout=0.1, async_call=True
    )

    def ended() -> dict[str, Any] | None:
        row = api.v2("exec", project_id=lesson, async_get=job["job_id"])
        return None if row["status"] == "running" else row

    row = until(ended)
    assert (row["status"], row["exit_code"]) == ("error", 1)


def test_what_the_page_asks_its_own_site(site: LocalCoCalc) -> None:
    lesson = site.projects["Lesson"]
    site.core.projects.fill(lesson, {"p.svg": "<svg/>", "p.html": "<script>x</script>"})
    session = requests.Session()
    session.trust_env = False
    session.verify = site.ca_file
    ask = {"project_id": lesson, "path": "lesson.md"}

    def own(name: str, **options: Any) -> Any:
        return session.post(f"{site.url}/local/{name}", timeout=5, **options).json()

    assert own("project", json=ask) == {"ok": False, "exists": True}
    assert own("file", json={"project_id": "nope"}) == {"ok": False, "exists": False}
    assert session.get(f"{site.url}/local/raw/{lesson}/p.svg", timeout=5).status_code == 404
    assert own("token", json={"token": "wrong"}) == {"ok": False}
    assert own("token", json={"token": site.core.accounts.new_token(site.account_id)})["ok"]
    assert own("project", json=ask) == {"ok": True, "title": "Lesson", "running": True}
    assert "Newton" in own("file", json=ask)["html"]
    # another site's form can send the cookie, but not this content type
    for wrong in ({"data": ask}, {"data": "{", "headers": {"Content-Type": "application/json"}}):
        assert own("file", **wrong) == {"ok": False, "exists": False}
    assert "error" in own("file", json={**ask, "path": "../x.md"})
    told = own("opened", json=ask)["entry"]
    assert told["event"] == {"event": "open", "action": "open", "filename": "lesson.md"}
    for odd in ("x", -1, True, None, 1e9):
        assert own("rendered", json={**ask, "id": told["id"], "ms": odd})["ok"]
    assert own("rendered", json={**ask, "id": told["id"], "ms": 545})["ok"]
    (row,) = site.core.project_log.rows(lesson)
    assert row["event"] == {**told["event"], "time": 545}
    assert row["account_id"] == site.account_id
    assert "lesson.md" in str(own("folder", json={**ask, "path": ""})["entries"])
    for path in ("none", "lesson.md", "../.."):
        assert own("folder", json={**ask, "path": path})["error"]
    assert own("file", json={**ask, "path": "data"})["folder"]
    site.core.projects.change(lesson, running=0)
    assert own("file", json=ask) == {"ok": True, "stopped": True}
    assert own("start", json=ask)["running"]
    image = session.get(f"{site.url}/local/raw/{lesson}/p.svg", timeout=5)
    assert image.headers["Content-Type"] == "image/svg+xml"
    assert image.headers["Content-Security-Policy"].startswith("sandbox")
    for path in ("p.html", "none.png", "..%2Fx.png"):
        assert session.get(f"{site.url}/local/raw/{lesson}/{path}", timeout=5).status_code == 404
    assert own("once", json={"name": "late-done"}) == {"ok": False}
    site.fault("reload-in-flight")
    assert own("once", json={"name": "reload-in-flight"}) == {"ok": True}
    assert own("once", json={"name": "reload-in-flight"}) == {"ok": False}


def test_the_pages_addresses(site: LocalCoCalc, api: Api) -> None:
    path = "/projects/x/files/a%20b.md?fullscreen=kiosk&session="
    answer = api.get(path, allow_redirects=False)
    target = "%2Fprojects%2Fx%2Ffiles%2Fa%2520b.md%3Ffullscreen%3Dkiosk%26session%3D"
    assert answer.headers["Location"] == f"/static/app.html?target={target}"
    page = api.get("/app?fullscreen=kiosk")
    assert page.status_code == 200
    assert "X-Frame-Options" not in page.headers
    assert "Content-Security-Policy" not in page.headers  # frames anywhere, as CoCalc does
    assert "local stand-in for CoCalc" in page.text
    script = api.get("/local/page/main.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert api.get("/local/page/../site.py").status_code == 404
