"""Fixtures of the stand-in's tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from cocalc_widget import LocalCoCalc


class Api:
    """Requests to one site with its own certificate and key."""

    def __init__(self, site: LocalCoCalc, key: str | None = None) -> None:
        self.site = site
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = site.ca_file
        self.session.auth = (site.api_key if key is None else key, "")

    def v1(self, event: str, /, **body: Any) -> dict[str, Any]:
        """An event's answer."""
        return self.post(f"/api/v1/{event}", body).json()

    def v2(self, path: str, /, **body: Any) -> Any:
        """An endpoint's answer."""
        return self.post(f"/api/v2/{path}", body).json()

    def ping(self) -> bool:
        """Whether the site knows the key, whichever its generation."""
        if self.site.core.options.generation == "A":
            return self.v1("ping").get("event") == "pong"
        told = {"name": "system.ping", "args": []}
        return "now" in self.post("/api/conat/hub", told).json()

    def post(self, path: str, body: Any, timeout: float = 10) -> requests.Response:
        """Any POST of JSON."""
        return self.session.post(self.site.url + path, json=body, timeout=timeout)

    def form(self, path: str, fields: dict[str, Any], timeout: float = 10) -> requests.Response:
        """Any POST of a form."""
        return self.session.post(self.site.url + path, data=fields, timeout=timeout)

    def get(self, path: str, **options: Any) -> requests.Response:
        """Any GET."""
        return self.session.get(self.site.url + path, timeout=10, **options)


def until(test: Callable[[], Any], seconds: float = 10) -> Any:
    """What a test gives as soon as that counts as true; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := test()):
        assert time.monotonic() < deadline, f"not after {seconds} s: {value!r}"
        time.sleep(0.01)
    return value


@pytest.fixture(scope="module")
def site() -> Iterator[LocalCoCalc]:
    """A site of generation A that copies at once."""
    with LocalCoCalc(generation="A") as site:
        yield site


@pytest.fixture(scope="module")
def api(site: LocalCoCalc) -> Api:
    """Requests of its owner."""
    return Api(site)


@pytest.fixture
def make_site() -> Iterator[Callable[..., LocalCoCalc]]:
    """Sites with options, closed at the end."""
    made: list[LocalCoCalc] = []

    def make(**options: Any) -> LocalCoCalc:
        site = LocalCoCalc(**options)
        made.append(site)
        return site.start()

    yield make
    for site in made:
        site.close()
