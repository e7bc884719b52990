"""People of generation B: organizations, messages, collaborators, invitations, what is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cocalc_widget import LocalCoCalc

from ..conftest import Api

NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass
class Person:
    """An account, and what it asks the hub."""

    site: LocalCoCalc
    account_id: str
    key: str
    email: str = ""

    def ask(self, name: str, /, **options: Any) -> Any:
        """The hub's answer."""
        call = {"name": name, "args": [options]}
        return Api(self.site, key=self.key).post("/api/conat/hub", call).json()

    def opts(self, name: str, /, **options: Any) -> Any:
        """The hub's answer to a method that nests its options."""
        return self.ask(f"projects.{name}", opts=options)

    def v2(self, path: str, /, **body: Any) -> Any:
        """An endpoint's answer."""
        return Api(self.site, key=self.key).v2(path, **body)


@pytest.fixture(scope="module")
def site() -> Iterator[LocalCoCalc]:
    with LocalCoCalc(generation="B", admin=True) as site:
        yield site


@pytest.fixture(scope="module")
def admin(site: LocalCoCalc) -> Person:
    return Person(site, site.account_id, site.api_key, site.email)


@pytest.fixture
def people(site: LocalCoCalc) -> list[Person]:
    """Three who are new, and nobody's admins."""
    count = len(site.store.all("SELECT 1 FROM accounts"))
    mails = [f"p{count}-{n}@local.test" for n in range(3)]
    made = [site.create_account("P", f"Q{count}{n}", mail) for n, mail in enumerate(mails)]
    return [Person(site, *who, mail) for who, mail in zip(made, mails, strict=True)]


def refusal(answer: Any) -> str:
    """The words of an answer that refuses, and has nothing else."""
    assert isinstance(answer, dict), answer
    assert set(answer) == {"error"}, answer
    return str(answer["error"])


@pytest.fixture
def org(admin: Person, people: list[Person]) -> str:
    """An organization whose admin is the first of the people; the second is a member."""
    name = f"org-{people[0].account_id[:8]}"
    admin.ask("org.create", name=name)
    assert admin.ask("org.addAdmin", name=name, user=people[0].email) is None
    assert admin.ask("org.addUser", name=name, user=people[1].account_id) is None
    return name


def test_an_organization(admin: Person, people: list[Person], org: str) -> None:
    boss, member, _ = people
    told = {"title": "T", "description": "D", "link": "https://l.test", "email_address": "e@l.test"}
    fresh = admin.ask("org.get", name=org)
    assert fresh == {"name": org, **dict.fromkeys(told), "admin_account_ids": [boss.account_id]}
    assert admin.ask("org.set", name=org, title="old", link="https://l.test") is None
    assert boss.ask("org.set", name=org, **{k: told[k] for k in told if k != "link"}) is None
    assert boss.ask("org.get", name=org) == {**fresh, **told}
    listed = {row["name"]: row for row in admin.ask("org.getAll")}
    assert listed[org] == {"name": org, "title": "T", "admin_account_ids": [boss.account_id]}
    users = {row["account_id"]: row for row in boss.ask("org.getUsers", name=org)}
    assert set(users) == {boss.account_id, member.account_id}
    assert users[member.account_id]["email_address"] == member.email
    made = boss.ask(
        "org.createUser", name=org, email="Made@local.test", firstName="M", lastName="A"
    )
    rows = [row for row in admin.ask("org.getUsers", name=org) if row["account_id"] == made]
    assert rows[0]["email_address"] == "made@local.test"
    assert (rows[0]["first_name"], rows[0]["last_name"]) == ("M", "A")
    again = boss.ask("org.createUser", name=org, email="made@local.test")
    assert "already in use" in refusal(again)
    assert "invalid email" in refusal(boss.ask("org.createUser", name=org, email="made"))
    token = boss.ask("org.createToken", user=made)["token"]
    assert admin.site.core.accounts.by_token(token) == made
    assert boss.ask("org.expireToken", token=token) is None
    assert admin.site.core.accounts.by_token(token) is None
    assert boss.ask("org.removeUser", name=org, user=made) is None
    assert refusal(boss.ask("org.createToken", user=made)) == "Error: user is not in an org"
    assert "first remove them" in refusal(boss.ask("org.removeUser", name=org, user=boss.email))
    assert admin.ask("org.removeAdmin", name=org, user=boss.email) is None
    assert admin.ask("org.get", name=org)["admin_account_ids"] is None
    assert admin.ask("org.removeUser", name=org, user=boss.email) is None
    assert boss.account_id not in str(admin.ask("org.getUsers", name=org))
    assert "site-admin" in refusal(boss.ask("org.get", name=org)), "no longer"


