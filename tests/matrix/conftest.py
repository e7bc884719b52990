"""Owns the stage of the matrix: one JupyterLab with all kernels, one Chromium, and the table."""

import statistics

import pytest
from stage.environments import KERNELS, name_of, python_of
from stage.labs import lab_beside, load_lab
from stage.pictures import keep
from stage.sheets import Sheet, write
from stage.stand_in import HUB, environment

from cocalc_widget.demo.jupyter.chromium import headless
from cocalc_widget.local import LocalCoCalc

HEAD = ("kernel", "front end", "way", "median ms")
ROWS = []


def pytest_terminal_summary(terminalreporter, config):
    if not ROWS:
        return
    lines = [f"| {' | '.join(row)} |" for row in (HEAD, ["---"] * 4, *ROWS)]
    terminalreporter.write_sep("=", "what works where")
    terminalreporter.write_line("\n".join(lines))
    folder = config.rootpath / "test-results"
    folder.mkdir(exist_ok=True)
    (folder / "matrix.md").write_text("\n".join(lines) + "\n")


@pytest.fixture
def note():
    """Enter a row into the table: seconds, or a word where there is nothing to time."""

    def enter(kernel, front, way, seconds):
        told = seconds
        if not isinstance(seconds, str):
            times = seconds if isinstance(seconds, list) else [seconds]
            told = f"{1000 * statistics.median(times):.0f}"
        ROWS.append((kernel, front, way, told))

    return enter


@pytest.fixture(scope="session")
def site():
    with LocalCoCalc(allowed_hosts=(HUB,), admin=True, generation="A") as running:
        yield running


@pytest.fixture(scope="session")
def env(site, tmp_path_factory):
    """The environment in which kernels find the stand-in."""
    return environment(site, tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="session")
def lab(site, env, tmp_path_factory):
    kernels = {name_of(version): python_of(version) for version in KERNELS}
    with lab_beside(site, tmp_path_factory.mktemp("lab"), env, kernels=kernels) as running:
        yield running


@pytest.fixture(scope="module")
def context(lab):
    with headless({HUB: lab.port}) as browser:
        made = browser.new_context(viewport={"width": 1200, "height": 900})
        made.set_default_timeout(30_000)
        yield made
        made.close()


@pytest.fixture(scope="module")
def page(context, lab):
    """JupyterLab, loaded once for all tests of a module."""
    made = load_lab(context, lab)
    yield made
    made.close()


@pytest.fixture
def sheet(request, page, lab):
    """Opens an empty notebook on a kernel; several may be open."""
    made = []

    def build(kernel, *sources):
        name = f"{request.node.name.replace('[', '-').rstrip(']')}-{len(made)}.ipynb"
        write(lab.folder, name, kernel, *sources)
        made.append(Sheet(page, name))
        return made[-1]

    yield build
    keep(request, page, f"matrix-{request.node.name}")
    for one in made:
        one.shut()
