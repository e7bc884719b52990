"""How results show themselves: readable, escaped, without secrets."""

from __future__ import annotations

import copy
import pickle
import re
from datetime import datetime, timedelta, timezone

import pytest
from IPython.lib.pretty import pretty

from cocalc_widget import errors
from cocalc_widget.address import Address
from cocalc_widget.api import (
    Account,
    Client,
    CopyJob,
    CopyJobs,
    ExecResult,
    Project,
    Projects,
    Token,
    Whoami,
)
from cocalc_widget.api.dialects.calls import Caller
from cocalc_widget.api.http.failures import judge, seconds_to_wait
from cocalc_widget.api.http.transport import Transport
from cocalc_widget.api.results.jobs import check_job_id
from cocalc_widget.api.results.values import parse_time
from cocalc_widget.redact import Secret

P = "aaaaaaaa-0000-4000-8000-000000000001"
Q = "aaaaaaaa-0000-4000-8000-000000000002"
VALUE = "TokenTokenTokenToken1234"
HOST = "https://cocalc.example.com"


def test_tables_are_escaped() -> None:
    evil = "<script>alert(1)</script>"
    job = CopyJob("1", Address(P, evil), Address(Q, evil), "error", errors.ServerError(evil))
    shown = [
        Projects([Project(P, evil, evil)])._repr_html_(),
        Project(P, evil)._repr_html_(),
        CopyJobs([job])._repr_html_(),
        job._repr_html_(),
        Whoami(P, evil, evil, evil, "v1", "A", evil)._repr_html_(),
    ]
    for text in shown:
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


def test_lists_and_cards_in_text() -> None:
    found = Projects([Project(P, "Week 1"), Project(Q, "日本語"), Project(P, "e\u0301\nx")])
    assert pretty(found).splitlines() == [
        "3 projects",
        "  title   project_id",
        f"  Week 1  {P}",
        f"  日本語  {Q}",  # as wide on the screen as six letters
        f"  e\u0301 x     {P}",
    ]
    assert "description" not in found._repr_html_()
    found[0] = Project(P, "Week 1", "for all")
    assert pretty(found).splitlines()[1:3] == [
        "  title   project_id                            description",
        f"  Week 1  {P}  for all",
    ]
    assert pretty(Projects()) == "0 projects"
    assert pretty(Projects(found[:1])).startswith("1 project\n")
    assert "<caption style='text-align:left'>1 project<" in Projects(found[:1])._repr_html_()
    who = Whoami(P, "a@b.org", "", HOST, "v1", "A", "login")
    assert pretty(who).splitlines()[:3] == [
        "CoCalc account",
        f"  account_id  {P}",
        "  email       a@b.org",
    ]
    # one value of many stays on its line
    assert pretty([Project(P, "x")]) == repr([Project(P, "x")])
    account = Account(P, Secret("sk-abcdefghijklmnopqrstuv"))
    for text in (pretty(account), account._repr_html_()):
        assert P in text
        assert "•••stuv" in text
        assert "abcdef" not in text


def test_tables_leave_colours_to_the_page() -> None:
    job = CopyJob("1", Address(P, "a"), Address(Q, "b"), "done")
    shown = [
        Projects([Project(P, "x", "y")]),
        Project(P, "x"),
        CopyJobs([job]),
        job,
        Whoami(P, "a@b.org", "A", HOST, "v1", "A", "login"),
        Account(P, Secret(VALUE)),
        Token(Secret(VALUE), None, "A", HOST),
    ]
    for result in shown:
        html = result._repr_html_()  # type: ignore[attr-defined]
        assert set(re.findall(r"style=(?:'[^']*'|\"[^\"]*\")", html)) == {"style='text-align:left'"}
        assert not re.search(r"color|<style|class=", html)


def test_a_job_in_one_line() -> None:
    job = CopyJob("1", Address(P, "a"), Address(Q, "b"), "queued")
    assert repr(job) == f"<{P}:a → {Q}:b: queued>"
    assert "ignored" in repr(CopyJob("", Address(P, "a"), Address(Q, "b"), "done", note="ignored"))
    with pytest.raises(AttributeError):
        job.state = "done"  # type: ignore[misc]


