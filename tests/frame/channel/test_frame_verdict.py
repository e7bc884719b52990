"""Which channel, and why: CoCalc's rules, one row each; and the facts that these rest on."""

import threading

import pytest

from cocalc_widget import Client, LocalCoCalc
from cocalc_widget.api.framing import Framing
from cocalc_widget.errors import APIConnectionError, ConfigurationError, ServerError
from cocalc_widget.frame.channel import facts as facts_module
from cocalc_widget.frame.channel.facts import Facts, Stranger
from cocalc_widget.frame.channel.sites import listed, parse_origin, same_site
from cocalc_widget.frame.channel.verdict import check_requested, decide, is_signed_out

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


ITSELF = Framing(("frame-ancestors 'self' https://*.uni.edu",))


def test_a_page_that_cocalc_may_not_be_framed_by_gets_a_tab():
    verdict = decide("https://hub.other.org", HOST, framing=ITSELF)
    assert verdict.channel == "tab"
    assert verdict.reason.startswith(f"CoCalc at {HOST} may not be shown in a frame here: its ")
    assert "frame-ancestors" in verdict.reason
    assert verdict.reason.endswith("Showing files in a tab of their own instead.")
    assert "add https://hub.other.org to the header Content-Security-Policy" in verdict.remedy
    assert decide("https://hub.uni.edu", HOST, framing=ITSELF).channel == "messages"


@pytest.mark.parametrize("channel", ["messages", "navigation"])
def test_where_a_frame_was_asked_for_there_is_none(channel):
    verdict = decide("https://hub.other.org", HOST, framing=ITSELF, channel=channel)
    assert verdict.channel == "blocked"
    assert "keeps out https://hub.other.org" in verdict.reason
    assert "instead" not in verdict.reason
    assert decide("https://hub.uni.edu", HOST, framing=ITSELF, channel=channel).channel == channel


def test_a_tab_that_was_asked_for_needs_no_frame():
    assert "asked for" in decide("null", HOST, framing=ITSELF, channel="tab").reason


def test_the_pages_around_the_page_count_as_far_as_they_are_known():
    page, outer = "https://hub.uni.edu", ("https://a.uni.edu", "https://lms.test")
    assert decide(page, HOST, framing=ITSELF, ancestors=outer[:1]).channel == "messages"
    refused = decide(page, HOST, framing=ITSELF, ancestors=outer)
    assert refused.channel == "tab"
    assert "keeps out https://lms.test" in refused.reason
    assert decide(page, HOST, framing=ITSELF, ancestors=None).channel == "messages"


@pytest.mark.parametrize("page", [None, 7, "null"])
def test_a_page_without_an_origin_is_framed_by_a_name_that_no_rule_has(page):
    assert decide(page, HOST, framing=ITSELF).channel == "tab"
    assert decide(page, HOST, framing=Framing()).channel == "navigation"


@pytest.mark.parametrize(
    ("generation", "samesite", "channel"),
    [
        ("B", None, "tab"), ("B", "strict", "tab"), ("B", "lax", "tab"), ("B", "none", "messages"),
        ("A", None, "messages"), ("A", "strict", "messages"), ("A", "lax", "messages"),
        (None, None, "messages"), (None, "strict", "tab"), (None, "none", "messages"),
    ],
)  # fmt: skip
def test_what_the_site_says_of_its_cookies_decides_about_other_sites(generation, samesite, channel):
    facts = {"generation": generation, "samesite": samesite}
    assert decide("https://hub.other.org", HOST, **facts).channel == channel
    assert decide("https://hub.uni.edu", HOST, **facts).channel == "messages"


def test_only_a_page_on_another_site_is_told_about_signing_in():
    here = decide("https://hub.uni.edu", HOST, hosts=[])
    assert "signed out" not in here.sentence
    there = decide("https://hub.other.org", HOST, hosts=[])
    assert "If the frame is signed out, give it an auth token" in there.remedy
    given = decide("https://hub.other.org", HOST, hosts=[], token=True)
    assert "allow third-party cookies for cocalc.uni.edu" in given.remedy
    later = decide("https://hub.other.org", HOST, hosts=[], generation="B", samesite="none")
    assert "proxy_cookie_flags" in later.remedy
    assert "token" not in later.remedy
    assert "signed out" not in decide("null", HOST).sentence, "its site is not known"


def test_a_host_that_only_ends_like_cocalc_com_is_another():
    for host, signed_out in (
        ("https://cocalc.com", True),
        ("https://dev.cocalc.com", True),
        ("https://notcocalc.com", False),
        ("https://cocalc.com.test", False),
    ):
        known = {"generation": None, "samesite": None}
        assert is_signed_out("https://hub.other.org", host, **known) is signed_out
        assert Facts(host, None).generation == ("B" if signed_out else None)


class Site:
    """A client whose answers are what they are set to; an error is raised."""

    host, generation = HOST, "A"

    def __init__(self, settings=None, framing=None, takes=True):
        self.settings, self.found, self.takes = settings or {}, framing or Framing(), takes
        self.asked = []

    def _tell(self, what, answer):
        self.asked.append(what)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def customize(self):
        return self._tell("settings", self.settings)

    def framing(self):
        return self._tell("framing", self.found)

    def takes_token(self, token):
        return self._tell(token, self.takes)


