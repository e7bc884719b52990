"""Each fault of the API shows what it says, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from cocalc_widget import LocalCoCalc

from ..conftest import Api


@pytest.fixture
def faulty(site: LocalCoCalc) -> Iterator[Api]:
    yield Api(site)
    site.core.faults.on.clear()


def made(site: LocalCoCalc) -> int:
    return len(site.core.projects.of(site.account_id))


def create(api: Api, timeout: float = 5) -> requests.Response:
    return api.post("/api/v1/create_project", {"title": "x"}, timeout=timeout)


def test_pages_and_codes(site: LocalCoCalc, faulty: Api) -> None:
    before = made(site)
    site.fault("error-500")
    assert create(faulty).status_code == 500
    site.fault("error-500", on=False)
    site.fault("rate-limit")
    answer = create(faulty)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    site.fault("rate-limit", on=False)
    site.fault("html-page")
    answer = create(faulty)
    assert answer.status_code == 200
    assert answer.text.startswith("<!DOCTYPE html>")
    site.fault("html-page", on=False)
    site.fault("redirect")
    answer = faulty.session.post(
        f"{site.url}/api/v1/ping", json={}, timeout=5, allow_redirects=False
    )
    assert answer.status_code == 302
    assert answer.headers["Location"] == "https://elsewhere.test/api/v1/ping"
    site.fault("redirect", on=False)
    site.fault("wrong-json")
    with pytest.raises(requests.JSONDecodeError):
        create(faulty).json()
    assert made(site) == before


def test_broken_connections(site: LocalCoCalc, faulty: Api) -> None:
    before = made(site)
    site.fault("reset")
    with pytest.raises(requests.ConnectionError):
        create(faulty)
    assert made(site) == before
    site.fault("reset", on=False)
    site.fault("lost-reply")
    with pytest.raises(requests.ConnectionError):
        create(faulty)
    assert made(site) == before + 1  # it happened all the same
    site.fault("lost-reply", on=False)
    site.fault("wrong-length")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        create(faulty)


def test_slow_and_silent(site: LocalCoCalc, faulty: Api) -> None:
    before = made(site)
    site.fault("timeout")
    with pytest.raises(requests.ReadTimeout):
        create(faulty, 0.3)
    assert made(site) == before
    site.fault("timeout", on=False)
    site.fault("slow-loris")
    answer = faulty.session.post(f"{site.url}/api/v1/ping", json={}, timeout=1.5, stream=True)
    pieces = answer.iter_content(1)
    assert [next(pieces), next(pieces)] == [b"{", b'"']
    answer.close()


def test_a_share_of_the_requests(site: LocalCoCalc, faulty: Api) -> None:
    site.fault("error-500", 0.3)
    codes = [create(faulty).status_code for _ in range(100)]
    assert 10 < codes.count(500) < 55
    assert codes.count(200) == 100 - codes.count(500)


def test_a_server_gone_and_back(site: LocalCoCalc, faulty: Api) -> None:
    assert create(faulty).status_code == 200
    site.fault("server-gone")
    with pytest.raises(requests.ConnectionError):
        create(faulty, 1)
    site.fault("server-gone", on=False)
    assert create(Api(site)).status_code == 200


def test_faults_from_the_start_and_on_every_api() -> None:
    with LocalCoCalc(faults=["error-500"], generation="B") as site:
        api = Api(site)
        assert api.post("/api/conat/hub", {"name": "system.ping"}).status_code == 500
        assert api.post("/api/v2/projects/get", {}).status_code == 500
        assert api.get("/customize").status_code == 200  # no fault of the API's


def test_latency_holds_for_each_request_but_not_for_the_loop() -> None:
    with LocalCoCalc(latency=0.2, generation="A") as site:
        assert Api(site).post("/api/v1/ping", {}).elapsed.total_seconds() >= 0.2
