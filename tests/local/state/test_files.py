"""Nothing that is named in a project lies outside of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cocalc_widget import LocalCoCalc
from cocalc_widget.local.state import files
from cocalc_widget.local.state.copying import CopyOptions, copy_path

from ..conftest import Api


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (root / "a").mkdir()
    (root / "a/b.txt").write_text("b")
    (root / "inside").symlink_to("a")
    (root / "outside").symlink_to("..")
    (root / "absolute").symlink_to(tmp_path)
    (root / "file").symlink_to("../secret.txt")
    (root / "loop").symlink_to("loop")
    return root


OUTSIDE = [
    "../secret.txt",
    "a/../../secret.txt",
    "outside/secret.txt",
    "absolute/secret.txt",
    "file",
    "/etc/passwd",
    "inside/../../secret.txt",
    "a/b\0.txt",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_paths_that_leave_the_project(path: str, root: Path) -> None:
    with pytest.raises(files.OutsideError):
        files.read_bytes(root, path)
    with pytest.raises(files.OutsideError):
        files.write_bytes(root, path, b"hacked")
    with pytest.raises(files.OutsideError):
        copy_path(root, path, root, "stolen", CopyOptions())
    with pytest.raises(files.OutsideError):
        copy_path(root, "a", root, path, CopyOptions())
    assert (root.parent / "secret.txt").read_text() == "secret"
    assert not (root / "stolen").exists()


def test_paths_that_stay_inside(root: Path) -> None:
    assert files.read_bytes(root, "inside/b.txt") == b"b"
    assert files.read_bytes(root, "a/../a/./b.txt") == b"b"
    files.write_bytes(root, "new/folder/x", b"x")
    assert files.kind(root, "new/folder") == "directory"
    assert files.kind(root, "nothing/there") == ""
    assert files.kind(root, "") == "directory"
    with pytest.raises(OSError, match="Too many levels"):
        files.read_bytes(root, "loop")
    with pytest.raises(IsADirectoryError):
        files.read_bytes(root, "a")


def test_a_named_pipe_does_not_block(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        files.read_bytes(root, "pipe")
    assert files.kind(root, "pipe") == "other"


def test_a_link_made_by_a_command_leads_nowhere(site: LocalCoCalc, api: Api) -> None:
    lesson, student = site.projects["Lesson"], site.projects["Student"]
    made = api.v1("project_exec", project_id=lesson, command="ln", args=["-s", "/etc", "etc"])
    assert made["exit_code"] == 0
    read = api.v1("read_text_file_from_project", project_id=lesson, path="etc/passwd")
    assert read["error"] == "path must be contained in project home dir"
    copied = api.v1(
        "copy_path_between_projects",
        src_project_id=lesson,
        src_path="etc/passwd",
        target_project_id=student,
    )
    assert copied["event"] == "error"
    assert not (site.directory(student) / "etc").exists()
    ran = api.v1("project_exec", project_id=lesson, command="pwd", path="etc", err_on_exit=False)
    assert ran["event"] == "error"
    assert "was not able to run" in ran["error"]
    assert "EACCES" in ran["error"]


def test_copies_of_folders(tmp_path: Path) -> None:
    source, target = tmp_path / "s", tmp_path / "t"
    for path, text in {"d/a.txt": "a", "d/b.py": "b", "d/sub/c.txt": "c"}.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text)
    (source / "d/link").symlink_to("a.txt")
    (target / "d").mkdir(parents=True)
    (target / "d/old.txt").write_text("old")
    (target / "d/a.txt").write_text("newer")
    os.utime(source / "d/a.txt", (1, 1))

    assert copy_path(source, "d", target, "d", CopyOptions(exclude=("*.py",))) == 2
    assert (target / "d/a.txt").read_text() == "newer"  # newer than the source's: kept
    assert not (target / "d/b.py").exists()
    assert (target / "d/sub/c.txt").read_text() == "c"
    assert (target / "d/link").is_symlink()

    options = CopyOptions(overwrite_newer=True, delete_missing=True, backup=True)
    copy_path(source, "d", target, "d", options)
    assert (target / "d/a.txt").read_text() == "a"
    assert (target / "d/a.txt~").read_text() == "newer"
    assert (target / "d/old.txt~").read_text() == "old"
    assert not (target / "d/old.txt").exists()
    assert (target / "d/a.txt").stat().st_mtime == 1
    copy_path(source, "d", target, "d", CopyOptions(delete_missing=True))
    copy_path(source, "d/sub", target, "d", CopyOptions(delete_missing=True, exclude=("*~",)))
    assert sorted(p.name for p in (target / "d").iterdir()) == [
        "a.txt~",
        "c.txt",
        "link~",
        "old.txt~",
    ]


def test_copies_of_files(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("x")
    (tmp_path / "x.txt").chmod(0o755)
    (tmp_path / "there").mkdir()
    for target in ("y.txt", "new/y.txt", "there", "other/"):
        assert copy_path(tmp_path, "x.txt", tmp_path, target, CopyOptions()) == 1
    for made in ("y.txt", "new/y.txt", "there/x.txt", "other/x.txt"):
        assert (tmp_path / made).read_text() == "x"
        assert (tmp_path / made).stat().st_mode & 0o777 == 0o755
    with pytest.raises(FileNotFoundError):
        copy_path(tmp_path, "nothing", tmp_path, "z", CopyOptions())


@pytest.mark.parametrize("target", ["w/x", "./w/x", "w//x", "w/./x/y", "link/x"])
def test_a_folder_is_not_copied_into_itself(tmp_path: Path, target: str) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w/a.txt").write_text("a")
    (tmp_path / "link").symlink_to("w")
    with pytest.raises(OSError, match="into itself"):
        copy_path(tmp_path, "w", tmp_path, target, CopyOptions())
    assert not list((tmp_path / "w").rglob("?/a.txt"))
    with pytest.raises(OSError, match="into itself"):
        copy_path(tmp_path, ".", tmp_path, "copy", CopyOptions())
    assert copy_path(tmp_path, "w", tmp_path, "wx", CopyOptions()) == 1
    (tmp_path / "w/deep").mkdir()
    (tmp_path / "w/deep/b.txt").write_text("b")
    assert copy_path(tmp_path, "w/deep", tmp_path, "w", CopyOptions()) == 1, "a floor up"
    other = tmp_path / "other"
    other.mkdir()
    assert copy_path(tmp_path, "w", other, "w/x", CopyOptions()) == 3, "elsewhere"


def test_a_site_closes_however_deep_its_folders_are() -> None:
    with LocalCoCalc(content={"One": {"a/b.txt": "b"}}) as site:
        here = os.open(site.directory(site.projects["One"]), os.O_RDONLY)
        for _ in range(3000):  # deeper than Python recurses, and than a path may be long
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(here)
        private = site._private
    assert not private.exists()
