"""The demo gives JupyterLab's token to its own Chromium, not to everybody on the machine."""

from __future__ import annotations

import stat
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest

from cocalc_widget.demo import serve
from cocalc_widget.local import LocalCoCalc
from cocalc_widget.local.chromium import headless

TOKEN = "CanaryOfTheLabCanaryOfTheLab"


def test_the_command_line_has_no_token(tmp_path):
    said = tmp_path / "said"
    program = tmp_path / "chromium"  # tells its command line, as `ps` would
    program.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(said)!r}, 'w').write(repr(sys.argv))"
    )
    program.chmod(0o700)
    lab = SimpleNamespace(port=1)
    with serve._window(str(program), lab, f"{serve.LAB_ORIGIN}/lab?token={TOKEN}&x=1"):
        until = time.monotonic() + 20
        while not said.exists() or not said.read_text():
            assert time.monotonic() < until
            time.sleep(0.02)
        line = said.read_text()
        start = Path(unquote(urlsplit(line.split("'")[-2]).path))
        assert f"/lab?token={TOKEN}&amp;x=1" in start.read_text()
        assert stat.S_IMODE(start.stat().st_mode) == 0o600
        assert stat.S_IMODE(start.parent.stat().st_mode) == 0o700
    assert "--user-data-dir=" in line
    assert TOKEN not in line
    assert not start.exists()


@pytest.mark.browser
def test_a_real_chromium_goes_on_from_there(tmp_path):
    url = f"https://jupyter.test/customize?token={TOKEN}&x=1"
    with LocalCoCalc(content={}) as site, headless({"jupyter.test": site.port}) as browser:
        page = browser.new_page()
        page.goto(serve._start_page(tmp_path, url))
        page.wait_for_url(url, timeout=20_000)
        assert "iframe_comm_hosts" in page.content()
