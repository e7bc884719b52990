"""Wheel and sdist hold no secret, even where keys and saved notebooks lie about in the checkout."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from canaries import Canary, new_key
from scanning import Scanner

ROOT = Path(__file__).parents[2]
KEY = Canary("key", new_key())
# what work in a checkout leaves there, by this package's own ways first of all
LEFT = (
    "api.key",
    "notebooks/api.key",
    "tests/api.key",
    "cocalc_widget/api.key",
    "notebooks/.ipynb_checkpoints/quickstart-checkpoint.ipynb",
    "notebooks/.cocalc-widget/keys/cocalc.com.key",
    "cocalc_widget/__pycache__/x.pyc",
    "tests/browser/__pycache__/x.pyc",
    "test-results/lab.log",
    "tests/test-results/lab.log",
    ".config/cocalc-widget/keys/cocalc.com.key",
    ".env",
    "notebooks/.env",
    "dist/old.whl",
)


@pytest.mark.timeout(300)
def test_what_is_shipped_holds_no_secret(tmp_path):
    checkout, dist = tmp_path / "checkout", tmp_path / "dist"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    for name in LEFT:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(json.dumps({"key": KEY.value}))
    (checkout / "node_modules").symlink_to(ROOT / "node_modules")
    build = [sys.executable, "-m", "build", "--no-isolation", "--skip-dependency-check"]
    done = subprocess.run(
        [*build, "--outdir", str(dist)],
        cwd=checkout, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert {it.suffix for it in dist.iterdir()} == {".whl", ".gz"}
    scanner = Scanner([KEY])
    scanner.tree("dist", dist)
    print(scanner.report())
    assert not scanner.findings, "\n".join(sorted({it.place for it in scanner.findings}))
    inside = "\n".join(scanner.places)
    for name in ("cocalc_widget/redact.py", "cocalc_widget/static/widget.js", "quickstart.ipynb"):
        assert len([it for it in scanner.places if it.endswith(name)]) >= 2, inside
    assert any(it.endswith("/SECURITY.md") for it in scanner.places)
    scanner.tree("checkout", checkout)
    assert len({it.place for it in scanner.findings}) == len(LEFT)  # it knows it when it sees it
