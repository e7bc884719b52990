"""`%cocalc doctor`: what it finds, what it advises, and that it neither hangs, raises nor tells."""

import socket
import threading
import time
from types import SimpleNamespace

import pytest

from cocalc_widget import LocalCoCalc, config
from cocalc_widget.api import detect
from cocalc_widget.errors import ConfigurationError, ServerError
from cocalc_widget.magics import checks_local, checks_site, diagnosis, doctor
from cocalc_widget.magics.checks_page import page_checks
from cocalc_widget.magics.checks_site import Site
from cocalc_widget.magics.report import Check, Report

ALL = [
    *("versions", "bundle", "kernel"),
    *("host", "api", "key"),
    *("listener", "cookies", "network", "frame"),
]
CANARY = "sk-CanaryCanaryCanary22"


def states(report):
    return {check.name: check.state for check in report}


def test_all_is_well_but_for_the_frame(online, site):
    report = online("report = %cocalc doctor\nreport")
    assert [check.name for check in report] == ALL
    assert states(report) == {
        **dict.fromkeys(("versions", "bundle", "host", "api", "key"), "ok"),
        **dict.fromkeys(("kernel", "listener", "cookies", "network", "frame"), "warn"),
    }
    assert report.ok
    assert len(report.warnings) == 5
    assert site.url in report.check("host").found
    assert "generation A" in report.check("api").found
    assert "COCALC_API_KEY works" in report.check("key").found
    assert all(check.remedy for check in report if check.state == "warn")
    for name in ("cocalc-widget 0", "Python 3", "ipython ", "ipywidgets ", "anywidget "):
        assert name in report.check("versions").found
    with pytest.raises(KeyError):
        report.check("nothing")


def test_it_works_without_key_and_without_network(magic, monkeypatch):
    with socket.socket() as nobody:  # bound, but not listening: connections are refused
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("COCALC_HOST", f"https://localhost:{nobody.getsockname()[1]}")
        report = magic("%cocalc doctor")
    assert [check.name for check in report] == ALL
    assert report.check("host").state == "fail"
    assert "could not reach" in report.check("host").found
    assert report.check("host").remedy
    assert "does not answer" in report.check("api").found
    assert report.check("key").found.startswith("No API key")
    assert "%cocalc login" in report.check("key").remedy


def test_a_host_that_is_none_is_a_finding_and_no_error(magic):
    report = magic("%cocalc doctor --host 'not a host'")
    assert [check.name for check in report] == ALL
    assert [check.name for check in report.failed] == ["host"]
    assert "contains blanks" in report.check("host").found


def test_a_server_that_is_no_cocalc(online, site):
    site.fault("error-500")
    try:
        report = online("%cocalc doctor")
    finally:
        site.fault("error-500", False)
    assert report.check("key").state in ("fail", "warn")
    assert not report.ok


def test_a_server_that_never_answers_is_given_up(online, monkeypatch):
    monkeypatch.setattr(doctor, "SECONDS", 1.5)
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def swallow():
            held = []
            silent.settimeout(0.1)
            while not ended.is_set():
                try:
                    held.append(silent.accept())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=swallow)
        thread.start()
        try:
            began = time.monotonic()
            report = online(f"%cocalc doctor --host https://localhost:{silent.getsockname()[1]}")
            took = time.monotonic() - began
        finally:
            ended.set()
            thread.join()
    assert took < 5
    assert "No answer within 1.5 s" in report.check("host").found
    assert states(report)["frame"] == "warn"
    assert [check.name for check in report] == ALL


def test_the_deadline_of_the_whole_is_below_fifteen_seconds():
    assert doctor.SECONDS < 15
    assert checks_site._TIMEOUT[1] <= 5


@pytest.mark.parametrize("generation", ["A", "B"])
def test_a_refused_key_is_named_by_its_source_only(magic, monkeypatch, generation):
    detect.forget()
    with LocalCoCalc(generation=generation) as site:
        monkeypatch.setenv("COCALC_HOST", site.url)
        monkeypatch.setenv("COCALC_API_KEY", CANARY)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(site.ca_file))
        report = magic("%cocalc doctor")
    assert report.check("key").state == "fail"
    assert "COCALC_API_KEY is refused" in report.check("key").found
    assert "--ask" in report.check("key").remedy
    assert f"generation {generation}" in report.check("api").found
    for text in (str(report), repr(report), report._repr_html_(), str(list(report))):
        assert CANARY not in text
        assert CANARY[-4:] not in text


