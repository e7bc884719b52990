"""What reaches a terminal or an output: no sign that steers it, and no secret of a raw answer."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import uuid

import pytest
from api.fake import Answer, serving
from IPython.lib.pretty import pretty

from cocalc_widget import Client, errors
from cocalc_widget.address import Address
from cocalc_widget.api import (
    Account,
    CopyJob,
    CopyJobs,
    ExecResult,
    Log,
    LogEntry,
    Project,
    Projects,
    Token,
    Whoami,
)
from cocalc_widget.api.dialects import detection as detect
from cocalc_widget.api.results import tables as rich
from cocalc_widget.magics.commands.console import Text
from cocalc_widget.magics.doctor.report import Check, Report
from cocalc_widget.magics.language import completer
from cocalc_widget.redact import Secret, redact

VALUE = "T0kenT0kenT0kenT0ken1234"
STEERS = "a\x1b]0;title\x07\x1b[2Jb\x9b31mc\rd\u202ee\x08"


def test_what_a_server_says_does_not_steer_the_terminal():
    """Titles, names, states, errors, files, output, logs: every text form that is shown."""
    project = Project(str(uuid.uuid4()), STEERS, STEERS)
    place = Address(project.project_id, STEERS)
    job = CopyJob(STEERS, place, place, "done", names={project.project_id: STEERS})
    entry = LogEntry(STEERS, STEERS, STEERS, None, STEERS, STEERS)
    shown = [
        *(repr(it) for it in (project, Projects([project]), job, CopyJobs([job]), entry)),
        *(pretty(it) for it in (project, Projects([project]), job, CopyJobs([job]), entry)),
        *(pretty(it) for it in (Log([entry]), Text(STEERS), ExecResult(STEERS, STEERS, 1))),
        *(
            repr(it)
            for it in (ExecResult(STEERS, STEERS, 1), CopyJob(STEERS, Address(""), place, "done"))
        ),
        *(
            pretty(it)
            for it in (Whoami("a", STEERS, STEERS, STEERS, "v1", "A", STEERS), Account(STEERS))
        ),
        *(str(errors.CommandError(STEERS, remedy=STEERS)), repr(errors.APIError(STEERS))),
        str(Report.of([Check("host", "ok", STEERS, STEERS)])),
        rich.text_table(STEERS, [STEERS], [[STEERS]]),
        rich.table(STEERS, ["x"], [[STEERS]]),
        *(it._repr_html_() for it in (project, Projects([project]), job, CopyJobs([job]))),
    ]
    for text in shown:
        assert not set(STEERS) & set(text) & set("\x1b\x07\x9b\r\u202e\x08"), repr(text)
    assert str(Text(STEERS)) == STEERS  # the value is the file's
    assert ExecResult("a\r\nb\n", "", 0).__repr__() == "exit code 0\na\nb"


def test_completion_offers_no_name_that_steers_the_terminal(monkeypatch):
    monkeypatch.setattr(completer, "candidates", lambda *_a, **_o: ("", ["good", STEERS]))
    found = completer.match("%cocalc open ", (), None)
    assert [it.text for it in found["completions"]] == ["good"]


@pytest.mark.parametrize(
    ("name", "answer", "open_parts"),
    [
        ("user_auth", {"event": "auth", "auth_token": VALUE}, {"event": "auth"}),
        ("org.createToken", {"token": VALUE, "url": f"https:/x?auth_token={VALUE}"}, {}),
        ("system.generateUserAuthToken", VALUE, None),
        ("create_account", {"api_key": VALUE, "account_id": "a"}, {"account_id": "a"}),
        ("system.manageApiKeys", [{"secret": VALUE, "name": "n"}], None),
        ("db.x", {"rows": [{"text": "sk-" + VALUE, "url": "https://uni.edu"}]}, None),
    ],
)
def test_a_raw_answer_shows_no_secret(name, answer, open_parts, shell):
    detect.forget()
    with serving(lambda _seen: Answer(answer)) as server:
        client = Client("k", host=server.url, api="v1" if "_" in name else "auto")
        client._connection.found = (detect.DialectV1 if "_" in name else detect.DialectConat)(
            client._connection.caller
        )
        told = client.call(name)
    shown = repr(told) + pretty(told) + str(shell.display_formatter.format(told)[0])
    assert VALUE not in shown
    assert "•••" in shown
    assert "https://uni.edu" in shown or name != "db.x"
    # it is what came, for whoever computes with it
    assert told == answer
    assert json.loads(json.dumps(told)) == answer
    for key, value in (open_parts or {}).items():
        assert type(told[key]) is str
        assert told[key] == value
    with pytest.raises(TypeError):
        pickle.dumps(told)
    assert copy.deepcopy(told) == told
    found = told if isinstance(told, str) else None
    if found is not None:
        assert found.reveal() == str(found) == VALUE
        assert type(found.reveal()) is str
        assert redact(f"x {VALUE}") == "x •••"


def test_a_token_as_a_dict_keeps_its_secret():
    token = Token(Secret(VALUE), None, "B", "https://a.test")
    told = dataclasses.asdict(token)
    assert told["secret"] is token.secret
    assert told["host"] == "https://a.test"
    assert VALUE not in repr(told)
    assert dataclasses.asdict(Account("a", Secret(VALUE)))["api_key"].reveal() == VALUE
