"""JupyterLab whose server has the extension `cocalc_widget.nodelay`: only the time changes."""

import json

import pytest
from cells import AWAIT, BLOCK, TIMED
from stage.environments import NEWEST, name_of, python_of
from stage.labs import SHOW, lab_beside, load_lab
from stage.pictures import keep
from stage.sheets import Sheet, write
from stage.stand_in import HUB

from cocalc_widget.demo.jupyter.chromium import headless

pytestmark = pytest.mark.timeout(90)
KERNEL, FRONT = name_of(NEWEST), "JupyterLab, nodelay"


def test_lab_that_sends_at_once(request, site, env, tmp_path, note):
    kernels = {KERNEL: python_of(NEWEST)}
    with (
        lab_beside(site, tmp_path, env, kernels=kernels, nodelay=True) as lab,
        headless({HUB: lab.port}) as browser,
    ):
        write(lab.folder, "quick.ipynb", KERNEL)
        page = load_lab(browser.new_context(), lab)
        try:
            sheet = Sheet(page, "quick.ipynb")
            sheet.works(SHOW + TIMED + "w.status().result(timeout=30)")
            note(NEWEST, FRONT, "result(), event", json.loads(sheet.works(BLOCK)))
            note(NEWEST, FRONT, "await", json.loads(sheet.works(AWAIT)))
            assert sheet.failures == []
            sheet.shut()
        finally:
            keep(request, page, f"matrix-{request.node.name}")
        assert "cocalc_widget.nodelay | extension was successfully loaded" in lab.log.read_text()
