"""Owns the table of who may frame CoCalc: headers, pages around it, and what Chromium did.

CoCalc is at https://cocalc.test, and its page comes after a redirect, as it really does.
"""

from __future__ import annotations

CSP, XFO = "Content-Security-Policy", "X-Frame-Options"
COCALC = "https://cocalc.test"
Headers = list[tuple[str, str]]

# a letter -> the pages around the frame, the nearest first; "null" is a sandboxed one
PAGES: dict[str, tuple[str, ...]] = {
    "A": ("https://cocalc.test",),
    "B": ("https://hub.uni.test",),
    "C": ("https://uni.test",),
    "D": ("http://hub.uni.test",),
    "E": ("https://hub.uni.test:8443",),
    "F": ("http://localhost:8888",),
    "G": ("http://127.0.0.1:8888",),
    "H": ("http://cocalc.test",),
    "I": ("http://hub.uni.test:8080",),
    "J": ("https://cocalc.test:8443",),
    "K": ("https://cocalc.test", "https://hub.uni.test"),
    "L": ("https://hub.uni.test", "https://other.test"),
    "M": ("null", "https://hub.uni.test"),
}
ALL, NAMED = "ABCDEFGHIJKLM", "ABCDEFGHIJKL"


def csp(*policies: str) -> Headers:
    return [(CSP, policy) for policy in policies]


def by(sources: str) -> Headers:
    return csp(f"frame-ancestors {sources}")


def xfo(*values: str) -> Headers:
    return [(XFO, value) for value in values]


# what the page sends -> the letters of the pages on which it is shown
TABLE: list[tuple[Headers, str]] = [
    ([], ALL),
    # keywords and schemes
    (by("'none'"), ""),
    (by(""), ""),
    (by("  "), ""),
    (by("'self'"), "A"),
    (by("'SELF'"), "A"),
    (by("self"), ""),
    (by("*"), NAMED),
    (by("https:"), "ABCEJKL"),
    (by("http:"), NAMED),
    (by("data:"), ""),
    (by("wss:"), ""),
    (by("null"), ""),
    (by("'unsafe-inline'"), ""),
    # hosts: a page of http may come over https, never the other way round
    (by("https://hub.uni.test"), "B"),
    (by("HTTPS://HUB.UNI.TEST"), "B"),
    (by("hub.uni.test"), "B"),
    (by("http://hub.uni.test"), "BD"),
    (by("https://uni.test"), "C"),
    (by("'none' https://hub.uni.test"), "B"),
    (by("'self' https://hub.uni.test"), "ABK"),
    (by("https://hub.uni.test https://other.test"), "BL"),
    (by("localhost"), ""),
    (by("https://hub.uni.test."), ""),
    # wildcards
    (by("https://*"), "ABCKL"),
    (by("*.uni.test"), "B"),
    (by("*.test"), "ABCKL"),
    (by("*.hub.uni.test"), ""),
    (by("*.*.test"), ""),
    (by("h*b.uni.test"), ""),
    # ports
    (by("https://hub.uni.test:443"), "B"),
    (by("hub.uni.test:0443"), "B"),
    (by("https://hub.uni.test:8443"), "E"),
    (by("https://*.uni.test:8443"), "E"),
    (by("hub.uni.test:80"), ""),
    (by("http://hub.uni.test:80"), "BD"),
    (by("http://*.uni.test:80"), "BD"),
    (by("http://*.uni.test:8080"), "I"),
    (by("hub.uni.test:*"), "BE"),
    (by("https://*:*"), "ABCEJKL"),
    (by("*:8443"), "EJ"),
    (by("http://localhost:*"), "F"),
    (by("http://127.0.0.1:*"), "G"),
    (by("127.0.0.1"), ""),
    (by("http://127.0.0.2:*"), ""),
    (by("http://[::1]:*"), ""),
    # what is no source
    (by("https://hub.uni.test:"), ""),
    (by("https://hub.uni.test:x"), ""),
    (by("https://hub.uni.test:65536"), ""),
    (by("https://hub.uni.test#x https://b.test"), ""),
    (by("https:/hub.uni.test"), ""),
    # paths are left out
    (by("https://hub.uni.test/"), "B"),
    (by("https://hub.uni.test/path"), "B"),
    (by("https://*.uni.test/x?y"), "B"),
    # several policies, and the ways to write them
    (csp("frame-ancestors https://hub.uni.test", "frame-ancestors 'none'"), ""),
    (csp("frame-ancestors https://hub.uni.test, frame-ancestors *"), "B"),
    (csp("default-src 'self', frame-ancestors https://hub.uni.test"), "B"),
    (csp("frame-ancestors https://hub.uni.test; frame-ancestors 'none'"), "B"),
    (csp("FRAME-ANCESTORS https://hub.uni.test"), "B"),
    (csp(";; frame-ancestors\thttps://hub.uni.test ;"), "B"),
    (csp("frame-ancestors https://a.test;https://hub.uni.test"), ""),
    (csp("default-src 'self'"), ALL),
    ([("Content-Security-Policy-Report-Only", "frame-ancestors 'none'")], ALL),
    # the older header
    (xfo("DENY"), ""),
    (xfo("SAMEORIGIN"), "A"),
    (xfo(" sameorigin "), "A"),
    (xfo("SAMEORIGIN, SAMEORIGIN"), "A"),
    (xfo("SAMEORIGIN", "DENY"), ""),
    (xfo("SAMEORIGIN, junk"), ""),
    (xfo("SAMEORIGIN,"), ""),
    (xfo("ALLOWALL"), ALL),
    (xfo("ALLOW-FROM https://hub.uni.test"), ALL),
    (xfo("junk"), ALL),
    (xfo("junk, junk2"), ALL),
    (xfo("SAMEORIGIN; x"), ALL),
    (xfo(""), ALL),
    (xfo(","), ALL),
    # both: the newer one decides, where it says anything about frames
    ([*xfo("DENY"), *by("*")], NAMED),
    ([*xfo("DENY"), *csp("default-src 'self'")], ""),
    ([*xfo("DENY"), ("Content-Security-Policy-Report-Only", "frame-ancestors *")], ""),
]
