"""A long run: random commands, reloads and moves, with faults on; nothing piles up.

60 seconds; `SOAK_SECONDS=1800` makes it half an hour, `SOAK_SEED` another run.
"""

import os
import random
import time

import pytest
from plain import QUICK
from soak import Figures

from cocalc_widget import Client
from cocalc_widget.errors import CoCalcError

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
SEED = int(os.environ.get("SOAK_SEED", "1"))
ROUND = 5.0  # seconds of unrest between two moments of rest
REST = 40.0  # seconds in which everything must have come to an end
MOST = 30  # commands under way
NAMES = ("lesson.md", "README.md", *(f"soak-{n}.md" for n in range(6)))
# each with what it is switched on to
FAULTS = {
    "slow-ack": 0.5, "late-done": 0.5, "done-without-open": 1, "reversed-dones": 0.3,
    "error-without-action": 1, "error-after-ack": 1, "duplicate-replies": 1,
    "project-log-noise": 3, "junk-replies": 1, "silent-open": 1, "ack-without-done": 1,
    "reload-in-flight": 1, "reload-after-ack": 1, "server-gone": 1,
    "error-500": 0.5, "reset": 0.5, "lost-reply": 0.5, "wrong-json": 0.5,
}  # fmt: skip


class Crowd:
    """Widgets in one page, and whoever plays with them and with the HTTP API beside them."""

    def __init__(self, page, site):
        self.page, self.site, self.random = page, site, random.Random(SEED)
        self.client = Client(site.api_key, host=site.url, verify=site.ca_file, timeout=3)
        self.widgets, self.views, self.commands, self.done = [], {}, [], 0
        self.calls = {"ended": 0, "failed": 0}

    def add(self):
        """One more widget, in a project of its own choice."""
        project = self.site.projects[self.random.choice(["Lesson", "Student"])]
        token = self.client.create_token(self.site.account_id)
        options = {"host": self.site.url, "deadlines": QUICK, "token": token}
        widget = self.page.new(project, **options)
        self.widgets.append(widget)
        self.views[widget] = 1

    def remove(self, widget):
        """Close a widget and have the page drop its model."""
        self.widgets.remove(widget)
        del self.views[widget]
        key = widget.model_id
        widget.close()
        self.page.pump()
        self.page.page.evaluate("key => end(key)", key)
        self.page.pump()
        self.page.pump()
        del self.page.widgets[key]
        self.page.states.pop(key, None)

    def step(self):
        """One thing that a user, a page or a bad day does."""
        widget = self.random.choice(self.widgets)
        what = self.random.choices(
            ["open", "closeall", "status", "cancel", "reload", "move", "view", "hide", "anew",
             "fault", "right", "rest"],
            [30, 4, 12, 3, 2, 2, 2, 2, 1, 8, 3, 8],
        )[0]  # fmt: skip
        getattr(self, f"do_{what}")(widget)
        self.commands = [c for c in self.commands if not c.done()]
        self.page.pump()

    def give(self, command):
        self.commands.append(command)
        self.done += 1

    def do_open(self, widget):
        if len(self.commands) < MOST:
            self.give(widget.open(self.random.choice(NAMES)))

    def do_closeall(self, widget):
        self.give(widget.closeall())

    def do_status(self, widget):
        self.give(widget.status())

    def do_cancel(self, _widget):
        if self.commands:
            self.random.choice(self.commands).cancel()

    def do_reload(self, _widget):
        frames = [f for f in self.page.page.frames if f.url.startswith(self.site.url)]
        if frames:
            self.page.page.evaluate(
                "nth => { const all = document.querySelectorAll('iframe');"
                " const frame = all[nth % all.length]; if (frame) frame.src = frame.src; }",
                self.random.randrange(9),
            )

    def do_move(self, widget):
        self.page.move(widget, self.random.randrange(self.views[widget]))

    def do_view(self, widget):
        if self.views[widget] < 3:
            self.page.show(widget)
            self.views[widget] += 1

    def do_hide(self, widget):
        if self.views[widget] > 1:
            self.page.page.evaluate(
                "([id, nth]) => drop(id, nth)",
                [widget.model_id, self.random.randrange(self.views[widget])],
            )
            self.views[widget] -= 1

    def do_anew(self, widget):
        self.calm("api")
        self.remove(widget)
        self.add()

    def do_fault(self, _widget):
        name = self.random.choice(list(FAULTS))
        self.site.fault(name, FAULTS[name])

    def do_right(self, _widget):
        self.calm()

    def do_rest(self, _widget):
        """Something of the HTTP API, which may fail, but only in a way that has a name."""
        lesson, student = self.site.projects["Lesson"], self.site.projects["Student"]
        call = self.random.choice(
            [
                lambda: self.client.copy(
                    f"{lesson}:lesson.md", f"{student}:soak.md", progress=False
                ),
                lambda: self.client.read_text(lesson, "lesson.md"),
                lambda: self.client.exec(student, "true"),
                self.client.projects,
            ]
        )
        if "server-gone" in self.site.core.faults.on:
            return  # would only wait
        try:
            call()
            self.calls["ended"] += 1
        except CoCalcError:
            self.calls["failed"] += 1

    def calm(self, *_kind):
        """Switch every fault off."""
        for name in list(self.site.core.faults.on):
            self.site.fault(name, False)

    def rest(self):
        """No faults; every command has come to its end."""
        self.calm()
        self.page.until(lambda: all(c.done() for c in self.commands), REST)
        self.commands = []
        self.page.until(
            lambda: not any(state["pending"] for state in self.page.states.values()), REST
        )
        self.page.heard.clear()
        self.page.said.clear()
        return sum(len(w._session.ledger.pending) for w in self.widgets)

    def end(self):
        """All widgets answer once more, and go; nobody holds on to any of them."""
        while self.widgets:
            assert self.page.ends(self.widgets[0].status(), seconds=REST) is not None
            self.remove(self.widgets[0])
        self.page.until(lambda: self.page.left["timers"] == self.page.left["listeners"] == 0)
        self.page.results.clear()
        self.client.close()
        self.client.last_copy = None


