"""SECURITY.md: the tests that it names exist; and one that no other place has."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from cocalc_widget.errors import CommandError
from cocalc_widget.frame import Reply
from cocalc_widget.frame.messages.command import Command

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()
NAMED = re.findall(r"`((?:tests|js)/[^`]+?)::([^`]+)`", TEXT)
EVIL = "<img src=x onerror=alert(1)>\"'&"


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_named_test_exists(path, name):
    text = (ROOT / path).read_text()
    assert (f"def {name}(" if path.endswith(".py") else f'"{name}"') in text


def test_every_claim_names_a_test():
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "---" not in line]
    claims = [row for row in rows if not row.startswith("| who | may")]
    assert len(claims) >= 12
    assert all("::" in row for row in claims)
    assert len(NAMED) == TEXT.count("::") - TEXT.count("::1")
    assert len(TEXT.split()) < 1400  # two pages


def test_the_readme_leads_here():
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text()


def test_words_of_cocalc_are_never_html():
    reply = Reply(
        "open", path=EVIL, verified=False, why=EVIL, open_files={EVIL: [EVIL]},
        connection={"status": EVIL, "quality": EVIL},
    )  # fmt: skip
    command = Command(1, "open", ("id", EVIL), waiter=SimpleNamespace(), cancel=print)
    waiting = command._repr_html_()
    command._error, command._state = CommandError(EVIL), "error"
    for html in (reply._repr_html_(), waiting, command._repr_html_()):
        assert "&lt;img" in html
        assert "<img" not in html
