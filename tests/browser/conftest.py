"""Owns the stage of the browser tests: the stand-in, JupyterLab, Chromium, notebooks in it."""

from __future__ import annotations

import contextlib
import shutil

import comm
import nbformat
import pytest
from plain import QUICK, Parent, PlainComm, Stage
from sites import COCALC, ELSEWHERE, LISTED, UNLISTED, running
from stage.labs import Bench, lab_beside
from stage.pictures import keep, results
from stage.stand_in import HUB, client_of

from cocalc_widget.demo.jupyter.chromium import headless
from cocalc_widget.frame import Reply
from cocalc_widget.local import LocalCoCalc

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture(scope="session")
def site():
    with LocalCoCalc(allowed_hosts=(HUB, ".sub.test"), admin=True, generation="A") as running:
        yield running


@pytest.fixture(scope="session")
def client(site):
    return client_of(site)


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
    with lab_beside(site, tmp_path_factory.mktemp("lab")) as running:
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
    if keep(request, page, name, [line.replace(lab.token, "***") for line in opened.said]):
        shutil.copy(lab.log, results(request) / "lab.log")
    opened.shut()


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
    for one in made:
        keep(request, one.page, said=one.said)
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
    return client_of(cocalc)


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
