"""Text in parts: sizes as the wire has them, nothing lost, and what is joined is checked."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocalc_widget import errors
from cocalc_widget.api import files as texts
from cocalc_widget.api.results.values import ExecResult

P = "aaaaaaaa-0000-4000-8000-000000000001"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(TEXT)
def test_measure_is_what_is_sent(text: str) -> None:
    assert texts.measure(text, form=True) == len(quote_plus(text))
    assert texts.measure(text, form=False) == len(json.dumps(text, ensure_ascii=False).encode())


@given(TEXT, st.integers(20, 60), st.booleans())
def test_parts_make_the_whole(text: str, size: int, form: bool) -> None:
    parts = list(texts.split(text, size, form=form))
    assert "".join(parts) == text
    assert all(part and texts.measure(part, form=form) <= size for part in parts)


def test_broken_unicode_is_refused() -> None:
    for form in (True, False):
        with pytest.raises(errors.ValidationError, match="surrogate"):
            texts.measure("a\ud800", form=form)


class Fake:
    """A dialect that keeps what is written and ends every command as told."""

    form, part_size = True, 50

    def __init__(self, ended: ExecResult | None = None, fail_at: int = -1) -> None:
        self.ended, self.fail_at = ended or ExecResult("", "", 0), fail_at
        self.written: list[tuple[str, str]] = []
        self.commands: list[list[str]] = []

    def write_text(self, _project: str, path: str, text: str) -> None:
        if len(self.written) == self.fail_at:
            raise errors.APITimeoutError("late")
        self.written.append((path, text))

    def exec(self, _project: str, command: str, args: list[str], **_: Any) -> ExecResult:
        self.commands.append([command, *args])
        return self.ended


def test_small_text_is_one_request() -> None:
    fake = Fake()
    texts._write(fake, P, "a/b.txt", "x" * 50)  # type: ignore[arg-type]
    assert fake.written == [("a/b.txt", "x" * 50)]
    assert fake.commands == []


def test_large_text_is_joined_and_checked() -> None:
    fake = Fake()
    texts._write(fake, P, "a/b.txt", "xyz" * 50)  # type: ignore[arg-type]
    assert "".join(text for _, text in fake.written) == "xyz" * 50
    folders = {path.rpartition("/")[0] for path, _ in fake.written}
    assert len(folders) == 1
    assert folders.pop().startswith("a/.cocalc-widget-")
    assert len(fake.commands) == 1


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (21, errors.ValidationError, "is a folder"),
        (23, errors.ServerError, "differ"),
        (24, errors.ServerError, "no space"),
    ],
)
def test_joins_that_fail(code: int, error: type[errors.CoCalcError], words: str) -> None:
    fake = Fake(ExecResult("", "no space left", code))
    with pytest.raises(error, match=words):
        texts._write(fake, P, "b.txt", "x" * 200)  # type: ignore[arg-type]
    assert fake.commands[-1][:3] == ["rm", "-rf", "--"], "the parts are removed"


@pytest.mark.parametrize("cleans", [True, False])
def test_interrupted_between_parts(cleans: bool) -> None:
    """Ctrl-C leaves nothing behind, or says what."""

    class Stopped(Fake):
        def write_text(self, _project: str, path: str, text: str) -> None:
            if len(self.written) == 2:
                raise KeyboardInterrupt
            super().write_text(_project, path, text)

        def exec(self, _project: str, command: str, args: list[str], **_: Any) -> ExecResult:
            super().exec(_project, command, args)
            if not cleans:
                raise KeyboardInterrupt
            return self.ended

    fake = Stopped()
    with pytest.raises(KeyboardInterrupt) as caught:
        texts._write(fake, P, "a/b.txt", "x" * 200)  # type: ignore[arg-type]
    folder = fake.written[0][0].rpartition("/")[0]
    assert fake.commands == [["rm", "-rf", "--", folder]]
    assert (folder in str(caught.value)) is not cleans
    assert ("are removed" in str(caught.value)) is cleans


def test_parts_that_are_left_are_named() -> None:
    fake = Fake(ExecResult("", "no space", 24))
    with pytest.raises(errors.ServerError) as caught:
        texts._write(fake, P, "b.txt", "x" * 200)  # type: ignore[arg-type]
    assert fake.written[0][0].rpartition("/")[0] in caught.value.remedy
    fake = Fake(ExecResult("", "", 1), fail_at=2)
    with pytest.raises(errors.APITimeoutError) as late:
        texts._write(fake, P, "b.txt", "x" * 200)  # type: ignore[arg-type]
    assert fake.written[0][0].rpartition("/")[0] in late.value.remedy


def test_parts_that_cannot_be_sent() -> None:
    fake = Fake(fail_at=2)
    with pytest.raises(errors.APITimeoutError):
        texts._write(fake, P, "b.txt", "x" * 200)  # type: ignore[arg-type]
    assert fake.commands[-1][0] == "rm"
