"""Plays recorded sessions to the stand-in, and holds what comes against what was recorded."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from cocalc_widget import LocalCoCalc

from ..situations import NOTEBOOK, Stage
from .browser import ALLOWED, COCALC, COCALC_HUB, Parent, chromium
from .looks import agree_on_cookies, arrives, looks_like
from .recordings import (
    P1,
    P2,
    P3,
    P4,
    STRANGERS,
    TOKEN,
    Row,
    Setting,
    entry_of,
    is_opened,
    plain,
    replies_of,
    setting_of,
)

HOLLOW = 3.0  # seconds of the stand-in for the recordings' 30
SIGNED_OUT = 3.0  # for 11; what is asked before that must be through
RENDER = 0.1
WATCH = 0.7  # so long nothing comes where nothing came
LINGER = SIGNED_OUT + WATCH  # so long a status holds that held for ever
LISTED = {"A": ALLOWED, "B": (".hub.test", "notebooks.test")}
FILES: dict[str, dict[str, str | bytes]] = {
    P1: {
        "a.md": "# Alpha heading\n\nHello from a.md in Calculus\n",
        "b.md": "# Beta\n",
        "nb.ipynb": json.dumps(NOTEBOOK),
        "prog.py": "print(6 * 7)\n",
        "data.xyz123": "data\n",
        "blob.bin": b"\0\1\2",
        "dir with blank/fïle ü.md": "# Umlaut\n",
        "A/inner.txt": "x",
    },
    P2: {"c.md": "# Gamma\n", "first.txt": "x"},
    P3: {"s.md": "# Stopped\n"},
    P4: {"z.md": "# Stopped, too\n"},
    STRANGERS: {"a.md": "# Not for you\n"},
}
_BEGINNINGS = ("connecting", "connected")  # a recording may end, or begin, between the two


@contextlib.contextmanager
def theatre(generation: str, folder: Path, *, third_party_cookies: bool = True) -> Iterator[Player]:
    """A site with the projects of the recordings, and a browser before it."""
    with LocalCoCalc(
        content={},
        generation=generation,  # type: ignore[arg-type]
        allowed_hosts=LISTED[generation],
        boot_delay=0.05,
        render_seconds=RENDER,
        signed_out_seconds=SIGNED_OUT,
        hollow_seconds=HOLLOW,
    ) as site:
        stage = Stage(site, 0)
        stage.add_project(P4, stage.owner, "Student-01")
        stage.add_project(STRANGERS, stage.student, "Stranger's")
        for project_id, files in FILES.items():
            site.core.projects.fill(project_id, files)
        with chromium(site, folder, third_party_cookies=third_party_cookies) as context:
            yield Player(stage, context, COCALC if generation == "A" else COCALC_HUB)


class Player:
    """One page after the other, each in the setting of a session."""

    def __init__(self, stage: Stage, context: BrowserContext, cocalc: str) -> None:
        self.stage, self.core, self.context, self.cocalc = stage, stage.core, context, cocalc
        self._session: list[Row] = []
        self._at = 0
        self.opened: dict[str, str] = {}  # a row of the project's log -> its file

    # -- the way to a row

    def play(self, session: list[Row], row: Row) -> None:
        """Bring the page to where it was at this row, and hold the row against it."""
        at = session.index(row)
        if self._session is not session or self._at > at:
            self._begin(session)
        for earlier in session[self._at : at]:
            self._row(earlier)
        self._at = at + 1
        self._row(row)

    def _begin(self, session: list[Row]) -> None:
        for page in self.context.pages[1:]:
            page.close()
        self.context.clear_cookies()
        self._session, self._at, self.opened = session, 0, {}
        setting = self.setting = setting_of(session[0])
        self.core.options.samesite_remember_me = setting.samesite
        self.core.options.account_id_samesite = setting.account_id
        for project_id in (P1, P2, P3, P4):
            self.core.projects.change(project_id, running=int(project_id in setting.running))
        self._sign_in(setting)
        self.page: Page
        self.parent = None
        if setting.parent:
            self.parent = Parent(self.context, setting.parent, self.cocalc)
            self.page = self.parent.page
        else:
            self.page = self.context.new_page()
        if setting.signed_in == "impersonated":
            self._load(f"/auth/impersonate?auth_token={TOKEN}")
        elif session[0].name != "B8.impersonate.wrong_token":
            self._load(setting.url)
        first = session[0]
        plainly = "request" in first.data and "polls_sent" not in first.data
        if plainly and not first.name.startswith(("B2.open_imm", "S2b.open_imm")):
            assert self.parent is not None
            if first.replies:
                self.parent.ready()
            else:  # a page that listens, if only to others, does so by then
                with contextlib.suppress(AssertionError):
                    self.parent.first_reply({"action": "status"}, 1.5)

    def _load(self, path: str) -> None:
        path = path.replace(TOKEN, self.core.accounts.new_token(self.stage.owner))
        if self.parent:
            self.parent.show(path)
            self.parent.page.wait_for_timeout(50)
        else:
            self.page.goto(self.cocalc + path)

    def _sign_in(self, setting: Setting) -> None:
        if setting.signed_in not in ("cookie", "password"):
            return
        if self.cocalc == COCALC and setting.signed_in == "cookie":
            value = self.core.accounts.new_session(self.stage.owner)
            cookie: Any = {"name": "remember_me", "value": value, "domain": "cocalc.test"}
            flags: Any = {"path": "/", "secure": True, "httpOnly": True, "sameSite": "None"}
            self.context.add_cookies([{**cookie, **flags}])  # as S2 had it
            return
        page = self.context.new_page()
        page.goto(f"{self.cocalc}/customize")
        signed = page.evaluate(
            """(body) => fetch("/api/v2/auth/sign-in", {method: "POST", body: JSON.stringify(body),
                 headers: {"Content-Type": "application/json"}}).then((r) => r.json())""",
            {"email": "owner@example.com", "password": "PW_PLACEHOLDER"},
        )
        assert signed == {"account_id": self.stage.owner}
        page.close()

    # -- one row

    def _row(self, row: Row) -> None:
        data = row.data
        if "sent_ms_since_nav" in data:
            self._at_once(row)
        elif "probe_every" in row.name:
            self._probes()
        elif row.name.startswith(("B2.open_imm", "S2b.open_imm")):
            self._first_open(row)
        elif "polls_sent" in data:
            self._polls(row)
        elif row.name.endswith(".after_start_by_api"):
            self._after_start(row)
        elif "request" in data or row.name == "S1.undefined":
            self._request(row)
        elif "replies" in data and row.name.startswith("L."):
            self._heard(row)
        if "cookies" in data:
            self.page.wait_for_timeout(300)
            agree_on_cookies(self.context.cookies(self.cocalc), data["cookies"])
        urls = [url for url in data.get("urls", data.get("frame_urls", ())) if "cocalc" in url]
        if urls:
            arrives(self.page, lambda: self._frame, urls[-1])
        if "text" in data:
            self._looks(row)

    def _polls(self, row: Row) -> None:
        """The status again and again: what is said, and that it comes to what it came to."""
        assert self.parent is not None
        if "then_kiosk" in row.name:
            self._load(self.setting.url)
        wanted = [self._early(reply) for reply in row.replies or []]
        seen: list[Any] = []
        deadline = time.monotonic() + (10 if wanted else 1.2)
        begun = wanted and wanted[-1]["connection"]["status"] == "connecting"
        while (
            not (wanted and wanted[-1] in seen)
            and not (begun and seen)
            and time.monotonic() < deadline
        ):
            self.parent.page.evaluate("post({action: 'status'})")
            self.parent.page.wait_for_timeout(40)
            seen = [self._early(reply) for reply in self.parent.replies()]
        if not wanted:
            assert seen == []
            return
        assert wanted[-1] in seen or wanted[-1]["connection"]["status"] == "connecting", seen[-3:]
        for reply in seen:
            assert reply in wanted or reply["connection"]["status"] in _BEGINNINGS, reply
            assert set(reply) == set(wanted[0])

    def _early(self, reply: Any) -> Any:
        """On A the file of the address comes some time after the first replies."""
        if self.cocalc == COCALC and "/files/" in self.setting.url:
            reply = {**reply, "open_files": {}}
        return plain(reply)

    def _request(self, row: Row) -> None:
        assert self.parent is not None
        wanted = row.replies or []
        if row.name.endswith("after_two_running_projects"):
            self._first_of_two_is_left()
        statuses = [reply for reply in wanted if "open_files" in reply]
        if len(statuses) == len(replies_of(wanted)) == 1:
            self._status(row, statuses[0])
            return
        if not statuses and row.says("two_opens_two_projects"):
            self.parent.ask({"action": "closeall"})
        undefined = row.name in ("S1.undefined", "B1.undefined")
        messages = [None] if undefined else row.requests
        self.parent.page.evaluate(
            "([all, none]) => { log.length = 0; for (const m of all) post(none ? undefined : m); }",
            [messages, undefined],
        )
        needed = len(replies_of(wanted))
        self.parent.until(lambda found: len(found) >= needed, 10)
        self._until_told(sum(is_opened(message) for message in wanted))
        if self._is_short(row, wanted):
            self.parent.page.wait_for_timeout(WATCH * 1000)
        self._compare(row, wanted)

    def _until_told(self, times: int) -> None:
        """Wait until so many files were told to be opened."""
        assert self.parent is not None
        deadline = time.monotonic() + 8
        while sum(is_opened(message) for message in self.parent.heard()) < times:
            assert time.monotonic() < deadline, self.parent.heard()
            self.parent.page.wait_for_timeout(20)

    def _is_short(self, row: Row, wanted: list[Any]) -> bool:
        """Whether an open among the requests was not done: then nothing more may come."""
        opens = [m for m in row.requests if isinstance(m, dict) and m.get("action") == "open"]
        ends = [r for r in replies_of(wanted) if r["status"] in ("done", "error")]
        return len(opens) > len([r for r in ends if "connection" not in r])

    def _compare(self, row: Row, wanted: list[Any]) -> None:
        """The same replies and log messages, of each file in the same order, from the frame."""
        assert self.parent is not None
        theirs, mine = self._labels(wanted), self._labels(self.parent.heard())
        late = [path for step, path in mine if step == "rendered"]  # of files opened before
        paths = {path for _, path in [*theirs, *mine]} - set(late)
        for path in paths | {path for _, path in theirs}:
            steps = [step for step, at in theirs if at == path and step != "rendered"]
            found = [step for step, at in mine if at == path and step != "rendered"]
            if row.says("identical"):
                steps, found = sorted(steps), sorted(found)[: len(steps)]
            assert found[: len(steps)] == steps, (path, found)
            more = [step for step in found[len(steps) :] if step != "opened"]
            assert len(more) == row.data.get("replies_cut", len(steps)) - len(steps), (path, found)
        for step, path in theirs:
            # a row that came late may tell of a file whose own row was cut
            if step == "rendered" and path in self.opened.values():
                self._wait_rendered(path)
        if len(row.requests) == 1:
            told = [plain(reply) for reply in replies_of(self.parent.heard())]
            assert told == [plain(reply) for reply in replies_of(wanted)]
        for message in self.parent.log():
            assert (message["origin"], message["fromFrame"]) == (self.cocalc, True)

    def _labels(self, messages: list[Any]) -> list[tuple[str, str]]:
        """Each message in short: what it says, and of which file."""
        found: list[tuple[str, str]] = []
        for message in messages:
            entry = entry_of(message)
            if entry is None:
                text = json.dumps(plain(message), sort_keys=True)
                path = message.get("path") if isinstance(message, dict) else None
                step = message["status"] if path is not None else text
                found.append((step, str(path) if path is not None else ""))
            elif "filename" in entry["event"]:
                assert entry["event"] == {**self._event, "filename": entry["event"]["filename"]}
                assert set(entry) == {"event", "project_id", "time", "id"}
                self.opened[entry["id"]] = entry["event"]["filename"]
                found.append(("opened", entry["event"]["filename"]))
            else:
                assert set(entry) == {"event", "project_id", "id"}
                assert set(entry["event"]) == {"time"}
                found.append(("rendered", self.opened.get(entry["id"], "?")))
        return found

    @property
    def _event(self) -> dict[str, Any]:
        more = {} if self.cocalc == COCALC else {"compute_server_id": 0}
        return {"event": "open", "action": "open", **more}

    def _wait_rendered(self, path: str) -> None:
        assert self.parent is not None
        deadline = time.monotonic() + 8
        while ("rendered", path) not in self._labels(self.parent.everything()):
            assert time.monotonic() < deadline, f"{path} was never rendered"
            self.parent.page.wait_for_timeout(30)

    def _status(self, row: Row, wanted: Any) -> None:
        """The status, once what was opened by rows that are not recorded is open."""
        assert self.parent is not None
        if not self.setting.blocked and self.setting.samesite == "none":
            self.parent.page.wait_for_timeout(LINGER * 1000)  # "connected", and it stays so
        before = self.parent.status()["open_files"]
        if before != wanted["open_files"]:
            self._bring(before, wanted["open_files"])
        deadline = time.monotonic() + 8
        while (found := plain(self.parent.status())) != plain(wanted):
            assert time.monotonic() < deadline, (found, plain(wanted))
            self.parent.page.wait_for_timeout(50)

    def _bring(self, before: dict[str, list[str]], wanted: dict[str, list[str]]) -> None:
        assert self.parent is not None
        there = {(project, path) for project, paths in before.items() for path in paths}
        needed = [(project, path) for project, paths in wanted.items() for path in paths]
        if not there <= set(needed):
            self.parent.ask({"action": "closeall"})
            there = set()
        for project_id, path in needed:
            if (project_id, path) not in there:
                self.parent.open(project_id, path)

    def _first_of_two_is_left(self) -> None:
        """Two opens for two projects, sent together: the first is never acknowledged."""
        assert self.parent is not None
        self.parent.ready()
        opens = [(P1, "a.md"), (P2, "c.md")]
        self.parent.page.evaluate(
            "(all) => { log.length = 0; for (const m of all) post(m); }",
            [{"action": "open", "project_id": p, "path": path} for p, path in opens],
        )
        found = self.parent.until(lambda replies: len(replies) >= 2)
        self.parent.page.wait_for_timeout(WATCH * 1000)
        assert {reply["path"] for reply in found} == {"c.md"}

    def _first_open(self, row: Row) -> None:
        """An open at the first reply, that is before the page is connected."""
        assert self.parent is not None
        self.parent.first_reply({"action": "status"})
        self.parent.post(row.data["request"])
        wanted = [r for r in row.replies or [] if "open_files" not in r]
        self.parent.until(lambda found: len([r for r in found if "action" in r]) >= 2)
        self._until_told(1)
        mine = [label for label in self._labels(self.parent.heard()) if label[1]]
        for label in self._labels(wanted):
            if label[0] != "rendered":
                assert label == mine.pop(0)
            else:
                self._wait_rendered(label[1])

    def _probes(self) -> None:
        """Probes until the first is answered: those before it are lost, all later ones answered."""
        assert self.parent is not None
        for k in range(30):
            self.parent.page.evaluate("(k) => post({action: 'zz' + k})", k)
            self.parent.page.wait_for_timeout(30)
        found = self.parent.until(lambda replies: bool(replies) and "zz29" in replies[-1]["mesg"])
        first = int(re.findall(r"\d+", found[0]["mesg"])[0])
        words = [f"Unknown action 'zz{k}'" for k in range(first, 30)]
        assert [(r["status"], r["mesg"]) for r in found] == [("error", w) for w in words]

    def _at_once(self, row: Row) -> None:
        """An open at the first "connected", then the status until it ends where it ended."""
        assert self.parent is not None
        self.parent.ready()
        self.parent.post(row.requests[0])
        states = [r["connection"]["status"] for r in row.replies or []]
        seen: list[str] = []
        until = time.monotonic() + LINGER
        while time.monotonic() < until:
            self.parent.page.evaluate("post({action: 'status'})")
            self.parent.page.wait_for_timeout(60)
        for reply in self.parent.replies():
            assert set(reply) == {"status", "connection", "open_files"}, reply
            assert reply["open_files"] == {}
            if reply["connection"]["status"] not in seen:
                seen.append(reply["connection"]["status"])
        assert seen == [state for state in states if state != "connecting"]
        assert self._labels(self.parent.heard()) == self._labels(self.parent.replies())

    def _after_start(self, row: Row) -> None:
        assert self.parent is not None
        self.core.projects.change(P3, running=1)
        wanted = self._labels(list(row.replies or []))
        self.parent.until(lambda found: "s.md" in str(found))
        self._wait_rendered("s.md")
        assert [label for label in wanted if label[0] == "done"] == [("done", "s.md")]

    def _heard(self, row: Row) -> None:
        """What is told without being asked, all of it, in its order."""
        assert self.parent is not None
        wanted = self._labels(row.replies or [])
        deadline = time.monotonic() + 8
        while len(self.parent.log()) < len(wanted) and time.monotonic() < deadline:
            self.parent.page.wait_for_timeout(30)
        self.parent.page.wait_for_timeout(WATCH * 1000)
        assert self._labels(self.parent.heard()) == wanted

    # -- what the page looks like

    @property
    def _frame(self) -> Any:
        return self.parent.frame if self.parent else self.page.main_frame

    def _looks(self, row: Row) -> None:
        text = row.data["text"]
        if row.name == "B8.impersonate.wrong_token":
            self._load(f"/auth/impersonate?auth_token={'A' * 24}")
            assert self.page.inner_text("body").replace("A" * 24, TOKEN).strip() == text
            return
        if row.name.endswith("stopped.frame"):
            assert self.parent is not None
            self.parent.ready()
            asked = {"action": "open", "project_id": P4, "path": "z.md"}
            assert [reply["status"] for reply in self.parent.ask(asked)] == ["ack"]
        address = row.data.get("final") or row.data.get("url") or ""
        if address:
            arrives(self.page, lambda: self._frame, address)
        looks_like(self._frame, text, address, self.core.options.site_name)
        if row.replies is not None:
            self._answers(row)

    def _answers(self, row: Row) -> None:
        """What a status gets there: an answer only from the page that listens."""
        assert self.parent is not None
        wanted = [plain(reply) for reply in replies_of(row.replies or [])]
        if wanted:
            self.parent.ready()
            assert plain(self.parent.status()) == wanted[-1]
        else:
            self.parent.silent({"action": "status"})
