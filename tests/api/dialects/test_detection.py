"""Which API a host speaks: only recorded answers decide, deadlines hold, upgrades are noticed."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.api import Client
from cocalc_widget.api.dialects import detection as detect

from ..fake import HANG, NO_KEY, Answer, Reaction, Seen, serving
from ..http.test_wire import KEY, _quick

__all__ = ["_quick"]
P = "aaaaaaaa-0000-4000-8000-000000000001"
ME = {"account_id": P, "email_address": "a@b.c", "first_name": "A", "last_name": "B"}
HTML = "text/html; charset=utf-8"
# what generation B says at a page that it does not have (recording: v1.gone.ping, v2.unknown)
GONE = Answer(
    '<!DOCTYPE html><html lang="en"><head><title>404 Page Not Found</title></head><body></body>'
    "</html>",
    404,
    HTML,
)
BRIDGE = Answer(NO_KEY.body, 200)  # recording: hub.ping.no_key
NGINX = Answer("<html><head><title>404 Not Found</title></head></html>", 404, HTML)
UNDECIDED = {
    "nginx": NGINX,
    "a proxy without a route": Answer("404 page not found", 404, "text/plain"),
    "a gateway's 404": Answer({"error": "no such route"}, 404),
    "502": Answer("<html><title>502 Bad Gateway</title></html>", 502, HTML),
    "503 as JSON": Answer({"error": "starting"}, 503),
    "a page": Answer("<title>Welcome</title>", 200, HTML),
    "another API": Answer({"hello": "world"}, 200),
    "broken JSON": Answer(b"{", 200),
}


class Site:
    """A CoCalc that is upgraded when told so; it says what it was asked to do."""

    def __init__(self, speaks: str) -> None:
        self.speaks, self.instead = speaks, None
        self.made: list[str] = []
        self.lacks: str | None = None
        self.pings = 0

    def __call__(self, seen: Seen) -> Reaction:
        self.pings += "authorization" not in seen.headers
        if self.instead:
            return self.instead
        if self.lacks and self.lacks in seen.path:
            return GONE
        if self.speaks == "A":
            return self.a(seen) if seen.path.startswith("/api/v1/") else NGINX
        return GONE if seen.path.startswith("/api/v1/") else self.b(seen)

    def a(self, seen: Seen) -> Reaction:
        event = seen.path.rpartition("/")[2]
        if "authorization" not in seen.headers:
            return NO_KEY
        if event == "create_project":
            self.made.append("A")
        return Answer({"event": event, "project_id": P, "query": {"accounts": ME}, "now": 1})

    def b(self, seen: Seen) -> Reaction:
        if "authorization" not in seen.headers:
            return BRIDGE
        name = seen.json.get("name")
        if name == "projects.createProject":
            self.made.append("B")
            return Answer(f'"{P}"'.encode())
        return Answer({"accounts": ME, "now": 1, "copy_id": "x", "state": "running"})


def client(url: str, **options: Any) -> Client:
    return Client(KEY, host=url, **{"timeout": 20.0, "retries": 0, **options})


# -- deadlines --------------------------------------------------------------------------------


def test_a_host_that_hangs_holds_up_nobody_else() -> None:
    with serving(lambda _seen: HANG) as hung, serving(Site("A")) as well:
        first = threading.Thread(target=lambda: _fails(client(hung.url, timeout=600.0)))
        first.start()
        _until(lambda: hung.seen)
        assert client(well.url).api == "v1"
        began = time.monotonic()
        with pytest.raises(errors.APITimeoutError) as caught:
            client(hung.url, timeout=0.5).ping()
        assert time.monotonic() - began < 12, "who waits for the other's answer has a deadline, too"
        assert hung.url in caught.value.message
        assert len(hung.seen) == 1, "and does not ask as well"
        hung.closing.set()
        first.join(30)
        assert not first.is_alive()


@pytest.mark.parametrize("api", ["auto", "v2"])
def test_detection_takes_no_longer_than_a_call_may(api: Any) -> None:
    with serving(lambda _seen: HANG) as server:
        for call in (
            lambda: client(server.url, api=api, timeout=0.5).ping(),
            lambda: client(server.url, api=api).log(P, timeout=0.5),
        ):
            began = time.monotonic()
            with pytest.raises(errors.APITimeoutError, match=r"0\.5? s"):
                call()
            assert time.monotonic() - began < 12


def _fails(subject: Client) -> None:
    with pytest.raises(errors.APIConnectionError):
        subject.ping()


def _until(condition: Any) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


# -- what decides -----------------------------------------------------------------------------


@pytest.mark.parametrize("speaks", ["A", "B"])
@pytest.mark.parametrize(
    ("name", "api"),
    # the bridge's answers are bare: any JSON is one, thus another API's too
    [(n, a) for n in UNDECIDED for a in ("auto", "v2") if (n, a) != ("another API", "v2")],
)
def test_what_decides_nothing_is_asked_again(name: str, speaks: str, api: Any) -> None:
    site = Site(speaks)
    site.instead = UNDECIDED[name]
    with serving(site) as server:
        subject = client(server.url, api=api)
        for _ in range(2):
            with pytest.raises(errors.ServerError, match=r"like no CoCalc|cannot say") as caught:
                subject.ping()
            assert server.url in caught.value.message
        site.instead = None  # it is up now
        assert subject.generation == speaks
        assert (subject.api == "v1") == (speaks == "A" and api == "auto")


def test_a_page_of_generation_b_decides_at_once() -> None:
    site = Site("B")
    with serving(site) as server:
        assert client(server.url).generation == "B"
        assert server.paths() == ["/api/v1/ping"]


def test_another_404_is_b_only_with_its_bridge() -> None:
    def handle(seen: Seen) -> Reaction:
        return BRIDGE if seen.path == "/api/conat/hub" else NGINX

    with serving(handle) as server:
        assert client(server.url).generation == "B"


# -- upgrades ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), ["AB", "BA"])
def test_an_upgrade_while_the_client_lives(before: str, after: str) -> None:
    site = Site(before)
    with serving(site) as server:
        subject, other = client(server.url), client(server.url)
        assert subject.whoami().generation == other.generation == before
        site.speaks = after
        assert subject.whoami().account_id == P, "what may be repeated is"
        assert subject.generation == after
        assert site.pings <= 3
        pings = site.pings
        assert other.whoami().account_id == P
        assert other.generation == after
        assert site.pings == pings, "what one has found out is known to all"


@pytest.mark.parametrize(("before", "after"), ["AB", "BA"])
def test_what_may_not_be_repeated_is_not(before: str, after: str) -> None:
    site = Site(before)
    with serving(site) as server:
        subject = client(server.url)
        assert subject.create_project("x") == P
        site.speaks = after
        with pytest.raises(errors.NotFoundError, match="speaks another API") as caught:
            subject.create_project("x")
        assert "try again" in caught.value.remedy
        assert site.made == [before]
        assert subject.create_project("x") == P
        assert site.made == [before, after]


def test_a_raw_call_is_not_repeated_but_noticed() -> None:
    site = Site("A")
    with serving(site) as server:
        subject = client(server.url)
        assert subject.call("ping")["now"] == 1
        site.speaks = "B"
        with pytest.raises(errors.NotFoundError):
            subject.call("ping")
        assert subject.generation == "B"


def test_what_is_only_missing_is_asked_for_once_more() -> None:
    """One method that a server lacks is no other API, and no reason to ask at each call."""
    site = Site("B")
    with serving(site) as server:
        subject = client(server.url)
        assert subject.generation == "B"
        site.lacks = "copy-path"
        for _ in range(3):
            with pytest.raises(errors.NotFoundError):
                subject.copy_status(P)
        assert site.pings == 2
        assert subject.generation == "B"


@pytest.mark.parametrize("away", [Answer("<title>Bad</title>", 502, HTML), NGINX])
def test_a_server_that_is_away_for_a_while_is_not_upgraded(away: Answer) -> None:
    site = Site("A")
    with serving(site) as server:
        subject = client(server.url)
        subject.ping()
        site.instead = away
        with pytest.raises(errors.APIError):
            subject.ping()
        site.instead = None
        assert subject.ping().now is not None
        assert subject.generation == "A"
        assert client(server.url).generation == "A"


def test_forgetting() -> None:
    with serving(Site("A")) as server:
        assert client(server.url).api == "v1"
        detect.forget()
        assert client(server.url).api == "v1"
        assert len(server.seen) == 2