def test_nothing_secret_is_in_it_whatever_a_check_says(monkeypatch, own_home):
    monkeypatch.setenv("HOME", str(own_home))
    found = f"{CANARY} hunter2hunter2 ?auth_token=abcdef {own_home}/x"
    report = Report.of([Check("x", "fail", found, found)], ["hunter2hunter2"])
    for text in (str(report), report._repr_html_()):
        assert "Canary" not in text
        assert "hunter2" not in text
        assert "abcdef" not in text
        assert str(own_home) not in text
        assert "~/x" in text


def test_every_key_that_may_be_used_is_masked(monkeypatch, site):
    monkeypatch.setenv("COCALC_API_KEY", "no-usual-form-of-a-key")
    config.login("typed-at-the-prompt", site.url)
    try:
        shown = str(Report.of([Check("x", "ok", "no-usual-form-of-a-key typed-at-the-prompt")]))
        assert "usual" in shown  # it is the list of secrets that hides it
        secrets = doctor._secrets(site.url)
        shown = str(
            Report.of([Check("x", "ok", "no-usual-form-of-a-key typed-at-the-prompt")], secrets)
        )
        assert "usual" not in shown
        assert "typed" not in shown
    finally:
        config.logout(site.url)


def test_the_text_can_be_pasted(online):
    report = online("%cocalc doctor")
    lines = str(report).splitlines()
    assert lines[0] == "cocalc-widget doctor: 5 ok, 5 warnings, 0 failed"
    assert max(map(len, lines)) <= 100
    assert any(line.startswith("  ok    host") for line in lines)
    assert any(line.lstrip().startswith("→ ") for line in lines)
    html = report._repr_html_()
    assert "<table" in html
    assert all(check.name in html for check in report)


def widget(page, host="https://cocalc.uni.edu", channel="messages", **more):
    return SimpleNamespace(
        **{"page": page, "host": host, "channel": channel, "ready": True, "reason": ""} | more,
        connection={"status": "connected"},
    )


@pytest.mark.parametrize(
    ("page", "generation", "hosts", "expected", "words"),
    [
        ("https://hub.uni.edu", "B", [".uni.edu"], ("ok", "ok"), "may talk to CoCalc"),
        ("https://hub.uni.edu", "B", [], ("fail", "ok"), "listens to pages of: nobody"),
        ("https://hub.uni.edu", None, None, ("ok", "ok"), "if it lists it"),
        ("https://hub.uni.edu:8000", "A", [".uni.edu"], ("fail", "ok"), "without a port"),
        ("http://localhost:8888", "A", [".uni.edu"], ("fail", "warn"), "without a port"),
        ("https://hub.else.org", "A", ["hub.else.org"], ("ok", "warn"), "may talk"),
        ("https://hub.else.org", "B", ["hub.else.org"], ("ok", "fail"), "may talk"),
        ("null", "A", [".uni.edu"], ("fail", "warn"), "no origin"),
    ],
)
def test_page_and_cookies(monkeypatch, page, generation, hosts, expected, words):
    monkeypatch.setattr("cocalc_widget.magics.checks_page.addresses", lambda _: [])
    site = Site(None, widget(page))
    site.host, site.generation = "https://cocalc.uni.edu", generation
    site.settings = {} if hosts is None else {"iframe_comm_hosts": hosts}
    listener, cookies, _network, frame = page_checks(site)
    assert (listener.state, cookies.state) == expected
    assert words in listener.found
    for check in (listener, cookies):
        assert bool(check.remedy) == (check.state != "ok")
    assert frame.state == "ok"
    assert "connected" in frame.found


@pytest.mark.parametrize(
    ("hub", "cocalc", "state", "words"),
    [
        ("8.8.8.8", "10.1.2.3", "warn", "Chromium lets no such page"),
        ("8.8.8.8", "8.8.4.4", "ok", "a public address"),
        ("10.1.2.4", "10.1.2.3", "ok", "a private address"),
        ("10.1.2.4", "8.8.4.4", "ok", "a public address"),
        ("::1", "fd00::1", "ok", "a private address"),
        (None, "10.1.2.3", "ok", "address of hub.uni.edu is not known"),
        ("8.8.8.8", None, "ok", "address of cocalc.uni.edu is not known"),
    ],
)
def test_a_private_cocalc_in_a_public_page(monkeypatch, hub, cocalc, state, words):
    known = {"hub.uni.edu": hub, "cocalc.uni.edu": cocalc}

    def look_up(name, *_, **__):
        if known[name] is None:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known[name], 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    site = Site(None, widget("https://hub.uni.edu"))
    site.host = "https://cocalc.uni.edu"
    check = next(c for c in page_checks(site) if c.name == "network")
    assert check.state == state
    assert words in check.found
    assert bool(check.remedy) == (state != "ok")


