"""`%cocalc doctor`: what it finds, what it advises, and that it neither hangs, raises nor tells."""

import itertools
import socket
import threading
import time
from types import SimpleNamespace

import pytest
from stage.stand_in import enter

from cocalc_widget import LocalCoCalc, config
from cocalc_widget.api import Client
from cocalc_widget.api.dialects import detection as detect
from cocalc_widget.api.framing import Framing
from cocalc_widget.errors import ConfigurationError, ServerError
from cocalc_widget.frame.channel.verdict import PROXY_LINE, decide
from cocalc_widget.magics.doctor import command as doctor
from cocalc_widget.magics.doctor import diagnosis
from cocalc_widget.magics.doctor import machine as checks_local
from cocalc_widget.magics.doctor import site as checks_site
from cocalc_widget.magics.doctor.page import page_checks
from cocalc_widget.magics.doctor.report import Check, Report
from cocalc_widget.magics.doctor.site import Site

ALL = [
    *("versions", "bundle", "kernel"),
    *("host", "api", "key"),
    *("listener", "framing", "cookies", "network", "frame"),
]
CANARY = "sk-CanaryCanaryCanary22"


def states(report):
    return {check.name: check.state for check in report}


@pytest.mark.parametrize("generation", ["A", "B"])
def test_all_is_well_but_for_the_frame(both, site, later_site, generation):
    report = both(generation)("report = %cocalc doctor\nreport")
    site = later_site if generation == "B" else site
    assert [check.name for check in report] == ALL
    assert states(report) == {
        **dict.fromkeys(("versions", "bundle", "host", "api", "key", "framing"), "ok"),
        **dict.fromkeys(("kernel", "listener", "cookies", "network", "frame"), "warn"),
    }
    assert report.ok
    assert len(report.warnings) == 5
    assert site.url in report.check("host").found
    assert f"generation {generation}" in report.check("api").found
    assert "COCALC_API_KEY works" in report.check("key").found
    assert all(check.remedy for check in report if check.state == "warn")
    for name in ("cocalc-widget 0", "Python 3", "ipython ", "ipywidgets ", "anywidget "):
        assert name in report.check("versions").found
    with pytest.raises(KeyError):
        report.check("nothing")


@pytest.mark.parametrize(
    "host", [f"me:{CANARY[3:]}@uni.edu", f"https://me:12/{CANARY[3:]}@uni.edu"]
)
def test_a_password_in_the_host_is_not_repeated(magic, monkeypatch, host):
    monkeypatch.setenv("COCALC_HOST", host)
    for report in (magic("%cocalc doctor"), magic(f"%cocalc doctor --host {host[:-3]}org")):
        assert "user name or password" in report.check("host").found
        assert "Canary" not in str(report) + report._repr_html_()


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
    assert "was not asked" in report.check("framing").found


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
        enter(monkeypatch, site, key=CANARY)
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
    assert lines[0] == "cocalc-widget doctor: 6 ok, 5 warnings, 0 failed"
    assert max(map(len, lines)) <= 100
    assert any(line.startswith("  ok    host") for line in lines)
    assert any(line.lstrip().startswith("→ ") for line in lines)
    html = report._repr_html_()
    assert "<table" in html
    assert all(check.name in html for check in report)


def widget(page, host="https://cocalc.uni.edu", channel="messages", **more):
    return SimpleNamespace(
        **{"page": page, "host": host, "channel": channel, "ready": True, "reason": ""}
        | {"ancestors": (), "signed_in": None}
        | more,
        connection={"status": "connected"},
    )


@pytest.fixture
def no_lookups(monkeypatch):
    monkeypatch.setattr("cocalc_widget.magics.doctor.page.addresses", lambda _: [])


