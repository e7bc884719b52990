"""Auth tokens on generation B: who mints them, what goes wrong and what to do then, their end."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from cocalc_widget import errors
from cocalc_widget.api import Client, Token
from cocalc_widget.api.dialects import detection as detect
from cocalc_widget.api.http.failures import seconds_to_wait
from cocalc_widget.local import LocalCoCalc
from cocalc_widget.redact import Secret

from .fake import Answer, Reaction, Seen, serving

KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"
ME = "bbbbbbbb-0000-4000-8000-000000000002"
OTHER = "bbbbbbbb-0000-4000-8000-000000000003"
VALUE = "T" * 24
WORD = "a-password-that-is-a-secret"
UNKNOWN = "Error: unknown function '{}'"


class Hub:
    """A hub of generation B that does as told: method -> its answer, or its error as a string."""

    def __init__(self, **told: Any) -> None:
        self.told = {name.replace("__", "."): answer for name, answer in told.items()}
        self.calls: list[tuple[str, Any]] = []

    def __call__(self, seen: Seen) -> Reaction:
        if seen.path != "/api/conat/hub" or "authorization" not in seen.headers:
            return Answer("<title>404 Page Not Found</title>", 404, "text/html")
        name, args = seen.json["name"], seen.json["args"]
        self.calls.append((name, args))
        answer = self.told.get(name, UNKNOWN.format(name))
        if name == "db.userQuery":
            return Answer({"accounts": answer})
        return Answer({"error": answer} if str(answer).startswith("Error: ") else answer)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


@contextmanager
def client_of(hub: Hub) -> Iterator[Client]:
    with serving(hub) as server, Client(KEY, host=server.url, timeout=5.0, retries=0) as client:
        client._connection.found = detect.DialectConat(client._connection.caller)
        yield client


MY_ACCOUNT = {"account_id": ME, "email_address": "me@x.test", "groups": None}


def test_a_password_mints_for_the_own_account() -> None:
    hub = Hub(db__userQuery=MY_ACCOUNT, system__generateUserAuthToken=VALUE)
    with client_of(hub) as client:
        token = client.create_token(password=WORD)
    assert hub.calls[-1] == (
        "system.generateUserAuthToken",
        [{"user_account_id": ME, "password": WORD}],
    )
    assert (token.value, token.generation, token.minted) == (VALUE, "B", "password")
    assert token.expire is not None
    left = token.expire - datetime.now(timezone.utc)
    assert abs(left - timedelta(hours=12)) < timedelta(minutes=1)
    assert token.url().endswith(f"/auth/impersonate?auth_token={VALUE}")
    assert VALUE not in repr(token) + token._repr_html_()


def test_a_password_mints_for_any_account_also_by_its_email() -> None:
    hub = Hub(system__userSearch=[{"account_id": OTHER}], system__generateUserAuthToken=VALUE)
    with client_of(hub) as client:
        client.create_token(OTHER.upper(), WORD)
        assert hub.names == ["system.generateUserAuthToken"]
        client.create_token("ada@x.test", Secret(WORD))
        assert hub.calls[1] == ("system.userSearch", [{"query": "ada@x.test", "limit": 2}])
        assert hub.calls[2][1] == [{"user_account_id": OTHER, "password": WORD}]
        for found in ([], [{"account_id": OTHER}, {"account_id": ME}]):
            hub.told["system.userSearch"] = found
            with pytest.raises(errors.NotFoundError, match=r"match 'ada@x\.test'"):
                client.create_token("ada@x.test", WORD)
        assert hub.names.count("system.generateUserAuthToken") == 2, "no password without account"


def test_an_organizations_admin_needs_no_password() -> None:
    hub = Hub(org__createToken={"token": VALUE, "url": "https:/auth/impersonate"})
    until = datetime(2030, 1, 1, tzinfo=timezone.utc)
    with client_of(hub) as client:
        token = client.create_token("ada@x.test", expire=until)
        assert hub.calls == [
            ("org.createToken", [{"user": "ada@x.test", "expire": int(until.timestamp() * 1000)}])
        ]
        assert (token.minted, token.expire) == ("organization", until)
        with pytest.raises(errors.ValidationError, match="12 hours"):
            client.create_token("ada@x.test", WORD, expire=until)
        assert len(hub.calls) == 1, "refused before anything was sent"


def test_a_site_admin_needs_no_password_either() -> None:
    hub = Hub(
        org__createToken="Error: user is not in an org",
        db__userQuery={"account_id": ME, "groups": ["admin"]},
        system__generateUserAuthToken=VALUE,
    )
    with client_of(hub) as client:
        assert client.create_token(OTHER).minted == "password"
    assert hub.calls[-1][1] == [{"user_account_id": OTHER}]
    # a time of one's own is for organizations: to give a password would not help
    with client_of(hub) as client, pytest.raises(errors.PermissionDeniedError) as caught:
        client.create_token(OTHER, expire=datetime(2030, 1, 1))
    assert caught.value.remedy.startswith("Leave `expire` out: a site admin's token ends after 12")
    assert "password" not in caught.value.remedy


@pytest.mark.parametrize(
    "words",
    [
        "Error: user is not in an org",  # (recording)
        "Error: user must an admin of the organization",  # (source, with its slip)
        "Error: user must be an admin of the org",
    ],
)
@pytest.mark.parametrize(
    ("account", "advice"),
    [
        (None, "For your own account give its password: client.create_token(password=...)."),
        ("Me@x.test", "For your own account give its password"),
        (OTHER, "For somebody else's account give its password"),
    ],
)
def test_who_can_mint_nothing_reads_what_to_do(words: str, account: Any, advice: str) -> None:
    """And is never banned for it: no password counts as a wrong one, and is not sent."""
    hub = Hub(org__createToken=words, db__userQuery=MY_ACCOUNT)
    with client_of(hub) as client, pytest.raises(errors.PermissionDeniedError) as caught:
        client.create_token(account)
    assert caught.value.message == words.removeprefix("Error: ")
    assert advice in caught.value.remedy
    assert "system.generateUserAuthToken" not in hub.names


@pytest.mark.parametrize("tail", ["", " - callHub: subject='hub.account', name='x', code='500'"])
def test_a_wrong_password_then_a_ban_without_a_number(tail: str) -> None:
    hub = Hub(system__generateUserAuthToken=f"Error: incorrect password{tail}")
    with client_of(hub) as client:
        with pytest.raises(errors.AuthenticationError, match=r"^incorrect password") as caught:
            client.create_token(OTHER, WORD)
        assert "60 s" in caught.value.remedy
        unfilled = "banned -- please wait at least #{BAN_TIME_MS/1000}s before trying again"
        hub.told["system.generateUserAuthToken"] = f"Error: {unfilled}{tail}"
        with pytest.raises(errors.RateLimitError) as banned:
            client.create_token(OTHER, WORD)
    assert banned.value.retry_after == 60
    assert banned.value.message == "banned -- please wait at least 60s before trying again"
    assert banned.value.remedy == "Wait 60 s."
    assert "#{BAN_TIME_MS" in banned.value.body["error"], "the body as it came"


def test_a_ban_says_its_time_or_lasts_a_minute() -> None:
    assert seconds_to_wait("banned -- please wait at least 30s before trying again") == 30
    assert seconds_to_wait("banned -- please wait before trying again") == 60
    assert seconds_to_wait("too many requests") is None


def test_a_server_that_mints_for_organizations_only() -> None:
    hub = Hub(org__createToken={"token": VALUE, "url": ""})
    with client_of(hub) as client:
        with pytest.raises(errors.NotFoundError) as caught:
            client.create_token(OTHER, WORD)
        assert caught.value.remedy == "This server mints tokens for admins of an organization only."
        hub.told["system.generateUserAuthToken"] = "Error: no such account"
        with pytest.raises(errors.NotFoundError) as other:
            client.create_token(OTHER, WORD)
        assert "organization" not in other.value.remedy
        assert client.create_token(OTHER).value == VALUE


def token_of(client: Client, minted: Any) -> Token:
    return Token(Secret(VALUE), None, "B", client.host, minted)


@pytest.mark.parametrize(
    ("minted", "ways"),
    [
        ("password", ["system.revokeUserAuthToken", "org.expireToken"]),
        ("organization", ["org.expireToken", "system.revokeUserAuthToken"]),
        (None, ["system.revokeUserAuthToken", "org.expireToken"]),  # a bare string
    ],
)
def test_a_token_is_ended_the_way_it_was_made_or_else_the_other(
    minted: Any, ways: list[str]
) -> None:
    args = {
        "system.revokeUserAuthToken": [VALUE],
        "org.expireToken": [{"token": VALUE}],
    }
    hub = Hub(system__revokeUserAuthToken=None, org__expireToken=None)
    with client_of(hub) as client:
        token = VALUE if minted is None else token_of(client, minted)
        client.revoke_token(token)
        assert hub.calls == [(ways[0], args[ways[0]])], "one request where the server has it"
        del hub.told[ways[0]], hub.calls[:]
        client.revoke_token(token)
        assert hub.calls == [(way, args[way]) for way in ways]
        del hub.told[ways[1]]
        with pytest.raises(errors.NotFoundError, match="unknown function"):
            client.revoke_token(token)


def test_a_token_of_one_host_goes_to_no_other() -> None:
    hub = Hub(system__revokeUserAuthToken=None)
    with client_of(hub) as client:
        strange = Token(Secret(VALUE), None, "B", "https://other.test")
        for use in (
            lambda: client.revoke_token(strange),
            lambda: client.takes_token(strange),
            lambda: client.embed_url(ME, "a.md", strange),
            lambda: client.revoke_token(strange.secret),
            lambda: client.embed_url(ME, "a.md", strange.secret),
        ):
            with pytest.raises(
                errors.ValidationError, match=r"made by https://other\.test"
            ) as caught:
                use()
            assert VALUE not in "".join(traceback.format_exception(caught.value))
        assert hub.calls == []


FAILING = [
    "Error: incorrect password",
    f"Error: something about {WORD}",
    f"Error: and {VALUE}",
    5,
    {"token": VALUE},
]


@pytest.mark.parametrize("answer", FAILING)
def test_no_secret_in_what_goes_wrong(answer: Any) -> None:
    hub = Hub(system__generateUserAuthToken=answer, system__revokeUserAuthToken="Error: no")
    with client_of(hub) as client:
        with pytest.raises(errors.APIError) as minting:
            client.create_token(OTHER, WORD)
        hub.told["system.revokeUserAuthToken"] = f"Error: no token '{VALUE}'"
        with pytest.raises(errors.APIError) as ending:
            client.revoke_token(VALUE)
        with pytest.raises(errors.APIError) as raw:
            client.call("system.revokeUserAuthToken", VALUE)
    for caught in (minting, ending, raw):
        error: Any = caught.value
        shown = repr(vars(error)) + "".join(traceback.format_exception(error))
        assert WORD not in shown
        assert VALUE not in shown


@pytest.fixture(scope="module")
def site() -> Iterator[LocalCoCalc]:
    with LocalCoCalc(generation="B", content={}) as running:
        yield running


def signs_in(site: LocalCoCalc, token: Token) -> str | None:
    """The account that a browser is signed in as, by the page for that."""
    session = requests.Session()
    session.trust_env = False
    session.verify = site.ca_file
    answer = session.get(token.url(), timeout=10, allow_redirects=False)
    if "unknown or expired token" in answer.text:
        return None
    return session.cookies["account_id"]


def test_both_kinds_against_the_stand_in(site: LocalCoCalc) -> None:
    ann, key = site.create_account("Ann", "A", "ann@local.test", WORD)
    with Client(key, host=site.url, verify=site.ca_file) as client:
        mine = client.create_token(password=WORD)
        assert signs_in(site, mine) == ann
        client.revoke_token(mine)
        assert signs_in(site, mine) is None
        with pytest.raises(errors.PermissionDeniedError, match="not in an org"):
            client.create_token()
        assert signs_in(site, client.create_token(password=WORD)) == ann, "nobody is banned"
        assert signs_in(site, client.create_token(site.email, site.password)) == site.account_id
        with pytest.raises(errors.AuthenticationError):
            client.create_token(site.account_id, "wrong-password")
        with pytest.raises(errors.RateLimitError) as caught:
            client.create_token(site.account_id, site.password)
        assert caught.value.retry_after == 60
        assert signs_in(site, client.create_token(password=WORD)) == ann, "one pair is banned"
    with Client(site.api_key, host=site.url, verify=site.ca_file) as admin:
        ours = admin.create_token(site.account_id)
        assert ours.minted == "organization"
        assert signs_in(site, ours) == site.account_id
        admin.revoke_token(ours.value)
        assert signs_in(site, ours) is None
