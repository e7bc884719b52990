"""The conftest of the official suite, which is not distributed with it: what its tests ask for.

It is copied beside them, and knows nothing of this repository: a host and a key in the environment.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from cocalc_api import Hub, Project

T = TypeVar("T")
_RUNNING = 30.0  # seconds that a project may take to start
_TRIES = 3  # of a call


def assert_valid_uuid(value: object, description: str = "value") -> None:
    assert isinstance(value, str), f"{description} is no string"
    assert str(uuid.UUID(value)) == value.lower(), f"{description} is no UUID"


def retry_with_backoff(
    call: Callable[[], T], max_retries: int = _TRIES, retry_delay: float = 1, **_options: Any
) -> T:
    """What a call gives. A stand-in has no bad moments: what fails more than once is told."""
    for _ in range(min(max_retries, _TRIES) - 1):
        try:
            return call()
        except RuntimeError as error:
            print("once more:", error)
            time.sleep(min(retry_delay, 1))
    return call()


def cleanup_project(hub: Hub, project_id: str) -> None:
    hub.projects.stop(project_id)
    hub.projects.delete(project_id)


class Tracker(dict[str, list[str]]):
    """What tests made, by kind; projects are deleted in the end."""


def create_tracked_project(hub: Hub, tracker: Tracker, **options: Any) -> str:
    project_id = hub.projects.create_project(**options)
    tracker["projects"].append(project_id)
    return project_id


def create_tracked_org(hub: Hub, tracker: Tracker, name: str) -> Any:
    tracker["orgs"].append(name)
    return hub.org.create(name)


def create_tracked_user(hub: Hub, tracker: Tracker, name: str, **options: Any) -> str:
    """A user of an organization, which is made if it is not there."""
    if name not in tracker["orgs"]:
        create_tracked_org(hub, tracker, name)
    options.setdefault("email", f"{uuid.uuid4()}@test.local")
    account_id = hub.org.create_user(name=name, **options)
    tracker["accounts"].append(account_id)
    return account_id


@pytest.fixture(scope="session")
def cocalc_host() -> str:
    return os.environ["COCALC_HOST"]


@pytest.fixture(scope="session")
def api_key() -> str:
    return os.environ["COCALC_API_KEY"]


@pytest.fixture(scope="session")
def hub(api_key: str, cocalc_host: str) -> Hub:
    return Hub(api_key=api_key, host=cocalc_host)


@pytest.fixture(scope="session")
def resource_tracker(hub: Hub) -> Iterator[Tracker]:
    tracker = Tracker(projects=[], orgs=[], accounts=[])
    yield tracker
    for project_id in tracker["projects"]:
        hub.projects.delete(project_id)


@pytest.fixture(scope="session")
def temporary_project(hub: Hub, resource_tracker: Tracker) -> dict[str, str]:
    told = {
        "title": f"CoCalc API Test {int(time.time())}",
        "description": "Temporary project created by cocalc-api tests",
    }
    project_id = create_tracked_project(hub, resource_tracker, **told)
    hub.projects.start(project_id)
    ends = time.monotonic() + _RUNNING
    while hub.projects.state(project_id).get("state") != "running":
        assert time.monotonic() < ends, "the project does not start"
        time.sleep(0.1)
    return {"project_id": project_id, **told}


@pytest.fixture(scope="session")
def project_client(temporary_project: dict[str, str], api_key: str, cocalc_host: str) -> Project:
    return Project(project_id=temporary_project["project_id"], api_key=api_key, host=cocalc_host)
