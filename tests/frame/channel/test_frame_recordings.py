"""What recorded servers said, held against what is taken for proof: in no recording in which
nothing was shown, and in every one in which CoCalc told that something was."""

import json
from pathlib import Path

import pytest
from framepage import P1

from cocalc_widget.frame.channel.evidence import Evidence
from cocalc_widget.frame.messages.inbox import Line
from cocalc_widget.frame.messages.outbox import tells

FOLDER = Path(__file__).parents[2] / "contract"


def rows(name):
    return [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]


OLD, TODAY = rows("iframe.jsonl"), rows("iframe-2026.jsonl")
# Nothing was on the screen in these, whatever CoCalc said (README there, and the pictures).
EMPTY = (
    "B1.open.directory", "B1.open.empty_path", "B1.open.stopped_project", "B1.open.unknown_project",
    "B1.open.project_of_stranger", "B5.", "B6.strict.cross_site", "B6.none.cross_site.open_",
    "B7.", "B9.", "L.port.kiosk", "L.port.default.folder", "L.port.default.stopped",
    "L.port.default.signed_out", "S1.open.directory", "S1.open.unknown_project", "S5.", "S8.",
)  # fmt: skip
# ... until the project was started.
STARTED = ("B1.open.stopped_project_again.after_start_by_api",)


def lines(row):
    """The lines of the project's log in a row, as the page reads them (js/protocol.ts)."""
    for reply in row.get("replies") or []:
        if reply["data"].get("source") != "cocalc-project-log":
            continue
        told = reply["data"]["payload"]["project_log"]
        event = told["event"]
        opened = event.get("event") == "open"
        if opened and not event["filename"]:
            continue
        yield Line(
            "opened" if opened else "rendered",
            told["id"],
            told["project_id"],
            event.get("filename", ""),
            told.get("time", ""),
            float(reply["ms"]) + 1,
            1,
        )


def opens(row):
    """The opens that were asked for, or the file in the address of the frame."""
    asked = row.get("request")
    for one in asked if isinstance(asked, list) else [asked]:
        one_open = isinstance(one, dict) and one.get("action") == "open"
        if one_open and "project_id" in one and isinstance(one.get("path"), str):
            yield (one["project_id"], one["path"]), False
        elif isinstance(one, str) and one.startswith("open "):
            yield (P1, one[5:]), False
    url = row.get("url") or ""
    if row["name"].startswith("L.") and "/files/" in url:
        yield (P1, url.split("/files/")[1].split("?")[0]), True


CASES = [
    pytest.param(row, generation, document, steered, id=f"{row['name']}-{document[1]}")
    for generation, all_rows in (("A", OLD), ("B", TODAY))
    for row in all_rows
    for document, steered in opens(row)
]


@pytest.mark.parametrize(("row", "generation", "document", "steered"), CASES)
def test_proof(row, generation, document, steered):
    evidence = Evidence()
    evidence.turn(1)
    heard = list(lines(row))
    for line in heard:
        evidence.hear(line)
    empty = row["name"].startswith(EMPTY) and not row["name"].startswith(STARTED)
    proof = evidence.weigh(
        document, posted=1.0, listed=True, steered=steered, generation=generation
    )
    ids = {line.id for line in heard if (line.project_id, line.path) == document}
    rendered = any(line.name == "rendered" and line.id in ids for line in heard)
    if empty:
        assert not proof.sure
    elif rendered:
        assert (proof.evidence, proof.sure) == ("rendered", True)
    elif ids:
        assert (proof.evidence, proof.sure) == ("opened", steered or generation == "A")
    else:
        assert not proof.sure
    # on a server whose generation is not known nothing weaker will do
    unknown = evidence.weigh(document, posted=1.0, listed=True, steered=steered)
    assert unknown.sure <= (rendered or steered)


def test_there_are_recordings_of_every_kind():
    assert len(CASES) > 80
    assert len(list(filter(None, (list(lines(row)) for row in TODAY)))) > 50


@pytest.mark.parametrize(
    "row", [r for r in TODAY if r["name"].startswith("L.type.")], ids=lambda r: r["name"]
)
def test_kinds_that_never_tell_are_known(row):
    """Nobody waits for what does not come."""
    kind = row["name"].removeprefix("L.type.")
    assert tells(f"f.{kind}") is any(line.name == "rendered" for line in lines(row))
