"""The client against the stand-in, on every generation and API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Client, ExecResult
from cocalc_widget.local import LocalCoCalc

from .sites import KINDS, kind_of, of_kind

CONTENT = {"Source": {"task.md": "# Task\n", "set/one.txt": "1"}, "Target": {}, "Third": {}}


def make(kind: str, **options: Any) -> AbstractContextManager[LocalCoCalc]:
    return of_kind(kind, content=CONTENT, admin=True, **options)


@pytest.fixture(scope="module", params=KINDS)
def site(request: pytest.FixtureRequest) -> Iterator[LocalCoCalc]:
    with make(request.param) as running:
        yield running


def test_who_and_where(site: LocalCoCalc, client: Client) -> None:
    now = client.ping().now
    assert now is not None
    assert abs((now - datetime.now(timezone.utc)).total_seconds()) < 5
    told = client.whoami()
    assert told.account_id == client.account_id == site.account_id
    kind = kind_of(site)
    assert told.api == ("v1" if kind.startswith("v1") else "v2")
    assert told.generation == client.generation == ("B" if "conat" in kind else "A")
    assert told.key_source == "argument"
    with Client(site.api_key, host=site.url, verify=site.ca_file) as auto:
        source = auto.whoami().api_source
    asked = "no /api/v1" if told.generation == "B" else "answered at /api/v1"
    assert asked in source
    assert "iframe_comm_hosts" in client.customize()


def test_projects(site: LocalCoCalc, client: Client) -> None:
    before = {p.title: p.project_id for p in client.projects()}
    assert before["Source"] == site.projects["Source"]
    made = client.create_project("A new one", "for a test", start=True)
    assert made in {p.project_id for p in client.projects()}
    assert client.resolve(made[:13]) == made
    client.start_project(made)
    assert client.exec(made, "echo", ["hi"]) == ExecResult("hi\n", "", 0)
    assert "A new one" in client.projects()._repr_html_()


def test_deleted_and_hidden_projects_are_not_in_the_way(site: LocalCoCalc, client: Client) -> None:
    """Their titles made the one that is used ambiguous."""
    made = [client.create_project("Again") for _ in range(4)]
    site.core.projects.change(made[0], deleted=1)
    site.core.projects.hide(made[1], site.account_id)
    other, _ = site.create_account("Bo", "B", f"bo-{id(client)}@local.test")
    site.core.projects.add(made[2], other)
    site.core.projects.hide(made[2], other)  # another's setting is no matter
    site.core.projects.change(made[3], title="Once more")
    named = {p.project_id for p in client.projects()}
    assert not {made[0], made[1]} & named
    assert client.resolve("Again") == made[2]
    assert client.copy("Source:task.md", "Again").done


def test_files(site: LocalCoCalc, client: Client) -> None:
    project = site.projects["Source"]
    for text in ("", "plain\n", "wörld ✓ \U0001d4b3\r\n\ttab", "a=b&c d%20+", "\ufffd is legal"):
        client.write_text(project, "deep/er/note.txt", text)
        assert client.read_text(project, "deep/er/note.txt") == text
    with pytest.raises(errors.NotFoundError):
        client.read_text(project, "nope.txt")
    with pytest.raises(errors.CoCalcError, match=r"folder|EISDIR|directory"):
        client.write_text(project, "deep", "x")
    with pytest.raises(errors.CoCalcError, match=r"folder|EISDIR|directory"):
        client.read_text(project, "deep")
    client.exec(
        project, "printf '\\xff\\xfe\\x00\\x01' > raw.bin; printf '\\xe9t\\xe9' > latin.txt"
    )
    for name in ("raw.bin", "latin.txt"):
        with pytest.raises(errors.ValidationError, match="not a text file"):
            client.read_text(project, name)


@pytest.mark.parametrize("char", ["x", "☃\n"])
def test_large_files(site: LocalCoCalc, client: Client, char: str) -> None:
    project = site.projects["Source"]
    text = char * (1_100_000 // len(char.encode()))
    client.write_text(project, "big/file.txt", text)
    assert client.read_text(project, "big/file.txt") == text
    left = client.exec(project, "ls -A big").stdout.split()
    assert left == ["file.txt"], "no parts are left behind"
    with pytest.raises(errors.ValidationError, match="folder"):
        client.write_text(project, "big", text)
    assert ".cocalc-widget" not in client.exec(project, "ls -A").stdout


def test_exec(site: LocalCoCalc, client: Client) -> None:
    project = site.projects["Source"]
    ended = client.exec(project, "echo out; echo bad >&2; exit 3")
    assert ended == ExecResult("out\n", "bad\n", 3)
    assert "exit code 3" in repr(ended)
    with pytest.raises(errors.APIError, match="bad"):
        client.exec(project, "echo bad >&2; exit 3", check=True)
    assert client.exec(project, "pwd", path="set").stdout.endswith("/set\n")
    assert client.exec(project, "printf", ["%s|", "a b", "$HOME"]).stdout == "a b|$HOME|"
    assert client.exec(project, "echo $WORD", env={"WORD": "said"}).stdout == "said\n"
    with pytest.raises(errors.ServerError):
        client.exec(project, "sleep", ["5"], timeout=0.3)
    with pytest.raises(errors.CoCalcError):
        client.exec("00000000-0000-4000-8000-000000000000", "pwd")
    with pytest.raises(errors.ValidationError):
        client.exec(project, "ls", "-l")
    for bad in ({"args": [1]}, {"timeout": 0}, {"timeout": "5"}):
        with pytest.raises(errors.ValidationError):
            client.exec(project, "ls", **bad)  # type: ignore[arg-type]


def test_copying(site: LocalCoCalc, client: Client) -> None:
    project = site.projects["Source"]
    batch = client.copy("Source:task.md", "Target:task.md.2", "Third:in/x.md")
    assert batch.done, batch
    assert client.read_text(site.projects["Third"], "in/x.md") == "# Task\n"
    assert client.copy(f"{project}:set", "Third:sets").done
    assert client.read_text(site.projects["Third"], "sets/one.txt") == "1"
    with pytest.raises(errors.NotFoundError):
        client.copy(f"{project}:nope.md", "Target")
    with pytest.raises((errors.PermissionDeniedError, errors.NotFoundError)):
        client.copy(f"{project}:task.md", "00000000-0000-4000-8000-000000000000")
    queued = client.copy(f"{project}:task.md", "Target:again.md", wait=False)
    assert queued.wait(10).done
    if kind_of(site) == "v1-queue":
        jobs = client.copies(src="Source")
        assert queued[0].id in {job.id for job in jobs}
    elif kind_of(site).startswith("v1"):
        assert client.copies(src="Source") == []
    else:
        with pytest.raises(errors.NotFoundError) as caught:
            client.copies(src="Source")
        assert caught.value.remedy


@pytest.mark.parametrize("kind", ["v1", "v2", "conat"])
def test_done_means_that_the_files_are_there(kind: str) -> None:
    """Without a queue, too: `done` came while a large folder was still on its way."""
    with make(kind, copy_seconds=0.4) as site:
        api: Any = "v2" if kind == "v2" else "auto"
        client = Client(site.api_key, host=site.url, verify=site.ca_file, api=api)
        project, target = site.projects["Source"], site.directory(site.projects["Target"])
        assert client.copy(f"{project}:set", "Target").done
        assert (target / "set/one.txt").exists()
        # what would never be told of a copy that is only begun
        (target / "task.md").mkdir()
        (target / "task.md/task.md").mkdir()
        with pytest.raises(errors.CoCalcError):
            client.copy(f"{project}:task.md", "Target")
        # nobody waits: it goes on, and tells how it ends
        with pytest.raises(errors.APITimeoutError):
            client.copy(f"{project}:set", "Third", wait=0.05)
        batch = client.last_copy
        assert batch is not None
        assert batch[0].state == "sending"
        assert batch.wait(10).done
        assert (site.directory(site.projects["Third"]) / "set/one.txt").exists()


def test_copy_options(site: LocalCoCalc, client: Client) -> None:
    project, third = site.projects["Source"], site.projects["Third"]
    client.exec(project, "mkdir -p opt; echo a > opt/a.txt; echo b > opt/b.log")
    client.exec(third, "mkdir -p opt; echo old > opt/extra.txt; echo mine > opt/a.txt")
    client.exec(third, "touch -d '2099-01-01' opt/a.txt")
    assert client.copy(f"{project}:opt", third).done
    assert client.read_text(third, "opt/a.txt") == "mine\n", "newer files are kept"
    assert client.copy(f"{project}:opt", third, overwrite_newer=True, backup=True).done
    assert client.read_text(third, "opt/a.txt") == "a\n"
    assert client.read_text(third, "opt/a.txt~") == "mine\n"
    assert client.copy(f"{project}:opt", third, delete_missing=True, timeout=20).done
    assert "extra.txt\n" not in client.exec(third, "ls opt").stdout
    if kind_of(site).startswith("v1"):
        assert client.copy(f"{project}:opt", f"{third}:some", exclude=["*.log"]).done
        assert client.exec(third, "ls some").stdout == "a.txt\n"
    else:
        with pytest.raises(errors.NotFoundError, match="exclude") as caught:
            client.copy(f"{project}:opt", f"{third}:some", exclude=["*.log"])
        assert caught.value.remedy


def test_tokens(site: LocalCoCalc, client: Client) -> None:
    kind = kind_of(site)
    if kind == "v2":
        with pytest.raises(errors.NotFoundError, match="mints no auth tokens") as caught:
            client.create_token(site.account_id, site.password)
        assert 'api="v1"' in caught.value.remedy
        return
    if kind.startswith("v1"):
        token = client.create_token(site.account_id, site.password)
        assert len(token.value) == 24
        assert "/app?auth_token=" in token.url()
        url = client.embed_url(site.projects["Source"], "task.md", token)
        assert url == token.url(site.projects["Source"], "task.md")
        with pytest.raises(errors.NotFoundError, match="revoke"):
            client.revoke_token(token)
        with pytest.raises(errors.ValidationError):
            client.create_token(expire=datetime.now(timezone.utc))
        return
    until = datetime.now(timezone.utc) + timedelta(hours=1)
    token = client.create_token(site.account_id, expire=until)
    assert token.expire == until
    assert token.url().startswith(f"{site.url}/auth/impersonate?auth_token=")
    client.revoke_token(token)


def test_a_token_without_a_password_never_bans() -> None:
    with LocalCoCalc(content={}, generation="A") as other:
        client = Client(other.api_key, host=other.url, verify=other.ca_file)
        with pytest.raises(errors.ValidationError, match="this account is none") as caught:
            client.create_token()
        assert 'password=""' in caught.value.remedy
        assert client.create_token(password=other.password).value, "nobody is banned"
        with pytest.raises(errors.AuthenticationError):  # said in so many words: sent
            client.create_token(other.account_id, "")
        with pytest.raises(errors.RateLimitError):
            client.create_token(password=other.password)
    with LocalCoCalc(admin=True, content={}, generation="A") as site:
        client = Client(site.api_key, host=site.url, verify=site.ca_file)
        assert client.create_token().value, "an admin needs none"


def test_a_wrong_password_bans() -> None:
    with make("v1") as other:
        client = Client(other.api_key, host=other.url, verify=other.ca_file)
        who = client.create_account("A", "B", "ab@example.com", "right-password-7").account_id
        with pytest.raises(errors.AuthenticationError, match="incorrect password"):
            client.create_token(who, "wrong-password-7")
        with pytest.raises(errors.RateLimitError) as caught:
            client.create_token(who, "right-password-7")
        assert caught.value.retry_after is not None
        assert 0 < caught.value.retry_after <= 60


def test_accounts(site: LocalCoCalc, client: Client) -> None:
    made = client.create_account("Ada", "L", f"ada-{id(site)}@example.com", "analytical-Engine-9")
    assert made.account_id
    with pytest.raises(errors.ValidationError, match=r"(?i)already"):
        client.create_account("Ada", "L", f"ada-{id(site)}@example.com", "other-Engine-9")
    with pytest.raises(errors.ValidationError, match=r"(?i)e-?mail"):
        client.create_account("Ada", "L", "nope", "analytical-Engine-9")
    with pytest.raises(errors.ValidationError):
        client.create_account("", "L", "x@example.com", "analytical-Engine-9")
    if kind_of(site).startswith("v1"):
        keyed = client.create_account(
            "B", "C", f"k-{id(site)}@example.com", "analytical-Engine-9", get_api_key=True
        )
        assert keyed.api_key
        assert keyed.api_key.reveal() not in repr(keyed)
        other = Client(keyed.api_key, host=site.url, verify=site.ca_file)
        assert other.account_id == keyed.account_id
    else:
        with pytest.raises(errors.NotFoundError, match="API key"):
            client.create_account("B", "C", "k@example.com", "analytical-9", get_api_key=True)


def test_wrong_keys(site: LocalCoCalc) -> None:
    for key in ("sk-wrongwrongwrongwrongwr", ""):
        client = Client(key, host=site.url, verify=site.ca_file)
        with pytest.raises(errors.AuthenticationError):
            client.ping()
        with pytest.raises(errors.AuthenticationError):
            client.copy(f"{site.projects['Source']}:task.md", site.projects["Target"])


def test_raw_calls(site: LocalCoCalc, client: Client) -> None:
    if kind_of(site).startswith("v1"):
        assert client.call("ping")["event"] == "pong"
        assert client.call("ping", {"id": "abc"})["id"] == "abc"
    else:
        told = client.call("projects/get", limit=1)
        assert len(told) == 1
    if kind_of(site).startswith("conat"):
        assert client.call("system.ping")["now"] > 1e12
        project = site.projects["Source"]
        assert "now" in client.call("system.ping", project_id=project, timeout=5)
        with pytest.raises(errors.NotFoundError, match="unknown function"):
            client.call("system.nope")
    for bad in ("", "a b", "../x", 5, "x?y"):
        with pytest.raises(errors.CoCalcError):
            client.call(bad)  # type: ignore[arg-type]


def test_scheduling(site: LocalCoCalc, client: Client) -> None:
    later = datetime.now(timezone.utc) + timedelta(days=1)
    address = f"{site.projects['Source']}:task.md"
    if kind_of(site) == "v1-queue":
        batch = client.copy(address, "Target:later.md", scheduled=later)
        assert [job.state for job in batch] == ["scheduled"]
        client.cancel_copy(batch[0])
        with pytest.raises(errors.NotFoundError):
            client.copy_status(batch[0])
    else:
        with pytest.raises(errors.CoCalcError, match="schedule"):
            client.copy(address, "Target:later.md", scheduled=later)
