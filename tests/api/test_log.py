"""A project's log: the recordings, every API, newest first, and only for who may see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from IPython.core.formatters import DisplayFormatter
from stage.stand_in import client_of

from cocalc_widget import errors
from cocalc_widget.api import Client, Log, LogEntry
from cocalc_widget.api import log as log_module
from cocalc_widget.api.dialects import detection as detect
from cocalc_widget.api.dialects.conat import DialectConat
from cocalc_widget.api.dialects.v1 import DialectV1
from cocalc_widget.api.dialects.v2 import DialectV2
from cocalc_widget.local import LocalCoCalc

from .dialects.recordings import Row, load
from .fake import HANG, Answer, serving
from .sites import api_of, of_kind

KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"
P = "aaaaaaaa-0000-4000-8000-000000000001"
ME = "bbbbbbbb-0000-4000-8000-000000000002"
ROWS = {row.name: row for name in ("rest-2024", "rest-2026") for row in load(name)}
DIALECTS: dict[str, Any] = {"v1": DialectV1, "v2": DialectV2, "conat": DialectConat}
SINCE = datetime(2026, 11, 25, 23, 0, tzinfo=timezone.utc)


RECENT = log_module._RECENT


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recordings stay recent, whenever this runs."""
    detect.forget()
    monkeypatch.setattr(log_module, "_RECENT", timedelta.max)


@contextmanager
def told(kind: str, answer: Any) -> Iterator[tuple[Client, Any]]:
    reaction = answer.reaction() if isinstance(answer, Row) else Answer(answer)
    with serving(lambda _seen: reaction) as server, Client(KEY, host=server.url) as client:
        client._connection.found = DIALECTS[kind](client._connection.caller)
        yield client, server


def sent(server: Any) -> Any:
    """The query on the wire, whatever envelope it came in."""
    body = server.seen[-1].json
    return (body["args"][0] if "args" in body else body)["query"]


def test_the_recordings_of_generation_b() -> None:
    with told("conat", ROWS["log.get.since"]) as (client, server):
        log = client.log(P, SINCE)
        recorded = ROWS["log.get.since"].request["body"]["args"][0]["query"]
        condition = {">=": "2026-11-25T23:00:00.000Z"}
        recorded["project_log"][0]["time"] = condition  # with its milliseconds
        assert sent(server) == recorded
    assert log == [
        LogEntry(
            "e1495408-03eb-456e-8598-b45ddc8c1517", P, ME,
            datetime(2026, 11, 25, 23, 12, 0, 242000, timezone.utc), "open", "a.md", 3.051,
        ),
        LogEntry(
            "c728cf40-a685-46bf-874a-98868aaa555c", P, ME,
            datetime(2026, 11, 25, 23, 11, 12, 259000, timezone.utc), "open", "a.md", 0.845,
        ),
    ]  # fmt: skip
    assert log[0].details["compute_server_id"] == 0
    with told("conat", ROWS["log.get"]) as (client, server):
        assert client.log(P) == log
        assert sent(server)["project_log"][0]["time"] is None
    refused = pytest.raises(errors.PermissionDeniedError, match="read access to this project")
    with told("conat", ROWS["log.get.stranger"]) as (client, _), refused:
        client.log(P)


def test_the_recording_of_generation_a() -> None:
    with told("v1", ROWS["v1.query.log"]) as (client, server):
        log = client.log(P)
        assert sent(server) == ROWS["v1.query.log"].request["body"]["query"]
    assert [entry.path for entry in log[:3]] == ["notes.md", "t-v1", "week1.md"]
    assert {entry.opened_in for entry in log} == {None}
    assert {entry.event for entry in log} == {"open"}
    assert log == sorted(log, key=lambda it: it.time or SINCE, reverse=True)


def entries(*rows: Any) -> dict[str, Any]:
    return {"event": "query", "query": {"project_log": [*rows]}, "project_log": [*rows]}


def entry(number: int, time: Any, event: Any = None) -> dict[str, Any]:
    return {"id": f"{number}", "project_id": P, "account_id": ME, "time": time, "event": event}


@pytest.mark.parametrize("kind", DIALECTS)
def test_a_server_that_sorts_and_sifts_nothing(kind: str) -> None:
    rows = [
        entry(1, "2026-11-25T22:59:59.999Z"),
        entry(2, "2026-11-25T23:00:00.000Z"),
        entry(3, None),
        entry(4, "2026-11-26T00:00:00.000Z"),
    ]
    with told(kind, entries(*rows)) as (client, _):
        assert [it.id for it in client.log(P, SINCE)] == ["4", "2", "3"]
        assert [it.id for it in client.log(P)] == ["4", "2", "1", "3"]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            {"event": "open", "filename": "a.md", "time": 12.5},
            ("open", "a.md", 0.0125),
        ),
        ({"event": "start_project", "time": True}, ("start_project", "", None)),
        ({"event": "file_action", "action": "deleted", "files": ["x"]}, ("file_action", "", None)),
        (None, ("", "", None)),
        ("x", ("", "", None)),
        ({"event": 5, "filename": ["x"], "time": "12"}, ("5", "['x']", None)),
    ],
)
def test_events_of_any_shape(event: Any, expected: Any) -> None:
    with told("v1", entries(entry(1, "2026-11-25T23:00:00Z", event))) as (client, _):
        (found,) = client.log(P)
    assert (found.event, found.path, found.opened_in) == expected


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize("rows", ["x", 5, [5], [{"id": 5}], [None]])
def test_what_is_no_log(kind: str, rows: Any) -> None:
    body = {"event": "query", "query": {"project_log": rows}, "project_log": rows}
    with told(kind, body) as (client, _), pytest.raises(errors.ServerError, match="has no"):
        client.log(P)


