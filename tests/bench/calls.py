"""One command in a project: `Client.exec` beside `cocalc-python` and beside `cocalc-api`."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cocalc_widget import Client

from .figures import ratio, spread
from .site import Site, running

Call = Callable[[], None]


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=100, help="calls of each client")


def measure(told: argparse.Namespace) -> dict[str, Any]:
    return {
        "command": "true",
        "api_v1": _beside("cocalc-python", "A", _cocalc_python, told.times),
        "conat": _beside("cocalc-api", "B", _cocalc_api, told.times),
    }


def _beside(
    name: str, generation: str, other: Callable[[Site, str], Call], times: int
) -> dict[str, Any]:
    api = "v1" if generation == "A" else "v2"
    with (
        running(1, generation=generation) as site,
        trusted(site),
        Client(site.api_key, host=site.url, verify=site.ca_file, api=api) as client,
    ):
        project = site.students[0]

        def ours() -> None:
            # a program, as with the others; a bare line would go through bash
            assert client.exec(project, "true", []).exit_code == 0

        calls = {"ours": ours, "theirs": other(site, project)}
        found = turns(calls, times)
    value, interval = ratio(found["ours"], found["theirs"])
    return {
        "client_ms": spread(found["ours"]),
        f"{name}_ms": spread(found["theirs"]),
        "ratio": value,
        "ratio_interval": interval,
    }


def turns(calls: dict[str, Call], times: int) -> dict[str, list[float]]:
    """Milliseconds of each call, turn and turn about; each goes first every other time."""
    for call in calls.values():
        call()  # connects, finds out about the server, starts the project
    found: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(times):
        for name in list(calls) if number % 2 else reversed(calls):
            began = time.perf_counter()
            calls[name]()
            found[name].append(1000 * (time.perf_counter() - began))
    return found


@contextmanager
def trusted(site: Site) -> Iterator[None]:
    """The stand-in's certificate, where the other clients look for it: requests and httpx."""
    names = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, site.ca_file))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _cocalc_python(site: Site, project: str) -> Call:
    from cocalc.api import CocalcApiClient

    client = CocalcApiClient(
        api_key=site.api_key, base_url=f"{site.url}/api", project_id=project
    )  # a connection for each call is its own way

    def call() -> None:
        answer = client.exec("true")
        assert answer.status_code == 200
        assert answer.json()["exit_code"] == 0

    return call


def _cocalc_api(site: Site, project: str) -> Call:
    from cocalc_api import Project

    system = Project(site.api_key, site.url, project).system

    def call() -> None:
        assert system.exec("true")["exit_code"] == 0

    return call
