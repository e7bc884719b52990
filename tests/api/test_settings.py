"""Settings of a client that can and can't be; what type checkers see of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cocalc_widget.api import Client
from cocalc_widget.errors import ConfigurationError

HOST = "https://cocalc.invalid"


def test_a_ca_file_as_text_or_path(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.touch()
    for given in (file, str(file)):
        assert Client("sk-x", host=HOST, verify=given).verify == str(file)
    assert Client("sk-x", host=HOST, verify=False).verify is False
    with pytest.raises(ConfigurationError, match="does not exist"):
        Client("sk-x", host=HOST, verify=tmp_path / "none.pem")


@pytest.mark.parametrize("bad", [None, 0, 1, 5.0, ["ca.pem"], b"ca.pem"])
def test_what_is_no_way_to_verify(bad: Any) -> None:
    with pytest.raises(ConfigurationError, match="verify must be True, False or the path"):
        Client("sk-x", host=HOST, verify=bad)


CODE = """
from pathlib import Path
from cocalc_widget import Client

with Client(verify=Path("ca.pem")) as client:
    reveal_type(client)
    reveal_type(client.exec("P", "ls").truncated)
"""


def test_a_client_keeps_its_type_in_a_with_statement(tmp_path: Path) -> None:
    file = tmp_path / "code.py"
    file.write_text(CODE)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(file)],
        capture_output=True, text=True, timeout=110, check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert 'Revealed type is "cocalc_widget.api.client.Client"' in done.stdout
    assert 'Revealed type is "bool"' in done.stdout
    assert done.returncode == 0, done.stdout
