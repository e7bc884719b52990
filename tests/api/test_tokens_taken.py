"""Whether a server takes an auth token: asked beforehand, and nothing of it kept."""

import pytest

from cocalc_widget import Client, errors
from cocalc_widget.local import LocalCoCalc


@pytest.fixture(scope="module")
def today():
    with LocalCoCalc(admin=True, generation="B") as site:
        yield site, Client(site.api_key, host=site.url, verify=site.ca_file)


def test_a_token_that_is_taken_and_one_that_is_not(today):
    site, client = today
    token = client.create_token(site.account_id, site.password)
    assert token.account == site.account_id
    assert client.takes_token(token) is True
    assert client.takes_token(token.value) is True  # it may be used more than once
    assert client.takes_token("x" * 24) is False
    client.revoke_token(token)
    assert client.takes_token(token) is False


def test_nothing_of_it_is_kept(today):
    site, client = today
    token = client.create_token(site.account_id, site.password)
    client.takes_token(token)
    assert token.value not in repr(vars(client)) + repr(vars(client._connection.transport))
    assert not client._connection.transport._session.cookies


def test_a_token_of_another_host_is_not_sent(today):
    _site, client = today
    with LocalCoCalc(admin=True, generation="B") as other:
        there = Client(other.api_key, host=other.url, verify=other.ca_file)
        token = there.create_token(other.account_id, other.password)
        before = sum(other.requests.values())
        with pytest.raises(errors.ValidationError):
            client.takes_token(token)
        assert sum(other.requests.values()) == before


def test_where_there_is_no_such_page_or_no_server():
    with LocalCoCalc(admin=True, generation="A") as old:
        client = Client(old.api_key, host=old.url, verify=old.ca_file)
        with pytest.raises(errors.APIError):
            client.takes_token("x" * 24)
    with pytest.raises(errors.APIConnectionError) as caught:
        client.takes_token("secret-secret-secret")
    assert "secret-secret" not in str(caught.value)


def test_it_is_in_no_log(today, caplog):
    site, client = today
    token = client.create_token(site.account_id, site.password)
    with caplog.at_level("DEBUG"):
        assert client.takes_token(token)
    assert "/auth/impersonate" in caplog.text  # it was logged, and
    assert token.value not in caplog.text
