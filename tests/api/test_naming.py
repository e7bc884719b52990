"""Which project is meant: titles with colons, other spellings of a letter, near misses."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from cocalc_widget import errors
from cocalc_widget.address import Address, parse_address
from cocalc_widget.api import Project
from cocalc_widget.api.copying.sheets import read_sheet
from cocalc_widget.api.results import projects as naming

TITLES = ["Lesson", "Week 1: intro", "Week 2", "Week 2: more", "größe", "Twice", "Twice", "A:B:C"]
KNOWN = [
    Project(f"{n}{n}{n}{n}0000-0000-4000-8000-00000000000{n}", title)
    for n, title in enumerate(TITLES)
]
KNOWN.append(Project("11110000-9999-4000-8000-000000000009", "Same beginning"))


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("Lesson", 0),
        ("Week 1: intro", 1),
        ("größe", 4),
        (unicodedata.normalize("NFD", "größe"), 4),
        ("2222", 2),
        ("22220000-0000", 2),
        ("11110000-9", 8),
    ],
)
def test_a_name_finds_its_project(name: str, number: int) -> None:
    assert naming.find(name, KNOWN) == KNOWN[number].project_id


def test_a_title_in_its_other_spelling_is_found() -> None:
    told = unicodedata.normalize("NFD", "é")
    assert naming.find("é", [Project("x" * 36, told)]) == "x" * 36
    both = [Project("x" * 36, told), Project("y" * 36, "é")]
    assert naming.find("é", both) == "y" * 36  # as it is written goes first


def test_blanks_at_the_ends_of_a_title_count_where_they_must() -> None:
    known = [Project("x" * 36, "Lesson "), Project("z" * 36, "   ")]
    for name in ("Lesson ", "Lesson", " Lesson"):
        assert naming.find(name, known) == "x" * 36
        assert naming.located(parse_address(f"{name}:a"), known) == Address("x" * 36, "a")
    known.append(Project("y" * 36, "Lesson"))
    assert [naming.find(name, known)[0] for name in ("Lesson ", "Lesson")] == ["x", "y"]
    with pytest.raises(errors.ValidationError, match="2 projects match ' Lesson'"):
        naming.find(" Lesson", known)
    with pytest.raises(errors.NotFoundError):
        naming.find("  ", known)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("lesson", errors.NotFoundError, "no project 'lesson' among your 9 projects; did you mean"),
        ("Lessn", errors.NotFoundError, "did you mean 'Lesson'?"),
        ("zzzzzz", errors.NotFoundError, "among your 9 projects. client.projects() lists them"),
        ("111", errors.NotFoundError, "there is no project '111'"),
        (
            "Twice",
            errors.ValidationError,
            f"2 projects match 'Twice': {KNOWN[5].project_id}, {KNOWN[6].project_id}. Use the id",
        ),
        ("1111", errors.ValidationError, f"{KNOWN[1].project_id} (Week 1: intro), "),
    ],
)
def test_what_else_is_said(name: str, error: type[errors.CoCalcError], words: str) -> None:
    with pytest.raises(error) as caught:
        naming.find(name, KNOWN)
    assert words in str(caught.value)


def test_of_many_candidates_some_are_listed() -> None:
    many = [Project(f"{n}" * 36, "Same") for n in range(7)]
    with pytest.raises(errors.ValidationError, match=r"7 projects match 'Same': .* and 3 more"):
        naming.find("Same", many)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lesson:a.md", ("Lesson", "a.md")),
        ("Lesson", ("Lesson", "")),
        ("Lesson:a:b.md", ("Lesson", "a:b.md")),
        ("Week 1: intro:x.md", ("Week 1: intro", "x.md")),
        ("Week 1: intro:a:b.md", ("Week 1: intro", "a:b.md")),
        ("Week 1: intro", ("Week 1: intro", "")),
        ("Week 1: intro:", ("Week 1: intro", "")),
        ("A:B:C:d/e.md", ("A:B:C", "d/e.md")),
        ("1111:a.md", ("1111", "a.md")),
        ("Nobody: here:a.md", ("Nobody", " here:a.md")),
        (f"{KNOWN[0].project_id}:A:b", (KNOWN[0].project_id, "A:b")),
    ],
)
def test_an_address_is_split_where_a_title_ends(text: str, expected: tuple[str, str]) -> None:
    assert naming.settled(parse_address(text), KNOWN) == Address(*expected)


def test_an_address_with_two_meanings_is_none() -> None:
    with pytest.raises(errors.ValidationError) as caught:
        naming.settled(parse_address("Week 2: more:x.md"), KNOWN)
    assert "' more:x.md' in 'Week 2', or 'x.md' in 'Week 2: more'" in str(caught.value)


def test_a_path_behind_a_long_title_is_checked_too() -> None:
    for text in ("Week 1: intro:/etc", "Week 1: intro:../x"):
        with pytest.raises(errors.ValidationError, match=r"must (be relative|not leave)"):
            naming.settled(parse_address(text), KNOWN)


def test_a_column_of_projects_may_hold_such_titles(tmp_path: Path) -> None:
    file = tmp_path / "class.csv"
    file.write_text("project,path\nWeek 1: intro,x.md\nA:B:C,\n")
    first, second = (told.place for told in read_sheet(file)[0])
    assert first == Address("Week 1: intro", "x.md")
    assert naming.settled(second, KNOWN) == Address("A:B:C")