def test_who_may_do_what_with_an_organization(
    admin: Person, people: list[Person], org: str
) -> None:
    boss, member, stranger = people
    user = member.account_id
    managing = {
        "get": {}, "set": {"title": "x"}, "getUsers": {}, "createUser": {"email": "x@x.test"},
        "removeUser": {"user": user}, "removeAdmin": {"user": boss.account_id},
        "message": {"subject": "s", "body": "b"},
    }  # fmt: skip
    words = "Error: user must be an admin of the organization or site-admin"
    before = admin.ask("org.get", name=org), admin.ask("org.getUsers", name=org)
    for who in (member, stranger):
        for name, options in managing.items():
            assert refusal(who.ask(f"org.{name}", name=org, **options)) == words
        assert refusal(who.ask("org.createToken", user=user)) == words
    for who in (boss, member, stranger):
        assert refusal(who.ask("org.getAll")) == "Error: must be a site admin"
        assert "only admins" in refusal(who.ask("org.create", name="mine"))
        add = {"name": org, "user": stranger.account_id}
        assert "only site admins can add/move" in refusal(who.ask("org.addUser", **add))
        assert "only site admins can make" in refusal(who.ask("org.addAdmin", **add))
    assert (admin.ask("org.get", name=org), admin.ask("org.getUsers", name=org)) == before


def test_an_admin_of_an_organization_does_not_become_the_sites(
    admin: Person, people: list[Person], org: str
) -> None:
    admin.ask("org.addUser", name=org, user=admin.account_id)
    assert "site-admin" in refusal(people[0].ask("org.createToken", user=admin.account_id))
    assert "token" in admin.ask("org.createToken", user=admin.account_id)


def test_odd_organizations(admin: Person, people: list[Person], org: str) -> None:
    _, member, stranger = people
    other = f"{org}-2"
    admin.ask("org.create", name=other)
    words = f"Error: User '{member.account_id}' is already member of another organization"
    ask = {"name": other, "user": member.account_id}
    assert refusal(admin.ask("org.addAdmin", **ask)) == words
    assert admin.ask("org.addUser", **ask) is None, "which moves"
    assert admin.ask("org.addAdmin", **ask) is None
    assert [row["account_id"] for row in admin.ask("org.getUsers", name=other)] == [ask["user"]]
    assert "already used" in refusal(admin.ask("org.create", name=org))
    stranger.ask("db.userQuery", query={"accounts": {"name": f"{org}-n"}})
    assert "already used" in refusal(admin.ask("org.create", name=f"{org}-n")), "by an account"
    assert "too long" in refusal(admin.ask("org.create", name="x" * 40))
    assert "no org named" in refusal(admin.ask("org.get", name="no-such"))
    for name in ("addAdmin", "addUser", "createUser"):
        options = {"user": stranger.account_id, "email": "no@such.test"}
        assert "no org named" in refusal(admin.ask(f"org.{name}", name="no-such", **options))
    assert "no such account" in refusal(admin.ask("org.addAdmin", name=org, user="who"))
    assert "cannot find user" in refusal(admin.ask("org.removeUser", name=org, user=NOBODY))
    assert admin.ask("org.removeUser", name=org, user=member.account_id) is None
    assert admin.ask("org.get", name=other)["admin_account_ids"] == [member.account_id]
    left = admin.ask("org.getUsers", name=other)
    assert [row["account_id"] for row in left] == [member.account_id], "was none of theirs"


