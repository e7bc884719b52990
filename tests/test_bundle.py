"""A checkout whose page was not built: the widget says how to build it, all else works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cocalc_widget

CODE = """
import cocalc_widget
assert cocalc_widget.__file__.startswith({home!r}), cocalc_widget.__file__
from IPython.core.interactiveshell import InteractiveShell
from cocalc_widget import Client, CoCalc, LocalCoCalc, errors
with LocalCoCalc(content={{"Lesson": {{}}}}) as site:
    assert Client(site.api_key, host=site.url, verify=site.ca_file).ping().now
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "cocalc_widget")
assert "cocalc" in shell.magics_manager.magics["line"]
try:
    CoCalc()
except errors.ConfigurationError as error:
    print(error)
"""


def test_a_missing_bundle_is_said_in_a_sentence_and_breaks_nothing_else(tmp_path: Path) -> None:
    package = Path(cocalc_widget.__file__).parent
    left_out = shutil.ignore_patterns("static", "__pycache__")
    shutil.copytree(package, tmp_path / "cocalc_widget", ignore=left_out)
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(home=str(tmp_path))],
        capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "npm run build" in done.stdout
    assert "widget.js is missing" in done.stdout
