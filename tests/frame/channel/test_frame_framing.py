"""Who may frame CoCalc: the table, its corners, and the sentences."""

from __future__ import annotations

from typing import Any

import pytest
from framing_table import COCALC, CSP, PAGES, TABLE, XFO, Headers
from hypothesis import given
from hypothesis import strategies as st

from cocalc_widget.frame.channel.framing import Refusal, may_frame


def verdict(headers: Headers, ancestors: Any, host: str = COCALC) -> Refusal | None:
    policies = [value for name, value in headers if name == CSP]
    options = [value for name, value in headers if name == XFO]
    return may_frame(policies, ", ".join(options) if options else None, host, ancestors)


@pytest.mark.parametrize(("headers", "shown"), TABLE, ids=[str(row[0]) for row in TABLE])
def test_the_table(headers: Headers, shown: str) -> None:
    found = "".join(
        letter for letter, ancestors in PAGES.items() if verdict(headers, ancestors) is None
    )
    assert found == shown
    joined = [(CSP, ", ".join(v for n, v in headers if n == CSP))] if headers else []
    rest = [row for row in headers if row[0] != CSP]
    for ancestors in PAGES.values():
        same = verdict(headers, ancestors) is None
        assert (verdict([*joined, *rest], ancestors) is None) == same, "one header is as good"


def one(sources: str, ancestor: str, host: str = COCALC) -> bool:
    return may_frame([f"frame-ancestors {sources}"], None, host, [ancestor]) is None


@pytest.mark.parametrize(
    ("sources", "host", "shown", "kept_out"),
    [
        # a CoCalc at plain http, as on one's own machine: `'self'` may become secure
        ("'self'", "http://localhost", ["http://localhost", "https://localhost"],
         ["http://localhost:80000", "http://localhost:8080", "https://localhost:8443"]),
        ("'self'", "http://localhost:5000", ["http://localhost:5000", "https://localhost:5000"],
         ["http://localhost", "https://localhost"]),
        ("'self'", "https://cocalc.test:8443", ["https://cocalc.test:8443"],
         ["https://cocalc.test"]),
        ("'self'", "https://cocalc.test:443/base", [], ["https://cocalc.test"]),
        ("'self'", "", [], ["https://cocalc.test", "null", ""]),
        ("hub.test", "http://localhost", ["http://hub.test", "https://hub.test"],
         ["http://hub.test:8080"]),
        ("hub.test", "", [], ["http://hub.test", "https://hub.test"]),
        ("*", "", ["http://hub.test", "https://hub.test"], ["null", "file://", "x://y"]),
        # pages that are none of the web
        ("*", COCALC, ["https://a.test:1"], ["vscode-webview://0abc", "chrome-extension://x"]),
        ("vscode-webview:", COCALC, ["vscode-webview://0abc"], ["https://vscode-webview.test"]),
        ("vscode-webview://*", COCALC, ["vscode-webview://0abc"], ["https://a.test"]),
        ("*", "capacitor://localhost", ["capacitor://localhost", "https://a.test"], []),
        ("file:", COCALC, ["file://"], ["null"]),
        ("x://*:*", COCALC, ["x://y:5", "x://y"], ["x://"]),
        ("x://y", COCALC, ["x://y"], ["x://y:5"]),
        # as pages may tell an origin, or lie about it
        ("https://hub.test", COCALC,
         ["https://hub.test", "https://hub.test:443", "HTTPS://Hub.Test", " https://hub.test/ "],
         ["https://hub.test.", "https://hub.test:0443x", "https://hub.test/path", "hub.test",
          "https://hub.test@evil.test", "https://evil.test#https://hub.test", "https://hub.test?",
          "https://hub.test:444", "https:hub.test", "//hub.test", "https://hub.test\\@evil.test"]),
        ("https://a.test", COCALC, ["https://a.test"], ["https://[a.test]", "https://a.test:x"]),
        ("*", COCALC, ["http://[::1]:8888"], ["http://[::1", "http://::1"]),
        # names that only begin or end like the one that is meant
        ("*.uni.test", COCALC, ["https://a.uni.test", "https://a.b.uni.test"],
         ["https://uni.test", "https://euni.test", "https://uni.test.evil.test"]),
        ("hub_x.test http://1.2.3.4", COCALC, ["https://hub_x.test", "http://1.2.3.4"],
         ["https://hubx.test", "http://1.2.3.40"]),
        ("*.", COCALC, [], ["https://a.test"]),
        ("*.test:*", COCALC, ["https://a.test:5"], ["http://a.test:5"]),
    ],
)  # fmt: skip
def test_corners(sources: str, host: str, shown: list[str], kept_out: list[str]) -> None:
    assert {it: one(sources, it, host) for it in shown} == dict.fromkeys(shown, True)
    assert {it: one(sources, it, host) for it in kept_out} == dict.fromkeys(kept_out, False)