def test_messages(admin: Person, people: list[Person], org: str) -> None:
    boss, member, stranger = people
    assert stranger.ask("messages.get") == []
    to = [member.account_id, boss.email.upper(), "nobody@no.test"]
    first = stranger.ask("messages.send", subject="S", body="*B*", to_ids=to)
    assert isinstance(first, int)
    assert first > 0
    got = member.ask("messages.get")[0]
    assert got["id"] == first
    assert (got["subject"], got["body"]) == ("S", "*B*")
    assert (got["from_id"], got["thread_id"]) == (stranger.account_id, None)
    assert got["to_ids"] == [member.account_id, boss.account_id]
    assert set(got) >= {"sent", "read", "saved", "deleted"}
    assert [m["id"] for m in stranger.ask("messages.get", type="sent")] == [first]
    assert stranger.ask("messages.get", type="received") == []
    send = {"subject": "Re", "body": "", "to_ids": [stranger.account_id]}
    second = member.ask("messages.send", **send, reply_id=first)
    assert second > first
    assert stranger.ask("messages.get", type="new")[0]["thread_id"] == first
    third = boss.ask("messages.send", **send, reply_id=second)
    assert [m["id"] for m in stranger.ask("messages.get")] == [third, second]
    assert [m["id"] for m in stranger.ask("messages.get", limit=1, offset=1)] == [second]
    assert stranger.ask("messages.get", type="starred") == []
    assert boss.ask("org.message", name=org, subject="All", body="b") is None
    assert member.ask("messages.get", limit=1)[0]["subject"] == "All"
    assert "All" not in str(stranger.ask("messages.get"))
    unread = {"accounts": {"unread_message_count": None}}
    assert member.ask("db.userQuery", query=unread)["accounts"] == {"unread_message_count": 2}


def test_odd_messages(people: list[Person]) -> None:
    who = people[0]
    refused = who.ask("messages.send", subject="s", body="b", to_ids=[NOBODY])
    assert refusal(refused) == f"Error: invalid account_id -- {NOBODY}"
    assert who.ask("messages.send", subject="s", body="b", to_ids=["nobody@no.test"]) is None
    assert "reading 'filter'" in refusal(who.ask("messages.send", subject="s", body="b"))
    assert "at most 500" in refusal(who.ask("messages.get", limit=501))
    assert "negative" in refusal(who.ask("messages.get", offset=-1))
    assert "undefined" in refusal(who.ask("messages.get", type="odd"))
    assert who.v2("messages/get") == {"success": True, "messages": []}
    sent = who.v2("messages/send", subject="To me", body="")
    assert who.v2("messages/get")["messages"][0]["id"] == sent["id"]
    anonymous = Api(who.site, key="x").v2("messages/send", subject="s", body="b")
    assert refusal(anonymous) == "Must be signed in to send messages"


@pytest.fixture
def project(people: list[Person]) -> str:
    """A project of the first of the people."""
    return str(people[0].ask("projects.createProject", title="Theirs"))


def groups(who: Person, project: str) -> dict[str, str]:
    query = {"projects": {"project_id": project, "users": None}}
    users = who.ask("db.userQuery", query=query)["projects"]["users"]
    return {account_id: user["group"] for account_id, user in users.items()}


def test_collaborators(admin: Person, people: list[Person], project: str) -> None:
    owner, friend, stranger = people
    place = {"project_id": project}
    second = owner.ask("projects.createProject", title="Second")
    both, theirs = [project, second], [friend.account_id, friend.account_id]
    made = owner.opts("addCollaborator", project_id=both, account_id=theirs)
    assert made == {"project_id": both}
    assert groups(friend, second)[friend.account_id] == "collaborator"
    uneven = owner.opts("addCollaborator", project_id=both, account_id=theirs[0])
    assert "arrays of the same length" in refusal(uneven)
    one = {**place, "account_id": stranger.account_id}
    assert "does not have write access" in refusal(stranger.opts("addCollaborator", **one))
    assert (
        refusal(stranger.opts("removeCollaborator", **one)) == "Error: user must be a collaborator"
    )
    assert (
        refusal(stranger.opts("inviteCollaborator", **one)) == "Error: user must be a collaborator"
    )
    assert friend.opts("inviteCollaborator", **one) is None, "collaborators may"
    assert set(groups(owner, project)) == {p.account_id for p in people}
    owned = friend.opts("removeCollaborator", **place, account_id=owner.account_id)
    words = "OwnershipError: Cannot remove an owner. Demote to collaborator first."
    assert refusal(owned) == words
    assert friend.opts("removeCollaborator", **one) is None
    change = {**place, "target_account_id": friend.account_id, "new_group": "owner"}
    assert "Only project owners" in refusal(friend.opts("changeUserType", **change))
    assert owner.opts("changeUserType", **change) is None
    mine = {**change, "target_account_id": owner.account_id, "new_group": "collaborator"}
    assert friend.opts("changeUserType", **mine) is None
    last = {**mine, "target_account_id": friend.account_id}
    assert "last owner" in refusal(friend.opts("changeUserType", **last))
    assert friend.opts("removeCollaborator", **place, account_id=owner.account_id) is None
    assert groups(friend, project) == {friend.account_id: "owner"}
    strict = {"projects": {"project_id": project, "manage_users_owner_only": True}}
    friend.opts("addCollaborator", **place, account_id=owner.account_id)
    assert "Only project owners" in refusal(owner.ask("db.userQuery", query=strict))
    assert friend.ask("db.userQuery", query=strict) == {}
    words = "OwnershipError: Only owners can manage collaborators when this setting is enabled"
    for name in ("addCollaborator", "inviteCollaborator"):
        assert refusal(owner.opts(name, **one)) == words
    assert owner.opts("removeCollaborator", **place, account_id=owner.account_id) is None, "oneself"
    assert "Project not found" in refusal(
        admin.opts("addCollaborator", project_id=NOBODY, account_id=NOBODY)
    )
    assert "Invalid project_id" in refusal(
        admin.opts("addCollaborator", project_id="x", account_id=NOBODY)
    )
    assert "uuid" in refusal(friend.opts("addCollaborator", **place, account_id="x"))
    assert "undefined" in refusal(owner.ask("projects.addCollaborator", **one)), "not nested"


