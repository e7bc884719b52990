"""The sum: a full run is of ten thousand examples at least, whatever was changed before."""

from __future__ import annotations

from .counting import FACTOR, LEAST, PROPERTIES, RUN


def test_ten_thousand_examples_were_run() -> None:
    assert set(PROPERTIES) == set(RUN), "a property of this folder did not run"
    assert RUN.total() >= LEAST * (FACTOR or 1), dict(RUN)
