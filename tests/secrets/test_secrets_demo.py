"""The demo gives JupyterLab's token to its own Chromium, not to everybody on the machine."""

from __future__ import annotations

import stat
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Error, sync_playwright

from cocalc_widget.demo import serve
from cocalc_widget.demo.jupyter.chromium import find_chromium, headless, profile
from cocalc_widget.local import LocalCoCalc

TOKEN = "CanaryOfTheLabCanaryOfTheLab"


def test_the_command_line_has_no_token(tmp_path):
    said = tmp_path / "said"
    program = tmp_path / "chromium"  # tells its command line, as `ps` would
    program.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(said)!r}, 'w').write(repr(sys.argv))"
    )
    program.chmod(0o700)
    with serve._window(str(program), ["--x"], f"{serve.LAB_ORIGIN}/lab?token={TOKEN}&x=1"):
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


@pytest.mark.browser
def test_the_window_trusts_no_other_certificate_than_the_stand_ins():
    with (
        LocalCoCalc(content={}) as site,
        LocalCoCalc(content={}) as other,
        profile() as folder,
        sync_playwright() as started,
    ):
        lab = SimpleNamespace(port=site.port)  # the same certificate
        context = started.chromium.launch_persistent_context(
            folder, executable_path=find_chromium(), args=serve._switches(lab, site)
        )
        page = context.new_page()
        for address in (serve.LAB_ORIGIN, site.url):
            page.goto(f"{address}/customize")
            assert "iframe_comm_hosts" in page.content()
            assert page.evaluate("isSecureContext")
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            page.goto(f"{other.url}/customize")
        context.close()