def test_collaborators_by_v2(admin: Person, people: list[Person], project: str) -> None:
    owner, friend, stranger = people
    one = {"project_id": project, "account_id": friend.account_id}
    path = "projects/collaborators"
    assert "write access" in refusal(stranger.v2(f"{path}/add", **one))
    assert owner.v2(f"{path}/add", **one) == {"status": "ok"}
    listed = friend.v2(f"{path}/list", project_id=project)
    assert {row["account_id"] for row in listed} == {owner.account_id, friend.account_id}
    assert set(listed[0]) == {"account_id", "first_name", "last_name"}
    assert stranger.v2(f"{path}/list", project_id=project) == []
    assert admin.v2(f"{path}/list", project_id=project) == listed
    owned = {**one, "account_id": owner.account_id}
    words = "Cannot remove an owner. Demote to collaborator first."
    assert refusal(friend.v2(f"{path}/remove", **owned)) == words
    assert "write access" in refusal(stranger.v2(f"{path}/remove", **one))
    assert owner.v2(f"{path}/remove", **one) == {"status": "ok"}
    change = {"project_id": project, "target_account_id": friend.account_id, "new_group": "owner"}
    assert "not a member" in refusal(owner.v2(f"{path}/change-user-type", **change))


def test_invitations_by_email(site: LocalCoCalc, people: list[Person], project: str) -> None:
    owner, friend, stranger = people
    new = f"later-{project[:8]}@local.test"
    invite = {"project_id": project, "to": f"{friend.email}; {new}", "email": "<b>Come</b>",
              "title": "T", "link2proj": "https://x.test"}  # fmt: skip
    name = "inviteCollaboratorWithoutAccount"
    assert "collaborator" in refusal(stranger.opts(name, **invite))
    assert owner.opts(name, **invite) is None
    assert friend.account_id in groups(owner, project)
    query = {"projects": {"project_id": project, "invite": None}}
    assert set(owner.ask("db.userQuery", query=query)["projects"]["invite"]) == {new}
    account_id, key = site.create_account("La", "Ter", new.upper())
    assert groups(Person(site, account_id, key), project)[account_id] == "collaborator"
    assert owner.ask("db.userQuery", query=query)["projects"]["invite"] is None
    assert "invalid email" in refusal(owner.opts(name, **{**invite, "to": "nothing"}))
    assert "less recipients" in refusal(owner.opts(name, **{**invite, "to": "x" * 1025}))
    assert "TypeError" in refusal(owner.opts(name, **{**invite, "to": None}))


