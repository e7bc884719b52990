"""Owns one timed batch of copies: the client, the batch, the ideal, and how rounds are told."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

from cocalc_widget import Client

from .figures import spread
from .site import Site

FILE = "task.md"


def client_of(site: Site, **options: Any) -> Client:
    return Client(site.api_key, host=site.url, verify=site.ca_file, **options)


def copy(
    client: Client, site: Site, told: argparse.Namespace, name: str, count: int | None = None
) -> tuple[float, Any]:
    """Copy one file to so many projects (None: to all); the seconds, and the batch."""
    targets = [f"{project}:{name}" for project in site.students[:count]]
    began = time.perf_counter()
    batch = client.copy(
        f"{site.source}:{FILE}", targets, concurrency=told.concurrency, progress=False
    )
    return time.perf_counter() - began, batch


def ideal(told: argparse.Namespace, count: int) -> float:
    """Seconds if nothing but the server's latency took time, at this concurrency."""
    return -(-count // told.concurrency) * float(told.latency)


def rounds_of(seconds: Sequence[float]) -> dict[str, Any]:
    """The spread of the rounds, and each of them in its order."""
    return {**spread(seconds, 3), "rounds": [round(it, 3) for it in seconds]}
