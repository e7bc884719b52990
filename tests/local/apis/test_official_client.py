"""CoCalc's own Python client works against the conat bridge."""

from __future__ import annotations

from collections.abc import Iterator

import cocalc_api
import pytest

from cocalc_widget import LocalCoCalc

from ..conftest import Api, until


@pytest.fixture(scope="module")
def b() -> Iterator[LocalCoCalc]:
    with LocalCoCalc(generation="B") as site, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", site.ca_file)
        patch.delenv("SSL_CERT_DIR", raising=False)
        yield site


def test_hub_and_projects(b: LocalCoCalc) -> None:
    hub = cocalc_api.Hub(api_key=b.api_key, host=b.url)
    assert hub.system.ping()["now"] > 1e12
    assert hub.system.test()["account_id"] == b.account_id
    one = hub.projects.create_project(title="One")
    two = hub.projects.create_project(title="Two")
    project = cocalc_api.Project(api_key=b.api_key, host=b.url, project_id=one)
    assert project.system.ping()["now"] > 1e12
    ran = project.system.exec("echo hello > x.txt; echo done", bash=True, timeout=5)
    assert (ran["stdout"], ran["exit_code"]) == ("done\n", 0)
    assert hub.projects.copy_path_between_projects(one, "x.txt", two, "y.txt") is None
    assert (b.directory(two) / "y.txt").read_text() == "hello\n"
    assert {p["project_id"] for p in hub.projects.get(fields=["project_id", "title"])} >= {one, two}
    assert hub.projects.state(one)["state"] == "running"
    hub.projects.stop(one)
    assert hub.projects.state(one)["state"] == "opened"
    hub.projects.delete(two)
    left = {p["project_id"] for p in hub.projects.get(fields=["project_id"])}
    assert one in left
    assert two not in left


def test_errors_reach_the_client(b: LocalCoCalc) -> None:
    hub = cocalc_api.Hub(api_key="sk-wrong", host=b.url)
    with pytest.raises(RuntimeError, match="must be signed in and MUST provide an api key"):
        hub.system.ping()
    hub = cocalc_api.Hub(api_key=b.api_key, host=b.url)
    with pytest.raises(RuntimeError, match=r"Jupyter API is not enabled on this server"):
        hub.jupyter.kernels()
    with pytest.raises(RuntimeError, match="only admins may create organizations"):
        hub.org.create("mine")


def test_a_token_signs_in_until_it_is_expired(b: LocalCoCalc) -> None:
    hub = cocalc_api.Hub(api_key=b.api_key, host=b.url)
    token = hub.org.create_token(b.account_id)["token"]
    api = Api(b)
    page = api.get(f"/auth/impersonate?auth_token={token}")
    assert "SameSite=Strict" in page.headers["Set-Cookie"]
    assert api.session.cookies["account_id"] == b.account_id
    hub.org.expire_token(token)
    page = Api(b).get(f"/auth/impersonate?auth_token={token}")
    assert "unknown or expired token" in page.text
    assert "Set-Cookie" not in page.headers
    other, key = b.create_account("No", "Org", "noorg@local.test")
    with pytest.raises(RuntimeError, match="user is not in an org"):
        hub.org.create_token(other)
    with pytest.raises(RuntimeError, match="admin"):
        cocalc_api.Hub(api_key=key, host=b.url).org.create_token(b.account_id)


def test_the_bridge_has_a_deadline_and_the_work_goes_on(b: LocalCoCalc) -> None:
    project_id = b.create_project("Slow", {})
    call = {"name": "system.exec", "project_id": project_id, "timeout": 200}
    args = [{"command": "sleep 0.6; touch made", "bash": True}]
    answer = Api(b).post("/api/conat/project", {**call, "args": args}).json()
    assert "timeout" in answer["error"]
    made = b.directory(project_id) / "made"
    listing = {"name": "system.listing", "args": [{"path": ""}], "project_id": project_id}
    rows = until(lambda: Api(b).post("/api/conat/project", listing).json())
    assert rows[0]["name"] == "made"
    assert made.exists()
