"""Owns the stage of the matrix: one JupyterLab with all kernels, one Chromium, and the table."""

import statistics

import pytest
from environments import KERNELS, name_of, python_of
from sheets import Sheet, write

from cocalc_widget.demo.jupyter.chromium import headless
from cocalc_widget.demo.jupyter.lab import Lab
from cocalc_widget.local import LocalCoCalc

HUB = "hub.test"
HEAD = ("kernel", "front end", "way", "median ms")
ROWS = []


def pytest_collection_modifyitems(items):
    for item in items:
        if "matrix" in item.path.parts:
            item.add_marker("browser")


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
    return {
        "COCALC_HOST": site.url,
        "COCALC_API_KEY": site.api_key,
        "COCALC_CONFIG_DIR": str(tmp_path_factory.mktemp("config")),
        "REQUESTS_CA_BUNDLE": str(site.ca_file),
    }


@pytest.fixture(scope="session")
def lab(site, env, tmp_path_factory):
    kernels = {name_of(version): python_of(version) for version in KERNELS}
    with Lab(
        tmp_path_factory.mktemp("lab"),
        certfile=site.cert_file,
        keyfile=site.key_file,
        ca_file=site.ca_file,
        env=env,
        kernels=kernels,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def context(lab):
    with headless({HUB: lab.port}) as browser:
        made = browser.new_context(viewport={"width": 1200, "height": 900})
        made.set_default_timeout(30_000)
        yield made
        made.close()


def load_lab(context, lab):
    """A page with JupyterLab, loaded to the end."""
    page = context.new_page()
    page.goto(f"https://{HUB}/lab?token={lab.token}&reset")
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate("() => jupyterapp.restored")
    return page


@pytest.fixture(scope="module")
def page(context, lab):
    """JupyterLab, loaded once for all tests of a module."""
    made = load_lab(context, lab)
    yield made
    made.close()


def keep(request, page):
    """Keep a picture of the page if the test failed."""
    report = getattr(request.node, "report", None)
    if report is not None and report.failed:
        folder = request.config.rootpath / "test-results"
        folder.mkdir(exist_ok=True)
        page.screenshot(path=folder / f"matrix-{request.node.name}.png")


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
    keep(request, page)
    for one in made:
        one.shut()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.report = outcome.get_result()
