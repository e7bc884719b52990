"""The demo: what the command does, and that its check would notice what it claims to notice."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from cocalc_widget.demo import check, main, serve
from cocalc_widget.errors import ConfigurationError
from cocalc_widget.local import LocalCoCalc

COMMAND = [
    sys.executable,
    "-c",
    "import sys; from cocalc_widget.demo import main; sys.exit(main())",
]
# as the shell of a script starts what it leaves in the background
IN_A_SCRIPT = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
WIDGET_STATE = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def write_notebook(path: Path, *cells: str) -> Path:
    made = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL, "widgets": WIDGET_STATE})
    made.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(made, path)
    return path


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_check_runs_the_quickstart_and_sees_the_document(tmp_path: Path) -> None:
    picture = tmp_path / "shot.png"
    done = subprocess.run(
        [*COMMAND, "demo", "--check", "--screenshot", str(picture)],
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["ok"]
    assert report["cells_run"] == report["cells"] >= 10
    assert report["files_shown"][0] == "lesson.md"
    assert set(report["files_shown"]) >= {"lesson.md", "cooling.ipynb"}
    assert report["files_copied"] == ["Student:lesson.md"]
    opened = [c for c in report["commands"] if c["command"].startswith("open ")]
    assert len(opened) >= 2
    assert all(c["verified"] is True and c["seconds"] > 0 for c in opened)
    assert {c["evidence"] for c in opened} == {"rendered"}  # on today's CoCalc
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 50_000


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_check_fails_where_a_cell_fails_and_where_nothing_is_shown(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path / "bad.ipynb", "1", "1/0", "2")
    done = subprocess.run(
        [*COMMAND, "demo", "--check", "--notebook", str(notebook)],
        capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert not report["ok"]
    assert (report["cells"], report["cells_run"]) == (3, 1)
    assert report["errors"] == ["cell 1: ZeroDivisionError: division by zero"]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("started", [[], IN_A_SCRIPT], ids=["by hand", "in a script"])
def test_the_demo_prints_where_it_is_and_ends_on_ctrl_c(tmp_path: Path, started: list[str]) -> None:
    process = subprocess.Popen(
        [*started, *COMMAND, "demo", "--no-browser"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    said: list[str] = []
    ready = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                ready.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert ready.wait(90), said
        text = "".join(said)
        lab = re.search(r"JupyterLab +(https://localhost:\d+)/lab/tree/(\S+)\?token=(\w+)", text)
        site = re.search(r"stand-in +(https://localhost:\d+)", text)
        assert lab is not None, text
        assert site is not None, text
        anyone = ssl.create_default_context()
        anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
        url = f"{lab[1]}/api/contents/{lab[2]}?token={lab[3]}"
        with urllib.request.urlopen(url, timeout=10, context=anyone) as answer:
            assert json.load(answer)["name"] == "quickstart.ipynb"
        with urllib.request.urlopen(f"{site[1]}/customize", timeout=10, context=anyone) as answer:
            assert json.load(answer)["configuration"]["iframe_comm_hosts"] == ["localhost"]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0
    reader.join(5)
    assert "Traceback" not in "".join(said)
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{site[1]}/customize", timeout=2, context=anyone)
    deadline = time.monotonic() + 10
    while (left := list(tmp_path.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left, "the demo left files behind"


def test_a_copy_is_a_new_file_with_another_projects_content() -> None:
    before = {"Lesson": {"a.md": b"A", "b.md": b"B"}, "Student": {}}
    after = {"Lesson": {"a.md": b"A", "b.md": b"B"}, "Student": {"a.md": b"A", "b.md": b"?"}}
    assert check.copied(before, after) == ["Student:a.md"]
    assert check.copied(before, before) == []


def test_a_secret_in_the_saved_notebook_is_found(tmp_path: Path) -> None:
    with LocalCoCalc(content={}) as site:
        token = site.core.accounts.new_token(site.account_id)
        saved = tmp_path / "saved.ipynb"
        assert check.leaks(write_notebook(saved, "1 + 1", "a" * 24), site) == []
        for name, secret in (("API key", site.api_key), ("auth token", token)):
            write_notebook(saved, f"x = '{secret}'")
            assert check.leaks(saved, site) == [f"the saved notebook contains the {name}"]
        saved.write_text("{}")
        assert check.leaks(saved, site) == ["the notebook was saved without widget state"]


def test_bad_words_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["demo", "--notebook", str(tmp_path / "none.ipynb")]) == 1
    assert "ConfigurationError: there is no notebook" in capsys.readouterr().err
    for words in (["demmo"], ["demo", "--generation", "C"]):
        with pytest.raises(SystemExit):
            main(words)
    with pytest.raises(ConfigurationError):
        serve.find_notebook(tmp_path)


def test_the_quickstart_comes_along() -> None:
    assert serve.find_notebook(None).name == "quickstart.ipynb"
