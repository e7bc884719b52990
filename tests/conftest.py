"""Fixtures for all tests: an IPython shell, and a home of their own for every setting."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.testing.globalipapp import start_ipython

HERE = Path(__file__).parent
IN_CHROMIUM = (HERE / "browser", HERE / "matrix")  # all of it; elsewhere a test or a file says so


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(folder in item.path.parents for folder in IN_CHROMIUM):
            item.add_marker("browser")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator:
    """Fixtures are to know how their test ended, for `stage.pictures`."""
    outcome = yield
    if call.when == "call":
        item.report = outcome.get_result()  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the settings of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("COCALC_CONFIG_DIR", str(home / "cocalc-widget"))
    for name in ("COCALC_API_KEY", "COCALC_HOST", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture(scope="session")
def _ipython() -> InteractiveShell:
    return start_ipython()


@pytest.fixture
def shell(_ipython: InteractiveShell) -> Iterator[InteractiveShell]:
    """The one IPython shell a process can have, with nothing of ours in it."""
    _ipython.reset(new_session=True)
    yield _ipython
    _ipython.extension_manager.unload_extension("cocalc_widget")
    _ipython.reset(new_session=True)
