"""All that CoCalc's APIs have is either here, or on the one list of what is left out.

`names.json` has CoCalc's own lists: the events of API v1 that its HTTP API serves, the files below
`pages/api/v2`, and the methods of the conat bridge; of the commits named in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cocalc_widget import LocalCoCalc
from cocalc_widget.local import left_out
from cocalc_widget.local.conat.hub import HUB
from cocalc_widget.local.conat.project import PROJECT
from cocalc_widget.local.v1.events import EVENTS
from cocalc_widget.local.v2.endpoints import ENDPOINTS

from ..conftest import Api

NAMES = json.loads(Path(__file__).with_name("names.json").read_text("utf-8"))


def _v2(generation: str) -> set[str]:
    return {path for path, it in ENDPOINTS.items() if it.only in ("", generation)}


# what is there, what is left out, and what CoCalc has
APIS: dict[str, tuple[set[str], frozenset[str], list[str]]] = {
    "v1": (set(EVENTS), left_out.V1, NAMES["v1"]),
    "v2 of A": (_v2("A"), left_out.V2["A"], NAMES["v2"]["A"]),
    "v2 of B": (_v2("B"), left_out.V2["B"], NAMES["v2"]["B"]),
    "hub": (set(HUB), left_out.HUB, NAMES["hub"]),
    "project": (set(PROJECT), left_out.PROJECT, NAMES["project"]),
}


@pytest.fixture(scope="module")
def sites() -> Iterator[dict[str, LocalCoCalc]]:
    with (
        LocalCoCalc(generation="A", admin=True) as a,
        LocalCoCalc(generation="B", admin=True) as b,
    ):
        yield {"A": a, "B": b}


@pytest.mark.parametrize("api", APIS)
def test_each_name_is_there_or_left_out_and_never_both(api: str) -> None:
    there, out, cocalc_has = APIS[api]
    assert there & out == set()
    assert sorted(there | out) == sorted(set(cocalc_has))
    assert len(there) > 10


def test_what_is_left_out_of_v1_is_an_unknown_endpoint(sites: dict[str, LocalCoCalc]) -> None:
    api = Api(sites["A"])
    for name in sorted({*left_out.V1, "surely_nothing"}):
        answer = api.post(f"/api/v1/{name}", {})
        assert (answer.status_code, answer.json()) == (
            400,
            {"error": f"unknown endpoint '{name}'"},
        )


@pytest.mark.parametrize("generation", ["A", "B"])
def test_what_is_left_out_of_v2_is_no_page(sites: dict[str, LocalCoCalc], generation: str) -> None:
    api = Api(sites[generation])
    for name in sorted({*left_out.V2[generation], "surely/nothing"}):
        answer = api.post(f"/api/v2/{name}", {})
        assert answer.status_code == 404, name
        assert "404 Page Not Found" in answer.text


def test_what_is_left_out_of_the_bridge_is_an_unknown_function(
    sites: dict[str, LocalCoCalc],
) -> None:
    api, lesson = Api(sites["B"]), sites["B"].projects["Lesson"]
    for path, names in (("hub", left_out.HUB), ("project", left_out.PROJECT)):
        for name in sorted({*names, "system.surelyNothing"}):
            call: dict[str, Any] = {"name": name, "args": [{}], "project_id": lesson}
            answer = api.post(f"/api/conat/{path}", call).json()
            assert answer == {"error": f"Error: unknown function '{name}'"}
