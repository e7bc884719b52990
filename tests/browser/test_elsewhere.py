"""A CoCalc of today on another site, or one that may not be framed: each with its own browser."""

from __future__ import annotations

import contextlib

import comm
import pytest
from plain import Parent, PlainComm, Stage
from sites import COCALC, ELSEWHERE, LISTED, TEXT, UNLISTED, Stranger, mint, running, sign_in
from test_found import LIMITS, new, sees

from cocalc_widget import Client, errors
from cocalc_widget.demo.jupyter.chromium import headless


@pytest.fixture
def elsewhere(monkeypatch):
    """A stand-in of today with settings of its own, and a browser with or without their cookies."""
    monkeypatch.setattr(comm, "create_comm", PlainComm)
    with contextlib.ExitStack() as ends:

        def build(*, third_party_cookies=True, host=ELSEWHERE, **options):
            site = ends.enter_context(running("B", **options))
            client = Client(site.api_key, host=site.url, verify=site.ca_file)
            known = Stranger(client)
            monkeypatch.setattr("cocalc_widget.frame.widget.Stranger", lambda _host: known)
            server = Parent(site.cert_file, site.key_file)
            ends.callback(server.close)
            ports = {COCALC: site.port, host: server.port}
            browser = ends.enter_context(headless(ports, third_party_cookies=third_party_cookies))
            context = browser.new_context(viewport={"width": 900, "height": 700})
            ends.callback(context.close)
            stage = Stage(context.new_page(), f"https://{host}/")
            ends.callback(lambda: [widget.close() for widget in stage.widgets.values()])
            return stage, site, client

        yield build


def test_strict_cookies_on_another_site_mean_a_tab_at_once(elsewhere):
    stage, site, client = elsewhere()
    widget = new(stage, site, client, token=False)
    stage.until(lambda: widget.channel == "tab", 10)
    assert "signed out in every frame on another site" in widget.reason
    assert "proxy_cookie_flags account_id secure samesite=none;" in widget.reason


def test_none_alone_does_not_help_and_the_reason_names_the_cookie(elsewhere):
    stage, site, client = elsewhere(samesite_remember_me="none")
    sign_in(stage, mint(site, client))
    widget = new(stage, site, client, token=False)
    stage.until(lambda: widget.ready, 20)
    assert widget.channel == "messages"  # it is tried
    error = stage.ends(widget.open("a.md"), seconds=30)
    assert isinstance(error, errors.ChannelBlockedError)
    assert "account_id" in str(error)
    assert "proxy_cookie_flags account_id secure samesite=none;" in str(error)


def test_with_both_cookies_it_works(elsewhere):
    stage, site, client = elsewhere(samesite_remember_me="none", account_id_samesite="none")
    sign_in(stage, mint(site, client))
    widget = new(stage, site, client, token=False)
    assert stage.ends(widget.open("a.md"), seconds=30).verified is True
    assert widget.channel == "messages"


def test_blocked_third_party_cookies_stay_signed_out(elsewhere):
    stage, site, client = elsewhere(
        third_party_cookies=False, samesite_remember_me="none", account_id_samesite="none"
    )
    sign_in(stage, mint(site, client))
    widget = new(stage, site, client, known=False, token=False)
    stage.until(lambda: widget.channel == "messages" or "signed out" in widget.reason, 20)
    for path in ("a.md", "a.md", "b.md"):  # the second is acked, and listed
        error = stage.ends(widget.open(path), seconds=20)
        assert isinstance(error, errors.ChannelBlockedError)
        assert "signed out" in str(error)
        assert widget.open_files == {}
    assert "signed out" in widget.reason


@pytest.mark.parametrize("who", ["'self'", f"https://{LISTED}", "'none'"])
def test_where_framing_is_refused_it_is_a_tab_at_once(elsewhere, who):
    stage, site, client = elsewhere(frame_ancestors=who, host=UNLISTED)
    sign_in(stage, mint(site, client))
    widget = new(stage, site, client, token=False)
    stage.until(lambda: widget.channel == "tab", 10)
    assert "may not be shown in a frame here" in widget.reason
    assert who in widget.reason
    command = widget.open("a.md")
    with stage.page.context.expect_page() as opened:
        stage.pump()
    opened.value.get_by_text(TEXT).first.wait_for()
    reply = stage.ends(command, seconds=30)
    assert (reply.verified, reply.evidence) == (True, "api")


def test_where_framing_is_allowed_nothing_changes(elsewhere):
    stage, site, client = elsewhere(frame_ancestors="'self' https://*.hub.test", host=UNLISTED)
    widget = new(stage, site, client, "a.md")
    stage.until(lambda: widget.ready, 20)
    assert widget.channel == "navigation"
    stage.until(lambda: sees(stage), 10)


@pytest.mark.parametrize("generation", ["A", "B"])
def test_a_wrong_token_after_a_good_sign_in_is_told(generation, monkeypatch):
    monkeypatch.setattr(comm, "create_comm", PlainComm)
    settings = {"allowed_hosts": ("localhost",)}
    with contextlib.ExitStack() as ends:
        site = ends.enter_context(running(generation, **settings))
        client = Client(site.api_key, host=site.url, verify=site.ca_file)
        server = Parent(site.cert_file, site.key_file)
        ends.callback(server.close)
        browser = ends.enter_context(headless({"localhost": server.port}))
        context = browser.new_context(viewport={"width": 900, "height": 700})
        stage = Stage(context.new_page(), "https://localhost/")
        good = client.create_token(site.account_id, site.password)
        widget = stage.new(
            site.projects["Mine"], host=site.url, client=client, token=good, deadlines=LIMITS
        )
        ends.callback(widget.close)
        assert stage.ends(widget.open("a.md"), seconds=30).verified is True

        class Wrong:
            value, generation, host = "x" * 24, good.generation, site.url

        error = stage.ends(widget.sign_in(Wrong()), seconds=30)
        assert isinstance(error, errors.CommandError)
        assert "did not take the auth token" in str(error)
        stage.until(lambda: "did not take the auth token" in stage.line(), 10)
        # whoever was signed in still is
        assert stage.ends(widget.open("b.md"), seconds=30).verified is True
        again = client.create_token(site.account_id, site.password)
        assert stage.ends(widget.sign_in(again), seconds=30).action == "sign_in"
        stage.until(lambda: widget.ready, 20)
        assert widget.reason == ""
