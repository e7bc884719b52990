"""One file to 500 projects: time, requests, memory, faults; beside a loop over `cocalc-api`."""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

from cocalc_widget import Client

from . import scaling
from .figures import at_most
from .site import Site, running
from .timing import client_of, copy, ideal, rounds_of

IDEAL = 1.3  # times the ideal for the chosen concurrency
REQUESTS = 1.1  # per target
MEMORY = 1  # MB that may be kept in all rounds together: "flat"
WARM = 4  # batches before the rounds; the allocator's pools are full after these
FAULTS = ("error-500", "reset", "timeout")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--targets", type=int, default=500)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds per request")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--faults", type=float, default=0.1, help="share of requests that fail")
    parser.add_argument("--rounds", type=int, default=5, help="the median of these counts")
    parser.add_argument("--scaling", type=int, nargs="*", default=[10, 30, 100, 300, 1000],
                        metavar="TARGETS", help="sizes to sweep; none for no sweep")  # fmt: skip


def measure(told: argparse.Namespace) -> dict[str, Any]:
    return {
        "targets": told.targets,
        "latency_s": told.latency,
        "concurrency": told.concurrency,
        "queueing_server": _timed(told, queue=True),
        "server_that_copies_at_once": _timed(told, queue=False),
        "beside_cocalc_api": scaling.measure(told),
        "with_faults": _faults(told),
    }


def _timed(told: argparse.Namespace, *, queue: bool) -> dict[str, Any]:
    with (
        running(told.targets, queue=queue, latency=told.latency) as site,
        client_of(site) as client,
    ):
        client.ping()
        for number in range(WARM):
            batch = copy(client, site, told, f"warm-{number}.md")[1]
        times, requests, memory = [], 0, _memory()
        cpu = time.process_time()
        for number in range(told.rounds):
            site.say("reset")
            seconds, batch = copy(client, site, told, f"round-{number}.md")
            assert batch.done, batch.states
            times.append(seconds)
            requests = max(requests, sum(site.say("count").values()))
        kept = _memory() - memory
        used = (time.process_time() - cpu) / told.rounds
    best = ideal(told, told.targets)
    return {
        "seconds": rounds_of(times),
        "ideal_s": round(best, 3),
        "times_the_ideal": at_most(round(statistics.median(times) / best, 3), IDEAL),
        "requests_per_target": at_most(round(requests / told.targets, 3), REQUESTS),
        "client_cpu_s_per_round": round(used, 3),
        "memory_kept_mb": at_most(round(kept, 1), MEMORY),
        "memory_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def _faults(told: argparse.Namespace) -> dict[str, Any]:
    share = {name: told.faults / len(FAULTS) for name in FAULTS}
    with (
        running(told.targets, share, queue=True, latency=told.latency) as site,
        client_of(site, timeout=5.0) as client,
    ):
        client.ping()
        site.say("faults")
        seconds, batch = copy(client, site, told, "faults.md")
        site.say("clear")
        states = batch.states
        kinds = Counter(type(job.error).__name__ for job in batch.failed)
        made = _made(client, site)
        retried = batch.retry()
        again = _made(client, site)
    return {
        "share": told.faults,
        "seconds": round(seconds, 3),
        "states": states,
        "errors": dict(kinds),
        "neither_done_nor_named": at_most(sum(not (job.done or job.error) for job in batch), 0),
        "copied_twice": at_most(sum(count > 1 for count in made.values()), 0),
        "after_retry": retried.states,
        "not_done_after_retry": at_most(sum(not job.done for job in retried), 0),
        "copied_twice_after_retry": at_most(sum(count > 1 for count in again.values()), 0),
    }


def _made(client: Client, site: Site) -> Counter[str]:
    """How many jobs the server has for each target."""
    return Counter(job.target.project for job in client.copies(src=site.source))


def _memory() -> float:
    """MB that this process holds now, without its garbage."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20