def test_how_a_project_stands(admin: Person, people: list[Person], project: str) -> None:
    owner, friend, stranger = people
    place = {"project_id": project}
    assert owner.ask("projects.status", **place) == {}
    assert owner.ask("projects.state", **place)["state"] == "opened"
    assert owner.ask("projects.touch", **place) is None
    assert owner.ask("projects.state", **place)["state"] == "running", "touching starts"
    status = owner.ask("projects.status", **place)
    assert status["project.pid"] > 0
    assert status["hub-server.port"] == owner.site.port
    assert status["start_ts"] > 1e12
    assert owner.ask("projects.status", **place) == status, "as long as it runs"
    owner.ask("projects.stop", **place)
    assert owner.ask("projects.status", **place) == {}
    owner.ask("projects.start", **place)
    assert owner.ask("projects.status", **place)["session_id"] != status["session_id"]
    for name in ("start", "stop", "touch", "state", "status"):
        for who in (stranger, admin):
            words = refusal(who.ask(f"projects.{name}", **place))
            assert words.startswith("Error: must be collaborator on project to ")
    assert "must be an owner" in refusal(stranger.ask("projects.deleteProject", **place))
    owner.opts("addCollaborator", **place, account_id=friend.account_id)
    assert friend.ask("projects.deleteProject", **place) is None, "collaborators may (source)"
    assert owner.ask("projects.state", **place)["state"] == "opened"
    deleted = {"projects": {**place, "deleted": None}}
    assert owner.ask("db.userQuery", query=deleted)["projects"]["deleted"] is True
    assert "must be an owner" in refusal(stranger.v2("projects/restore", **place))
    assert owner.v2("projects/restore", **place) == {"status": "ok"}
    assert admin.v2("projects/delete", **place) == {"status": "ok"}, "site admins may"
    assert "UUID" in refusal(owner.v2("projects/delete", project_id="x"))


def test_history_of_a_file(people: list[Person], project: str) -> None:
    owner, _, stranger = people
    ask = {"project_id": project, "path": "a.md"}
    assert owner.ask("sync.history", **ask) == {"patches": [], "info": {}}
    assert "must be collaborator" in refusal(stranger.ask("sync.history", **ask))


def test_what_may_be_read_and_set(people: list[Person], project: str) -> None:
    owner, friend, _ = people
    fields = dict.fromkeys(("course", "settings", "status", "run_quota", "name", "env", "color"))
    ask = {"projects": {"project_id": project, **fields, "last_active": None}}
    told = owner.ask("db.userQuery", query=ask)["projects"]
    assert {told[k] for k in fields} == {None}
    assert set(told["last_active"]) == {owner.account_id}
    setting = {"color": "#aabbcc", "env": {"A": "1"}, "name": "nice"}
    update = {"projects": {"project_id": project, **setting}}
    assert "must be an admin" in refusal(friend.ask("db.userQuery", query=update))
    assert owner.ask("db.userQuery", query=update) == {}
    told = owner.ask("db.userQuery", query=ask)["projects"]
    assert {k: told[k] for k in setting} == setting
    hide = {"projects": {"project_id": project, "users": {owner.account_id: {"hide": True}}}}
    assert owner.ask("db.userQuery", query=hide) == {}
    assert project not in str(owner.v2("projects/get"))
    hide["projects"]["users"] = {friend.account_id: {"group": "owner"}}
    assert "not allowed for projects.users" in refusal(owner.ask("db.userQuery", query=hide))
    for field in ("course", "run_quota", "status", "nofield"):
        update = {"projects": {"project_id": project, field: "x"}}
        assert f"projects.{field}" in refusal(owner.ask("db.userQuery", query=update))
    wanted = dict.fromkeys(("autosave", "tags", "org", "balance", "groups", "name", "profile"))
    told = owner.ask("db.userQuery", query={"accounts": wanted})["accounts"]
    assert (told["autosave"], told["groups"], told["tags"]) == (45, [], None)
    mine = {"first_name": "Fi", "tags": ["a"], "profile": {"color": "red"}}
    assert owner.ask("db.userQuery", query={"accounts": mine}) == {}
    told = owner.ask("db.userQuery", query={"accounts": dict.fromkeys(mine)})
    assert told["accounts"] == mine
    names = owner.v2("accounts/get-names", account_ids=[owner.account_id])["names"]
    assert names[owner.account_id]["profile"] == {"color": "red"}
    for field in ("password", "balance", "groups", "email_address"):
        set_it = owner.ask("db.userQuery", query={"accounts": {field: "x"}})
        assert f"set query not allowed for accounts.{field}" in refusal(set_it)
    for field in ("password", "admin", "n", "api_key"):
        get_it = owner.ask("db.userQuery", query={"accounts": {field: None}})
        assert f"get query not allowed for accounts.{field}" in refusal(get_it)
    empty = owner.ask("db.userQuery", query={"accounts": {"first_name": ""}})
    assert "must be nonempty" in refusal(empty)
    other = {"accounts": {"account_id": friend.account_id, "first_name": "x"}}
    assert "must be an admin" in refusal(owner.ask("db.userQuery", query=other))
    friend.ask("db.userQuery", query={"accounts": {"name": "taken"}})
    taken = owner.ask("db.userQuery", query={"accounts": {"name": "taken"}})
    assert "already taken" in refusal(taken)


