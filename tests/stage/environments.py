"""Owns the kernels of the matrix: one virtual environment per ipykernel, made once and kept."""

import importlib.metadata
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "matrix"
# What a kernel needs of the widget and the client, and nothing of the front end.
NEEDS = (
    *("ipywidgets", "anywidget>=0.11", "requests", "traitlets", "tqdm", "coverage"),
    *("idna", "publicsuffixlist"),
)
# Counts what a kernel runs of the package, where the tests are told to count.
MEASURE = "import coverage; coverage.process_startup()\n"
VERSIONS = ("6.31", "7.1", "7.3", "7.4")
NEWEST = ".".join(importlib.metadata.version("ipykernel").split(".")[:2])
KERNELS = tuple(dict.fromkeys((*VERSIONS, NEWEST)))  # oldest first; often NEWEST is among them


def name_of(version):
    """The kernel's name in the front ends."""
    return f"ipykernel-{version}"


def python_of(version):
    """The interpreter of an environment with this ipykernel, made if it is not there yet."""
    return python_with(name_of(version), f"ipykernel=={version}.*")


def python_with(name, *packages):
    """The interpreter of an environment with these packages, made if it is not there yet."""
    folder = CACHE / name
    python, stamp = folder / "bin" / "python", folder / "stamp"
    wanted = [*packages, *NEEDS]
    told = "\n".join([sys.version, str(ROOT), *wanted])
    if stamp.is_file() and stamp.read_text() == told and python.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    uv = [sys.executable, "-m", "uv"]
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(folder)],
        ["pip", "install", "--quiet", "--python", str(python), *wanted],
    ):
        subprocess.run([*uv, *command], check=True, timeout=300)
    # the checkout itself, so that what is tested is what is edited
    packages = next((folder / "lib").glob("python3*/site-packages"))
    (packages / "checkout.pth").write_text(f"{ROOT}\n")
    (packages / "measure.pth").write_text(MEASURE)
    stamp.write_text(told)
    return python
