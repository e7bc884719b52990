"""A client of a module's `site`, which each module makes for itself; no host is known before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from stage.stand_in import client_of

from cocalc_widget import Client, LocalCoCalc
from cocalc_widget.api.dialects import detection as detect

from .sites import api_of


@pytest.fixture(autouse=True)
def _fresh() -> None:
    detect.forget()


@pytest.fixture
def client(site: LocalCoCalc) -> Iterator[Client]:
    with client_of(site, api=api_of(site)) as made:
        yield made
