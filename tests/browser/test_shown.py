"""What a user is told of an open, held against what is on the screen: nothing is called shown that
is not. Each channel, generation and situation, with a client and without."""

from __future__ import annotations

import pytest
from sites import COCALC, LISTED, NOBODY, TEXT, UNLISTED, Stranger, mint, sign_in

from cocalc_widget import errors
from cocalc_widget.frame import Reply

LIMITS = {"ack": 3, "status": 2, "ready": 20, "silent": 9, "render": 3, "evidence": 5}


def document(site, situation):
    """The project and path of a situation."""
    mine = site.projects["Mine"]
    return {
        "signed in": (mine, "a.md"),
        "again": (mine, "a.md"),
        "signed out": (mine, "a.md"),
        "signed out, second": (mine, "a.md"),
        "stopped": (site.projects["Stopped"], "a.md"),
        "stopped, left": (site.projects["Stopped"], "a.md"),
        "somebody else's": (site.strange, "a.md"),
        "somebody else's, second": (site.strange, "a.md"),
        "unknown project": (NOBODY, "a.md"),
        "folder": (mine, "folder"),
        "missing file": (mine, "new.md"),
        "LaTeX": (mine, "paper.tex"),
        "unknown extension": (mine, "data.xyz123"),
        "server down": (mine, "a.md"),
    }[situation]


def is_seen(stage, channel, path):
    """Whether the file is on the screen: its tab is in front, and its text, if it has any."""
    page = stage.page
    if channel == "tab":
        pages = [one for one in page.context.pages if one is not page]
        frame = pages[-1] if pages else None
    else:
        frame = page.locator("iframe[title*=CoCalc]").content_frame
    if frame is None:
        return False
    if path == "new.md":
        return frame.locator("[data-path='new.md'], [aria-selected=true]").first.is_visible()
    return frame.get_by_text(TEXT).first.is_visible()


YES, NO, UNKNOWN = True, False, None
SIGNED_OUT, NO_ACCESS = "signed out", "no access"
# situation → what a user is told on A, and on B: `verified` and evidence, or an error and its words
MESSAGES = {
    "signed in": ((YES, "opened"), (YES, "rendered")),
    "again": ((YES, "opened"), (YES, "rendered")),
    "signed out": ((errors.ChannelBlockedError, SIGNED_OUT),) * 2,
    "signed out, second": ((errors.ChannelBlockedError, SIGNED_OUT),) * 2,
    "stopped": ((YES, "opened"), (errors.CommandTimeoutError, "seems to be stopped")),
    "somebody else's": ((errors.ChannelBlockedError, NO_ACCESS),) * 2,
    "somebody else's, second": ((errors.ChannelBlockedError, NO_ACCESS),) * 2,
    "unknown project": ((errors.ChannelBlockedError, NO_ACCESS),) * 2,
    "folder": ((NO, "is a folder, or"),) * 2,
    "missing file": ((YES, "opened"), (YES, "rendered")),
    "LaTeX": ((YES, "opened"), (UNKNOWN, "does not tell that it is shown")),
    "unknown extension": ((YES, "opened"), (YES, "rendered")),
    "server down": ((errors.CommandTimeoutError, "can't be reached"),) * 2,
}
WITH_CLIENT = {
    "signed in": ((YES, "opened"), (YES, ("opened", "rendered"))),
    "again": ((YES, "opened"), (YES, ("opened", "rendered"))),
    "signed out": ((errors.ChannelBlockedError, "frame is signed out"),) * 2,
    "stopped": ((YES, "opened"), (YES, ("opened", "rendered"))),
    "stopped, left": ((errors.CommandError, "client.start_project"),) * 2,
    "somebody else's": ((errors.PermissionDeniedError, "somebody else's"),) * 2,
    "unknown project": ((errors.PermissionDeniedError, "there is none"),) * 2,
    "folder": ((errors.ValidationError, "is a folder"),) * 2,
    "missing file": ((YES, "opened"), (YES, ("opened", "rendered"))),
    "LaTeX": ((YES, "opened"), (YES, "opened")),
    "server down": ((errors.CommandTimeoutError, "can't be reached"),) * 2,
}
NAVIGATION = {
    "signed in": ((YES, "opened"),) * 2,
    "signed out": ((UNKNOWN, "signed out here"),) * 2,
    "stopped": ((UNKNOWN, "is stopped"),) * 2,
    "somebody else's": ((UNKNOWN, "somebody else's"),) * 2,
    "unknown project": ((UNKNOWN, "somebody else's"),) * 2,
    "folder": ((UNKNOWN, "is a folder"),) * 2,
    "missing file": ((YES, "opened"),) * 2,
    "LaTeX": ((YES, "opened"),) * 2,
    "server down": ((errors.CommandTimeoutError, "can't be reached"),) * 2,
}
NAVIGATION_WITH_CLIENT = {
    "signed in": ((YES, "opened"),) * 2,
    "signed out": ((UNKNOWN, "signed out"),) * 2,
    "stopped": ((YES, "opened"),) * 2,
    "somebody else's": ((errors.PermissionDeniedError, "somebody else's"),) * 2,
    "folder": ((errors.ValidationError, "is a folder"),) * 2,
}
TAB = {
    "signed in": ((YES, "api"),) * 2,
    "signed out": ((UNKNOWN, "signed in"),) * 2,
    "stopped": ((YES, "api"),) * 2,
    "somebody else's": ((errors.PermissionDeniedError, "somebody else's"),) * 2,
    "folder": ((errors.ValidationError, "is a folder"),) * 2,
}
TAB_ALONE = {"signed in": ((UNKNOWN, "Nothing tells what the tab shows"),) * 2}

