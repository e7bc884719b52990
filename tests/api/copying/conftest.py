"""Each test of copying meets its host for the first time."""

from __future__ import annotations

import pytest

from cocalc_widget.api.dialects import detection as detect


@pytest.fixture(autouse=True)
def _fresh() -> None:
    detect.forget()
