"""The stand-in answers as the recorded CoCalc did: one test a recording.

Status, content type and shape (keys and JSON types) must agree, and so must
all words that do not vary: errors, events, notes. Ids, times, keys, paths of
the machine and titles may differ.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from api.dialects.recordings import mended

from cocalc_widget import LocalCoCalc
from cocalc_widget.local import left_out

from ..situations import Stage

BBBB = "bbbbbbbb-0000-4000-8000-00000000000"
CONTRACT = Path(__file__).parents[2] / "contract"

# Security holes of generation A: strangers may start projects and copy out of them.
NOT_IMITATED = {
    "v2:projects/start.not_collaborator",
    "v2:copy-path.not_collaborator",
}
# Endpoints that the stand-in leaves out; they answer as an unknown path does.
LEFT_OUT = re.compile(r"v2:api-key\.")

# These hung until the deadline when they were recorded; the next of the kind was answered.
HUNG = {"rest-2026:run.html", "rest-2026:run.png"}

# The worker of the queue was simulated in the recording: its words are not CoCalc's.
SIMULATED = {"v1:kucalc.copy.wait_true.fails"}

# Words that must be the same to the letter, wherever they stand in an answer.
WORDS = {"event", "error", "note", "type", "status", "stdout", "stderr", "content", "group"} | {
    "email", "terms", "password", "email_address_reason", "state", "ip",
}  # fmt: skip


def _load(name: str) -> list[tuple[str, dict[str, Any]]]:
    text = (CONTRACT / f"{name}.jsonl").read_text()
    if name.startswith("rest-"):  # the owner and the stranger had other numbers then
        for number in (2, 3):
            text = text.replace(f"{BBBB}{number}", f"{BBBB}{number - 1}")
    rows = [(name, json.loads(line)) for line in text.splitlines()]
    for _, row in rows:
        if row["response"].get("body_truncated"):
            row["response"]["body"] = mended(row["response"]["body"])
    return rows


ROWS = [
    *_load("v1"),
    *_load("v2"),
    *_load("conat-2026"),
    *_load("rest-2024"),
    *_load("rest-2026"),
]


def _id(row: tuple[str, dict[str, Any]]) -> str:
    return f"{row[0]}:{row[1]['name']}"


@pytest.fixture(scope="module")
def stages() -> Iterator[dict[str, Stage]]:
    """Self-hosted and production of generation A, and generation B."""
    made = {
        "A": LocalCoCalc(content={}, generation="A"),
        "queue": LocalCoCalc(content={}, queue=True, generation="A"),
        "B": LocalCoCalc(content={}, generation="B"),
        "later B": LocalCoCalc(content={}, generation="B"),
    }
    yield {k: Stage(site.start(), 10 if k == "B" else 0) for k, site in made.items()}
    for site in made.values():
        site.close()


def stage_of(stages: dict[str, Stage], file: str, name: str) -> Stage:
    """Where a recording was made."""
    if file.endswith("-2026"):
        return stages["B" if file == "conat-2026" else "later B"]
    return stages["queue" if name.startswith("kucalc.") else "A"]


@pytest.mark.parametrize("row", ROWS, ids=_id)
def test_agrees_with_the_recording(
    row: tuple[str, dict[str, Any]], stages: dict[str, Stage]
) -> None:
    file, recording = row
    stage = stage_of(stages, file, recording["name"])
    stage.prepare(recording)
    recorded = recording["response"]
    if recorded["status"] is None:
        with pytest.raises(requests.ReadTimeout):
            stage.send(recording, timeout=0.5)
        return
    answer = stage.send(recording)
    if _id(row) in NOT_IMITATED:
        assert answer.status_code == 200
        assert "collaborator" in answer.json()["error"]
        return
    if LEFT_OUT.match(_id(row)):
        generation = "B" if file.endswith("2026") else "A"
        assert recording["request"]["path"].removeprefix("/api/v2/") in left_out.V2[generation]
        assert answer.status_code == 404
        assert "<title>404 Page Not Found</title>" in answer.text
        return
    if _id(row) in HUNG:
        assert [set(output) for output in answer.json()] == [{"data"}]
        return
    assert answer.status_code == recorded["status"], answer.text
    assert answer.headers.get("Content-Type") == recorded["content_type"]
    if _id(row) in SIMULATED:
        assert answer.json()["event"] == recorded["body"]["event"]
        assert answer.json()["error"].endswith("failed: No such file or directory")
    elif (recorded["content_type"] or "").startswith("application/json"):
        body = answer.json()
        if recorded.get("body_truncated") and isinstance(body, dict):
            body = {name: body[name] for name in recorded["body"]}
        compare(_beginning(recorded), body, "$")
    else:
        compare_text(recorded["body"], answer.text)


def _beginning(recorded: dict[str, Any]) -> Any:
    """Of an answer that was cut when it was recorded, what came before."""
    body = recorded["body"]
    if not recorded.get("body_truncated") or not isinstance(body, str):
        return body
    try:
        return [json.JSONDecoder().raw_decode(body[1:])[0]]
    except ValueError:  # cut in its first text
        return body if body[0] == '"' else [{"name": "stdout", "text": "x"}]


def compare(recorded: Any, mine: Any, where: str, key: str = "") -> None:
    """The same keys, the same types, and the same words where they are constant."""
    assert type(mine) is type(recorded), f"{where}: {mine!r} instead of {recorded!r}"
    if isinstance(recorded, dict) and not _is_by_id(recorded):
        assert set(mine) == set(recorded), where
        for name in recorded:
            inner = WORDS if key in ("reason", "issues") else ()
            same = "error" if name in inner or key == "reason" else name
            compare(recorded[name], mine[name], f"{where}.{name}", same)
    elif isinstance(recorded, dict):
        assert mine, where
        compare(next(iter(recorded.values())), next(iter(mine.values())), f"{where}.*")
    elif isinstance(recorded, list):
        assert bool(mine) == bool(recorded), where
        if key == "content":  # rows in no certain order, some with errors
            assert sorted(map(_plain, map(str, map(_sorted, mine)))) == sorted(
                map(_plain, map(str, map(_sorted, recorded)))
            )
        elif recorded:
            compare(recorded[0], mine[0], f"{where}[0]")
    elif isinstance(recorded, str) and key in WORDS and "<SERVER_PATH>" in recorded:
        parts = map(re.escape, recorded.split("<SERVER_PATH>"))
        assert re.fullmatch("[^']+".join(parts), mine), f"{where}: {mine}"
    elif isinstance(recorded, str) and key in WORDS:
        assert _plain(mine) == _plain(recorded), where


def compare_text(recorded: str, mine: str) -> None:
    """Pages: the same title and message; other text to the letter."""
    if "whose script goes to" in recorded:
        assert "<script" in mine
        return
    if not recorded.startswith("<!DOCTYPE"):
        assert _plain(mine) == _plain(recorded)
        return
    for tag in ("title", "pre"):
        pattern = re.compile(f"<{tag}>(.*?)</{tag}>", re.DOTALL)
        assert pattern.findall(mine) == pattern.findall(recorded)


def _sorted(value: Any) -> Any:
    return dict(sorted(value.items())) if isinstance(value, dict) else value


def _is_by_id(value: dict[str, Any]) -> bool:
    return bool(value) and all(re.fullmatch(r"[0-9a-f-]{36}", k) for k in value)


def _plain(text: str) -> str:
    """Without what varies from site to site."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", text)
    text = re.sub(r"[\w./-]*/projects/", "/projects/", text)
    text = re.sub(r"/tmp/cocalc-\w{6}/", "/tmp/cocalc-XXXXXX/", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"(value \")\d+(\" is out of range)", r"\1N\2", text)
    return re.sub(r"'[A-Za-z0-9]{24}'", "'TOKEN'", text)
