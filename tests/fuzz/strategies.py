"""Owns the bad input: ids, paths, hosts, lines, messages of a page, answers of a server."""

from __future__ import annotations

import json
from typing import Any

from api.dialects.recordings import ROWS, Row
from hypothesis import strategies as st

ID = "aaaaaaaa-0000-4000-8000-000000000001"
CANARY = "canary7key0canary7key0"  # looks like no key: only who knows it can mask it
WORD = 'canary-pass-word\'s "9" <&>'  # a password that every kind of quoting changes

chars = st.characters()
ODD = [
    "\0", "\n", "\r", "\t", "\x1b[31m", "\x7f", "\u2028", "\u202e", "\u200f", "\ufeff", "\ud800",
    "\udfff", "🙂", "👩‍👩‍👧", "é", "e\u0301", "ß", "İ", "٣", "%", "%2e%2e", "%00", "#", "?", "&",
    ";", ":", "\\", "..", ".", "/", "//", "~", "'", '"', "<b>", "{", "}", "$", "|", "*", " ", "@",
]  # fmt: skip
odd = st.sampled_from(ODD)
text = st.one_of(
    st.text(chars, max_size=40),
    st.lists(st.one_of(odd, st.text(chars, max_size=5)), max_size=12).map("".join),
    st.text(st.characters(categories=["Cs", "Cc", "Lu"]), max_size=5),
)
long_text = st.builds(lambda part, n: part * n, st.text(chars, min_size=1, max_size=4),
                      st.sampled_from([100, 1000, 1023, 2048, 4000, 4097, 20_000]))  # fmt: skip
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=5),
    st.just(object()),
)  # fmt: skip

uuids = st.uuids().map(str)
ids = st.one_of(
    uuids, uuids.map(str.upper), uuids.map(lambda it: f" {it}\n"),
    uuids.map(lambda it: f"{{{it}}}"),
    uuids.map(lambda it: it.replace("-", "")), st.tuples(uuids, odd).map("".join),
    st.builds(lambda it, n, c: it[:n] + c + it[n + 1 :], uuids, st.integers(0, 35), chars),
    st.sampled_from(["../" + ID, ID + "/../x", ID + "\n", "٣" * 8 + ID[8:]]), text,
)  # fmt: skip

names = st.one_of(
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1,
            max_size=12),
    st.sampled_from(["a.md", "week 1", "größe", "..a", "a..", "...", "~", "#?%", "a\\b", "C:\\x"]),
)  # fmt: skip
good_paths = st.lists(names, min_size=1, max_size=5).map("/".join)
paths = st.one_of(
    good_paths, good_paths, text, long_text,
    st.lists(st.one_of(names, odd), min_size=1, max_size=8).map("/".join),
    good_paths.map(lambda it: "/" + it), good_paths.map(lambda it: f"../{it}"),
    good_paths.map(lambda it: f"{it}/../../x"), good_paths.map(lambda it: f"{it}/."),
    st.integers(3990, 4110).map(lambda n: "x" * n), st.integers(1000, 1040).map(lambda n: "🙂" * n),
)  # fmt: skip

labels = st.one_of(
    st.sampled_from(["cocalc", "com", "localhost", "test", "münchen", "例え", "xn--mnchen-3ya"]),
    st.text(chars, min_size=1, max_size=6), st.text("ab0-_", min_size=1, max_size=64),
)  # fmt: skip
host_names = st.one_of(
    st.lists(labels, min_size=1, max_size=4).map(".".join),
    st.sampled_from([
        "cocalc.com", "localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1%25eth0]",
        "[::1", "::1", "[a:b]", "[v1.x]", "0x7f.1", "127.1", "2130706433", "evil。com", "ⓔvil.com",
        "a\uff0fb", "a\u2100b", "a\u00adb", "", ".", "..", "-", "a_b.c", 'a"b', "a'b", "a<b>",
        "a|b",
        "a%2fb", "a^b", "a`b", "a{b}", "a,b", "a;b", "localhost.", "localhost.evil.com",
    ]),
)  # fmt: skip
schemes = st.sampled_from([
    "", "", "https://", "https://", "HTTPS://", "http://", "https:", "https:/", "https:///", "//",
    "ftp://", "file://", "javascript:", "javascript://", "data:text/html,", "blob:https://",
    "ws://",
    "https:\\\\", " https://", "\thttps://", "ht\ntps://",
])  # fmt: skip
hosts = st.one_of(
    st.builds(
        lambda scheme, user, name, port, end: scheme + user + name + port + end,
        schemes,
        st.sampled_from(["", "", "", "", "user@", "user:pass@", "@", "a%40b@", "evil.com\\@"]),
        host_names,
        st.sampled_from(["", "", "", ":443", ":80", ":8443", ":", ":0", ":65536", ":-1", ":٣",
        ":x"]),
        st.sampled_from([
            "", "", "/", "/base", "/base/", "//", "/../x", "/a b", "?q", "#f", "/?", "\\x", "\n",
            " ",
            "/é", "/\u202e", "/\ud800", "/%2e%2e", "/;x", "/base?x=1#y", '/"', "/<",
        ]),
    ),
    text,
)  # fmt: skip

