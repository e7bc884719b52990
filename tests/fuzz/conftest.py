"""The count of all examples: a line at the end of each run, and a test that comes last."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocalc_widget.api.dialects import detection as detect

from .counting import RUN, summary

HERE = Path(__file__).parent
FILES = {file for file in HERE.glob("test_*.py") if file.name != "test_total.py"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The total comes last, and only where all of the folder runs."""
    total = [item for item in items if item.path == HERE / "test_total.py"]
    others = [item for item in items if item not in total]
    whole = {item.path for item in others} >= FILES and not config.option.keyword
    if total and not whole:
        config.hook.pytest_deselected(items=total)
        total = []
    items[:] = others + total


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if RUN:
        terminalreporter.write_line(summary())


@pytest.fixture(autouse=True)
def _fresh() -> None:
    detect.forget()
