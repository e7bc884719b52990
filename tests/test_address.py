"""Addresses: what is taken, what is refused before anything is sent, and CoCalc's URLs."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocalc_widget import address
from cocalc_widget.errors import CoCalcError, ConfigurationError, ValidationError

ID = "aaaaaaaa-0000-4000-8000-000000000001"
HOST = "https://cocalc.test"


def test_ids_are_taken_in_any_case_and_with_blanks() -> None:
    assert address.check_uuid(f" {ID.upper()} ") == ID


@pytest.mark.parametrize("bad", ["", "nope", ID[:-1], ID + "0", ID.replace("-", ""), None, 5, [ID]])
def test_bad_ids_are_refused(bad: object) -> None:
    with pytest.raises(ValidationError, match="project_id must be a UUID") as caught:
        address.check_uuid(bad)
    assert caught.value.status is None


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("", "empty"), ("  ", "empty"), ("/etc/passwd", "relative"), ("a/../../b", "'..'"),
        ("..", "'..'"), ("a\0b", "control"), ("a\nb", "control"), ("x" * 5000, "too long"),
        ("ü" * 3000, "too long"), (None, "string"), (5, "string"), ("\ud800", "Unicode"),
    ],
)  # fmt: skip
def test_bad_paths_are_refused(bad: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        address.check_path(bad)


@pytest.mark.parametrize("good", ["a.md", "A/b c.md", "..a", "a..b/c", "été/✓.ipynb", "#?%.txt"])
def test_good_paths_are_kept_as_they_are(good: str) -> None:
    assert address.check_path(good) == good


def test_addresses() -> None:
    assert address.parse_address(f"{ID}:A/b:c.md") == address.Address(ID, "A/b:c.md")
    assert address.parse_address(" My project ") == address.Address(" My project ")
    assert address.parse_address(f" {ID} :a") == address.Address(ID, "a")
    assert str(address.Address("p", "a")) == "p:a"
    assert str(address.Address("p")) == "p"
    for bad in (":a.md", "", None, "p:/a", "p:../a"):
        with pytest.raises(ValidationError):
            address.parse_address(bad)


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("cocalc.com", "https://cocalc.com"),
        ("https://CoCalc.com/", "https://cocalc.com"),
        ("https://uni.edu:443/cocalc/", "https://uni.edu/cocalc"),
        ("localhost:8443", "https://localhost:8443"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("https://münchen.de", "https://xn--mnchen-3ya.de"),
        ("mu\u0308NCHEN.de:80/x", "https://xn--mnchen-3ya.de:80/x"),
        ("faß.de", "https://xn--fa-hia.de"),  # not fass.de: somebody else's
        ("https://FASS.de", "https://fass.de"),
        ("日本語.jp", "https://xn--wgv71a119e.jp"),
        ("xn--fa-hia.de", "https://xn--fa-hia.de"),
        ("my_cocalc.uni.edu", "https://my_cocalc.uni.edu"),
        ("https://uni.edu./x", "https://uni.edu./x"),
        ("https://uni.edu/@x", "https://uni.edu/@x"),
        ("https://1.uni.edu", "https://1.uni.edu"),
        ("http://[0:0::1]", "http://[::1]"),
        ("https://[::ffff:127.0.0.1]:8443", "https://[::ffff:7f00:1]:8443"),
    ],
)
def test_hosts(value: str, host: str) -> None:
    assert address.normalize_host(value) == host


@pytest.mark.parametrize(
    "bad",
    [
        "", None, "javascript:alert(1)", "data:text/html,x", "ftp://x", "https://a@b.c",
        "https://u:p@b.c", "https://x?a=1", "https://x#a", "https://x:99999", "https://a b",
        "https://x\n.y", "http://cocalc.example", "https://", "https:///x", "https://evil\\@x",
    ],
)  # fmt: skip
def test_bad_hosts_are_refused(bad: object) -> None:
    with pytest.raises(ConfigurationError):
        address.normalize_host(bad)


@pytest.mark.parametrize(
    ("bad", "read"),
    [
        ("2130706433", "127.0.0.1"), ("0x7f.1", "127.0.0.1"), ("1.2.3", "1.2.0.3"),
        ("https://0177.0.0.1:8443/x", "127.0.0.1"), ("127.0.0.1.", "127.0.0.1"),
        ("127.1", "127.0.0.1"), ("https://0x", "0.0.0.0"), ("10.0.0.010", "10.0.0.8"),
    ],
)  # fmt: skip
def test_numbers_that_browsers_read_as_an_address_are_refused(bad: str, read: str) -> None:
    with pytest.raises(ConfigurationError, match=rf" as {re.escape(read)}\.") as caught:
        address.normalize_host(bad, allow_http=True)
    assert f"Write {read} " in caught.value.remedy


@pytest.mark.parametrize(
    "bad",
    ["1.2.3.4.5", "256.0.0.1", "uni.edu.5", "1..2", "09.1", "4294967296", "a.0x1g", "1.0xg.2"],
)
def test_numbers_that_are_no_address_are_refused(bad: str) -> None:
    if bad == "a.0x1g":  # no number, so a name
        assert address.normalize_host(bad) == f"https://{bad}"
        return
    with pytest.raises(ConfigurationError, match="not a valid web address"):
        address.normalize_host(bad)


@pytest.mark.parametrize(
    "bad",
    [
        "\uff11\uff12\uff17.0.0.1", "cocalc\u3002com", "cocalc\uff0ecom", "\uff43ocalc.com",
        "co\xadcalc.com", "co\u200dcalc.com",
        "ﬁ.de", "co%63alc.com", "%C3%BC.de", "xn--zzzzzzzzz-.de", "xn--cocalc-.com", "..", "a..b",
        "a.b..", "x" * 64 + ".de", "ü" * 70 + ".de", "☃.net", "[::1", "[::1%25lo]", "[1.2.3.4]",
    ],
)  # fmt: skip
def test_what_browsers_read_differently_is_refused(bad: str) -> None:
    with pytest.raises(ConfigurationError):
        address.normalize_host(f"https://{bad}/")


@pytest.mark.parametrize(
    "bad",
    [
        "me:{}@uni.edu", "me:1{}@uni.edu", "me:12/{}@uni.edu", "me:{} x@uni.edu", "me:{}\\@uni.edu",
        "https://me:{}@uni.edu", "https://me:12/{}@uni.edu", "https://me:{}#@uni.edu", "{}@uni.edu",
        "me:{}?@uni.edu", "ftp://me:{}@uni.edu", "https://me:{}\x00@uni.edu", "https:me:{}@uni.edu",
        "//me:{}@uni.edu", "https://me:{}@[::1", "https://me@x:{}@uni.edu", "http://me:{}@\uff11.de",
    ],
)  # fmt: skip
def test_a_password_in_a_host_is_never_repeated(bad: str) -> None:
    word = "Tr0ub4dor"
    with pytest.raises(ConfigurationError) as caught:
        address.normalize_host(bad.format(word))
    assert word not in str(caught.value)


def test_what_maps_host_names_is_loaded_for_those_only() -> None:
    code = (
        "import sys; from cocalc_widget.address import normalize_host as n; n('cocalc.com'); "
        "a = 'idna' in sys.modules; n('fa\\xdf.de'); print(a, 'idna' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "True"]


def test_plain_http_needs_a_word() -> None:
    assert address.normalize_host("http://a.b", allow_http=True) == "http://a.b"


def test_the_app_listens_and_a_file_shows_on_both_generations() -> None:
    assert address.app_url(HOST) == f"{HOST}/app?fullscreen=kiosk&session="
    url = address.file_url(HOST, ID, "A b/ü?#%.md")
    assert url == f"{HOST}/projects/{ID}/files/A%20b/%C3%BC%3F%23%25.md?fullscreen=default&session="
    assert address.origin_of("https://uni.edu/cocalc") == "https://uni.edu"


def test_a_token_goes_where_its_generation_looks_for_it() -> None:
    url = address.file_url(HOST, ID, "a.md")
    assert address.signed_url(url, "T&1", "A", HOST) == (
        f"{HOST}/projects/{ID}/files/a.md?auth_token=T%261&fullscreen=default&session="
    )
    assert address.signed_url(url, "T&1", "B", HOST) == (
        f"{HOST}/auth/impersonate?auth_token=T%261"
    )


@given(st.text())
def test_any_text_gives_a_result_or_a_named_error(text: str) -> None:
    for check in (
        address.check_uuid, address.check_path, address.parse_address, address.normalize_host,
    ):  # fmt: skip
        try:
            check(text)
        except CoCalcError:
            continue


@given(st.text(min_size=1))
def test_a_path_never_leaves_its_place_in_the_url(text: str) -> None:
    try:
        path = address.check_path(text)
    except CoCalcError:
        return
    url = address.file_url(HOST, ID, path)
    assert url.startswith(f"{HOST}/projects/{ID}/files/")
    assert url.count("?") == 1
    assert url.endswith("?fullscreen=default&session=")


@pytest.mark.parametrize("bad", ["a;b", "a,b", 'a"b', "a%2fb", "a^b", "[a:b]", "[fe80::1%25eth0]"])
def test_names_that_a_browser_reads_differently_are_no_hosts(bad: str) -> None:
    with pytest.raises(ConfigurationError):
        address.normalize_host(f"https://{bad}")


def test_a_path_of_the_host_is_written_as_a_browser_does() -> None:
    assert address.normalize_host("https://uni.edu/übung/'") == "https://uni.edu/%C3%BCbung/%27"
    with pytest.raises(ConfigurationError):
        address.normalize_host("https://uni.edu/\ud800")


def test_values_that_cannot_be_shown_are_refused_all_the_same() -> None:
    with pytest.raises(ValidationError, match="not <int>"):
        address.check_uuid(10**5000)


@pytest.mark.parametrize("token", ["a\nb", "\ud800"])
def test_tokens_that_no_url_can_carry(token: str) -> None:
    with pytest.raises(ValidationError, match="auth token"):
        address.signed_url(f"{HOST}/app?x=1", token, "A", HOST)


def test_an_address_that_was_made_by_hand_is_checked_too() -> None:
    assert address.parse_address(address.Address(" a: b ", "x")) == address.Address(" a: b ", "x")
    assert address.parse_address(address.Address("p", " ")) == address.Address("p")
    for bad in (address.Address("p", "../x"), address.Address(" ", "x"), address.Address(5, 5)):  # type: ignore[arg-type]
        with pytest.raises(ValidationError):
            address.parse_address(bad)


def test_each_refusal_names_what_was_given_and_what_to_do() -> None:
    with pytest.raises(ValidationError, match="project_id must be a UUID, not 'nope'") as caught:
        address.check_uuid("nope")
    assert ".../projects/<project_id>/files/" in str(caught.value)
    with pytest.raises(ValidationError, match="account must be a UUID") as caught:
        address.check_uuid("nope", "account")
    assert "projects" not in str(caught.value)
    with pytest.raises(ValidationError, match="target must be a string") as caught:
        address.check_path(5, "target")
    with pytest.raises(ValidationError, match="leading slash"):
        address.check_path("/a")
    with pytest.raises(ConfigurationError, match="allow_http=True"):
        address.normalize_host("http://a.b")
    for bad, says in (
        ("mailto:me", r"must be an http\(s\) address, not 'mailto:me'"),
        ("ftp://x", r"must be an http\(s\) address, not 'ftp://x'"),
        ("a b.test", "contains blanks"),
        ("a\\b.test", "contains blanks"),
        ("a.test:x", "must be an http"),
        ("a.test:99999", "not a valid web address"),
        ("a,b", "not a valid web address"),
        ("u:p@a.test", "must not contain a user name or password"),
        ("https://u:p@a.test", "must not contain a user name or password"),
        ("https://evil\\\\@x", "must not contain a user name or password"),
        ("https://a.test/b @c", "the host given contains blanks"),
        ("https://a%2fb.test", "Write the characters themselves, not % and numbers"),
        ("a.test?x", "must not have a query or fragment"),
        ("a.test#x", "must not have a query or fragment"),
        (" ", "must be a web address"),
        (None, "must be a web address, not None"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            address.normalize_host(bad)


def test_long_values_are_cut_in_what_is_said_of_them() -> None:
    exactly, longer = "x" * 58, "x" * 59
    with pytest.raises(ValidationError, match=rf"not '{exactly}'\."):
        address.check_uuid(exactly)
    with pytest.raises(ValidationError, match=r"not 'x{56}\.\.\.\."):
        address.check_uuid(longer)


def test_a_path_may_have_as_many_bytes_as_the_file_systems_take() -> None:
    assert address.check_path("x" * 4096)
    assert address.check_path("ü" * 2048)
    for bad in ("x" * 4097, "ü" * 2048 + "x"):
        with pytest.raises(ValidationError, match="4097 bytes, at most 4096"):
            address.check_path(bad)


@pytest.mark.parametrize("control", ["\x00", "\x1f", "\x7f"])
def test_no_control_character_gets_anywhere(control: str) -> None:
    with pytest.raises(ValidationError, match="control characters"):
        address.check_path(f"a{control}b")
    with pytest.raises(ConfigurationError):
        address.normalize_host(f"https://a{control}b.test")


@pytest.mark.parametrize(
    ("value", "host"),
    [
        (" cocalc.test ", "https://cocalc.test"),
        ("cocalc.test:8443/base//", "https://cocalc.test:8443/base"),
        ("HTTP://LOCALHOST:80", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("https://cocalc.test:80", "https://cocalc.test:80"),
        ("https://cocalc.test.", "https://cocalc.test."),
        ("https://my_host.test", "https://my_host.test"),
        ("https://[2001:DB8:0:0:0:0:0:1]/x", "https://[2001:db8::1]/x"),
        ("https://[::ffff:1.2.3.4]", "https://[::ffff:102:304]"),
        ("255.255.255.255", "https://255.255.255.255"),
        ("255.0.0.1:8443", "https://255.0.0.1:8443"),
        ("https://uni.edu/a b", None),
        ("https://uni.edu/~me/a%20b", "https://uni.edu/~me/a%20b"),
        ("https://uni.edu\\x", None),
        ("mailto:me", None),
        ("cocalc.test:x", None),
        ("https://x:0x1", None),
        ("https://[::1", None),
        ("wss://cocalc.test", None),
        ("https://:443", None),
        ("https://@cocalc.test", None),
        ("https://cocalc.test?", "https://cocalc.test"),
    ],
)
def test_hosts_are_written_in_one_way(value: str, host: str | None) -> None:
    if host is None:
        with pytest.raises(ConfigurationError):
            address.normalize_host(value)
    else:
        assert address.normalize_host(value) == host
        assert address.normalize_host(host) == host, "for good"


@pytest.mark.parametrize(
    ("name", "here"),
    [
        ("localhost", True), ("LOCALHOST", True), ("localhost.", True), ("a.localhost", True),
        ("127.0.0.1", True), ("127.9.9.9", True), ("[::1]", True), ("::1", True),
        ("notlocalhost", False), ("localhost.test", False), ("128.0.0.1", False), ("", False),
        ("[::2]", False), ("127.0.0.1.test", False),
    ],
)  # fmt: skip
def test_what_is_this_machine_by_definition(name: str, here: bool) -> None:
    assert address.is_loopback(name) is here


def test_ids_are_text() -> None:
    assert address.is_uuid(ID)
    assert not address.is_uuid(f" {ID}")
    assert not address.is_uuid(f"{ID}0")
    assert address.is_uuid(None) is False


def test_the_origin_keeps_its_port() -> None:
    assert address.origin_of("http://localhost:5000/base") == "http://localhost:5000"


def test_a_place_without_a_path_is_the_project() -> None:
    assert address.parse_address("p: ") == address.Address("p", "")
    assert address.parse_address("p:") == address.Address("p", "")
    assert address.parse_address(" p : a ").path == " a "
    with pytest.raises(ValidationError, match=r"PROJECT or PROJECT:PATH, not ' :a'"):
        address.parse_address(" :a")
    with pytest.raises(ValidationError):
        address.parse_address(object())
