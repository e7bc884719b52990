"""The examples of CoCalc's own guide to API v1: answered as documented, or left out by name.

Each row is a request of the kind that the guide shows, by form or JSON as there, and what its
answer must hold. Where a running CoCalc was recorded to answer otherwise than its guide says, the
recording is right, and the row says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cocalc_widget import LocalCoCalc
from cocalc_widget.local import left_out

from ..conftest import Api

FORM, JSON = True, False


class Guide:
    """The accounts and projects that the guide's examples speak of."""

    def __init__(self, site: LocalCoCalc) -> None:
        self.site, self.api = site, Api(site)
        self.me, self.mine = site.account_id, site.projects["MY NEW PROJECT"]
        self.other = site.projects["Other"]
        self.john, _ = site.create_account("John", "Doe", "jd@m.local", "secret password")


@pytest.fixture(scope="module")
def guide() -> Iterator[Guide]:
    files = {"Assignments/A1/h1.txt": "hello", "Private/x": "", "A/doc.txt": "doc"}
    content = {"MY NEW PROJECT": files, "Other": {}}
    with LocalCoCalc(generation="A", admin=True, content=content) as site:
        yield Guide(site)


Request = Callable[[Guide], dict[str, Any]]
Check = Callable[[Any, Guide], bool]


def event(name: str) -> Check:
    return lambda told, _g: told["event"] == name


def said(text: str) -> Check:
    return lambda told, _g: told["stdout"] == text


def found(told: Any, guide: Guide) -> bool:
    ids = [row["account_id"] for row in told["results"]]
    return told["event"] == "user_search_results" and guide.john in ids


# event, how it is sent, the request, and what the answer must be like
EXAMPLES: list[tuple[str, bool, Request, Check]] = [
    ("get_usernames", JSON, lambda g: {"account_ids": [g.me, g.john]},
     lambda told, g: told["usernames"][g.john] == {"first_name": "John", "last_name": "Doe"}),
    ("create_account", FORM, lambda _g: {"first_name": "John00", "last_name": "Doe00",
     "email_address": "jd@example.com", "password": "xyzabc09090", "agreed_to_terms": "true"},
     event("account_created")),
    ("create_account", FORM, lambda _g: {"first_name": "John00", "last_name": "Doe00",
     "email_address": "jd@example.com", "password": "xyzabc09090", "agreed_to_terms": "true"},
     lambda told, _g: "email_address" in told["reason"]),
    ("query", JSON, lambda g: {"query": {"accounts": {"account_id": g.me, "passports": None}}},
     lambda told, g: told["query"]["accounts"]["account_id"] == g.me),
    ("project_exec", FORM, lambda g: {"command": "pwd", "project_id": g.mine},
     lambda told, g: told["stdout"].endswith(f"/projects/{g.mine}\n")),
    ("project_exec", FORM, lambda g: {"command": "pwd", "path": "Private", "project_id": g.mine},
     lambda told, g: told["stdout"].endswith(f"/{g.mine}/Private\n")),
    ("project_exec", JSON,
     lambda g: {"command": "echo", "args": ["xyz", "abc"], "project_id": g.mine},
     said("xyz abc\n")),
    ("project_exec", JSON,
     lambda g: {"command": "echo", "args": ["xyz", "abc"], "max_output": 3, "project_id": g.mine},
     said("xyz (truncated at 3 characters)")),
    ("project_exec", JSON, lambda g: {"command": "sleep 5", "timeout": 0.2, "project_id": g.mine},
     lambda told, _g: told["event"] == "error" and "killed command 'bash " in told["error"]),
    ("read_text_file_from_project", FORM,
     lambda g: {"project_id": g.mine, "path": "Assignments/A1/h1.txt"},
     lambda told, _g: told["content"] == "hello"),
    ("write_text_file_to_project", FORM,
     lambda g: {"project_id": g.mine, "content": "hello\nworld", "path": "Assignments/A1/h1.txt"},
     event("file_written_to_project")),
    ("create_project", FORM, lambda _g: {"title": "ANOTHER", "description": "sample project"},
     lambda told, _g: told["event"] == "project_created" and len(told["project_id"]) == 36),
    ("user_search", FORM, lambda _g: {"query": "jd@m.local"}, found),
    ("user_search", FORM, lambda _g: {"query": "john doe", "limit": "3"}, found),
    ("user_search", FORM, lambda _g: {"query": "local teacher,jd@m.local", "limit": "4"},
     lambda told, g: {g.me, g.john} <= {row["account_id"] for row in told["results"]}),
    ("invite_collaborator", FORM, lambda g: {"account_id": g.john, "project_id": g.mine},
     event("success")),
    ("add_collaborator", FORM, lambda g: {"account_id": g.john, "project_id": g.mine},
     event("success")),
    ("query", JSON, lambda g: {"query": {"projects": {"project_id": g.mine, "users": None}}},
     lambda told, g: set(told["query"]["projects"]["users"]) == {g.me, g.john}),
    ("remove_collaborator", FORM, lambda g: {"account_id": g.john, "project_id": g.mine},
     event("success")),
    ("invite_noncloud_collaborators", FORM, lambda g: {"project_id": g.mine, "to": "some@m.local",
     "email": "Please join.", "title": "Class", "link2proj": "https://x.test/projects"},
     lambda told, _g: "some@m.local" in told["mesg"]),
    # the guide says "success"; what came is a response with an id (recording)
    ("copy_path_between_projects", FORM, lambda g: {"src_project_id": g.mine,
     "src_path": "A/doc.txt", "target_project_id": g.other},
     event("copy_path_between_projects_response")),
    ("ping", FORM, lambda _g: {}, event("pong")),
    ("ping", FORM, lambda _g: {"id": "553f2815-1508-416d-8e69-2dde5af3aed8"},
     lambda told, _g: told["id"] == "553f2815-1508-416d-8e69-2dde5af3aed8"),
    ("ping", JSON, lambda _g: {"id": "8ec4ac73-2595-42d2-ad47-0b9641043b46"},
     lambda told, _g: told["id"] == "8ec4ac73-2595-42d2-ad47-0b9641043b46"),
    ("query", JSON, lambda g: {"query": {"projects": {"project_id": g.mine, "title": None,
     "description": None}}},
     lambda told, _g: told["query"]["projects"]["title"] == "MY NEW PROJECT"),
    ("query", JSON, lambda _g: {"query": {"projects_all": [{"project_id": None, "title": None,
     "description": None}]}},
     lambda told, g: g.mine in [p["project_id"] for p in told["query"]["projects_all"]]),
    ("query", JSON, lambda _g: {"query": {"projects": {"project_id": None, "title": "ANOTHER",
     "description": "sample project"}}},
     lambda told, _g: told["query"]["projects"]["title"] == "ANOTHER"),
    ("query", JSON, lambda g: {"query": {"projects": {"project_id": g.mine,
     "title": "REVISED TITLE", "description": "REVISED DESC"}}},
     lambda told, _g: told["query"] == {}),
    ("query", JSON, lambda g: {"query": {"projects": {"project_id": g.mine,
     "users": {g.me: {"upgrades": {"cpu_shares": 1024}}}}}},
     lambda told, _g: told["query"] == {}),
    ("query", JSON, lambda g: {"query": {"accounts": {"account_id": g.me,
     "editor_settings": {"jupyter_classic": False, "theme": "x"}}}},
     lambda told, _g: told["query"] == {}),
    ("query", JSON, lambda g: {"query": {"accounts": {"account_id": g.me,
     "editor_settings": {"jupyter_classic": True}}}},
     lambda told, _g: told["query"] == {}),
    ("query", JSON, lambda g: {"query": {"accounts": {"account_id": g.me,
     "editor_settings": None}}},
     lambda told, _g: told["query"]["accounts"]["editor_settings"]
     == {"jupyter_classic": True, "theme": "x"}),
    ("user_auth", FORM, lambda g: {"account_id": g.john, "password": "secret password"},
     lambda told, _g: told["event"] == "user_auth_token" and len(told["auth_token"]) == 24),
]  # fmt: skip

