"""The audit needs a browser where it says so."""

from __future__ import annotations

import pytest

from cocalc_widget.local.chromium import find_chromium


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.name == "test_secrets_audit.py" and find_chromium() is None:
            item.add_marker(pytest.mark.skip(reason="there is no Chromium on this machine"))
