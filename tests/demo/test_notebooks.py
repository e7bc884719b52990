"""The notebooks that come along: they run with a CoCalc of either generation, show what they
promise, and read as pages. (The quickstart on today's CoCalc is in `test_demo`.)"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from stage.stand_in import environment

from cocalc_widget.address import Generation
from cocalc_widget.demo.check import wanted
from cocalc_widget.local import LocalCoCalc

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
ALL = ("quickstart", "hand-out-to-a-class", "drive-the-frame", "real-cocalc")
COMMAND = [
    sys.executable,
    "-c",
    "import sys; from cocalc_widget.demo import main; sys.exit(main())",
]


def read(name: str) -> Any:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def check(notebook: Path, picture: Path, *more: str, generation: str = "B") -> dict[str, Any]:
    """Run one in JupyterLab; its picture is kept where NOTEBOOK_PICTURES says, if anywhere."""
    kept = os.environ.get("NOTEBOOK_PICTURES")
    picture = Path(kept, picture.name) if kept else picture
    done = subprocess.run(
        [*COMMAND, "demo", "--check", "--generation", generation, "--notebook", str(notebook),
         "--screenshot", str(picture), *more],
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["ok"]
    assert report["cells_run"] == report["cells"] > 3
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 50_000
    return report


def opens(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [it for it in report["commands"] if it["command"].startswith("open ")]


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_quickstart_with_an_older_cocalc(tmp_path: Path) -> None:
    report = check(NOTEBOOKS / "quickstart.ipynb", tmp_path / "quickstart-A.png", generation="A")
    assert report["files_copied"] == ["Student:lesson.md"]
    told = [(it["command"], it["verified"], it["evidence"]) for it in opens(report)]
    assert told == [("open cooling.ipynb", True, "opened"), ("open lesson.md", True, "opened")]


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize("generation", ["A", "B"])
def test_hand_out_to_a_class(tmp_path: Path, generation: str) -> None:
    picture = tmp_path / f"hand-out-{generation}.png"
    report = check(NOTEBOOKS / "hand-out-to-a-class.ipynb", picture, generation=generation)
    data = [it for it in report["files_copied"] if it.endswith(":data/coffee.csv")]
    text = [it for it in report["files_copied"] if it.endswith(":week-1/lesson.md")]
    assert (len(data), len(text)) == (30, 30)
    assert "Calculus, Cleo:data/coffee.csv" in data  # by the second try


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("generation", "theme"), [("A", ("--dark",)), ("B", ())], ids=["A, dark", "B, light"]
)
def test_drive_the_frame(tmp_path: Path, generation: str, theme: tuple[str, ...]) -> None:
    picture = tmp_path / f"drive{''.join(theme)}.png"
    notebook = NOTEBOOKS / "drive-the-frame.ipynb"
    report = check(notebook, picture, *theme, generation=generation)
    opened = [it["command"] for it in report["commands"]]
    assert {"open cooling.py", "open drawing.py", "status", "closeall"} <= set(opened)
    assert opened[-1] == "open cooling.ipynb"  # the button that Python pressed
    assert all(it["verified"] is True for it in opens(report))
    kinds = {it["evidence"] for it in opens(report)}
    assert kinds == {"opened"} if generation == "A" else kinds <= {"opened", "rendered"}
    assert report["files_shown"][-1] == "cooling.ipynb"


def run(nb: Any, monkeypatch: pytest.MonkeyPatch, folder: Path, **env: str) -> list[str]:
    """The text that each code cell left, in a kernel with no browser."""
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    client = NotebookClient(nb, timeout=60, resources={"metadata": {"path": str(folder)}})
    client.execute()
    told = []
    for cell in nb.cells:
        if cell.cell_type == "code":
            parts = [out.get("text") or out.data.get("text/plain", "") for out in cell.outputs]
            told.append("".join(parts))
    return told


def test_real_cocalc_does_nothing_without_a_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # a host that does not exist: a cell that asked it anything would fail
    told = run(read("real-cocalc"), monkeypatch, tmp_path, COCALC_HOST="https://cocalc.invalid")
    assert "There is no key yet" in told[0]
    assert not any(told[1:])


@pytest.mark.parametrize("generation", ["A", "B"])
def test_real_cocalc_runs_with_a_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, generation: Generation
) -> None:
    nb = read("real-cocalc")
    for cell in nb.cells:
        if cell.source.startswith('document = ""'):
            cell.source = 'document = "Lesson:lesson.md"'
    with LocalCoCalc(generation=generation) as site:
        told = run(nb, monkeypatch, tmp_path, **environment(site))
        assert site.api_key not in nbformat.writes(nb)
    text = "\n".join(told)
    assert "with the key from COCALC_API_KEY" in told[0]
    assert "cocalc-widget doctor" in text
    assert f"generation {generation}" in text
    assert "booting" in text  # nobody looks at the frame here
    assert "lesson.md" in told[-1]


@pytest.mark.parametrize("name", ALL)
def test_each_reads_as_a_page(name: str) -> None:
    nb = read(name)
    nbformat.validate(nb)
    assert nb.cells[0].cell_type == "markdown"
    assert nb.cells[0].source.startswith("# ")
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    assert len(nb.cells) - len(code) >= len(code) / 2
    for cell in code:
        assert not cell.outputs
        assert cell.execution_count is None
        assert len(cell.source.splitlines()) <= 30
    tags = [tag for cell in code for tag in cell.metadata.get("tags", ())]
    assert tags == ([] if name == "real-cocalc" else ["screenshot"])


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, {"frame": True, "copies": True}),
        ({"cocalc_check": {"frame": False}}, {"frame": False, "copies": True}),
        ({"cocalc_check": {"copies": False}}, {"frame": True, "copies": False}),
    ],
)
def test_a_notebook_says_what_it_is_not_about(
    tmp_path: Path, metadata: dict[str, Any], expected: dict[str, bool]
) -> None:
    file = tmp_path / "x.ipynb"
    file.write_text(json.dumps({"metadata": metadata, "cells": []}))
    assert wanted(file) == expected


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_doctor_knows_the_page_that_shows_a_frame(tmp_path: Path) -> None:
    made = nbformat.v4.new_notebook(metadata={"cocalc_check": {"copies": False}})
    made.metadata["kernelspec"] = read("quickstart").metadata.kernelspec
    made.cells = [
        nbformat.v4.new_code_cell(source)
        for source in (
            "%load_ext cocalc_widget\ntoken = %cocalc token --no-password",
            (
                "from cocalc_widget import Client, CoCalc\n"
                "cocalc = CoCalc('Lesson', 'lesson.md', client=Client(), token=token)\n"
                "cocalc"
            ),
            "await cocalc.status()\nreport = %cocalc doctor\nreport",
            (
                "states = {check.name: check.state for check in report}\n"
                "assert states == dict.fromkeys(states, 'ok'), states\n"
                "assert 'https://localhost, may talk' in report.check('listener').found\n"
                "assert 'channel messages, ready' in report.check('frame').found\n"
                "assert cocalc.signed_in and cocalc.ancestors == ()\n"
                "assert token.value not in str(report)"
            ),
        )
    ]
    made.cells[2].metadata["tags"] = ["screenshot"]
    file = tmp_path / "doctor.ipynb"
    nbformat.write(made, file)
    check(file, tmp_path / "doctor.png")
