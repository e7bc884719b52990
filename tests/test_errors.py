"""Errors: one line in the notebook, everything on the second look, no secret in either."""

from __future__ import annotations

import inspect

import pytest
from IPython.core.interactiveshell import InteractiveShell

from cocalc_widget import errors

KEY = "sk-CanaryCanaryCanary0001"


def classes() -> list[type[errors.CoCalcError]]:
    found = [c for _, c in inspect.getmembers(errors, inspect.isclass)]
    return [c for c in found if issubclass(c, errors.CoCalcError)]


def test_the_tree_is_the_documented_one() -> None:
    parents = {c.__name__: c.__mro__[1].__name__ for c in classes()}
    assert parents.pop("CoCalcError") == "Exception"
    api = {
        "AuthenticationError", "PermissionDeniedError", "NotFoundError",
        "ValidationError", "RateLimitError", "ServerError",
    }  # fmt: skip
    base = {
        "ConfigurationError", "APIConnectionError", "APIError", "CommandError",
        "CommandTimeoutError", "CommandCancelledError", "ChannelBlockedError", "WouldDeadlockError",
    }  # fmt: skip
    assert parents.pop("APITimeoutError") == "APIConnectionError"
    assert {n for n, p in parents.items() if p == "APIError"} == api
    assert {n for n, p in parents.items() if p == "CoCalcError"} == base


def test_bad_input_is_a_value_error_too() -> None:
    assert issubclass(errors.ValidationError, ValueError)
    assert issubclass(errors.ConfigurationError, ValueError)


def test_says_what_and_what_to_do() -> None:
    error = errors.ConfigurationError("no API key is known.", remedy="Run %cocalc login.")
    assert str(error) == "no API key is known. Run %cocalc login."
    assert error.remedy == "Run %cocalc login."
    said = errors.CommandError("no such account", remedy="Look again.")
    assert (said.message, str(said)) == ("no such account", "no such account. Look again.")


@pytest.mark.parametrize("cls", classes())
def test_no_error_shows_a_key(cls: type[errors.CoCalcError]) -> None:
    error = cls(f"key {KEY} at https://h/app?auth_token=abcDEF123456", remedy=f"drop {KEY}")
    for text in (str(error), repr(error), error.remedy, *error._render_traceback_()):
        assert KEY not in text
        assert "abcDEF123456" not in text


def test_api_error_keeps_the_answer() -> None:
    error = errors.NotFoundError(
        "no such account", endpoint="user_auth", status=200, request_id="x", body={"error": "n"}
    )
    assert (error.endpoint, error.status, error.request_id) == ("user_auth", 200, "x")
    assert error.body == {"error": "n"}
    assert errors.RateLimitError("wait", retry_after=60.0).retry_after == 60.0


def test_one_line_first_and_everything_on_tb(
    capsys: pytest.CaptureFixture[str], shell: InteractiveShell
) -> None:
    source = (
        "from cocalc_widget import errors\n"
        "def deep():\n    raise errors.NotFoundError('no such\\nproject', remedy='Look again.')\n"
        "deep()"
    )
    result = shell.run_cell(source)
    assert isinstance(result.error_in_exec, errors.NotFoundError)
    first = capsys.readouterr().out.strip()
    assert first == "NotFoundError: no such project. Look again."
    shell.run_line_magic("tb", "")
    assert "deep()" in capsys.readouterr().out
