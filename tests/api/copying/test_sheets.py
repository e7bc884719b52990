"""Classes in files, as spreadsheets write them: read, or refused by a sentence that helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cocalc_widget import errors
from cocalc_widget.address import Address
from cocalc_widget.api import Project
from cocalc_widget.api.copying.sheets import read_sheet

from ..fake import Answer, serving
from .queue_server import SRC, Queue, client, project

P, Q = project(1), project(2)
TITLES = {"Algebra, 1": P, "Größe": Q}


def sheet(folder: Path, data: str | bytes, name: str = "class.csv") -> Path:
    file = folder / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return file


def places(file: Path, like: str = "") -> list[Address]:
    told, faults = read_sheet(file, like)
    assert faults == []
    return [it.place for it in told]


PLAIN = f"Name,project_id,path\nAda,{P},in/a.md\n,{Q},\n"
GERMAN = f'Name;Project ID;Path\r\n"Ada; jr";{P};in/a.md\r\nBob;{Q};\r\n'
READ = [
    PLAIN,
    PLAIN.replace("\n", "\r\n"),
    PLAIN.replace("\n", "\r"),  # Excel for the Mac
    "\ufeff" + PLAIN,
    GERMAN,
    "sep=;\r\n" + GERMAN,
    '"sep=;"\n' + GERMAN,
    PLAIN.replace(",", "\t"),
    PLAIN.encode("utf-16"),
    PLAIN.replace(",", "\t").encode("utf-16"),  # Excel's "Unicode text"
    PLAIN.encode("utf-16-le"),
    PLAIN.encode("utf-16-be"),
    PLAIN.replace("Ada", "Größe").encode("cp1252"),
    f"\n\nproject,path\n\n{P},in/a.md\n,\n{Q}\n,,\n",
    f'target_path, target\n"in/a.md", "{P}"\n, {Q.upper()} \n',
    f'project,path,note\n{P},in/a.md,"two\nlines"\n{Q}\n',
    f"project,path,\n{P},in/a.md,a note\n{Q},,another\n",
    f"{P};in/a.md\n{Q};\n",
    f"{P},in/a.md\n{Q}\n",
    f"{P}:in/a.md\n{Q}\n",
    f"{P}:in/a.md,,\n{Q},,\n",
]


@pytest.mark.parametrize("data", READ)
def test_what_spreadsheets_write_is_read(tmp_path: Path, data: str | bytes) -> None:
    told = places(sheet(tmp_path, data), ".md")
    assert [Address(it.project.lower(), it.path) for it in told] == [
        Address(P, "in/a.md"),
        Address(Q),
    ]


def test_titles_keep_their_letters_and_separators(tmp_path: Path) -> None:
    for data in (
        'title\n"Algebra, 1"\nGröße\n',
        '"Algebra, 1"\nGröße\n',
        "title;x\nAlgebra, 1\nGröße",
    ):
        for encoding in ("utf-8", "cp1252", "utf-16"):
            file = sheet(tmp_path, data.encode(encoding))
            assert places(file) == [Address("Algebra, 1"), Address("Größe")]


REFUSED = [
    (f"{P},Ada Lovelace\n{Q},Bob\n", "does not say which of its columns are projects.*Write proj"),
    (f"{P},he/him\n", "which of its columns"),
    (f"{P},j.smith\n", "which of its columns"),
    (f"Name,Projekt\nAda,{P}\n", r"its first row is 'Name', 'Projekt'\. Write project_id"),
    ('Projekt;Pfad\n"Ada, jr";\nBob;\n', r"its first row is 'Projekt', 'Pfad'\. Write project_id"),
    ("name,path\nAda,x.md\n", "which of its columns"),
    ("Algebra, 1\nAlgebra, 2\n", "what holds a comma into quotes"),
    ("", "is empty"),
    ("sep=;\n;;\n", "is empty"),
    ("project,path\n", "no row below its heading"),
    (b"PK\x03\x04rest", 'a workbook, not a CSV file. Save it as "CSV UTF-8"'),
    (b"\xd0\xcf\x11\xe0rest", "a workbook"),
    (b"\x00\x01\x02", "is not text"),
    (b"caf\x81\n", "is not text"),
]


@pytest.mark.parametrize(("data", "words"), REFUSED)
def test_what_can_be_read_in_two_ways_is_refused(
    tmp_path: Path, data: str | bytes, words: str
) -> None:
    file = sheet(tmp_path, data)
    with serving(lambda _s: Answer({})) as server:
        with pytest.raises(errors.ValidationError, match=words) as caught:
            client(server.url).copy(SRC, file)
        assert server.seen == []
    assert caught.value.remedy


def faults(file: Path) -> dict[str, str]:
    return {where: error.message for where, error in read_sheet(file)[1]}


@pytest.mark.parametrize(
    ("lines", "number", "words"),
    [
        ([f'"{P},a.md'], 3, 'a quote (") is not closed'),
        ([f'{P},"a.md'], 3, 'a quote (") is not closed'),
        (['"Say "hi"",a.md'], 3, "must be written twice"),
        ([",a.md"], 3, "names no project"),
        (["Algebra, 1,a.md"], 3, "more cells than the heading"),
        ([f"{P},../a.md"], 3, "must not leave the project"),
        (["", f"{P},/a.md"], 4, "must be relative"),
        ([f'{P},"a', 'b.md"'], 3, 'a quote (") is not closed'),
        ([f'{P},"a', f'{Q},b.md"'], 3, "lines that read like rows"),
        (["x" * 200_000], 3, "it can't be read"),
    ],
)
def test_a_row_that_is_wrong_is_named_and_hides_no_other(
    tmp_path: Path, lines: list[str], number: int, words: str
) -> None:
    file = sheet(tmp_path, "\n".join(["project,path", f"{P},x.md", *lines, f"{Q},y.md", ",z.md"]))
    found = faults(file)
    # one row of two lines, for a spreadsheet as for us
    last = 5 if lines[-1] == 'b.md"' else 4 + len(lines)
    assert words in found[f"row {number} of 'class.csv'"]
    assert "names no project" in found[f"row {last} of 'class.csv'"]
    assert Address(Q, "y.md") in [it.place for it in read_sheet(file)[0]]


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_sent(tmp_path: Path) -> None:
    rows = [
        "project,path",
        "Algebra, 1, x.md",  # 2
        f'"{P}',  # 3
        "Nobody,a.md",  # 4
        f"{Q},b.md",
        f"{Q},b.md",  # 6
        ",c.md",  # 7
        f"{SRC.partition(':')[0]},{SRC.partition(':')[2]}",  # 8
        f"{Q},../x",  # 9
    ]
    file = sheet(tmp_path, "\n".join(rows))
    queue = Queue(at_once=True)
    listing = Answer(
        {"event": "query", "query": {"projects_all": [{"project_id": P, "title": "A"}]}}
    )
    with serving(lambda s: listing if s.path.endswith("query") else queue(s)) as server:
        with pytest.raises(errors.ValidationError) as caught:
            client(server.url).copy(SRC, file)
        assert queue.copied == {}
        assert set(server.paths()) == {"/api/v1/query"}
    told = str(caught.value)
    expected = {
        2: "more cells than the heading",
        3: "is not closed",
        4: "there is no project 'Nobody'",
        6: "is named twice (first in row 5 of 'class.csv')",
        7: "names no project",
        8: "is the source itself",
        9: "must not leave the project",
    }
    assert "7 targets are wrong, nothing was copied: row 2 of" in told
    for number, words in expected.items():
        part = told.split(f"row {number} of 'class.csv': ")[1].split("; row ", maxsplit=1)[0]
        assert words in part, number
    assert "projects() lists them" in caught.value.remedy


def test_of_many_wrong_rows_all_are_named(tmp_path: Path) -> None:
    first = sheet(tmp_path, f"project,path\n{P},a.md\n" + ",x\n" * 100, "one.csv")
    second = sheet(tmp_path, "project,path\n,x\n", "two.csv")
    with serving(lambda _s: Answer({})) as server:
        with pytest.raises(errors.ValidationError) as caught:
            client(server.url).copy(SRC, first, second)
        assert server.seen == []
    told = caught.value.message
    assert told.startswith(
        "101 targets are wrong, nothing was copied: row 3 of 'one.csv': it names"
    )
    assert "row 42 of 'one.csv': it names no project; and the like in row 43, row 44, " in told
    assert told.endswith("row 102, row 2.")
    assert len(told) < 5000


def test_one_wrong_row_keeps_its_kind(tmp_path: Path) -> None:
    file = sheet(tmp_path, f"Projekt\n{P}\n")
    listing = Answer({"event": "query", "query": {"projects_all": []}})
    with serving(lambda _s: listing) as server:
        with pytest.raises(errors.NotFoundError, match=r"1 target is wrong.*row 1 of") as caught:
            client(server.url).copy(SRC, file)
        assert "If row 1 is a heading, write project in it." in caught.value.remedy
        with pytest.raises(errors.NotFoundError, match="no file of that name in /"):
            client(server.url).copy(SRC, "nosuch.csv")


def test_a_file_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    text = f"project\n{P}\n"
    for name in ("class.csv", "class.tsv", "class.txt", "C.CSV"):
        sheet(tmp_path, text, name)
    queue: Any = Queue(at_once=True)
    with serving(queue) as server:
        subject = client(server.url)
        for told in (
            "class.csv",
            "class.tsv",
            "class.txt",
            "C.CSV",
            "~/class.csv",
            Path("~/C.CSV"),
        ):
            assert [job.target.project for job in subject.copy(SRC, told)] == [P]
        with pytest.raises(errors.ValidationError, match=r"No such file.*%pwd"):
            subject.copy(SRC, Path("none.csv"))
        sheet(tmp_path, b"PK\x03\x04", "class.xlsx")
        with pytest.raises(errors.ValidationError, match="workbook"):
            subject.copy(SRC, "class.xlsx")


def test_a_class_of_thousands_with_open_quotes_takes_no_time(tmp_path: Path) -> None:
    file = sheet(tmp_path, "project,path\n" + f'"{P}\n' * 5001)
    assert len(faults(file)) >= 2500


def test_projects_stand_for_themselves() -> None:
    queue: Any = Queue(at_once=True)
    with serving(queue) as server:
        assert len(client(server.url).copy(SRC, [Project(P, "A")], Address(Q))) == 2