def test_the_frame_says_why_it_does_less(monkeypatch):
    monkeypatch.setattr("cocalc_widget.magics.checks_page.addresses", lambda _: [])
    site = Site(None, widget("https://a.b", channel="navigation", reason="Because."))
    site.host = "https://elsewhere.org"
    frame = list(page_checks(site))[-1]
    assert (frame.state, frame.remedy) == ("warn", "Because.")
    assert "of https://elsewhere.org" in frame.found
    site.widget = widget(None, channel="booting", ready=False)
    assert [check.state for check in page_checks(site)] == ["warn"] * 4


def test_a_key_file_that_others_can_read(online, site, monkeypatch, tmp_path):
    monkeypatch.delenv("COCALC_API_KEY")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "api.key").write_text(site.api_key)
    (tmp_path / "api.key").chmod(0o644)
    check = online("%cocalc doctor").check("key")
    assert (check.state, check.remedy) == ("warn", "Run: chmod 600 api.key")
    (tmp_path / "api.key").chmod(0o600)
    assert online("%cocalc doctor").check("key").state == "ok"


@pytest.mark.parametrize(
    ("version", "subshells", "serves", "state", "words"),
    [
        ((6, 31), False, True, "ok", "read while they wait"),
        ((6, 31), False, False, "warn", "not built as expected"),
        ((7, 1), True, False, "ok", ".result() and await work"),
        ((7, 1), False, False, "warn", ".result() and await need one"),
        ((7, 4), False, False, "warn", "await works"),
    ],
)
def test_the_kernels_way_of_waiting(monkeypatch, version, subshells, serves, state, words):
    kernels = "cocalc_widget.frame.kernels"
    monkeypatch.setattr(f"{kernels}.kernel", object)
    monkeypatch.setattr(f"{kernels}.version", lambda: version)
    monkeypatch.setattr(f"{kernels}.has_subshells", lambda: subshells)
    monkeypatch.setattr("cocalc_widget.frame.polling.can_serve", lambda _kernel: serves)
    check = checks_local.kernel()
    assert check.state == state
    assert words in check.found


def test_old_and_missing_packages(monkeypatch):
    have = {"ipython": "8.10", "ipywidgets": "8.1.9", "requests": "2.32.2", "jupyterlab": "3.6"}
    monkeypatch.setattr(checks_local, "installed", have.get)
    check = checks_local.versions()
    assert check.state == "fail"
    assert "ipython must be 8.18 or later" in check.remedy
    assert "anywidget is not installed" in check.remedy
    assert "jupyterlab must be 4.0" in check.remedy
    assert "ipywidgets" not in check.remedy
    assert "notebook" not in check.remedy


def test_a_missing_bundle(monkeypatch, tmp_path):
    monkeypatch.setattr("cocalc_widget.frame.bundle.SCRIPT", tmp_path / "none.js")
    check = checks_local.bundle()
    assert check.state == "fail"
    assert "npm run build" in check.remedy


def test_a_check_that_breaks_is_a_finding():
    def breaks():
        yield Check("one", "ok", "fine")
        raise RuntimeError("oh")

    def refuses():
        raise ConfigurationError("That cannot be.", remedy="Do this.")
        yield

    found = diagnosis.diagnose([(("one", "two", "three"), breaks), (("four",), refuses)], 5)
    assert [(c.name, c.state) for c in found] == [
        ("one", "ok"),
        ("two", "fail"),
        ("three", "warn"),
        ("four", "fail"),
    ]
    assert "RuntimeError: oh" in found[1].found
    assert found[3].found == "That cannot be. Do this."


def test_a_web_server_that_is_no_cocalc():
    def fails():
        raise ServerError("Not found.", status=404)

    class Client:
        host = "https://x.org"
        customize = staticmethod(fails)
        generation = property(lambda _: fails())

    site = Site(None, None)
    check = site._reached(Client())
    assert (check.state, check.found) == ("fail", "https://x.org: Not found.")
    assert "the address of a CoCalc?" in check.remedy
    assert site._api(Client()).state == "fail"


def test_a_host_without_settings():
    site = Site(None, None)
    client = SimpleNamespace(host="https://x.org", customize=dict)
    assert site._reached(client).state == "fail"
    assert "not as a CoCalc does" in site._reached(client).found