@pytest.mark.parametrize("rows", [None, []])
def test_an_empty_log(rows: Any) -> None:
    with told("v1", {"event": "query", "query": {"project_log": rows}}) as (client, _):
        assert client.log(P) == []


def test_what_may_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "_RECENT", RECENT)
    with told("conat", {"project_log": [], "project_log_all": []}) as (client, server):
        client.log(P, timedelta(hours=1))
        condition = sent(server)["project_log"][0]["time"][">="]
        ago = datetime.now(timezone.utc) - datetime.fromisoformat(condition.replace("Z", "+00:00"))
        assert timedelta(minutes=59) < ago < timedelta(minutes=61)
        client.log(P, datetime(2026, 1, 1, 12))  # naive: local
        local = datetime(2026, 1, 1, 12).astimezone(timezone.utc)
        wanted = local.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        assert next(iter(sent(server).values()))[0]["time"] == {">=": wanted}
        client.log(P, timedelta(days=365))
        assert set(sent(server)) == {"project_log_all"}, "the other one ends after two months"
        before = len(server.seen)
        for bad in (5, "yesterday", True, timedelta.max, datetime.min):
            with pytest.raises(errors.ValidationError, match="since"):
                client.log(P, bad)  # type: ignore[arg-type]
        assert len(server.seen) == before


@pytest.mark.parametrize("kind", DIALECTS)
def test_a_deadline_of_its_own(kind: str) -> None:
    with serving(lambda _seen: HANG) as server, Client(KEY, host=server.url) as client:
        client._connection.found = DIALECTS[kind](client._connection.caller)
        with pytest.raises(errors.APITimeoutError, match=r"within 0\.3 s"):
            client.log(P, timeout=0.3)
        with pytest.raises(errors.ValidationError, match="timeout"):
            client.log(P, timeout=0)


def test_it_shows_itself() -> None:
    log = Log([LogEntry("1", P, ME, SINCE, "open", "<b>.md", 3.0512, {"x": "long"})])
    html = log._repr_html_()
    assert "1 entry" in html
    assert "&lt;b&gt;.md" in html
    assert "3.05 s" in html
    assert "2026-11-25 23:00:00" in html
    assert "long" not in repr(log[0]) + log[0]._repr_html_()
    assert "0 entries" in Log()._repr_html_()
    shell = DisplayFormatter().format
    assert "<b>.md  3.05 s" in shell(log)[0]["text/plain"]
    assert "project_id" in shell(log[0])[0]["text/plain"]


@pytest.fixture(scope="module", params=["v1", "v2", "conat"])
def site(request: pytest.FixtureRequest) -> Iterator[LocalCoCalc]:
    with of_kind(request.param, content={"Here": {}, "There": {}}) as running:
        yield running


def test_against_the_stand_in(site: LocalCoCalc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "_RECENT", RECENT)
    written = site.core.project_log
    here = site.projects["Here"]
    with client_of(site, api=api_of(site)) as client:
        assert client.log("Here") == []
        first = written.opened(here, site.account_id, "a.md")
        middle = datetime.now(timezone.utc)
        second = written.opened(here, site.account_id, "b.md")
        written.opened(site.projects["There"], site.account_id, "c.md")
        assert [it.id for it in client.log("Here")] == [second, first]
        assert [it.opened_in for it in client.log(here)] == [None, None]
        written.rendered(first, 845)
        written.rendered("nothing", 5)
        found = client.log(here[:8])
        assert [it.opened_in for it in found] == [None, 0.845]
        assert (found[1].path, found[1].account_id) == ("a.md", site.account_id)
        # the log's clock counts milliseconds
        later = client.log("Here", middle - timedelta(milliseconds=1))
        assert second in [it.id for it in later]
        old = (datetime.now(timezone.utc) - timedelta(days=100)).timestamp()
        site.store.run("UPDATE project_log SET time = ? WHERE id = ?", old, first)
        assert [it.id for it in client.log("Here")] == [second]
        assert [it.id for it in client.log("Here", timedelta(days=200))] == [second, first]
        assert client.log("Here", timedelta(days=1)) == [found[0]]
