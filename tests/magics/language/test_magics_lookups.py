"""What completion asks for in the background: once, with a deadline, remembered for a while."""

import threading
import time

import pytest

from cocalc_widget import config
from cocalc_widget.magics.language.lookups import FAILED, FRESH, PATIENCE, Known, Lookups
from cocalc_widget.magics.session import Session

DEADLINE = 10


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def eventually(look):
    until = time.monotonic() + DEADLINE
    while not look() and time.monotonic() < until:
        time.sleep(0.002)
    return look()


def test_an_answer_is_kept_for_a_while(clock):
    lookups, asked = Lookups(clock), []

    def fetch():
        asked.append(1)
        return len(asked)

    assert lookups.get("k", fetch, DEADLINE) == 1
    assert lookups.get("k", fetch, DEADLINE) == 1
    assert lookups.get("other", lambda: 9, DEADLINE) == 9
    clock.now += FRESH + 1
    lookups.get("k", fetch, DEADLINE)  # the old answer is used while the new one is fetched
    assert eventually(lambda: lookups.get("k", fetch, 0) == 2)
    lookups.clear()
    assert lookups.get("k", fetch, DEADLINE) == 3
    lookups.put("k", 7)
    assert lookups.get("k", fetch, 0) == 7


def test_nobody_waits_longer_than_told_and_nothing_is_asked_twice(clock):
    lookups, go, asked = Lookups(clock), threading.Event(), []

    def fetch():
        asked.append(1)
        go.wait(DEADLINE)
        return "late"

    for _ in range(3):
        began = time.monotonic()
        assert lookups.get("k", fetch, 0.01) is None
        assert time.monotonic() - began < 0.25
    go.set()
    assert lookups.get("k", fetch, DEADLINE) == "late"
    assert len(asked) == 1


def test_a_failure_is_silent_and_not_repeated_at_once(clock):
    lookups, asked = Lookups(clock), []

    def fetch():
        asked.append(1)
        raise OSError("no network")

    for _ in range(3):
        assert lookups.get("k", fetch, DEADLINE) is None
    assert len(asked) == 1
    clock.now += FAILED + 1
    lookups.get("k", fetch, DEADLINE)
    assert eventually(lambda: len(asked) == 2)


def test_not_more_than_a_few_hundred_answers_are_kept(clock):
    lookups = Lookups(clock)
    for number in range(500):
        lookups.put(number, number)
        lookups.get(-number, lambda: 0, 0)
    assert len(lookups._entries) <= 201


def test_patience_leaves_room_below_the_limit():
    assert PATIENCE <= 0.25


def test_what_is_known_of_a_site(online, site, monkeypatch):
    session = Session(online.shell)
    known = Known(session, DEADLINE)
    assert {"Lesson", "My course"} <= {p.title for p in known.projects()}
    assert {"lesson.md", "week 1/"} <= set(known.entries("Lesson", ""))
    assert known.entries("Lesson", "week 1/") == ["größe.md"]
    assert known.entries(site.projects["Lesson"][:8], "week 1/") == ["größe.md"]
    assert known.entries(site.projects["Lesson"].upper(), "week 1/") == ["größe.md"]
    assert known.entries("Lesson", "nowhere/") == []
    assert known.entries("Nowhere", "") == []
    assert known.entries("Twice", "") == []  # two have that title
    monkeypatch.delenv("COCALC_API_KEY")
    assert known.projects() == []
    assert known.entries(site.projects["Lesson"], "") == []
    monkeypatch.setenv("COCALC_HOST", "not a host")
    assert known.projects() == []
    session.forget()


def test_a_new_file_and_a_new_project_are_found(online, site):
    from cocalc_widget.magics.extension import _EXTENSIONS

    session = _EXTENSIONS[online.shell].session
    known = Known(session, DEADLINE)
    assert "fresh.md" not in known.entries("My course", "")
    online("%%cocalc write 'My course:fresh.md'\nx")
    assert "fresh.md" in Known(session, DEADLINE).entries("My course", "")
    online("%cocalc new-project 'Brand new'")
    assert "Brand new" in {p.title for p in Known(session, DEADLINE).projects()}
    online("%cocalc projects")
    assert session.projects.get(config.resolve(), list, 0)


def test_a_completer_that_breaks_stays_silent(magic, monkeypatch):
    def breaks(*_):
        raise RuntimeError

    monkeypatch.setattr("cocalc_widget.magics.language.completer.match", breaks)
    assert not {"closeall"} & set(magic.complete("%cocalc clo")[0])