@pytest.fixture
def look(no_lookups):
    """Gives the checks of a page, by name, without asking anybody."""

    def checks(page, generation="B", settings=None, framing=None, **more):
        site = Site(None, widget(page, **more))
        site.host, site.generation = "https://cocalc.uni.edu", generation
        site.settings = {} if settings is None else settings
        site.framing = Framing() if framing is None else framing
        return {check.name: check for check in page_checks(site)}

    return checks


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
def test_page_and_cookies(look, page, generation, hosts, expected, words):
    settings = {} if hosts is None else {"iframe_comm_hosts": hosts}
    checks = look(page, generation, settings)
    listener, cookies, frame = (checks[name] for name in ("listener", "cookies", "frame"))
    assert (listener.state, cookies.state) == expected
    assert words in listener.found
    for check in (listener, cookies):
        assert bool(check.remedy) == (check.state != "ok")
    assert frame.state == "ok"
    assert "connected" in frame.found


@pytest.mark.parametrize(
    ("generation", "samesite", "signed_in", "state", "words", "advice"),
    [
        ("B", None, None, "fail", "other sites.", "samesite_remember_me to none, and"),
        ("B", "strict", None, "fail", "is 'strict'", "samesite_remember_me to none, and"),
        ("B", "Lax", None, "fail", "is 'lax'", "samesite_remember_me to none, and"),
        ("B", "none", None, "warn", "cookie account_id has no SameSite", "the frame is signed out"),
        (None, "none", None, "warn", "cookie account_id has no SameSite", "account_id"),
        (None, None, None, "warn", "until 2025-05", "Ask again"),
        ("A", None, None, "warn", "only by an auth token", "%cocalc token"),
        ("B", "none", True, "ok", "signed in all the same", ""),
        ("A", None, True, "ok", "signed in all the same", ""),
        ("A", None, False, "warn", "only by an auth token", "%cocalc token"),
    ],
)
def test_cookies_on_another_site(look, generation, samesite, signed_in, state, words, advice):
    settings = {"samesite_remember_me": samesite}
    told = look("https://hub.else.org", generation, settings, signed_in=signed_in)["cookies"]
    assert told.state == state
    assert words in told.found
    assert advice in told.remedy
    since_2025 = state != "ok" and (generation == "B" or samesite)
    assert (PROXY_LINE in told.remedy) is bool(since_2025)
    assert ('target="tab"' in told.remedy) is bool(since_2025)
    assert ("token" in told.remedy) is (state != "ok" and not since_2025)  # none helps (recordings)
    # what is known of a frame of another CoCalc says nothing of this one
    other = look("https://hub.else.org", generation, settings, signed_in=True, host="https://x.org")
    assert other["cookies"].state != "ok"


def csp(*policies):
    return Framing(tuple(policies))


OURS = "frame-ancestors 'self' https://*.uni.edu"


@pytest.mark.parametrize(
    ("framing", "page", "around", "state", "words"),
    [
        (Framing(), "https://hub.else.org", (), "ok", "Any page"),
        (Framing(), None, (), "ok", "Any page"),
        (csp("default-src 'self'"), "https://hub.else.org", (), "ok", "Any page"),
        (csp(OURS), "https://hub.uni.edu", (), "ok", "which lets this page, https://hub.uni.edu"),
        (csp(OURS), "https://hub.else.org", (), "fail", "keeps out https://hub.else.org"),
        (csp(OURS), "http://localhost:8888", (), "fail", "keeps out http://localhost:8888"),
        (csp(OURS), "https://hub.uni.edu", ("https://top.org",), "fail", "out https://top.org"),
        (csp(OURS), "https://hub.uni.edu", None, "ok", "https://hub.uni.edu"),
        (csp(OURS), None, (), "warn", "This page is not known"),
        (Framing((), "SAMEORIGIN"), "https://hub.uni.edu", (), "fail", "X-Frame-Options"),
        (Framing((), "SAMEORIGIN"), "https://cocalc.uni.edu", (), "ok", "lets this page"),
        (csp("frame-ancestors " + "https://a.b " * 99), None, (), "warn", "https://..."),
    ],
)
def test_who_may_frame_it(look, framing, page, around, state, words):
    check = look(page, framing=framing, ancestors=around)["framing"]
    assert check.state == state
    assert words in check.found
    assert len(check.found) < 350
    assert bool(check.remedy) == (state != "ok")
    if state == "fail":
        assert 'target="tab"' in check.remedy
        assert "frame-ancestors" in check.remedy