# -- JSON, as a page or a server may send it --------------------------------------------------

KEYS = [
    "__proto__", "constructor", "prototype", "toString", "type", "seq", "state", "reply", "status",
    "mesg", "action", "path", "project_id", "open_files", "connection", "error", "event", "reason",
    "issues", "data", "query", "code", "message", "id", "token", "url", "password", "exit_code",
    "stdout", "copy_path_id", "now", "title", "results", "accounts", "", "\ud800", CANARY,
]  # fmt: skip
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(chars,
    max_size=20),
    st.sampled_from([ID, "", "done", "open", "x" * 3000, "2026-11-23T09:49:53.077Z", CANARY, WORD,
                     f"no account for {CANARY}", "\x1b[2J", "\ud800", "Error: timed out",
                     "banned -- please wait at least 60s", 1e300, -1, 2**53, 253402300800000]),
)  # fmt: skip
json_values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(chars, max_size=6)), inner,
                        max_size=5),
    ),
    max_leaves=12,
)  # fmt: skip


def nested(depth: int, what: str) -> Any:
    """A value that deep, made of lists or objects."""
    value: Any = CANARY
    for _ in range(depth):
        value = [value] if what == "list" else {what: value}
    return value


deep = st.builds(nested, st.sampled_from([10, 60, 200, 900]),
                 st.sampled_from(["list", "error", "mesg", "__proto__"]))  # fmt: skip