CASES = [
    pytest.param(channel, with_client, situation, told, id=f"{name}-{situation}")
    for name, channel, with_client, table in (
        ("messages", "messages", False, MESSAGES),
        ("messages+client", "messages", True, WITH_CLIENT),
        ("navigation", "navigation", False, NAVIGATION),
        ("navigation+client", "navigation", True, NAVIGATION_WITH_CLIENT),
        ("tab", "tab", False, TAB_ALONE),
        ("tab+client", "tab", True, TAB),
    )
    for situation, told in table.items()
]


@pytest.fixture(autouse=True)
def quick_log(monkeypatch):
    """Some seconds are enough for a tab of the stand-in."""
    monkeypatch.setattr("cocalc_widget.frame.channel.inquiries.LONG", 6.0)


@pytest.mark.parametrize(("channel", "with_client", "situation", "told"), CASES)
def test_nothing_is_called_shown_that_is_not(
    cocalc, cocalc_client, open_stage, monkeypatch, channel, with_client, situation, told
):
    expected, words = told[cocalc.generation == "B"]
    client = cocalc_client
    project_id, path = document(cocalc, situation)
    cocalc.core.projects.change(cocalc.projects["Stopped"], running=0)
    stage = open_stage(UNLISTED if channel == "navigation" else LISTED)
    token = None
    if not situation.startswith("signed out"):
        token = mint(cocalc, client)
    if channel == "tab" and token is not None:
        sign_in(stage, token)
        token = None
    known = Stranger(client)
    monkeypatch.setattr("cocalc_widget.frame.widget.Stranger", lambda _host: known)
    widget = stage.new(
        cocalc.projects["Mine"],
        host=f"https://{COCALC}",
        client=client if with_client else None,
        token=token,
        target="tab" if channel == "tab" else "inline",
        deadlines={**LIMITS, "done": 4} if situation == "stopped" and not with_client else LIMITS,
        start=not situation.endswith("left"),
    )
    stage.until(lambda: widget.channel in (channel, "booting"), 20)
    if channel == "messages":
        stage.until(lambda: widget.ready, 30)
    if situation.endswith("second"):
        stage.ends(widget.open("b.md", project_id=project_id), seconds=30)
    if situation == "again":
        stage.ends(widget.open(path, project_id=project_id), seconds=30)
    if situation == "server down":
        cocalc.fault("bad-gateway")
    try:
        end = stage.ends(widget.open(path, project_id=project_id), seconds=60)
    finally:
        cocalc.fault("bad-gateway", False)
    tell(situation, channel, cocalc.generation, with_client, end)
    if isinstance(end, Reply):
        assert end.verified is expected, end
        kinds = (words,) if isinstance(words, str) else words
        assert any(kind in (end.evidence if expected else end.why) for kind in kinds), end
        if end.verified:
            stage.until(lambda: path == "paper.tex" or is_seen(stage, channel, path), 5)
            assert widget.open_files[project_id][-1] == path
    else:
        assert isinstance(end, expected), end
        assert words in str(end), end
        assert (widget.project_id, widget.path) == (cocalc.projects["Mine"], None)
    if not (isinstance(end, Reply) and end.verified) and path == "a.md":
        assert not is_seen(stage, channel, path) or situation == "server down"
        assert widget.open_files.get(project_id) is None or situation.startswith("stopped")


def tell(*facts):
    print(" | ".join(str(fact) for fact in facts))
