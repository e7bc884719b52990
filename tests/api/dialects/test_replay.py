"""Every recording, through the real client: the result, or the exact error in CoCalc's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cocalc_widget import errors

from ..fake import Answer, Server, serving
from .expected import FAILURES
from .recordings import FILES, ROWS, Row, client_for, load, send_again

CLASSES = {
    (file, name): error
    for file, groups in FAILURES.items()
    for error, names in groups.items()
    for name in names
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(lambda _seen: Answer({})) as running:
        yield running


def test_the_table_names_recordings_only() -> None:
    known = {(row.file, row.name) for row in ROWS}
    assert set(CLASSES) <= known
    assert sum(len(names) for groups in FAILURES.values() for names in groups.values()) == len(
        CLASSES
    )
    assert {file: len(load(file)) for file in FILES} == {
        "v1": 153, "v2": 104, "conat-2026": 63, "rest-2024": 31, "rest-2026": 63,
    }  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_replay(row: Row, server: Server) -> None:
    server.handle = lambda _seen: row.reaction()
    client = client_for(row, server.url)
    expected = CLASSES.get((row.file, row.name))
    if row.response["status"] is None:
        client._connection.transport.timeouts = client._connection.transport.timeouts.__class__(
            0.3, 0.3, 0.3
        )
    if expected is None:
        result = send_again(client, row)
        assert result == row.body
        return
    with pytest.raises(errors.CoCalcError) as caught:
        send_again(client, row)
    error: Any = caught.value
    assert type(error) is expected
    assert error.endpoint == row.endpoint
    if expected is errors.APITimeoutError:
        assert error.sent
        return
    assert error.status == row.response["status"]
    words = row.words()
    if "expired token" not in (words or ""):
        assert error.body == row.body
    if "expired token" in (words or ""):
        assert "PLACEHOLDER" not in str(error)
        assert "unknown or expired token: '•••'" in error.message
    elif words is not None:
        assert error.message == words
    else:
        assert f"HTTP {error.status}" in error.message
    if isinstance(row.body, dict) and "id" in row.body:
        assert error.request_id == row.body["id"]
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_row_without_an_entry_is_a_success(row: Row) -> None:
    """The table is complete: a second look at the rows, by the plainest of signs."""
    body, status = row.body, row.response["status"]
    bad = status is None or status >= 400
    if isinstance(body, dict):
        bad = bad or "error" in body or "issues" in body or "reason" in body
    if isinstance(body, str) and body.startswith("ERROR:"):
        bad = True
    assert bad == ((row.file, row.name) in CLASSES)


def test_the_ban_says_how_long() -> None:
    row = next(row for row in ROWS if row.name == "user_auth.right_password_after_wrong")
    with serving(lambda _seen: row.reaction()) as server:
        client = client_for(row, server.url, api="v1")
        with pytest.raises(errors.RateLimitError) as caught:
            client.create_token("bbbbbbbb-0000-4000-8000-000000000002", "secret-password")
    assert caught.value.retry_after == 60
    assert "60 s" in caught.value.remedy
