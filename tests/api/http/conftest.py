"""The number of faults met, in a line at the end of each run."""

from __future__ import annotations

from collections import Counter

import pytest

from .faults import FAULTS

MET: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    name = report.nodeid.rpartition("[")[2].rstrip("]")
    if report.when == "call" and report.passed and "test_wire.py" in report.nodeid:
        MET[name] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if MET:
        terminalreporter.write_line(
            f"wire: {len(MET)} of {len(FAULTS)} faults, met by {MET.total()} calls"
        )
