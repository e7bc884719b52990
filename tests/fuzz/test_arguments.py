"""Arguments of the client: what is refused was not sent, what is sent is what was given."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from cocalc_widget.address import Address, is_uuid
from cocalc_widget.api.dialects.conat import DialectConat
from cocalc_widget.api.dialects.v1 import DialectV1
from cocalc_widget.api.dialects.v2 import DialectV2
from cocalc_widget.api.http.messages import Reply
from cocalc_widget.errors import CoCalcError, ConfigurationError, ValidationError

from . import strategies as bad
from .counting import examples
from .test_answers import Wire, tells_nothing

P, Q = bad.ID, bad.ID.replace("1", "2")
# answers enough for every call: all that any of them reads
BODY = {
    "event": "x", "now": 1, "content": "x", "stdout": "1", "stderr": "", "exit_code": 0, "data": [],
    "project_id": P, "copy_path_id": "", "copy_id": "", "account_id": P, "auth_token": "t" * 24,
    "state": "running",
    "token": "t" * 24, "results": [], "query": {"accounts": {"account_id": P}, "projects_all": []},
}  # fmt: skip
dialects = st.sampled_from([DialectV1, DialectV2, DialectConat])
seconds = st.one_of(st.floats(), st.integers(-1, 10**9), bad.scalars, st.just("5"))


def run(call: Any, dialect: Any) -> Wire:
    """One call with bad arguments; what was sent."""
    wire = Wire([Reply(200, "application/json", json.dumps(BODY), {})])
    refused: Any = ""
    try:
        call(wire.client(bad.CANARY, dialect))
    except CoCalcError as error:
        tells_nothing(error, bad.CANARY)
        if isinstance(error, (ValidationError, ConfigurationError)):
            refused = str(error) if getattr(error, "status", None) is None else ""
    # whether a token can be had is asked for first; the request itself is not sent
    asked = {"query", "user_search"} if "oken" in refused else set()
    names = {url.rpartition("/")[2] for url in wire.sent}
    assert not refused or names <= asked, f"sent though refused: {refused}"
    return wire


def strings(value: Any) -> list[str]:
    """All strings in a body."""
    if isinstance(value, dict):
        return [it for part in value.values() for it in strings(part)]
    if isinstance(value, list):
        return [it for part in value for it in strings(part)]
    return [value] if isinstance(value, str) else []


@examples(1000, project=bad.ids, path=bad.paths, dialect=dialects, timeout=seconds,
          which=st.sampled_from(["read_text", "write_text", "exec", "start_project",
          "embed_url"]))  # fmt: skip
def test_places(project: str, path: str, dialect: Any, which: str, timeout: Any) -> None:
    """A path on the wire is the path that was given."""
    if which == "exec":
        wire = run(lambda c: c.exec(project, path, args=[path], timeout=timeout), dialect)
    elif which == "start_project":
        wire = run(lambda c: c.start_project(project, timeout=timeout), dialect)
    elif which == "write_text":
        wire = run(lambda c: c.write_text(project, path, path), dialect)
    else:
        wire = run(lambda c: getattr(c, which)(project, path), dialect)
    for body in wire.bodies[:1]:
        told = strings(json.loads(body))
        # what is no id is looked for among the projects' titles
        if is_uuid(project.strip()):
            assert project.strip().lower() in told
            assert path in told or which == "start_project"
        else:
            listed = json.loads(body)
            assert "query" in listed or "limit" in listed, "a listing"


@examples(1000, src=st.one_of(st.just("a.md"), st.just(""), bad.text), project=bad.ids,
path=bad.paths, told=st.sampled_from(["text", "pair"]),
          options=st.fixed_dictionaries({}, optional={
              "timeout": seconds, "exclude": st.one_of(bad.text, bad.scalars, st.lists(bad.text,
              max_size=3)),
              "scheduled": st.one_of(bad.text, st.datetimes(), bad.scalars), "wait": seconds,
              "backup": bad.scalars, "concurrency": st.one_of(st.just(1), bad.scalars),
          }), dialect=dialects)  # fmt: skip
def test_copies(
    src: str, project: str, path: str, told: str, options: dict[str, Any], dialect: Any
) -> None:
    """All of a copy is checked before anything is sent, however it was written."""
    place = Address(project, path) if told == "pair" else f"{project}:{path}"
    target: Any = place if src else Q
    wire = run(lambda c: c.copy(f"{P}:{src}" if src else place, target, **options), dialect)
    for url, body in zip(wire.sent, wire.bodies, strict=True):
        if "copy" in url:
            for text in strings(json.loads(body)):
                assert not text.startswith("/")
                assert "\0" not in text
                assert ".." not in text.split("/") or text == options.get("exclude")


NAMES = st.one_of(
    bad.text, bad.names,
    st.builds("{}{}{}".format, bad.names, st.sampled_from([".", "/", "-", "//", "/../", "?", "%"]),
              bad.names),
    st.sampled_from(["ping", "api/v1/ping", "api/v2/x", "api/v1/", "projects/get", "system.test"]),
)  # fmt: skip


@examples(800, name=st.one_of(NAMES, bad.scalars), dialect=dialects,
          args=st.lists(st.one_of(bad.json_values, bad.scalars, bad.deep), max_size=2),
          options=st.dictionaries(st.sampled_from(["project_id", "timeout", "x"]),
                                  st.one_of(bad.ids, seconds, bad.json_values),
                                  max_size=2))  # fmt: skip
def test_raw_calls(name: Any, dialect: Any, args: list[Any], options: Any) -> None:
    """Any name goes to its host's API, or nowhere."""
    wire = run(lambda c: c.call(name, *args, **options), dialect)
    for url in wire.sent:
        assert url.startswith("https://cocalc.test/api/")
        assert "/../" not in url


TEXT = st.one_of(bad.text, bad.scalars)


@examples(600, one=TEXT, two=TEXT, dialect=dialects, when=st.one_of(st.none(), st.datetimes()),
          which=st.sampled_from(["account", "token", "project", "revoke", "status", "copies",
          "cancel",
                                 "resolve", "exec", "log", "standing", "standings"]))  # fmt: skip
def test_the_rest(one: Any, two: Any, dialect: Any, when: Any, which: str) -> None:
    calls: dict[str, Any] = {
        "account": lambda c: c.create_account(one, two, "a@b.test", "secret-7"),
        "token": lambda c: c.create_token(one, two if isinstance(two, str) else None, expire=when),
        "project": lambda c: c.create_project(one, "", start=True),
        "revoke": lambda c: c.revoke_token(one if isinstance(one, str) else "x"),
        "status": lambda c: c.copy_status(one),
        "copies": lambda c: c.copies(one, two),
        "cancel": lambda c: c.cancel_copy(one),
        "resolve": lambda c: c.resolve(one if isinstance(one, str) else "x"),
        "exec": lambda c: c.exec(P, one, timeout=two),
        "log": lambda c: c.log(one, when),
        "standing": lambda c: c.standing(one, two),
        "standings": lambda c: c.standings(P, two),
    }
    run(calls[which], dialect)
