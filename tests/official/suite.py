"""Owns where the official suite comes from: the source distribution, fetched once and checked."""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "official"
NAME = "cocalc-api"
# What a release was when its tests were read; another version wants to be read first.
KNOWN = {"0.5.1": "84582a4fd4937d1e8a4206aa318d7bbccc211272326499085c12e2be7d315105"}
_FETCHING = 300  # seconds


class SuiteError(Exception):
    """The suite is not to be had; says why, and what to do."""


def fetched() -> Path:
    """The source distribution of the version that is installed.

    Raises:
        SuiteError: it could not be fetched, or is not what it was.
    """
    version = importlib.metadata.version(NAME)
    if version not in KNOWN:
        raise SuiteError(
            f"{NAME} {version} is installed, whose tests nobody has read: look at them, and at "
            f"what tests/official/fixtures.py gives them, and add its checksum to suite.py."
        )
    file = CACHE / f"{NAME.replace('-', '_')}-{version}.tar.gz"
    if not file.exists():
        _fetch(version)
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != KNOWN[version]:
        file.unlink()
        raise SuiteError(f"{file.name} is not the release of {version}: its SHA-256 is {found}.")
    return file


def _fetch(version: str) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
               "--no-deps", "--no-binary", NAME, "--dest", str(CACHE),
               f"{NAME}=={version}"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=_FETCHING, check=False)
    if done.returncode:
        raise SuiteError(f"pip could not fetch {NAME} {version}: {done.stderr.strip()[-500:]}")


def unpacked(folder: Path) -> Path:
    """Its tests, with our fixtures, as the package `tests` in a folder.

    Raises:
        SuiteError: like `fetched`.
    """
    target = folder / "tests"
    target.mkdir()
    with tarfile.open(fetched()) as archive:
        for member in archive.getmembers():
            parts = Path(member.name).parts
            inside = archive.extractfile(member)
            if len(parts) == 3 and parts[1] == "tests" and parts[2].endswith(".py") and inside:
                (target / parts[2]).write_bytes(inside.read())
    shutil.copy(Path(__file__).with_name("fixtures.py"), target / "conftest.py")
    (target / "__init__.py").touch()
    return target