@pytest.mark.parametrize("junk", [None, 5, b"x", ["https://a.test"], "", "null", "\ud800"])
def test_an_ancestor_that_is_no_origin(junk: Any) -> None:
    assert may_frame([], None, COCALC, [junk]) is None, "where nothing is forbidden"
    assert may_frame(["frame-ancestors *"], None, COCALC, [junk]) is not None
    assert may_frame([], "SAMEORIGIN", COCALC, [junk]) is not None
    assert may_frame([], "SAMEORIGIN", "", [junk]) is not None, "two unknowns are not the same"


@pytest.mark.parametrize("options", ["ALLOWALL, x", "x, Deny", "SAMEORIGIN, ALLOWALL"])
def test_options_that_contradict_each_other_allow_nobody(options: str) -> None:
    refusal = may_frame([], options, COCALC, [COCALC])
    assert refusal is not None
    assert refusal.rule == options
    assert may_frame([], "x, y", COCALC, ["null"]) is None, "none of them is an option"


def test_a_page_that_is_in_no_frame() -> None:
    """A tab of its own: nobody is around it."""
    assert may_frame(["frame-ancestors 'none'"], "DENY", COCALC, []) is None


def test_every_page_around_it_counts_and_the_first_that_fails_is_named() -> None:
    chain = ["https://a.uni.test", "https://evil.test", "https://b.uni.test", "null"]
    policies = ["default-src *", "frame-ancestors *, frame-ancestors *.uni.test"]
    assert may_frame(policies, "DENY", COCALC, chain[:1]) is None
    found = may_frame(policies, None, COCALC, chain)
    assert found == Refusal(CSP, "frame-ancestors *", "null"), "each policy in its order"
    assert may_frame(policies, None, COCALC, chain[:3]) == Refusal(
        CSP, "frame-ancestors *.uni.test", "https://evil.test"
    )
    assert may_frame([], "SAMEORIGIN ", COCALC, [COCALC, *chain]) == Refusal(
        XFO, "SAMEORIGIN", "https://a.uni.test"
    )


def test_the_sentence_names_the_rule_and_the_page() -> None:
    refusal = may_frame(
        ["default-src 'self'; frame-ancestors  'self'\thttps://*.uni.edu"], None, COCALC,
        ["http://localhost:8888"],
    )  # fmt: skip
    assert refusal is not None
    assert refusal.reason == (
        "its Content-Security-Policy says \"frame-ancestors 'self' https://*.uni.edu\", "
        "which keeps out http://localhost:8888"
    )
    assert "keeps out a page without an origin" in Refusal(XFO, "DENY", "null").reason
    many = " ".join(f"https://customer-{n}.test" for n in range(200))
    refusal = may_frame([f"frame-ancestors {many}"], None, COCALC, ["https://x.test"])
    assert refusal is not None
    assert len(refusal.reason) < 250
    assert refusal.rule.endswith("https://customer-199.test"), "whole, for who wants it"


TEXT = st.text(st.sampled_from("htps:/*.'-,; a0[]nofew\t8#?@\ud800é"), max_size=40)
LIKELY = st.one_of(
    TEXT, st.sampled_from(["'self'", "'none'", "*", "https:", "https://*.test", "a.test:*"])
)


@given(st.lists(TEXT, max_size=3), st.none() | TEXT, TEXT, st.lists(TEXT, max_size=3))
def test_whatever_comes_there_is_a_verdict(
    policies: list[str], options: str | None, host: str, ancestors: list[str]
) -> None:
    found = may_frame(policies, options, host, ancestors)
    assert found is None or found.ancestor in ancestors
    assert found is None or found.reason


@given(st.lists(LIKELY, max_size=3), LIKELY, st.sampled_from(sorted(PAGES)))
def test_a_further_policy_or_page_never_allows_more(
    sources: list[str], more: str, letter: str
) -> None:
    policies = [f"frame-ancestors {it}" for it in sources]
    before = may_frame(policies, None, COCALC, PAGES[letter])
    if before is not None:
        again = [*policies, f"frame-ancestors {more}"]
        assert may_frame(again, None, COCALC, PAGES[letter]) is not None
        assert may_frame(policies, None, COCALC, [*PAGES[letter], more]) is not None
