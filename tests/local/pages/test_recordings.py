"""The pages answer, tell and show what the recorded ones did: one test a recording, in Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from .recordings import UNTOLD, Row, rows, sessions, setting_of
from .replay import Player, theatre

pytestmark = pytest.mark.browser

SESSIONS = list(sessions(rows()))
PLACES = [(session, row) for session in SESSIONS for row in session]


@pytest.fixture(scope="module")
def player_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Player]]:
    """One for each generation, and one whose browser blocks third-party cookies."""
    with ExitStack() as stack:
        made: dict[str, Player] = {}

        def player(name: str) -> Player:
            if name not in made:
                stack.close()  # Playwright has one browser at a time
                made.clear()
                folder = tmp_path_factory.mktemp("profile")
                blocked = name == "blocked"
                stage = theatre("B" if blocked else name, folder, third_party_cookies=not blocked)
                made[name] = stack.enter_context(stage)
            return made[name]

        yield player


def _id(place: tuple[list[Row], Row]) -> str:
    return place[1].name


@pytest.mark.parametrize("place", PLACES, ids=_id)
def test_agrees_with_the_recording(
    place: tuple[list[Row], Row], player_of: Callable[[str], Player]
) -> None:
    session, row = place
    setting = setting_of(session[0])
    player_of("blocked" if setting.blocked else row.generation).play(session, row)


def test_every_recording_is_played_but_those_that_tell_nothing() -> None:
    played = {id(row.data) for _, row in PLACES}
    left = [row.name for row in rows() if not UNTOLD.search(row.name)]
    assert len(played) == len(PLACES) == len(left)
