"""Options that can't be right, and what is asked for too early, are named errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cocalc_widget import LocalCoCalc
from cocalc_widget.errors import ConfigurationError


@pytest.mark.parametrize("port", [70000, -1, 1.5, "8000", True, None])
def test_ports_that_are_none(port: Any) -> None:
    with pytest.raises(ConfigurationError, match="port must be a number from 0 to 65535"):
        LocalCoCalc(port=port)


@pytest.mark.parametrize("root", [5, ["a"], object()])
def test_roots_that_are_no_paths(root: Any) -> None:
    with pytest.raises(ConfigurationError, match="root must be the path of a folder, not"):
        LocalCoCalc(root)


def test_a_file_as_root(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="root must be a folder, and '/etc/passwd' is a"):
        LocalCoCalc("/etc/passwd")
    (tmp_path / "file").touch()
    for root in (tmp_path / "file" / "below", "/proc/none"):
        site = LocalCoCalc(root)
        with pytest.raises(ConfigurationError, match=r"can't be used: .*leave it out"):
            site.start()


def test_what_is_there_from_the_start_on() -> None:
    site = LocalCoCalc(content={})
    names = ("url", "port", "ca_file", "cert_file", "key_file", "account_id", "email", "password",
             "api_key")  # fmt: skip
    for name in names:
        with pytest.raises(ConfigurationError, match=f"no {name} before it is started"):
            getattr(site, name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        site.nonsense  # noqa: B018
    assert repr(site) == "<LocalCoCalc not running>"
    with site:
        assert all(getattr(site, name) for name in names)
