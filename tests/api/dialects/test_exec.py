"""Commands: what never ran is an error, what was cut says so, variables on every generation."""

from __future__ import annotations

from typing import Any

import pytest

from cocalc_widget import LocalCoCalc, errors
from cocalc_widget.api import Client, ExecResult
from cocalc_widget.api.dialects.records import exec_of

ENV = {"FOO": "bar baz; $HOME 'x'", "_B2": ""}


@pytest.fixture(scope="module", params=["A", "B"])
def site(request: pytest.FixtureRequest) -> Any:
    with LocalCoCalc(generation=request.param, content={"P": {"a.md": "a\n"}}) as local:
        yield local


@pytest.fixture(params=["auto", "v2"])
def client(site: LocalCoCalc, request: pytest.FixtureRequest) -> Client:
    return Client(site.api_key, host=site.url, verify=str(site.ca_file), api=request.param)


def test_a_program_that_is_not_there_is_an_error(site: LocalCoCalc, client: Client) -> None:
    with pytest.raises(errors.NotFoundError, match="no program 'nosuch' in the proj") as caught:
        client.exec("P", "nosuch", [])
    assert "errno" not in str(caught.value)
    assert caught.value.body
    with pytest.raises(errors.NotFoundError, match="no program 'nosuch' in the project, or no"):
        client.exec("P", "nosuch", ["x"], path="sub")
    with pytest.raises(errors.NotFoundError, match="no program 'nosuch'"):
        client.exec("P", "nosuch", ["a"], env=ENV)
    with pytest.raises(errors.PermissionDeniedError, match=r"'./a.md' can't be run"):
        client.exec("P", "./a.md", [])
    assert client.exec("P", "nosuch").exit_code == 127, "bash says so itself"
    assert client.exec("P", "exit 1").exit_code == 1
    if site.core.options.generation == "A":
        with pytest.raises(errors.NotFoundError, match="no folder 'no/such/dir' in the project"):
            client.exec("P", "pwd", path="no/such/dir")
    else:
        assert client.exec("P", "pwd", path="no/such/dir").exit_code == 0


def test_variables(client: Client) -> None:
    line = 'printf "%s|%s" "$FOO" "$_B2"'
    assert client.exec("P", line, env=ENV).stdout == f"{ENV['FOO']}|"
    assert client.exec("P", "bash", ["-c", line], env=ENV).stdout == f"{ENV['FOO']}|"
    assert client.exec("P", "exit 3", env=ENV).exit_code == 3
    for bad in ({"A=B": "x"}, {"": "x"}, {"-u": "x"}, {"A": 1}, {"A B": "x"}, ["A"], {"Ä": "x"}):
        with pytest.raises(errors.ValidationError, match="env must be a dict of strings"):
            client.exec("P", "true", env=bad)  # type: ignore[arg-type]


def test_output_that_was_cut_says_so(client: Client) -> None:
    ended = client.exec("P", "head -c 10000003 /dev/zero | tr '\\0' x; exit 2")
    assert ended.truncated
    assert ended.stdout == "x" * 10_000_000
    assert ended.exit_code == 2
    assert repr(ended).endswith("to have it all, write it to a file]")
    plain = client.exec("P", "echo hi >&2")
    assert not plain.truncated
    assert repr(plain) == "exit code 0\nstderr: hi"


@pytest.mark.parametrize(
    ("stdout", "kept", "cut"),
    [
        ("xyz (truncated at 3 characters)", "xyz", True),  # as recorded
        ("😀a (truncated at 3 characters)", "😀a", True),
        ("see (truncated at 30 characters)", "see (truncated at 30 characters)", False),
        ("xyz (truncated at 3 characters)\n", "xyz (truncated at 3 characters)\n", False),
    ],
)
def test_the_note_of_a_cut(stdout: str, kept: str, cut: bool) -> None:
    for name in ("stdout", "stderr"):
        body = {"stdout": "", "stderr": "", "exit_code": 0, name: stdout}
        ended = exec_of(body, "exec")
        assert (getattr(ended, name), ended.truncated) == (kept, cut)


def test_a_result_made_by_hand_is_whole() -> None:
    assert not ExecResult("", "", 0).truncated