@st.composite
def spoiled(draw: Any, value: Any) -> Any:
    """A value with one thing in it replaced, taken out, renamed or wrapped, at some depth."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(value)))
        act = draw(st.sampled_from(["deeper", "deeper", "replace", "drop", "rename"]))
        rest = {name: it for name, it in value.items() if name != key}
        if act == "drop":
            return rest
        if act == "rename":
            return rest | {draw(st.sampled_from(KEYS)): value[key]}
        return {**value, key: draw(spoiled(value[key]) if act == "deeper" else json_values)}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], draw(spoiled(value[at])), *value[at + 1 :]]
    if isinstance(value, str) and draw(st.booleans()):
        return draw(text)
    return draw(st.one_of(json_values, st.just([value]), st.just({"error": value}), deep))


# -- answers of a server ----------------------------------------------------------------------

STATUSES = [200, 200, 200, 200, 201, 204, 206, 301, 304, 307, 400, 401, 403, 404, 405, 408, 410,
413,
            418, 422, 429, 500, 502, 503, 504, 599, 999]  # fmt: skip
TYPES = [
    "application/json",
    "application/json; charset=utf-8",
    "text/html",
    "text/plain",
    "",
    "application/problem+json",
    "APPLICATION/JSON",
    "image/png",
    ";json",
    "\x00",
    "json",
]
LOCATIONS = [
    "",
    "/",
    "/x",
    "//evil.test/x",
    "https://evil.test",
    "http://[::1",
    "http://a]b/",
    "javascript:alert(1)",
    "\\\\evil",
    f"https://{CANARY}@evil.test/",
    "?x",
    "http://x:99999",
    "https://cocalc.test/again",
    "https://cocalc.test:444/",
    "\ud800",
    "/%",
    "http://cocalc.test",
]
WAITS = [
    "",
    "0",
    "1",
    "-5",
    "3600",
    "nan",
    "inf",
    "1e400",
    "soon",
    "9" * 400,
    "Wed, 21 Oct 2026 07:28:00 GMT",
    "Mon, 01 Jan 0001 00:00:00 -0000",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Wed, 21 Oct 99999 07:28:00 GMT",
    "\x00",
    "Thu, 32 Foo 2026 25:61:61 +9999",
]


# the fields that are read in answers, each with a value of any kind
FIELDS = [
    "event",
    "id",
    "now",
    "data",
    "results",
    "content",
    "stdout",
    "stderr",
    "exit_code",
    "token",
    "auth_token",
    "account_id",
    "project_id",
    "copy_path_id",
    "copy_id",
    "time",
    "started",
    "finished",
    "scheduled",
    "copy_error",
    "source_project_id",
    "source_path",
    "target_project_id",
    "target_path",
    "email_address",
    "first_name",
    "last_name",
    "title",
    "description",
    "api_key",
    "configuration",
]
values = st.one_of(leaves, json_values, st.just([]), st.just({}))
records = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, values))
shapes = st.one_of(
    records, values, st.lists(records, max_size=3),
    st.builds(lambda it, rows: it | {"event": "x", "data": rows, "results": rows}, records,
              st.one_of(values, st.lists(st.one_of(records, values), max_size=3))),
    st.builds(lambda it: {"event": "query", "query": it}, st.one_of(values, st.dictionaries(
        st.sampled_from(["accounts", "projects", "projects_all"]),
        st.one_of(values, records, st.lists(st.one_of(records, values), max_size=3))))),
)  # fmt: skip


@st.composite
def bodies(draw: Any, row: Row) -> str:
    """The text of a recorded answer, spoiled as data or as text."""
    how = draw(
        st.sampled_from(
            ["data", "data", "shape", "shape", "shape", "text", "deep", "huge", "as it is"]
        )
    )
    body = row.body
    if how == "data":
        for _ in range(draw(st.integers(1, 3))):
            body = draw(spoiled(body))
    if how == "shape":
        return json.dumps(draw(shapes))
    whole = body if isinstance(body, str) and how != "data" else json.dumps(body)
    if how == "deep":
        depth, sign = draw(st.sampled_from([200, 990, 5000, 100_000])), draw(st.sampled_from("[{"))
        inner, end = ("[", "]") if sign == "[" else ('{"error":', "}")
        return inner * depth + (whole if draw(st.booleans()) else "") + end * depth
    if how == "huge":
        return (
            draw(st.sampled_from(["<pre>", "<title>", "<", "'", "1", "password ", "please wait "]))
            * 4000
        )
    if how == "text":
        start, end = sorted((draw(st.integers(0, len(whole))), draw(st.integers(0, len(whole)))))
        odd_one = draw(
            st.sampled_from(["", "\ufeff", "\0", "{", "NaN", "<html>", CANARY, "ERROR: ", "\n"])
        )
        return whole[:start] + odd_one + whole[end:]
    return whole


@st.composite
def answers(draw: Any) -> tuple[Row, int, str, str, dict[str, str]]:
    """A recorded request; status, content type, text and headers of its answer, some spoiled."""
    row = draw(st.sampled_from(ROWS))
    status = row.response["status"] or 200
    kind = row.response["content_type"] or ""
    status = draw(st.one_of(st.just(status), st.sampled_from(STATUSES)))
    kind = draw(st.one_of(st.just(kind), st.sampled_from(TYPES)))
    headers = {"content-type": kind}
    if draw(st.integers(0, 2)) == 0:
        headers["retry-after"] = draw(st.sampled_from(WAITS))
    if status in (301, 307) or draw(st.integers(0, 9)) == 0:
        headers["location"] = draw(st.sampled_from(LOCATIONS))
    headers["date"] = draw(st.sampled_from(["", "yesterday", *WAITS]))
    return row, status, kind, draw(bodies(row)), headers


# -- lines of the magics ----------------------------------------------------------------------

COMMANDS = [
    "login",
    "logout",
    "whoami",
    "projects",
    "open",
    "closeall",
    "status",
    "cp",
    "copies",
    "token",
    "exec",
    "cat",
    "new-project",
    "new-account",
    "write",
    "help",
    "opne",
    "CAT",
    "",
]
OPTIONS = [
    "--help",
    "-h",
    "--timeout",
    "--timeout=1",
    "--timeout nan",
    "--timeout=-1",
    "--timeout inf",
    "--timeout 1e999",
    "--exclude",
    "--exclude=*.o",
    "--no-wait",
    "--to",
    "--id",
    "--id=x",
    "--wait",
    "--height",
    "--height=1px",
    "--new",
    "--tab",
    "--channel=auto",
    "--channel",
    "--",
    "-",
    "---",
    "--=",
    "-=x",
    "--exclude=",
    "--key",
    "--expire",
    "--url",
    "--start",
    "--copy",
    "--backup",
    "--nope",
]
EXPRESSIONS = [
    "{name}",
    "{targets}",
    "{n + 1}",
    "{n:>5}",
    "{n!r}",
    "{nothing}",
    "{key}",
    "{nope}",
    "{broken}",
    "{1/0}",
    "{",
    "{}",
    "{{",
    "}}",
    "{'}'}",
    "{n:\0}",
    "{n!x}",
    "{-" + "-" * 5000 + "1}",
    "{" + "(" * 300 + ")" * 300 + "}",
    "{:}",
    "{n:",
    "{odd}",
    "{path}",
    "$name",
    "$nope",
    "$$",
    "$",
    "$1",
    "$targets",
    "$broken",
    "{targets!r}",
    "{[n]}",
    "{'\\ud800'}",
    "{'a\\0b'}",
    "{name:{n}}",
]
line_words = st.one_of(
    st.sampled_from(COMMANDS), st.sampled_from(OPTIONS), st.sampled_from(EXPRESSIONS),
    st.builds(lambda p, s, q: p + s + q, ids, st.sampled_from(["", ":", "::"]), paths),
    good_paths, text,
    st.sampled_from(["'", '"', "#", "\\", ";", "'a b'", '"a b', "C:\\keys\\x", "\\\\srv\\s",
    "Lesson:a.md"]),
    st.builds(lambda sign, body: f"{{{body[:6]}}}", odd, st.text("ab01+-/ ()[]'\",:.!",
    max_size=6)),
)  # fmt: skip
lines = st.builds(
    lambda first, words, gap: gap.join([first, *words]),
    st.one_of(st.sampled_from(COMMANDS), text),
    st.lists(line_words, max_size=6),
    st.sampled_from([" ", " ", " ", "\t", "  ", "\u00a0"]),
)
