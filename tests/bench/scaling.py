"""Owns how copying scales with the number of targets, beside a loop over `cocalc-api`."""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from typing import Any

from .calls import trusted
from .figures import at_least, spread
from .site import Site, running
from .timing import FILE, client_of, copy, ideal, rounds_of

FASTER = 8  # times, at the number of targets asked for


def measure(told: argparse.Namespace) -> dict[str, Any]:
    """Both clients against the same server of generation B, one after the other.

    The loop is timed call by call up to `--targets`, so what it took for each
    smaller size is known, too; beyond, it is extrapolated by its mean call.
    """
    sizes = sorted({*told.scaling, told.targets})
    with running(max(sizes), latency=told.latency, generation="B") as site:
        calls = _loop(site, told.targets)
        ours: dict[int, list[float]] = {count: [] for count in sizes}
        with client_of(site) as client:
            copy(client, site, told, "warm.md", min(sizes))
            for number in range(told.rounds):
                for count in sizes:
                    name = f"round-{number}-{count}.md"
                    seconds, batch = copy(client, site, told, name, count)
                    assert batch.done, batch.states
                    ours[count].append(seconds)
    rows = [_row(told, count, ours[count], calls) for count in sizes]
    faster = next(row["times_faster"] for row in rows if row["targets"] == told.targets)
    return {
        "loop_ms_per_call": spread([1000 * it for it in calls]),
        "times_faster": at_least(faster, FASTER),
        "sizes": rows,
    }


def _row(
    told: argparse.Namespace, count: int, ours: list[float], calls: list[float]
) -> dict[str, Any]:
    measured = count <= len(calls)
    loop = sum(calls[:count]) if measured else statistics.mean(calls) * count
    return {
        "targets": count,
        "ideal_s": round(ideal(told, count), 3),
        "client_s": rounds_of(ours),
        "loop_s": round(loop, 3),
        "loop_is": "measured" if measured else "extrapolated",
        "times_faster": round(loop / statistics.median(ours), 2),
    }


def _loop(site: Site, count: int) -> list[float]:
    """Seconds of each copy, one after the other."""
    from cocalc_api import Hub

    with trusted(site):
        hub = Hub(site.api_key, site.url)
    moments = [time.perf_counter()]
    for project in site.students[:count]:
        hub.projects.copy_path_between_projects(
            src_project_id=site.source,
            src_path=FILE,
            target_project_id=project,
            target_path="loop.md",
        )
        moments.append(time.perf_counter())
    return [after - before for before, after in itertools.pairwise(moments)]
