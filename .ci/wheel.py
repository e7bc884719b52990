"""Owns the check of what is shipped: files in wheel and sdist, an import in an empty venv.

And that a clean clone can be installed where there is no Node.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

BUNDLE = ["cocalc_widget/static/widget.js", "cocalc_widget/static/widget.css"]
MAX_BUNDLE = 16_000  # bytes, minified
SMOKE = """
import sys
import cocalc_widget
heavy = {"requests", "ipywidgets", "anywidget", "tornado"} & set(sys.modules)
assert not heavy, f"import cocalc_widget loads {heavy}"
from cocalc_widget import CoCalc, Client, errors
frame = CoCalc("aaaaaaaa-0000-4000-8000-000000000001", "a.md", host="https://cocalc.test")
assert len(str(frame._esm)) > 1000, "the widget has no bundle"
frame.close()
print(f"cocalc_widget {cocalc_widget.__version__} imports from the wheel, with its bundle")
"""


def main(dist: Path) -> None:
    """Check the one wheel and the one sdist in `dist`; raises on the first thing that is wrong."""
    (wheel,) = dist.glob("*.whl")
    (sdist,) = dist.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        for name in [*BUNDLE, "cocalc_widget/notebooks/quickstart.ipynb"]:
            assert name in names, f"{name} is not in {wheel.name}"
        size = packed.getinfo(BUNDLE[0]).file_size
        assert size <= MAX_BUNDLE, f"the bundle has {size} bytes, more than {MAX_BUNDLE}"
        stray = [n for n in names if n.startswith(("tests/", "js/", "node_modules/"))]
        assert not stray, f"the wheel has {stray}"
    with tarfile.open(sdist) as packed_source:
        source = {name.partition("/")[2] for name in packed_source.getnames()}
    for name in [*BUNDLE, "js/widget.ts", "package-lock.json", "LICENSE"]:
        assert name in source, f"{name} is not in {sdist.name}"
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "bin", "python"))
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, str(wheel)], check=True, timeout=600)
        subprocess.run([python, "-c", SMOKE], check=True, timeout=120, cwd=folder)
    print(f"{wheel.name}: bundle of {size} bytes inside; {sdist.name}: complete")
    from_source(Path(__file__).parents[1])


def from_source(root: Path) -> None:
    """Install a clean clone with nothing but Python: the build requirement brings Node."""
    with tempfile.TemporaryDirectory() as folder:
        clone, programs = Path(folder, "clone"), Path(folder, "bin")
        subprocess.run(["git", "clone", "--quiet", str(root), str(clone)], check=True, timeout=120)
        programs.mkdir()
        for name in ("sh", "env"):  # npm starts scripts by them
            (programs / name).symlink_to(shutil.which(name) or f"/bin/{name}")
        assert shutil.which("node", path=str(programs)) is None
        venv.create(Path(folder, "venv"), with_pip=True)
        install = [str(Path(folder, "venv", "bin", "python")), "-m", "pip", "install", "--quiet"]
        env = {**os.environ, "PATH": str(programs)}
        subprocess.run([*install, "--no-deps", str(clone)], check=True, timeout=600, env=env)
        (script,) = Path(folder, "venv").glob("lib/*/site-packages/cocalc_widget/static/widget.js")
        assert 1000 < script.stat().st_size <= MAX_BUNDLE
    print("a clean clone builds its bundle where only Python is installed")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
