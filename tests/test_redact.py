"""Redaction: a secret is seen only where it was asked for."""

from __future__ import annotations

import copy
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
