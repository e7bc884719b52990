"""One file to 500 projects: time, requests, memory, faults; beside a loop over `cocalc-api`."""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections import Counter
from typing import Any

from cocalc_widget import Client

from .site import Site, running

FILE = "task.md"
FAULTS = ("error-500", "reset", "timeout")


def run(argv: list[str]) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="python -m tests.bench copy")
    parser.add_argument("--targets", type=int, default=500)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds per request")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--faults", type=float, default=0.1, help="share of requests that fail")
    parser.add_argument("--rounds", type=int, default=3, help="the median of these counts")
    told = parser.parse_args(argv)
    return {
        "targets": told.targets,
        "latency_s": told.latency,
        "concurrency": told.concurrency,
        # above the number of cores, the times say more about the machine than about the client
        "cores": os.cpu_count(),
        "load_at_start": round(os.getloadavg()[0], 2),
        "queueing_server": _timed(told, queue=True),
        "server_that_copies_at_once": _timed(told, queue=False),
        "beside_cocalc_api": _beside(told),
        "with_faults": _faults(told),
    }


def _client(site: Site, **options: Any) -> Client:
    return Client(site.api_key, host=site.url, verify=site.ca_file, **options)


def _timed(told: argparse.Namespace, *, queue: bool) -> dict[str, Any]:
    ideal = -(-told.targets // told.concurrency) * told.latency
    with running(told.targets, queue=queue, latency=told.latency) as site, _client(site) as client:
        client.ping()
        _copy(client, site, told, "warm.md")
        times, requests, memory = [], 0, _peak()
        cpu = time.process_time()
        for number in range(told.rounds):
            site.say("reset")
            seconds, batch = _copy(client, site, told, f"round-{number}.md")
            assert batch.done, batch.states
            times.append(seconds)
            requests = max(requests, sum(site.say("count").values()))
        return {
            "seconds": [round(it, 3) for it in times],
            "ideal_s": round(ideal, 3),
            "times_the_ideal": round(sorted(times)[len(times) // 2] / ideal, 3),
            "requests_per_target": round(requests / told.targets, 3),
            "client_cpu_s_per_round": round((time.process_time() - cpu) / told.rounds, 3),
            "memory_growth_mb": round(_peak() - memory, 1),
        }


def _copy(client: Client, site: Site, told: argparse.Namespace, name: str) -> tuple[float, Any]:
    targets = [f"{project}:{name}" for project in site.students]
    began = time.perf_counter()
    batch = client.copy(
        f"{site.source}:{FILE}", targets, concurrency=told.concurrency, progress=False
    )
    return time.perf_counter() - began, batch


def _beside(told: argparse.Namespace) -> dict[str, Any]:
    """Both clients against the same server of generation B, one after the other."""
    from cocalc_api import Hub

    with running(told.targets, latency=told.latency, generation="B") as site:
        os.environ["SSL_CERT_FILE"] = site.ca_file
        try:
            hub = Hub(site.api_key, site.url)
            began = time.perf_counter()
            for project in site.students:
                hub.projects.copy_path_between_projects(
                    src_project_id=site.source,
                    src_path=FILE,
                    target_project_id=project,
                    target_path="loop.md",
                )
            loop = time.perf_counter() - began
        finally:
            del os.environ["SSL_CERT_FILE"]
        with _client(site) as client:
            client.ping()
            seconds, batch = _copy(client, site, told, "client.md")
            assert batch.done, batch.states
    return {
        "loop_s": round(loop, 3),
        "client_s": round(seconds, 3),
        "times_faster": round(loop / seconds, 2),
    }


def _faults(told: argparse.Namespace) -> dict[str, Any]:
    share = {name: told.faults / len(FAULTS) for name in FAULTS}
    with (
        running(told.targets, share, queue=True, latency=told.latency) as site,
        _client(site, timeout=5.0) as client,
    ):
        client.ping()
        site.say("faults")
        seconds, batch = _copy(client, site, told, "faults.md")
        site.say("clear")
        states = batch.states
        kinds = Counter(type(job.error).__name__ for job in batch.failed)
        made = _made(client, site)
        retried = batch.retry().states
        again = _made(client, site)
    return {
        "share": told.faults,
        "seconds": round(seconds, 3),
        "states": states,
        "errors": dict(kinds),
        "ended_in_done_or_a_named_error": all(job.done or job.error for job in batch),
        "copied_twice": sum(count > 1 for count in made.values()),
        "after_retry": retried,
        "copied_twice_after_retry": sum(count > 1 for count in again.values()),
    }


def _made(client: Client, site: Site) -> Counter[str]:
    """How many jobs the server has for each target."""
    return Counter(job.target.project for job in client.copies(src=site.source))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
