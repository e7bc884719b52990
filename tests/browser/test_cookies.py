"""A frame on another site, in a browser that blocks third-party cookies, as Chromium does."""

import pytest
from stage.stand_in import HUB

from cocalc_widget.demo.jupyter.chromium import headless
from cocalc_widget.errors import ChannelBlockedError


@pytest.fixture(scope="module")
def plain_browser(parents):
    with headless({HUB: parents[0].port}, third_party_cookies=False) as running:
        yield running


def test_signed_out_although_a_token_was_given(ready):
    page, widget = ready()
    command = widget.open("lesson.md")
    page.until(lambda: "third-party cookies" in widget.reason)
    page.until(lambda: "third-party cookies" in page.line())
    error = page.ends(command)
    assert isinstance(error, ChannelBlockedError)
    for words in (
        "https://hub.test is on another site than https://localhost",
        "llow third-party cookies for localhost",
        "from the same site as CoCalc",
        'target="tab"',
    ):
        assert words in str(error)
        assert words in widget.reason
    assert page.ends(widget.status()).connection["status"] == "connected"
    page.at_rest()


def test_the_remedy_for_navigation_too(new):
    page, widget = new(url="http://localhost:HTTP/")
    error = page.ends(widget.status(), seconds=20)
    assert isinstance(error, ChannelBlockedError)
    assert "third-party cookies" in str(error)
    page.at_rest()


def test_the_tab_is_signed_in(new):
    page, widget = new(target="tab")
    page.until(lambda: widget.channel == "tab")
    with page.page.context.expect_page() as tab:
        page.ends(widget.open("lesson.md"))
    tab.value.wait_for_url("**/files/lesson.md")
    tab.value.get_by_text("Newton").first.wait_for()
    page.at_rest()
