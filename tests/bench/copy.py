"""One file to 500 projects: time, requests, memory, faults; beside a loop over `cocalc-api`."""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections import Counter
from typing import Any

from cocalc_widget import Client

from . import scaling
from .figures import at_most
from .site import Site, running
from .timing import client_of, copy, ideal, rounds_of

IDEAL = 1.3  # times the ideal for the chosen concurrency
REQUESTS = 1.1  # per target
MEMORY = 2  # MB that the peak may rise by after the first batch: "flat"
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
        copy(client, site, told, "warm.md")
        times, requests, memory = [], 0, _peak()
        cpu = time.process_time()
        for number in range(told.rounds):
            site.say("reset")
            seconds, batch = copy(client, site, told, f"round-{number}.md")
            assert batch.done, batch.states
            times.append(seconds)
            requests = max(requests, sum(site.say("count").values()))
        used = (time.process_time() - cpu) / told.rounds
    best = ideal(told, told.targets)
    return {
        "seconds": rounds_of(times),
        "ideal_s": round(best, 3),
        "times_the_ideal": at_most(round(statistics.median(times) / best, 3), IDEAL),
        "requests_per_target": at_most(round(requests / told.targets, 3), REQUESTS),
        "client_cpu_s_per_round": round(used, 3),
        "memory_growth_mb": at_most(round(_peak() - memory, 1), MEMORY),
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


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
