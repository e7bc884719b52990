"""Which channel, and why: CoCalc's rules, one row each."""

import pytest

from cocalc_widget.errors import ConfigurationError
from cocalc_widget.frame.sites import listed, parse_origin, same_site
from cocalc_widget.frame.verdict import check_requested, decide

HOST = "https://cocalc.uni.edu"


@pytest.mark.parametrize(
    ("page", "options", "channel", "words"),
    [
        ("https://hub.uni.edu", {}, "messages", ""),
        ("https://hub.uni.edu", {"hosts": ["hub.uni.edu"]}, "messages", ""),
        ("https://hub.uni.edu:443", {}, "messages", ""),
        ("https://hub.uni.edu", {"hosts": []}, "navigation", "not in its list of allowed hosts"),
        ("http://localhost:8888", {}, "navigation", "only https pages without a port"),
        ("http://hub.uni.edu", {}, "navigation", "only https pages without a port"),
        ("https://hub.uni.edu:8443", {}, "navigation", "only https pages without a port"),
        ("null", {}, "navigation", "no origin of its own"),
        ("file://", {}, "navigation", "no origin of its own"),
        ("vscode-webview://x", {}, "navigation", "vscode-webview"),
        ("https://hub.uni.edu", {"generation": "B"}, "messages", ""),
        ("https://hub.other.org", {"generation": "B"}, "tab", "signed out in every frame"),
        ("https://hub.other.org", {"generation": "A"}, "messages", ""),
        ("null", {"generation": "B"}, "tab", "signed out"),
        ("http://localhost:8888", {"channel": "messages"}, "blocked", "ignores messages"),
        ("https://hub.uni.edu", {"channel": "messages"}, "messages", ""),
        ("https://hub.uni.edu", {"channel": "navigation"}, "navigation", "asked for"),
        ("https://hub.uni.edu", {"channel": "tab"}, "tab", "asked for"),
        ("https://hub.uni.edu", {"target": "tab"}, "tab", "asked for"),
        (None, {}, "navigation", "a page without an origin"),
    ],
)
def test_decide(page, options, channel, words):
    verdict = decide(page, HOST, **options)
    assert verdict.channel == channel
    assert words in verdict.sentence
    assert bool(verdict.reason) == (channel != "messages")


def test_the_sentence_names_both_sides_and_the_remedy():
    verdict = decide("http://localhost:8888", HOST)
    assert verdict.sentence.startswith(
        "CoCalc at https://cocalc.uni.edu ignores messages from http://localhost:8888 "
        "(it accepts only https pages without a port). Showing files by navigation instead. "
        "To get full control: "
    )
    assert "token" in verdict.remedy
    assert "token=" not in decide("http://localhost:8888", HOST, token=True).remedy


def test_cocalc_com_is_known_to_keep_its_cookies():
    assert decide("http://localhost:8888", "https://cocalc.com").channel == "tab"
    assert decide("https://hub.cocalc.com", "https://cocalc.com").channel == "messages"


@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        ("sub.test", True), ("x.sub.test", True), ("a.b.sub.test", True), ("evilsub.test", False),
        ("hub.test", True), ("xhub.test", False), ("x.hub.test", False), ("test", False),
    ],
)  # fmt: skip
def test_listed(host, admitted):
    assert listed(host, [".sub.test", "hub.test", 7, ""]) is admitted


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.uni.edu", "https://b.uni.edu", True),
        ("http://a.uni.edu", "https://b.uni.edu", False),
        ("https://a.ac.uk", "https://b.ac.uk", False),
        ("https://x.a.ac.uk", "https://a.ac.uk", True),
        ("https://localhost:8888", "https://localhost:9999", True),
        ("https://10.0.0.1", "https://10.0.0.2", False),
        ("https://[::1]:1", "https://[::1]:2", True),
        ("https://a.github.io", "https://b.github.io", False),
    ],
)
def test_same_site(one, other, same):
    assert same_site(parse_origin(one), parse_origin(other)) is same


def test_origins_that_are_none():
    for text in ("null", "", "https://", "https://a:b:c", "x" * 400, None, 7, "data:x"):
        assert parse_origin(text) is None
    assert str(parse_origin("HTTPS://Hub.Test:8443")) == "https://hub.test:8443"


def test_unknown_wishes():
    with pytest.raises(ConfigurationError):
        check_requested("x", "inline")
    with pytest.raises(ConfigurationError):
        check_requested("auto", "x")
