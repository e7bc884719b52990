"""`python -m tests.official`: the official client's own tests against the stand-in.

Ends with "64 passed", the whole suite as a site's admin with real kernels, or with 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from cocalc_widget import LocalCoCalc

from .suite import SuiteError, unpacked

ALL = 64
_LONGEST = 900  # seconds for one run
# These make organizations, or accounts in them, which is for a site's admins alone.
ADMINS = (
    "test_hub.py::TestHubSystem::test_user_search",
    "test_hub.py::TestHubProjects::test_collaborator_management",
    "test_hub.py::TestHubProjects::test_get_names",
    "test_hub.py::TestHubProjects::test_messages_send",
    "test_org.py::TestAdminPrivileges",
    "test_org.py::TestOrganizationCRUD",
    "test_org.py::TestOrganizationUserManagement",
    "test_org.py::TestOrganizationTokens",
    "test_org.py::TestOrganizationMessaging",
    "test_org.py::TestOrganizationIntegration",
)


@dataclass(frozen=True)
class Run:
    """How the suite is run; `ci` makes it leave Jupyter out by itself."""

    name: str
    admin: bool
    ci: bool


RUNS = (
    Run("admin", admin=True, ci=False),
    Run("admin-ci", admin=True, ci=True),
    Run("user", admin=False, ci=False),
)


@dataclass(frozen=True)
class Ended:
    """How a run ended; `ok` if pytest says so."""

    ok: bool
    passed: int
    skipped: int
    failed: int


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.official", description=__doc__)
    parser.add_argument("--run", choices=[run.name for run in RUNS], action="append")
    parser.add_argument("pytest", nargs="*", help="for pytest, after --, e.g. -- -k org")
    told = parser.parse_args(argv)
    runs = [run for run in RUNS if told.run is None or run.name in told.run]
    try:
        ended = {run: one(run, told.pytest) for run in runs}
    except SuiteError as error:
        print(f"the official suite can't be run: {error}", file=sys.stderr)
        return 1
    whole = True
    print()
    for run, end in ended.items():
        left = f", {len(ADMINS)} groups for admins left out" if not run.admin else ""
        print(f"{run.name}: {end.passed} passed, {end.failed} failed, {end.skipped} skipped{left}")
        whole = whole and end.ok
        if run.admin and not run.ci and not told.pytest:
            whole = whole and end.passed == ALL
            print(f"{end.passed} passed")
    return 0 if whole else 1


def one(run: Run, more: list[str]) -> Ended:
    """One run of the suite, on a stand-in of its own."""
    print(f"\n=== {run.name}: " + ("a site's admin" if run.admin else "a plain user")
          + (", CI=true" if run.ci else ", with kernels"), flush=True)  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="official-") as scratch,
        LocalCoCalc(generation="B", admin=run.admin) as site,
    ):
        folder = Path(scratch)
        tests = unpacked(folder)
        kept = ("PATH", "HOME", "LANG", "TMPDIR")
        environment = {name: os.environ[name] for name in kept if name in os.environ} | {
            "COCALC_HOST": site.url,
            "COCALC_API_KEY": site.api_key,
            "SSL_CERT_FILE": str(site.ca_file),
            "PYTHONPATH": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            **({"CI": "true"} if run.ci else {}),
        }
        report = folder / "report.xml"
        left_out = [] if run.admin else [f"--deselect=tests/{name}" for name in ADMINS]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short",
                   "--rootdir", str(folder), f"--junitxml={report}", *left_out, *more,
                   tests.name]  # fmt: skip
        done = subprocess.run(command, cwd=folder, env=environment, timeout=_LONGEST, check=False)
        return _ended(report, ok=done.returncode == 0)


def _ended(report: Path, *, ok: bool) -> Ended:
    if not report.exists():
        return Ended(False, 0, 0, 0)
    cases = ET.parse(report).getroot().findall(".//testcase")
    skipped = sum(case.find("skipped") is not None for case in cases)
    failed = sum(
        case.find("failure") is not None or case.find("error") is not None for case in cases
    )
    return Ended(ok, len(cases) - skipped - failed, skipped, failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