def test_names_and_addresses_by_v2(admin: Person, people: list[Person], project: str) -> None:
    owner, friend, _ = people
    query = friend.v2("accounts/search", query=f"p {friend.email[1:3]}")
    assert "email_address" not in str(query)
    found = friend.v2("accounts/search", query=owner.email)
    assert [row["email_address"] for row in found] == [owner.email]
    assert isinstance(found[0]["last_active"], int), "who made a project was active"
    assert friend.v2("accounts/search", query=friend.account_id)[0]["last_active"] is None
    assert friend.v2("accounts/search", query="%") == []
    assert friend.v2("accounts/search", query="") == []
    assert friend.v2("accounts/search", query="no such " * 9999) == []
    assert friend.v2("accounts/set-name", first_name="Changed") == {"success": True}
    other = {"account_id": owner.account_id, "last_name": "By-Admin"}
    assert "administrators" in refusal(friend.v2("accounts/set-name", **other))
    assert admin.v2("accounts/set-name", **other) == {"success": True}
    told = friend.v2("accounts/get-names", account_ids=[owner.account_id, friend.account_id])
    assert told["names"][friend.account_id]["first_name"] == "Changed"
    assert told["names"][owner.account_id]["last_name"] == "By-Admin"
    mail = {"account_id": owner.account_id}
    assert "must be an admin" in refusal(friend.v2("accounts/get-email-address", **mail))
    assert admin.v2("accounts/get-email-address", **mail) == {"email_address": owner.email}
    assert "admin" in refusal(friend.v2("projects/update", project_id=project, title="x"))
    assert owner.v2("projects/update", project_id=project, title="New") == {"status": "ok"}
    assert owner.v2("projects/get-one", project_id=project)["title"] == "New"
    as_other = {"project_id": project, "account_id": owner.account_id, "title": "x"}
    assert "administrators" in refusal(friend.v2("projects/update", **as_other))


def test_people_of_generation_a() -> None:
    with LocalCoCalc(generation="A") as site:
        api = Api(site)
        lesson, student = site.projects["Lesson"], site.projects["Student"]
        account_id, key = site.create_account("A", "B", "a@local.test")
        other = Api(site, key=key)
        lists = {"project_id": [lesson, student], "account_id": [account_id, account_id]}
        assert "write access" in other.v1("add_collaborator", **lists)["error"]
        assert api.v1("add_collaborator", **lists)["event"] == "success"
        assert site.core.projects.role(student, account_id) == "collaborator"
        uneven = api.v1("add_collaborator", project_id=lesson, account_id=[account_id] * 2)
        assert "same length" in uneven["error"]
        token = other.v1("add_collaborator", account_id=account_id, token_id="x")
        assert "no such token" in token["error"]
        gone = {"project_id": lesson, "account_id": site.account_id}
        assert other.v1("remove_collaborator", **gone)["event"] == "success"
        assert site.core.projects.role(lesson, site.account_id) == "owner", "but it stays (source)"
        mails = {"to": "b@local.test, c@local.test", "email": "Come", "title": "T"}
        mails = {"project_id": lesson, **mails, "link2proj": "https://x.test"}
        told = api.v1("invite_noncloud_collaborators", **mails)
        assert told["event"] == "invite_noncloud_collaborators_resp"
        assert told["mesg"] == "Invited b@local.test, c@local.test to collaborate on a project."
        invited, _ = site.create_account("B", "B", "b@local.test")
        assert site.core.projects.role(lesson, invited) == "collaborator"
        made = api.v1("create_project", title="Off")["project_id"]
        assert api.v1("touch_project", project_id=made)["event"] == "success"
        query = {"projects": {"project_id": made, "state": None}}
        assert api.v1("query", query=query)["query"]["projects"]["state"]["state"] == "running"
        names = dict.fromkeys(("account_id", "first_name", "last_name"))
        answer = api.v2("user-query", query={"accounts": names})["query"]
        assert answer == {"accounts": {"account_id": site.account_id}}, "without names (recording)"
        assert set(api.v1("query", query={"accounts": names})["query"]["accounts"]) == set(names)
        for path in ("messages/get", "projects/collaborators/list", "accounts/get-names"):
            page = api.post(f"/api/v2/{path}", {})
            assert page.status_code == 404, "which came with the newer generation (source)"
        assert api.v2("accounts/search", query="a b")[0]["account_id"] == account_id
