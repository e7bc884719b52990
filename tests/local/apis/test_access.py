"""The key of a project opens that project and nothing else: by every API, of both generations.

The tables are gone through, so that what is added to them is covered by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cocalc_widget import LocalCoCalc
from cocalc_widget.local.conat.hub import HUB
from cocalc_widget.local.conat.project import PROJECT
from cocalc_widget.local.v1 import events
from cocalc_widget.local.v2 import endpoints

from ..conftest import Api


class Keyed:
    """A site, its owner's API, and that of the key of the project "Lesson"."""

    def __init__(self, site: LocalCoCalc) -> None:
        self.site, self.owner = site, Api(site)
        self.own, self.other = site.projects["Lesson"], site.projects["Student"]
        _, key = site.core.accounts.new_key(site.account_id, project_id=self.own)
        self.api = Api(site, key=key)

    def everything(self) -> Any:
        """What must not change: accounts, keys, projects and who is in them."""
        tables = ("accounts", "api_keys", "tokens", "projects", "collaborators", "organizations",
                  "organization_admins", "messages", "invitations")  # fmt: skip
        own = "project_id, title, deleted"
        columns = {"projects": own}
        return [
            self.site.store.all(f"SELECT {columns.get(table, '*')} FROM {table}")
            for table in tables
        ]


@pytest.fixture(scope="module", params=["A", "B"])
def keyed(request: pytest.FixtureRequest) -> Iterator[Keyed]:
    with LocalCoCalc(generation=request.param, admin=True) as site:
        yield Keyed(site)


@pytest.fixture(scope="module")
def b() -> Iterator[Keyed]:
    with LocalCoCalc(generation="B", admin=True) as site:
        yield Keyed(site)


def asked(keyed: Keyed, project_id: str) -> dict[str, Any]:
    """Parameters that would do something, for whoever may do it."""
    account = keyed.site.account_id
    return {
        "action": "create", "name": "new", "title": "T", "email": "x@y.test", "password": "long",
        "first_name": "A", "last_name": "B", "email_address": "x@y.test", "account_id": account,
        "account_ids": [account], "user": account, "user_account_id": account, "query": "local",
        "to_ids": [account], "subject": "S", "body": "B", "project_id": project_id,
        "src_project_id": project_id, "target_project_id": project_id, "path": "lesson.md",
        "src_path": "lesson.md", "content": "x", "command": "true", "kernel": "python3",
        "input": "1", "to": "x@y.test", "link2proj": "",
    }  # fmt: skip


def test_of_v2_what_is_for_accounts_is_refused_like_nobody(keyed: Keyed) -> None:
    before = keyed.everything()
    generation = keyed.site.core.options.generation
    for path, it in endpoints.ENDPOINTS.items():
        if path in endpoints.FOR_PROJECTS or it.signed_out is None:
            continue
        if it.only in ("", generation):
            answer = keyed.api.post(f"/api/v2/{path}", asked(keyed, keyed.own)).json()
            assert answer == {"error": it.signed_out}, path
    query = {"query": {"accounts": {"first_name": None, "email_address": None}}}
    assert "anonymous" in keyed.api.post("/api/v2/user-query", query).json()["error"]
    assert keyed.api.post("/api/v2/projects/get", {}).json() in ([], {"error": "must be signed in"})
    assert keyed.everything() == before


def test_of_v2_another_project_is_refused(keyed: Keyed) -> None:
    for path in sorted(endpoints.FOR_PROJECTS - {"projects/get", "projects/copy-path-status"}):
        if endpoints.ENDPOINTS[path].only not in ("", keyed.site.core.options.generation):
            continue
        given = {**asked(keyed, keyed.other), "mesg": {"event": "read_text_file_from_project"}}
        answer = keyed.api.post(f"/api/v2/{path}", given).json()
        assert "collaborator" in str(answer["error"]), path
    copy = {**asked(keyed, keyed.own), "target_project_id": keyed.other}
    assert "collaborator" in keyed.api.post("/api/v2/projects/copy-path", copy).json()["error"]


def test_of_v1_what_is_for_accounts_is_refused_and_so_is_another_project() -> None:
    with LocalCoCalc(generation="A", admin=True) as site:
        keyed = Keyed(site)
        before = keyed.everything()
        for name, event in events.EVENTS.items():
            for project_id in (keyed.own, keyed.other):
                given = asked(keyed, project_id)
                wanted = {k: given[k] for k in event.required if k in given}
                answer = keyed.api.post(f"/api/v1/{name}", wanted).json()
                if name not in events.FOR_PROJECTS:
                    assert answer.get("event") == "error", name
                    assert answer["error"] == "user must be signed in", name
                elif name not in ("ping", "copy_path_status", "copy_path_delete"):
                    assert (answer["event"] == "error") == (project_id == keyed.other), name
        assert keyed.everything() == before


def test_of_the_hub_nothing_is_open(b: Keyed) -> None:
    before = b.everything()
    for name in HUB:
        call = {"name": name, "args": [{**asked(b, b.own), "opts": asked(b, b.own)}]}
        answer = b.api.post("/api/conat/hub", call).json()
        assert "MUST provide an api key" in answer["error"], name
    assert b.everything() == before


def test_on_the_bridge_another_project_is_out_of_reach(b: Keyed) -> None:
    """The key implies its project; which one is named does not matter."""
    for name in ("system.test", "system.exec"):
        call = {"name": name, "args": [{"command": "pwd"}], "project_id": b.other}
        answer = b.api.post("/api/conat/project", call).json()
        assert b.other not in str(answer), name
        assert b.own in str(answer), name
    assert set(PROJECT) >= {"system.test", "system.exec"}


def test_keys_with_odd_ids_are_refused_in_words(keyed: Keyed) -> None:
    for action in ("edit", "delete"):
        for odd in ("x", 2**70, -(2**70), [1], {"a": 1}, None, 1.5):
            answer = keyed.owner.post("/api/v2/api-keys", {"action": action, "id": odd})
            assert answer.status_code == 200, (action, odd)
            assert "integer" in answer.json()["error"], (action, odd)
