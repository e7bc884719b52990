"""Owns the stage of the browser tests: the stand-in, JupyterLab, Chromium, notebooks in it."""

from __future__ import annotations

import contextlib
import shutil

import comm
import nbformat
import pytest
from labs import Bench
from plain import QUICK, Parent, PlainComm, Stage
from sites import COCALC, ELSEWHERE, LISTED, UNLISTED, running

from cocalc_widget import Client
from cocalc_widget.demo.jupyter.chromium import headless
from cocalc_widget.demo.jupyter.lab import Lab
from cocalc_widget.frame import Reply
from cocalc_widget.local import LocalCoCalc

HUB = "hub.test"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def site():
    with LocalCoCalc(allowed_hosts=(HUB, ".sub.test"), admin=True, generation="A") as running:
        yield running


@pytest.fixture(scope="session")
def client(site):
    return Client(site.api_key, host=site.url, verify=site.ca_file)


@pytest.fixture(autouse=True)
def all_right_again(request):
    """No fault outlives its test."""
    yield
    if "site" in request.fixturenames:
        running = request.getfixturevalue("site")
        for name in list(running.core.faults.on):
            running.fault(name, False)


@pytest.fixture(scope="session")
def lab(site, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    env = {
        "COCALC_HOST": site.url,
        "COCALC_API_KEY": site.api_key,
        "COCALC_CONFIG_DIR": str(folder / ".config"),
        "REQUESTS_CA_BUNDLE": str(site.ca_file),
    }
    with Lab(
        folder, certfile=site.cert_file, keyfile=site.key_file, ca_file=site.ca_file, env=env
    ) as running:
        yield running


@pytest.fixture(scope="module")
def browser(lab):
    # not for the whole session: Playwright keeps an event loop running on this thread,
    # and the tests after it want to run their own
    with headless({HUB: lab.port}) as running:
        yield running


@pytest.fixture(scope="module")
def context(browser):
    made = browser.new_context(viewport={"width": 1200, "height": 900})
    yield made
    made.close()


@pytest.fixture
def notebook(request, context, lab, tmp_path):
    """An empty notebook, open in JupyterLab; a picture is kept if the test fails."""
    name = f"{request.node.name[:60].replace('[', '-').rstrip(']')}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(metadata=KERNEL), lab.folder / name)
    page = context.new_page()
    opened = Bench(page, f"https://{HUB}", lab.token, name)
    opened.file = lab.folder / name
    yield opened
    report = getattr(request.node, "report", None)
    if report is not None and report.failed:
        folder = request.config.rootpath / "test-results"
        folder.mkdir(exist_ok=True)
        page.screenshot(path=folder / f"{name}.png")
        shutil.copy(lab.log, folder / "lab.log")
        (folder / f"{name}.console.txt").write_text(
            "\n".join(opened.said).replace(lab.token, "***")
        )
    opened.shut()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.report = outcome.get_result()


@pytest.fixture(scope="module")
def parents(site):
    """The servers of plain pages: one speaks https, one http."""
    found = Parent(site.cert_file, site.key_file), Parent()
    yield found
    for parent in found:
        parent.close()


@pytest.fixture(scope="module")
def plain_browser(parents):
    names = (HUB, "other.test", "x.sub.test")
    with headless(dict.fromkeys(names, parents[0].port)) as running:
        yield running


@pytest.fixture
def stage(request, plain_browser, parents, monkeypatch):
    """Makes a plain page under an address; each has a browser context of its own."""
    monkeypatch.setattr(comm, "create_comm", PlainComm)
    made = []

    def build(url=f"https://{HUB}/"):
        address = url.replace("HTTPS", str(parents[0].port)).replace("HTTP", str(parents[1].port))
        context = plain_browser.new_context(viewport={"width": 900, "height": 700})
        made.append(Stage(context.new_page(), address))
        return made[-1]

    yield build
    report = getattr(request.node, "report", None)
    for one in made:
        if report is not None and report.failed:
            folder = request.config.rootpath / "test-results"
            folder.mkdir(exist_ok=True)
            one.page.screenshot(path=folder / f"{request.node.name}.png")
            (folder / f"{request.node.name}.console.txt").write_text("\n".join(one.said))
        for widget in one.widgets.values():
            widget.close()
        one.page.context.close()


@pytest.fixture
def new(site, client, stage):
    """A page and a widget in it, signed in by token unless told otherwise."""

    def build(path=None, url="https://hub.test/", *, signed_in=True, deadlines=QUICK, **options):
        one = stage(url)
        token = client.create_token(site.account_id) if signed_in else None
        lesson = site.projects["Lesson"]
        options = {"host": site.url, "deadlines": deadlines, "token": token, **options}
        return one, one.new(lesson, path, **options)

    return build


@pytest.fixture
def ready(new):
    """The same, with a status answered."""

    def build(*args, **kwargs):
        page, widget = new(*args, **kwargs)
        assert isinstance(page.ends(widget.status(), seconds=30), Reply)
        return page, widget

    return build


@pytest.fixture(scope="module", params=["A", "B"])
def cocalc(request):
    """A stand-in of each generation, on the same site as the pages of `open_stage`."""
    with running(request.param) as site:
        yield site


@pytest.fixture(scope="module")
def cocalc_client(cocalc):
    return Client(cocalc.api_key, host=cocalc.url, verify=cocalc.ca_file)


@pytest.fixture(scope="module")
def cocalc_browser(cocalc):
    page_server = Parent(cocalc.cert_file, cocalc.key_file)
    ports = dict.fromkeys((LISTED, UNLISTED, ELSEWHERE), page_server.port)
    with headless({COCALC: cocalc.port, **ports}) as browser:
        yield browser
    page_server.close()


@pytest.fixture
def open_stage(cocalc_browser, monkeypatch):
    """Makes a plain page under the name of a host, in a browser context of its own."""
    monkeypatch.setattr(comm, "create_comm", PlainComm)
    with contextlib.ExitStack() as ends:

        def build(host=LISTED, **options):
            settings = {"viewport": {"width": 900, "height": 700}, **options}
            context = cocalc_browser.new_context(**settings)
            ends.callback(context.close)
            stage = Stage(context.new_page(), f"https://{host}/")
            ends.callback(lambda: [widget.close() for widget in stage.widgets.values()])
            return stage

        yield build
