"""Redaction: a secret is seen only where it was asked for."""

from __future__ import annotations

import base64
import copy
import gc
import json
import logging
import pickle
from urllib.parse import quote, urlencode

import pytest

from cocalc_widget.redact import Secret, forget, mask, redact


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


@pytest.mark.parametrize(
    "text",
    [
        "task-list ask_me_anything risk-management-plan Basic maths, Bearer of news",
        "Basic Statistics", "basic programming", "Basic Algebra2/week1.ipynb", "Basic Course_2024",
        "Bearer instruments", "bearer certificates2024", "Bearer LectureNotes2024.ipynb",
        "sk-learn-course", "sk_learn_exercises_2024.ipynb", "sk-SK/preklad-slovenskych-textov.md",
        "Token economics", "token: what is it?", "password reset", "Password-protected PDFs.pdf",
        "Authorization and Authentication", "Authorization: who may do what", "auth_token.py",
        "Time 10:20 by me@uni.edu", "https://uni.edu/projects/a@b/x:y", "API keys: a lecture",
    ],
)  # fmt: skip
def test_names_and_titles_are_left_alone(text: str) -> None:
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
        ("the key sk-AbCdEfGhIjKlMnOp.", "the key sk-•••."),
        ("sk_AbCdEfGhIjKlMnO", "sk_AbCdEfGhIjKlMnO"),
        ("x?auth_token=T1&fullscreen=kiosk#top", "x?auth_token=•••&fullscreen=kiosk#top"),
        ("x?auth_token%3dT1 and", "x?auth_token%3d••• and"),
        ('unknown or expired token: "T1" (no)', 'unknown or expired token: "•••" (no)'),
        ("Basic bWU6cHc=, and", "Basic •••, and"),
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
    secret = Secret("a")
    assert secret
    assert copy.deepcopy(secret) is secret, "as `dataclasses.asdict` does"


def test_common_words_are_no_credentials() -> None:
    words = [
        "Calculus", "Statistics", "Programming", "Mathematics", "Linear",
        "Algebra", "Geometry", "Thermodynamics", "Electronics", "Microeconomics",
        "Fluiddynamics", "Biologie", "Informatik", "Quantenmechanik", "Data123",
        "ANALYSIS", "PROBABILITY", "Homework", "Lectures2024", "Topology",
        "Numerical_Methods", "Signals-and-Systems",
    ]  # fmt: skip
    for word in words:
        for name in ("Basic", "Bearer", "basic", "bearer"):
            assert redact(f"{name} {word}") == f"{name} {word}"


@pytest.mark.parametrize("pair", ["sk-AbCdEfGhIjKlMnOpQrStUv:", "me:pw", "ich:paßwort", "a:b~c?d>"])
def test_credentials_of_http_basic_are_masked_wherever_they_stand(pair: str) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        told = encode(pair.encode()).decode()
        for text in (f"Basic {told}", f"{{'x': 'Basic {told}'}}", f"basic {told.rstrip('=')}, y"):
            assert told.rstrip("=") not in redact(text)


def test_a_token_after_its_word_is_masked() -> None:
    assert redact("got Bearer AbC1dEfG2hIjK3lMn.x") == "got Bearer •••"


def test_in_the_header_that_is_named_anything_is_masked() -> None:
    for line in ("Authorization: Basic anything", "'authorization': 'Bearer anything'"):
        assert redact(line) == line.replace("anything", "•••")


@pytest.mark.parametrize("value", ["sk-AbCdEfGhIjKlMnOp", 'pa"ss wörd/1234', "abcdefghijkl"])
def test_a_secret_is_masked_in_each_form_that_it_travels_in(value: str) -> None:
    travels = {
        "as the user of HTTP Basic, without the word": base64.b64encode(
            f"{value}:".encode()
        ).decode(),
        "with a password": base64.b64encode(f"{value}:more of it".encode()).decode(),
        "in JSON": json.dumps({"key": value}),
        "in JSON of other letters": json.dumps({"key": value}, ensure_ascii=False),
        "in a URL": quote(value, safe=""),
        "in a form": urlencode({"key": value}),
        "in a repr": repr([value]),
    }
    forms = [json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)]
    for way, text in travels.items():
        told = redact(f"<{text}>", value)
        assert "•••" in told, way
        for form in (value, quote(value, safe=""), *forms):
            assert form not in told, way
        assert base64.b64encode(value.encode()).decode()[:-4] not in told, way


def test_what_is_short_is_not_sought_in_letters_that_look_like_it() -> None:
    assert base64.b64encode(b"short!")[:-4].decode() in redact(
        f"x {base64.b64encode(b'short!').decode()} y", "short!"
    )


def test_the_variables_of_what_led_to_an_error_are_forgotten_too() -> None:
    def inner() -> None:
        held = "held by the cause"
        raise KeyError(len(held))

    def outer() -> None:
        kept = "kept by the error"
        try:
            inner()
        except KeyError as error:
            raise ValueError(len(kept)) from error

    with pytest.raises(ValueError, match="17") as caught:
        outer()
    forget(caught.value)
    for error in (caught.value, caught.value.__cause__):
        assert error is not None
        trace = error.__traceback__
        while trace is not None:
            for name in ("held", "kept"):
                assert name not in trace.tb_frame.f_locals
            trace = trace.tb_next