def fetched(client, **options):
    """The facts of a client, all there; `then` was called once."""
    facts, told = Facts(HOST, client, **options), []
    done = threading.Event()
    facts.fetch(lambda: (told.append(facts.known), done.set()))
    assert done.wait(10)
    assert told == [True], "once, and with all there"
    return facts


def asked(call, *args):
    """What a question in the background is answered with."""
    told, done = [], threading.Event()
    call(*args, lambda answer: (told.append(answer), done.set()))
    assert done.wait(10)
    return told[0]


def test_facts_are_what_the_site_tells():
    settings = {"iframe_comm_hosts": ("hub.test",), "samesite_remember_me": "STRICT"}
    facts = fetched(Site(settings, ITSELF), known="B")
    assert (facts.hosts, facts.samesite) == (["hub.test"], "strict")
    assert (facts.generation, facts.framing, facts.reached) == ("A", ITSELF, True)


@pytest.fixture
def unheard(monkeypatch):
    """Errors that end a thread: they would be written below whatever cell runs."""
    found = []
    monkeypatch.setattr(threading, "excepthook", found.append)
    yield found
    for thread in threading.enumerate():
        if thread.name.startswith("cocalc-"):
            thread.join(10)
    assert found == []


def test_half_of_the_facts_is_better_than_none(unheard):
    no = ServerError("no", endpoint="/app", status=500)
    facts = fetched(Site({"iframe_comm_hosts": ["hub.test"]}, no))
    assert (facts.hosts, facts.framing) == (["hub.test"], None)
    facts = fetched(Site(no, ITSELF), known="B")
    assert (facts.hosts, facts.framing) == (None, ITSELF)
    assert facts.generation == "B", "what was known before"
    assert facts.reached is False


def test_where_nobody_can_be_asked_nothing_is_waited_for():
    facts = Facts(HOST, None)
    assert facts.known
    facts.fetch(lambda: pytest.fail("there is nothing to tell"))


def test_facts_are_not_known_before_all_answers_are_there():
    client, go_on = Site(), threading.Event()
    client.customize = lambda: go_on.wait(10) and {}
    facts, told = Facts(HOST, client), threading.Event()
    assert not facts.known
    facts.fetch(told.set)
    assert not told.wait(0.05)
    assert not facts.known
    go_on.set()
    assert told.wait(10)
    assert facts.known


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_proxy_without_its_server_is_a_site_that_is_down(status):
    facts = fetched(Site())
    facts._client.found = ServerError("x", endpoint="/app", status=status)
    assert asked(facts.look) == f"it answers with HTTP {status}"


@pytest.mark.parametrize(
    "answer",
    [Framing(), ServerError("x", endpoint="/app", status=404)],
)
def test_any_other_answer_is_a_site_that_is_there(answer):
    facts = fetched(Site())
    facts._client.found = answer
    assert asked(facts.look) == ""


def test_a_site_out_of_reach_is_down_only_if_it_was_in_reach_before(unheard):
    gone = APIConnectionError("could not reach it.")
    facts = fetched(Site(gone, gone))
    assert asked(facts.look) is None, "the browser may have a way to it all the same"
    facts._client.found = ValueError("what is that?")
    assert asked(facts.look) is None, "that tells nothing"
    facts._client.found = Framing()
    assert asked(facts.look) == ""
    facts._client.found = gone
    assert asked(facts.look) == "could not reach it"


def test_a_token_is_shown_to_no_other_host_than_its_own(monkeypatch):
    strangers = []

    class Other(Site):
        def __init__(self, host):
            super().__init__()
            strangers.append((host, self))

    monkeypatch.setattr(facts_module, "Stranger", Other)
    own, other = Site(takes=False), Site()
    other.host = "https://another.test"
    assert asked(Facts(HOST, own).check_token, "token") is False
    assert own.asked == ["token"]
    assert strangers == []
    assert asked(Facts(HOST, other).check_token, "token") is True
    assert other.asked == []
    assert [host for host, _ in strangers] == [HOST]
    assert asked(Facts(HOST, None).check_token, "token") is True
    assert [it.asked for _, it in strangers] == [["token"], ["token"]]


def test_whether_a_token_is_taken_may_stay_unknown(unheard):
    facts = Facts(HOST, Site(takes=APIConnectionError("no way there")))
    assert asked(facts.check_token, "token") is None


def test_without_threads_nobody_is_asked_and_nobody_waits(monkeypatch):
    monkeypatch.setattr(facts_module, "background", lambda _call, _name: False)
    facts = Facts(HOST, Site())
    assert asked(facts.look) is None
    assert asked(facts.check_token, "token") is None
    facts.fetch(lambda: None)
    assert facts.known
    assert facts._client.asked == []


def test_a_stranger_asks_a_site_about_a_token(monkeypatch):
    with LocalCoCalc(generation="B") as site:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(site.ca_file))
        with Client(site.api_key, host=site.url) as client:
            token = client.create_token(password=site.password)
            assert Stranger(site.url).takes_token(token) is True
            assert Stranger(site.url).takes_token("x" * 24) is False
            assert isinstance(Stranger(site.url).framing(), Framing)
