"""The stand-in's insides: gathered writes, what is kept in memory, and latency beside the work."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cocalc_widget import LocalCoCalc
from cocalc_widget.local.pages.rendering import rendering_of
from cocalc_widget.local.state.accounts import Accounts
from cocalc_widget.local.state.database import Database, iso
from cocalc_widget.local.state.project_log import MOST, ProjectLog
from cocalc_widget.local.state.projects import Projects

from ..conftest import Api


def test_writes_are_gathered_and_kept(tmp_path: Path) -> None:
    later: list[Callable[[], None]] = []
    store = Database(tmp_path / "x.sqlite", later.append)

    def on_disk() -> int:
        with sqlite3.connect(tmp_path / "x.sqlite") as other:
            return int(other.execute("SELECT count(*) FROM tokens").fetchone()[0])

    store.insert("tokens", hash="a", account_id="b")
    store.insert("tokens", hash="b", account_id="b")
    assert len(later) == 1, "one commit for both"
    assert on_disk() == 0
    later[0]()
    assert on_disk() == 2
    store.run("DELETE FROM tokens WHERE hash = ?", "a")
    store.close()
    assert on_disk() == 1
    later[1]()  # comes too late: nothing happens


def test_what_is_kept_of_rights_follows_every_change(tmp_path: Path) -> None:
    store = Database(tmp_path / "x.sqlite", lambda _commit: None)
    accounts, projects = Accounts(store), Projects(store, tmp_path / "p")
    ada = accounts.create("Ada", "L", "ada@local.test", "secret-7")
    number, key = accounts.new_key(ada)
    assert accounts.by_key(key) == accounts.by_key(key)
    store.run("UPDATE accounts SET admin = 1 WHERE account_id = ?", ada)
    caller = accounts.by_key(key)
    assert caller is not None
    assert caller.admin
    store.run("UPDATE api_keys SET expire = ? WHERE id = ?", time.time() - 1, number)
    assert accounts.by_key(key) is None
    store.run("DELETE FROM api_keys")
    assert accounts.by_key(key) is None
    project = projects.create(ada, "One")
    assert projects.role(project, ada) == "owner"
    assert projects.role(project, "nobody") is None
    projects.add(project, "bob")
    assert projects.role(project, "bob") == "collaborator"
    changes = store.changes
    projects.touch(project)
    assert store.changes == changes, "a time is nobody's right"
    projects.remove(project, "bob")
    assert projects.role(project, "bob") is None
    projects.change(project, deleted=1)
    assert projects.role(project, ada) == "owner", "that is a mark only"
    assert projects.of(ada) == []
    assert [row["deleted"] for row in projects.of(ada, deleted=True)] == [1]
    with pytest.raises(ValueError, match="not a project id"):
        projects.root("../etc")
    store.close()


def test_the_projects_log_tells_the_newest_first_and_not_all(tmp_path: Path) -> None:
    store = Database(tmp_path / "x.sqlite", lambda _commit: None)
    log = ProjectLog(store, compute_servers=True)
    ids = [log.opened(f"p{n % 2}", "me", f"{n}.md") for n in range(800)]
    rows = log.rows("p1")
    assert len(rows) == MOST
    assert [row["event"]["filename"] for row in rows[:2]] == ["799.md", "797.md"]
    assert len(log.rows("p1", limit=5000)) == 400
    log.rendered(ids[-1], 545)
    log.rendered("no id", 545)
    event = {"event": "open", "action": "open", "filename": "799.md", "compute_server_id": 0}
    assert log.rows("p1")[0]["event"] == {"time": 545, **event}
    assert "time" not in log.rows("p1")[1]["event"]
    assert log.rows("p2") == []
    store.close()


def test_what_is_told_of_each_kind_of_file() -> None:
    for path in ("a.md", "A.MD", "x/nb.ipynb", "a.b.py", "c.course"):
        assert rendering_of(path) == "once"
    for path in ("a.tex", "a.rmd", "a.chat", "a.sagews", "a.PNG", "a.pdf", "a.zip", ""):
        assert rendering_of(path) == "never"
    for path in ("a.log", "a.xyz", "Makefile", "dir.md/none"):
        assert rendering_of(path) == "twice"


def test_times_are_written_as_cocalc_does() -> None:
    assert iso(0.5) == "1970-01-01T00:00:00.500Z"
    assert iso(1.0) == "1970-01-01T00:00:01.000Z"
    assert iso(None) is None


def test_the_work_runs_while_the_latency_passes() -> None:
    content = {"A": {"a.md": "x"}, "B": {}}
    with LocalCoCalc(latency=0.6, content=content, generation="A") as site:
        api = Api(site)
        began = time.monotonic()
        target = site.directory(site.projects["B"]) / "a.md"
        ids = {"src_project_id": site.projects["A"], "target_project_id": site.projects["B"]}
        told = {**ids, "src_path": "a.md"}
        path = "/api/v1/copy_path_between_projects"
        thread = threading.Thread(target=lambda: api.post(path, told))
        thread.start()
        while not target.exists() and time.monotonic() < began + 5:
            time.sleep(0.01)
        made = time.monotonic() - began
        thread.join(5)
        assert not thread.is_alive()
        taken = time.monotonic() - began
        assert made < taken
        assert taken >= 0.6
        # errors are no faster, and a fault comes after it too
        for name in ("", "reset"):
            if name:
                site.fault(name)
            began = time.monotonic()
            try:
                api.post("/api/v1/nothing", {})
            except OSError:
                assert name
            assert time.monotonic() - began >= 0.6


def test_a_site_ends_while_an_answer_is_held() -> None:
    with LocalCoCalc(latency=30, content={}, generation="A") as site:
        api = Api(site)
        failed = threading.Event()

        def ask() -> None:
            try:
                api.post("/api/v1/ping", {})
            except OSError:
                failed.set()

        thread = threading.Thread(target=ask)
        thread.start()
        deadline = time.monotonic() + 5
        while not site.requests["v1/ping"] and time.monotonic() < deadline:
            time.sleep(0.01)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    thread.join(5)
    assert failed.is_set()
