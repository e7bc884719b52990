"""Errors: one line in the notebook, everything on the second look, no secret in either."""

from __future__ import annotations

import inspect
from pathlib import Path

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


def test_an_error_raised_again_is_one_line_again(
    capsys: pytest.CaptureFixture[str], shell: InteractiveShell
) -> None:
    shell.run_cell("from cocalc_widget import errors\nkept = errors.NotFoundError('No such file.')")
    for _ in range(3):
        shell.run_cell("raise kept")
        assert capsys.readouterr().out.strip() == "NotFoundError: No such file."
    for _ in range(2):
        shell.run_cell("%tb")
        assert "raise kept" in capsys.readouterr().out
    shell.run_cell("async def later():\n    raise kept\nawait later()")
    assert capsys.readouterr().out.strip() == "NotFoundError: No such file."
    shell.run_cell("get_ipython().showtraceback()")
    assert "await later()" in capsys.readouterr().out


def test_a_cell_within_a_cell_shows_one_line_each(
    capsys: pytest.CaptureFixture[str], shell: InteractiveShell, tmp_path: Path
) -> None:
    script = tmp_path / "inner.ipy"
    script.write_text(
        "from cocalc_widget import errors\nraise errors.NotFoundError('No such file.')\n"
    )
    shell.run_cell(f"%run {script}")
    shown = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert set(shown) == {"NotFoundError: No such file."}


def test_debug_looks_at_the_error_that_was_shown_last(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []

    class Debugger(shell.debugger_cls):  # type: ignore[misc, name-defined]
        def interaction(self, _frame: object, _what: object) -> None:
            looked_at.append(self.botframe.f_code.co_names)

    monkeypatch.setattr(shell.InteractiveTB, "debugger_cls", Debugger)
    monkeypatch.setattr(shell.InteractiveTB, "pdb", None)
    shell.run_cell("first = 1 / 0")
    shell.run_cell("from cocalc_widget import errors\nraise errors.NotFoundError('No such file.')")
    shell.run_cell("%debug")
    assert len(looked_at) == 1
    assert "NotFoundError" in looked_at[0]
