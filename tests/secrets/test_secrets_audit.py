"""Secrets stay where they belong: all notebooks and many failures in JupyterLab, then a search.

Everything is run once, with canaries for keys, passwords and tokens; then files, page and wire
are searched for them. `ALLOWED` says where a secret may be: nowhere else. (Besides, `.value` and
`.reveal()` give a secret to whoever asks for it by name, which no cell here does.)
"""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import audit_cells as cells
import nbformat
import pytest
from audit_stage import Secrets, Sheet, Watch, listen
from scanning import Scanner
from stage.labs import lab_beside
from stage.stand_in import environment

from cocalc_widget.demo.jupyter.chromium import headless
from cocalc_widget.local import LocalCoCalc

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]

HUB = "jupyter.test"
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
PASSWORDS = "password|wrong password|password of a new account"
# (where, what may be there, why); both are regular expressions for the whole of it
ALLOWED = (
    (r"home: \.config/cocalc-widget/keys/[^/]+\.key", "key", "a typed key is kept: 0600 in 0700"),
    (r"work: wrong\.key", "wrong key", "the audit's own file, for --key-file"),
    (r"socket: input_reply", f"key|wrong key|{PASSWORDS}", "what is typed into getpass's question"),
    (r"socket: custom message token", "token", "the one message that takes it to the page"),
    (r"browser to CoCalc: .*", "token", "the frame's address, until CoCalc strips it"),
    (r"CoCalc got: Authorization", "key|wrong key", "how a call is signed"),
    (r"CoCalc got: Cookie", "session", "CoCalc's own sign-in in the frame"),
    (r"CoCalc got: (address|Referer) of a page", "token", "the frame's address, once more"),
    (r"CoCalc got: body of /local/token", "token", "how the stand-in's page signs in"),
    (r"CoCalc got: body of /api/v1/(user_auth|create_account)", PASSWORDS, "what they are about"),
    (r"CoCalc got: body of /api/v2/auth/sign-up", PASSWORDS, "what it is about"),
    (r"CoCalc got: body of /api/v2/accounts/none", "wrong token", "a raw call that sends one"),
    (r"CoCalc got: body of system\.generateUserAuthToken", PASSWORDS, "what generation B mints by"),
    (r"CoCalc got: body of system\.revokeUserAuthToken", "token", "how it ends there"),
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What was run, watched and searched."""
    patch = pytest.MonkeyPatch()
    root = tmp_path_factory.mktemp("audit")
    log = logging.FileHandler(root / "process.log")  # the stand-in runs in this process
    level = logging.root.level
    logging.root.addHandler(log)
    logging.root.setLevel(logging.DEBUG)
    try:
        yield play(root, patch)
    finally:
        logging.root.removeHandler(log)
        logging.root.setLevel(level)
        log.close()
        patch.undo()


def play(root, patch):
    for name in ("tmp", "home", "work", "site", "site-b"):
        (root / name).mkdir()
    # the browser's profile, JupyterLab's home and the sites' private folders lie below it, too
    patch.setattr(tempfile, "tempdir", str(root / "tmp"))
    patch.setenv("TMPDIR", str(root / "tmp"))
    patch.setenv("HOME", str(root / "home"))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "COCALC_CONFIG_DIR"):
        patch.delenv(name, raising=False)
    found = SimpleNamespace(root=root, work=root / "work", watch=Watch(), secrets=Secrets())
    with (
        LocalCoCalc(root / "site", allowed_hosts=(HUB,), admin=True, generation="A") as site,
        LocalCoCalc(root / "site-b", allowed_hosts=(HUB,), admin=True, generation="B") as second,
    ):
        found.asked = {}
        for one in (site, second):
            found.secrets.of(one)
            found.asked[one.url] = (one.api_key, listen(one))
        found.env = {
            **environment(site),
            "AUDIT_SECRET_KEY": site.api_key,
            "AUDIT_SECRET_PASSWORD": site.password,
            "AUDIT_SECRET_KEY_B": second.api_key,
            "AUDIT_SECRET_PASSWORD_B": second.password,
            "AUDIT_HOST_B": second.url,
            "AUDIT_CA_B": str(second.ca_file),
            "AUDIT_OTHER_CA": str(second.ca_file),
            **found.secrets.typed(),
        }
        lab = lab_beside(site, found.work, found.env)
        settings = lab.home / "config" / "jupyter_server_config.json"
        settings.write_text(json.dumps({"ServerApp": {"log_level": "DEBUG"}}))
        with lab, headless({HUB: lab.port}) as browser:
            context = browser.new_context(viewport={"width": 1200, "height": 900})

            def open_sheet(name):
                page = context.new_page()
                return Sheet(page, f"https://{HUB}", lab.token, name, found.watch)

            run_notebooks(found, open_sheet)
            run_audit(found, open_sheet, site)
            convert(found)
            search(found)
    return found


def run_notebooks(found, open_sheet):
    """The four notebooks that come along."""
    for file in sorted(NOTEBOOKS.glob("*.ipynb")):
        book = nbformat.read(file, as_version=4)
        for cell in book.cells:
            if cell.source.startswith('document = ""'):
                cell.source = 'document = "Lesson:lesson.md"'
        nbformat.write(book, found.work / file.name)
        sheet = open_sheet(file.name)
        sheet.run_all()
        sheet.end()


def run_audit(found, open_sheet, site):
    """The audit's own: every object shown, every call failing."""
    (found.work / "wrong.key").write_text(found.env["AUDIT_SECRET_WRONG_KEY"])
    nbformat.write(nbformat.v4.new_notebook(metadata=KERNEL), found.work / "audit.ipynb")
    sheet = open_sheet("audit.ipynb")
    for source in (cells.SETUP, *cells.MAGICS, cells.OBJECTS, cells.MORE_OBJECTS, cells.APART):
        sheet.ends(source)
    for source, typed, error in cells.ASKING:
        values = tuple(found.env[f"AUDIT_SECRET_{name}"] for name in typed)
        sheet.ends(source, error, typed=values)
    for source in (cells.SHOWN, cells.WIDGETS, cells.SECOND_SITE):
        sheet.ends(source)
    found.traces = {}
    for fault, source, error in cells.FAILING:
        if fault:
            site.fault(fault)
        sheet.ends(source, error)
        if fault:
            site.fault(fault, False)
        found.traces[source] = sheet.ends(cells.FAILED)
    sheet.ends("del typed, typed_token")  # plain strings of the user's own
    site.fault("timeout")
    for source in cells.INTERRUPTED:
        sheet.interrupted(source, site)
        found.traces[source] = sheet.ends(cells.FAILED)
    site.fault("timeout", False)
    for source in cells.SHELL:
        sheet.ends(source)
    sheet.end()


def convert(found):
    """The saved notebooks as pages."""
    files = sorted(str(it) for it in found.work.glob("*.ipynb"))
    command = [sys.executable, "-m", "nbconvert", "--log-level=DEBUG", "--to", "html"]
    done = subprocess.run(
        [*command, "--output-dir", str(found.work / "html"), *files],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **found.env},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (found.work / "html" / "nbconvert.log").write_text(done.stdout + done.stderr)


def search(found):
    """Look everywhere: in files, as long as they are there, and at all that was watched."""
    scanner = found.scanner = Scanner(found.secrets.known)
    scanner.file("root", "process.log", found.root / "process.log")
    (log,) = (found.root / "tmp").glob("cocalc-widget-lab-*/lab.log")
    (history,) = log.parent.glob("ipython/*/history.sqlite")
    found.lab_log, found.history = log.read_text(), history.read_bytes()
    for child in sorted(found.root.iterdir()):
        if child.is_dir() and child.name != "tmp":
            scanner.tree(child.name, child)
    for child in sorted((found.root / "tmp").iterdir()):
        scanner.tree("tmp " + re.sub(r"[-.][^-.]*$", "", child.name), child)
    watch = found.watch
    for area, texts in (
        ("console", [("", line) for line in watch.console]),
        ("page", watch.documents),
        ("addresses", watch.addresses),
    ):
        for place, text in texts:
            scanner.text(area, place, text)
    for payload in watch.sockets:
        scanner.data("socket", kind_of_message(payload), payload)
    sites = tuple(found.asked)
    for url, headers, body in watch.requests:
        to = "CoCalc" if url.startswith(sites) else "JupyterLab"
        name = re.sub(r"\?.*", "", url)
        scanner.text(f"browser to {to}", f"address {name}", url)
        scanner.text(f"browser to {to}", f"headers {name}", json.dumps(headers))
        scanner.data(f"browser to {to}", f"body {name}", body)
    for _, asked in found.asked.values():
        for request in asked:
            path, _, _ = request.path.partition("?")
            page = "" if path.startswith("/api/") else " of a page"
            scanner.text("CoCalc got", f"address{page}", request.path)
            for name, value in request.headers:
                scanner.text("CoCalc got", name + (page if name == "Referer" else ""), value)
            if path.startswith("/api/conat/"):
                path = json.loads(request.body)["name"]
            scanner.data("CoCalc got", f"body of {path}", request.body)


def kind_of_message(payload):
    """Which message of Jupyter's protocol this is, as far as the table above names it."""
    told = re.search(rb'"msg_type": ?"(\w+)"', payload)
    kind = told[1].decode() if told else "other"
    custom = re.search(rb'"method": ?"custom"', payload) and re.search(
        rb'\{"type": ?"token", ?"seq": ?\d+, ?"url": ?"https:', payload
    )
    return "custom message token" if kind == "comm_msg" and custom else kind


def test_secrets_are_only_where_they_may_be(run):
    print(f"{len(run.secrets.known)} secrets, looked for in")
    print(run.scanner.report())
    strays = {
        it
        for it in run.scanner.findings
        if not any(
            re.fullmatch(where, it.place) and re.fullmatch(what, it.canary)
            for where, what, _ in ALLOWED
        )
    }
    assert not strays, "\n".join(sorted(map(str, strays)))


@pytest.mark.parametrize(("where", "what", "why"), ALLOWED, ids=[it[2] for it in ALLOWED])
def test_they_were_there(run, where, what, why):
    """The audit has eyes: where a secret may be, it found one."""
    places = [it for it in run.scanner.findings if re.fullmatch(where, it.place)]
    assert any(re.fullmatch(what, it.canary) for it in places)


def test_every_cell_ended_as_it_was_meant_to(run):
    assert not run.watch.surprises, "\n".join(run.watch.surprises)
    wanted = {source for _, source, _ in cells.FAILING} | set(cells.INTERRUPTED)
    assert set(run.traces) == wanted
    for source, told in run.traces.items():
        assert '"traceback"' in told, source  # %tb showed one
        named = source.startswith(("json", "pickle", "%store"))
        assert named or "cocalc_widget/" in told, source


@pytest.mark.parametrize(
    ("place", "least"),
    [
        (r"work: (audit|quickstart|hand-out-to-a-class|drive-the-frame|real-cocalc)\.ipynb", 5),
        (r"work: html/[^/]+\.html", 6),
        (r"work: (debug|ipython)\.log", 2),
        (r"work: (objects\.txt|embedded\.html|exported\.ipynb|saved\.py)", 4),
        (r"work: \.ipynb_checkpoints/.*\.ipynb", 5),
        (r"tmp cocalc-widget-lab: lab\.log", 1),
        (r"tmp cocalc-widget-lab: ipython/.*history\.sqlite \(rows\)", 1),
        (r"tmp cocalc-widget-lab: config/.*", 1),
        (r"tmp cocalc-widget-lab: runtime/.*", 1),
        (r"tmp cocalc-widget-lab: workspaces/.*", 1),
        (r"tmp cocalc-widget-chromium: .*", 100),
        (r"tmp local-cocalc: .*", 3),
        (r"site: site\.sqlite \(rows\)", 1),
        (r"site-b: site\.sqlite \(rows\)", 1),
        (r"site: projects/.*", 30),
        (r"root: process\.log", 1),
        (r"page: https://(jupyter\.test|localhost:\d+)/.*", 2),
        (r"addresses: (location|iframe src)", 2),
        (r"console: ", 1),
        (r"socket: (comm_msg|status|execute_request|stream|error|comm_open)", 6),
        (r"browser to (CoCalc|JupyterLab): (address|headers|body) .*", 60),
    ],
)
def test_it_looked_everywhere(run, place, least):
    found = [it for it in run.scanner.places if re.fullmatch(place, it)]
    assert len(found) >= least, sorted(run.scanner.places)


def test_what_was_searched_is_what_it_seems(run):
    for file in run.work.glob("*.ipynb"):
        if file.name != "exported.ipynb":  # IPython's own export knows no widgets
            book = json.loads(file.read_text())
            assert WIDGET_STATE in book["metadata"]["widgets"], file.name
            assert any(cell.get("outputs") for cell in book["cells"]), file.name
    assert "cooling.ipynb" in (run.work / "html" / "quickstart.html").read_text()
    log = (run.work / "debug.log").read_text()
    for words in ("POST /api/v1/user_auth HTTP/1.1", "execute_request", "it failed"):
        assert words in log
    assert "[D " in run.lab_log  # at DEBUG
    assert b"%cocalc token" in run.history
    assert all(run.scanner.size[area] for area in run.scanner.looked if area != "console")


def test_the_key_file_is_its_owners_alone(run):
    (file,) = (run.root / "home" / ".config" / "cocalc-widget" / "keys").glob("*.key")
    modes = [stat.S_IMODE(it.stat().st_mode) for it in (file, file.parent, file.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_a_token_goes_to_the_page_once(run):
    tokens = [it.core.encode() for it in run.secrets.known if it.name == "token"]
    # The kernel says it once. A page whose connection breaks and comes back may hear the same
    # message twice, from the server: it has the same number then.
    sent = {
        (token, re.search(rb'"comm_id": ?"(\w+)"', payload)[1], number[1])
        for token in tokens
        for payload in run.watch.sockets
        if token in payload and (number := re.search(rb'"msg_id": ?"([^"]+)"', payload))
    }
    widgets = Counter((token, widget) for token, widget, _number in sent)
    assert len(widgets) >= 4
    assert set(widgets.values()) == {1}


def test_a_key_goes_to_its_own_host_only(run):
    keys = {url: key for url, (key, _) in run.asked.items()}
    for url, (key, asked) in run.asked.items():
        scanner = Scanner([it for it in run.secrets.known if it.value in keys.values()])
        others = [it for it in run.secrets.known if it.value in keys.values() and it.value != key]
        foreign = Scanner(others)
        for request in asked:
            head = json.dumps(request.headers)
            scanner.text(url, "headers", head)
            foreign.text(url, "headers", head)
        assert scanner.findings
        assert not foreign.findings