def test_jobs_show_titles_where_they_are_known() -> None:
    job = CopyJob("7", Address(P, "a"), Address(Q, "b"), "done", names={Q: "Ada <L>"})
    assert repr(job) == f"<{P}:a → Ada <L>:b: done>"
    assert "Ada &lt;L&gt;:b" in job._repr_html_()
    assert Q not in CopyJobs([job])._repr_html_()
    assert "names" not in job._repr_html_()
    assert job == CopyJob("7", Address(P, "a"), Address(Q, "b"), "done"), "a title is only a look"
    told = CopyJob("7", Address(P), Address(Q), "error")
    assert repr(job.updated(told)) == f"<{P}:a → Ada <L>:b: error>"


def test_a_command_reads_like_a_terminal() -> None:
    shown = repr(ExecResult("out\n", "bad\n", 3))
    assert shown == "exit code 3\nout\nstderr: bad"


def test_tokens_keep_their_secret() -> None:
    until = datetime(2026, 11, 24, 3, 33, tzinfo=timezone.utc)
    token = Token(Secret(VALUE), until, "A", HOST)
    for text in (repr(token), str(token), f"{token}", token._repr_html_(), repr([token])):
        assert VALUE not in text
        assert "1234" in text
    assert "2026-11-24 03:33" in repr(token)
    assert "expires" not in repr(Token(Secret(VALUE), None, "A", HOST))
    # what is called UTC is, whatever zone the time was given in
    east = timezone(timedelta(hours=5, minutes=30))
    there = Token(Secret(VALUE), until.astimezone(east), "A", HOST)
    assert (repr(there), there._repr_html_()) == (repr(token), token._repr_html_())
    assert parse_time("2026-01-01T05:30:00+05:30") == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert parse_time("2026-01-01T05:30:00+05:30").utcoffset() == timedelta(0)
    assert copy.copy(token).value == VALUE
    with pytest.raises(TypeError):
        pickle.dumps(token)
    assert VALUE not in repr(Account(P, Secret(VALUE)))


def test_sign_in_urls() -> None:
    on_a, on_b = (Token(Secret(VALUE), None, generation, HOST) for generation in ("A", "B"))
    assert on_a.url() == f"{HOST}/app?auth_token={VALUE}&fullscreen=kiosk&session="
    assert on_a.url(P, "a b.md").startswith(f"{HOST}/projects/{P}/files/a%20b.md?auth_token=")
    assert on_b.url(P, "a b.md") == f"{HOST}/auth/impersonate?auth_token={VALUE}"
    for told in ((None, "a.md"), (P, None), ("nope", "a.md"), (P, "../x")):
        with pytest.raises(errors.ValidationError):
            on_a.url(*told)


def test_embedding_asks_nobody() -> None:
    client = Client("k" * 20, host=HOST)
    assert client.embed_url(P, "ä.md") == (
        f"{HOST}/projects/{P}/files/%C3%A4.md?fullscreen=default&session="
    )
    with pytest.raises(errors.ValidationError):
        client.embed_url(" ", "a.md")
    assert "k" * 8 not in repr(client)


def test_times() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
    for told in ("2026-11-23T12:00:00.000Z", "2026-11-23T12:00:00", noon.timestamp() * 1000):
        assert parse_time(told) == noon
    for told in (None, "", True, "soon", 1e30, [], {}):
        assert parse_time(told) is None


def test_bans_in_any_unit() -> None:
    assert seconds_to_wait("banned -- please wait at least 60s before trying again") == 60
    assert seconds_to_wait("wait 2 minutes") == 120
    assert seconds_to_wait("wait a little") is None


def test_quoted_words_decide_nothing() -> None:
    """A file called `not found` that may not be read is not a missing one."""
    words = "ACCESS BLOCKED -- '/projects/x/not found, banned, invalid input'"
    assert judge(words, 200).error is errors.PermissionDeniedError
    assert judge("whatever else", 200).error is errors.ServerError
    assert judge("whatever else", 422).error is errors.ValidationError


def test_ids_of_jobs() -> None:
    assert check_job_id(P) == P
    for bad in ("", "nope", None, 5):
        with pytest.raises(errors.ValidationError):
            check_job_id(bad)


def test_a_remedy_names_the_source_of_a_refused_key() -> None:
    for key, source, words in (
        (None, "", "No API key was found"),
        (Secret(""), "argument", "blank"),
        (Secret("sk-" + "z" * 22), "api.key", "does not know the key"),
        (Secret("sk-" + "z" * 22), "api.key", "came from api.key"),
    ):
        caller = Caller(Transport(HOST, key), source)
        assert words in caller._key_remedy()
        assert "z" * 8 not in caller._key_remedy()
