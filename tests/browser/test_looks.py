"""What people meet who look, listen or use the keyboard: names, order of focus, themes, space."""

import pytest
from colours import COLOURS, contrast
from plain import QUICK


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_without_jupyterlab(ready, scheme):
    page, _widget = ready()
    page.page.add_style_tag(content=":root { color-scheme: light dark }")
    page.page.emulate_media(color_scheme=scheme)
    colours = page.page.locator(".cocalc-widget").evaluate(COLOURS)
    assert contrast(colours["text"], colours["back"]) >= 4.5
    assert (sum(colours["back"]) > 384) == (scheme == "light")


def test_names_for_screen_readers(ready):
    page, widget = ready()
    page.show(widget)
    tree = page.page.locator("body").aria_snapshot()
    for line in ("- iframe", "- status: localhost", '- link "Open in new tab"',
                 '- button "Move it here"', "Shown above."):  # fmt: skip
        assert line in tree
    assert page.page.get_by_title("CoCalc", exact=True).count() == 1
    link = page.page.get_by_role("link", name="Open in new tab").first
    assert "auth_token" not in link.get_attribute("href")
    assert link.get_attribute("href").startswith("https://localhost")


def test_everything_is_reached_by_the_keyboard(ready):
    page, widget = ready()
    page.ends(widget.open("lesson.md"))
    page.show(widget)
    met = []
    for _ in range(12):
        page.page.keyboard.press("Tab")
        met.append(page.page.evaluate("document.activeElement.tagName"))
        if met[-1] == "BUTTON":
            break
    assert {"IFRAME", "A", "BUTTON"} <= set(met)
    outline = page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.page.keyboard.press("Enter")
    page.until(lambda: widget.ready, 30)
    page.until(lambda: page.line(1) == page.line(0) != "")
    assert "Shown below." in page.page.inner_text("body")


def test_it_covers_nothing_resizes_and_allows_fullscreen(ready):
    page, _widget = ready()
    frame = page.page.locator("iframe[title*=CoCalc]")
    bar = page.page.locator(".cocalc-widget footer").bounding_box()
    box = frame.bounding_box()
    assert box["y"] + box["height"] <= bar["y"] + 0.5
    assert bar["height"] < 40
    assert box["height"] > 500
    assert frame.evaluate("node => document.elementFromPoint(...["
                          "node.getBoundingClientRect().right - 5,"
                          "node.getBoundingClientRect().bottom - 5]) === node")  # fmt: skip
    root = page.page.locator(".cocalc-widget")
    assert root.evaluate("node => getComputedStyle(node).resize") == "vertical"
    assert frame.get_attribute("allow") == "clipboard-read; clipboard-write; fullscreen"
    assert frame.get_attribute("referrerpolicy") == "origin"
    assert page.frame.locator("body").evaluate("() => document.fullscreenEnabled") is True
    # what the handle in the corner does (hidden scrollbars, as in these tests, hide it too)
    root.evaluate("node => { node.style.height = '400px' }")
    assert frame.bounding_box()["height"] == box["height"] - 200


def test_a_mood_for_each_state(ready, site):
    page, widget = ready(deadlines={**QUICK, "done": 8})
    mood = page.page.locator(".cocalc-widget")
    assert mood.get_attribute("data-mood") == "good"
    site.fault("ack-without-done")
    command = widget.open("lesson.md")
    page.until(lambda: "start project" in page.line())
    page.until(lambda: mood.get_attribute("data-mood") == "wait")
    page.ends(command)
    widget.close()
    page.until(lambda: mood.get_attribute("data-mood") == "bad")
    page.until(lambda: "Run the cell again" in page.line())