def test_its_verdict_is_that_of_the_widget(look):
    """Every combination of facts: what it calls wrong is what the widget goes by."""
    pages = ("https://hub.uni.edu", "https://hub.else.org", "http://localhost:8888", "null")
    hosts = (None, [], [".uni.edu", "hub.else.org"])
    rules = (Framing(), csp(OURS), csp("frame-ancestors 'none'"))
    rows = itertools.product(pages, ("A", "B"), hosts, (None, "strict", "none"), rules)
    channels = set()
    for page, generation, listed, samesite, framing in rows:
        settings = {"iframe_comm_hosts": listed, "samesite_remember_me": samesite}
        checks = look(page, generation, settings, framing)
        verdict = decide(
            page, "https://cocalc.uni.edu",
            hosts=listed, samesite=samesite, generation=generation, framing=framing,
        )  # fmt: skip
        failed = {name for name, check in checks.items() if check.state == "fail"}
        expected = "tab" if failed & {"framing", "cookies"} else "messages"
        if expected == "messages" and "listener" in failed:
            expected = "navigation"
        assert verdict.channel == expected, (page, generation, settings, framing)
        for name in failed & {"framing"}:
            assert checks[name].found in verdict.reason
        channels.add(expected)
    assert channels == {"tab", "messages", "navigation"}


@pytest.mark.parametrize("generation", ["A", "B"])
def test_the_stand_ins_rules_are_found(magic, monkeypatch, generation):
    detect.forget()
    rules = {"frame_ancestors": "'self' https://*.uni.test", "samesite_remember_me": "none"}
    with LocalCoCalc(content={}, generation=generation, **rules) as site:
        enter(monkeypatch, site)
        monkeypatch.setattr(
            "cocalc_widget.magics.session.Session.widget",
            lambda _self, _host=None: widget("https://hub.else.org", host=site.url),
        )
        report = magic("%cocalc doctor")
    assert report.check("framing").state == "fail"
    assert "frame-ancestors 'self' https://*.uni.test" in report.check("framing").found
    assert ("account_id" in report.check("cookies").found) is (generation == "B")
    assert report.check("cookies").state == "warn"


def test_a_page_of_cocalc_that_never_comes_holds_nothing_up(monkeypatch, site):
    """It is asked for beside the rest, and has a deadline of its own."""
    monkeypatch.setattr(checks_site, "_TIMEOUT", (0.5, 0.5))
    enter(monkeypatch, site)
    let_go = threading.Event()

    def never(_self, *, timeout):
        assert timeout == 0.5
        assert let_go.wait(30), "the others were not asked meanwhile"
        raise ServerError("/app answered with HTTP 502.", status=502)

    real = checks_site.key_works

    def last(*args):
        let_go.set()
        return real(*args)

    monkeypatch.setattr(Client, "framing", never)
    monkeypatch.setattr(checks_site, "key_works", last)
    asked = Site(None, None)
    checks = {check.name: check for check in (*asked.checks(), *page_checks(asked))}
    assert checks["framing"].state == "warn"
    assert "HTTP 502" in checks["framing"].found
    assert "/app open in a browser" in checks["framing"].remedy


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


def test_the_frame_says_why_it_does_less(no_lookups):
    site = Site(None, widget("https://a.b", channel="navigation", reason="Because."))
    site.host = "https://elsewhere.org"
    frame = list(page_checks(site))[-1]
    assert (frame.state, frame.remedy) == ("warn", "Because.")
    assert "of https://elsewhere.org" in frame.found
    site.widget = widget(None, channel="booting", ready=False)
    assert [check.state for check in page_checks(site)] == ["warn"] * 5


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
    kernels = "cocalc_widget.frame.kernel.ipykernel"
    monkeypatch.setattr(f"{kernels}.kernel", object)
    monkeypatch.setattr(f"{kernels}.version", lambda: version)
    monkeypatch.setattr(f"{kernels}.has_subshells", lambda: subshells)
    monkeypatch.setattr("cocalc_widget.frame.kernel.ipykernel6.can_serve", lambda _kernel: serves)
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
