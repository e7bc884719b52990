"""Owns stand-ins of every kind: which API is spoken, and whether copies wait in a queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cocalc_widget.local import LocalCoCalc

KINDS = ["v1", "v1-queue", "v2", "conat", "conat-queue"]


@contextmanager
def of_kind(kind: str, **options: Any) -> Iterator[LocalCoCalc]:
    """A stand-in of this kind, which it remembers for `kind_of`."""
    generation: Any = "B" if kind.startswith("conat") else "A"
    with LocalCoCalc(generation=generation, queue=kind.endswith("queue"), **options) as running:
        running.kind = kind  # type: ignore[attr-defined]
        yield running


def kind_of(site: LocalCoCalc) -> str:
    return str(getattr(site, "kind", ""))


def api_of(site: LocalCoCalc) -> Any:
    """What a client is told, if it can't find out: that of v1 is what a server of both speaks."""
    return "v2" if kind_of(site) == "v2" else "auto"