@pytest.mark.timeout(SECONDS + 300)
def test_soak(stage, site, capsys):
    page = stage("https://hub.test/")
    crowd = Crowd(page, site)
    crowd.client.ping()
    figures = Figures(page.page)
    crowd.add()  # what is made once is made now
    crowd.remove(crowd.widgets[0])
    before = figures.take(0, 0, 0)
    figures.rows.clear()
    for _ in range(3):
        crowd.add()
    complaints = []
    began = time.monotonic()
    while (spent := time.monotonic() - began) < SECONDS:
        until = time.monotonic() + ROUND
        while time.monotonic() < until:
            crowd.step()
        complaints += [line for line in page.said if "pageerror" in line or "postMessage" in line]
        pending = crowd.rest()
        figures.take(spent, crowd.done, pending)
    alive = crowd.done
    crowd.end()
    after = figures.take(time.monotonic() - began, alive, 0)
    with capsys.disabled():
        print(f"\nsoak: {SECONDS:g} s, seed {SEED}, {alive} commands, HTTP calls {crowd.calls}")
        print(figures.table())
    assert alive > SECONDS  # it did something
    assert crowd.calls["ended"] > 5
    assert crowd.calls["failed"] > 0
    assert complaints == []
    assert all(row["pending"] == row["detached"] == 0 for row in figures.rows)
    assert page.page.locator("iframe").count() == 0
    assert after["listeners"] == after["timers"] == 0
    assert after["Frames"] <= before["Frames"]
    assert after["ours"] <= before["ours"] + 5
    assert after["threads"] <= before["threads"] + 1
    assert after["sockets"] <= before["sockets"] + 4
    assert after["files"] <= before["files"] + 2
    for name, slack in (("heap_kb", 2000), ("Nodes", 200), ("Documents", 4),
                        ("JSEventListeners", 30), ("threads", 3), ("sockets", 8)):  # fmt: skip
        assert figures.middle(name, 2) <= 1.2 * figures.middle(name, 0) + slack, name
