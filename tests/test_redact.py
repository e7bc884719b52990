"""Redaction: a secret is seen only where it was asked for."""

from __future__ import annotations

import copy
import gc
import json
import logging
import pickle

import pytest

from cocalc_widget.redact import Secret, mask, redact


def test_a_secret_never_shows_itself(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("sk-CanaryCanaryCanary0001")
    logging.getLogger("t").warning("key %s %r", secret, secret)
    for text in (str(secret), repr(secret), f"{secret}", str([secret]), caplog.text):
        assert "Canary" not in text
        assert "0001" in text
    assert secret.reveal() == "sk-CanaryCanaryCanary0001"


def test_a_secret_stays_in_the_process() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("x" * 20))
    with pytest.raises(TypeError):
        copy.copy(Secret("x" * 20))
    with pytest.raises(TypeError):
        json.dumps({"key": Secret("x" * 20)})


def test_a_short_secret_shows_nothing_at_all() -> None:
    assert mask("hunter2hunter2") == "•••"
    assert Secret("a") == Secret("a") != Secret("b")
    assert not Secret("")


@pytest.mark.parametrize(
    "text",
    [
        "sk_abcdefghijklmnop", "Authorization: Bearer sk-abcdefghij0123456789xy",
        "Basic c2stYWJjZGVmZ2hpago6", "/app?auth_token=sk_abcdefghijklmnop&x=1",
        "auth_token%3Dsk_abcdefghijklmnop", "unknown or expired token: 'sk_abcdefghijklmnop'",
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    masked = redact(text)
    assert "abcdefghij" not in masked
    assert "c2stYWJj" not in masked
    assert "•••" in masked


def test_what_is_known_is_masked_wherever_it_stands() -> None:
    text = redact("password hunter2 and pass word", Secret("hunter2"), "", None)
    assert text == "password ••• and pass word"


def test_ordinary_text_is_left_alone() -> None:
    text = "task-list ask_me_anything risk-management-plan Basic maths, Bearer of news"
    assert redact(text) == text


def test_a_mask_shows_an_end_only_of_what_is_long() -> None:
    assert mask("x" * 11 + "9876") == "•••"
    assert mask("x" * 12 + "9876") == "•••9876"
    assert repr(Secret("x" * 12 + "9876")) == "<secret •••9876>"


def test_what_lives_is_masked_also_where_nobody_names_it() -> None:
    kept = Secret("correct horse battery")
    assert redact("I said: correct horse battery!") == "I said: •••!"
    del kept
    gc.collect()
    assert redact("I said: correct horse battery!") == "I said: correct horse battery!"


def test_what_is_short_is_masked_only_where_it_is_named() -> None:
    word, long = Secret("eleven more"), Secret("twelve chars")
    assert redact("eleven more, twelve chars") == "eleven more, •••"
    assert redact("eleven more", word) == "•••"
    assert redact("eleven more", "more") == "eleven •••"
    assert redact("eleven more", "ore") == "eleven more", "it would be everywhere"
    assert long


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("the key sk-abcdefgh.", "the key sk-•••."),
        ("sk-abcdefg", "sk-abcdefg"),
        ("x?auth_token=T1&fullscreen=kiosk#top", "x?auth_token=•••&fullscreen=kiosk#top"),
        ("x?auth_token%3dT1 and", "x?auth_token%3d••• and"),
        ('unknown or expired token: "T1" (no)', 'unknown or expired token: "•••" (no)'),
        ("Basic YWJjZGVm/+=", "Basic •••"),
        ("https://me:hunter2@proxy.test:8080/x", "https://me:•••@proxy.test:8080/x"),
        ("https://proxy.test:8080/x@y", "https://proxy.test:8080/x@y"),
    ],
)
def test_only_the_secret_is_masked_and_what_is_around_it_stays(text: str, masked: str) -> None:
    assert redact(text) == masked


def test_a_secret_is_text_and_compares_by_what_it_is() -> None:
    for value in (None, 5, b"sk-0123456789"):
        with pytest.raises(TypeError, match="a secret is a string, not"):
            Secret(value)  # type: ignore[arg-type]
    assert Secret("a") != "a"
    assert {Secret("a"), Secret("a"), Secret("b")} == {Secret("a"), Secret("b")}
    assert Secret("a")