# the other examples are of these
LEFT_OUT = (
    "change_email_address", "copy_public_path_between_projects", "create_support_ticket",
    "delete_account", "get_available_upgrades", "get_support_tickets", "log_client_error",
    "revoke_auth_token", "unlink_passport", "jupyter_execute", "jupyter_kernels",
)  # fmt: skip


def test_the_examples_are_answered_as_documented(guide: Guide) -> None:
    for number, (name, by_form, request, check) in enumerate(EXAMPLES):
        given, url = request(guide), f"/api/v1/{name}"
        answer = guide.api.form(url, given) if by_form else guide.api.post(url, given)
        told = answer.json()
        assert answer.status_code == 200, (number, name, told)
        assert told["id"], (number, name)
        assert check(told, guide), (number, name, told)
    assert (guide.site.directory(guide.other) / "A/doc.txt").read_text() == "doc"


def test_whoever_was_invited_by_email_gets_in_with_an_account(guide: Guide) -> None:
    ask = {"project_id": guide.other, "to": "new@m.local, jd@m.local", "email": "", "title": "",
           "link2proj": ""}  # fmt: skip
    assert "mesg" in guide.api.v1("invite_noncloud_collaborators", **ask)
    made = guide.api.v1("create_account", first_name="N", last_name="W", agreed_to_terms=True,
                        email_address="NEW@m.local", password="long enough")  # fmt: skip
    users = set(guide.site.core.projects.users(guide.other))
    assert users == {guide.me, guide.john, made["account_id"]}
    wrong = guide.api.v1("invite_noncloud_collaborators", **{**ask, "to": "nobody"})
    assert "invalid email address" in wrong["error"]


def test_the_rest_is_left_out_by_name(guide: Guide) -> None:
    for name in LEFT_OUT:
        assert name in left_out.V1
        told = guide.api.post(f"/api/v1/{name}", {})
        assert told.json() == {"error": f"unknown endpoint '{name}'"}
    public = {"public_paths": {"project_id": guide.mine, "path": "x", "description": "d"}}
    assert "FATAL" in guide.api.v1("query", query=public)["error"], "nothing is public here"
