"""Reads what was recorded of CoCalc's pages: the rows, and the setting that each was made in.

A row's setting is known from its name, so that rows of the same form that are put
beside the others are read, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parents[2] / "contract"
APP = "/app?fullscreen=kiosk&session="
P1, P2, P3, P4 = (f"aaaaaaaa-0000-4000-8000-{number:012d}" for number in (1, 2, 3, 4))
STRANGERS = "aaaaaaaa-0000-4000-8000-0000000000ff"
FILE = f"/projects/{P1}/files/a.md?fullscreen=kiosk&session="
TOKEN = "<TOKEN>"  # stands for a fresh auth token in a URL
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_LATER = 2025  # server versions since then are of generation B

# What tells nothing that a page could be asked for.
UNTOLD = re.compile(r"\.console_tail$|\.url$")
# A row that goes on in the page that the row before it left.
_GOES_ON = re.compile(r"\.frame$|\.urls$|\.cookies$|\.after_start_by_api$")
# The page is another one, though the name does not tell.
_AFRESH = re.compile(
    r"\.(open_at_once(\.\w+)?|open_1|open_long|after_two_running_projects)$"
    r"|\.account_id_none\.open$|^S2b\.open|^S7b?\..*first_reply$|^S8\..*first_reply$|^S2\.status"
    r"|^B2\.|^[TFGL]\."
)


@dataclass(frozen=True)
class Row:
    """One recording."""

    name: str
    data: dict[str, Any] = field(repr=False, hash=False)
    number: int = 0

    @cached_property
    def generation(self) -> str:
        return "B" if int(self.data["server_version"][:4]) >= _LATER else "A"

    @cached_property
    def requests(self) -> list[Any]:
        """The messages that were sent; a list is one message only on A (S1.array)."""
        request = self.data.get("request")  # S1.undefined has none
        if self.name == "S1.two_opens_back_to_back":
            return [_open(P1, "a.md"), _open(P1, "nb.ipynb")]
        if self.generation == "A" or not isinstance(request, list):
            return [request]
        return request

    @property
    def replies(self) -> list[Any] | None:
        """What came; None where the row is of another form."""
        found = self.data.get("replies")
        return None if found is None else [reply["data"] for reply in found]

    def says(self, *words: str) -> bool:
        """Whether the name has one of these words."""
        return any(word in self.name for word in words)


@dataclass(frozen=True)
class Setting:
    """How the browser and the site stood when a row was recorded."""

    url: str
    parent: str  # the page around the frame; "": the page itself is at the top
    signed_in: str = "cookie"  # "cookie", "token" (in the frame's URL), "impersonated", "" not
    samesite: str = "strict"  # of `remember_me`
    account_id: str = ""  # the SameSite of that cookie
    blocked: bool = False  # cookies of third parties
    running: frozenset[str] = frozenset({P1})


def _open(project_id: str, path: str) -> dict[str, Any]:
    return {"action": "open", "project_id": project_id, "path": path}


def rows() -> list[Row]:
    """All rows of all recordings of pages."""
    found: list[Row] = []
    for file in sorted(CONTRACT.glob("iframe*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            data = json.loads(line)
            found.append(Row(data["name"], data, len(found)))
    return found


def sessions(found: list[Row]) -> Iterator[list[Row]]:
    """Rows that were recorded in one page, one after the other."""
    session: list[Row] = []
    for row in found:
        if UNTOLD.search(row.name):
            continue
        fresh = not session or _family(row) != _family(session[-1])
        if _GOES_ON.search(row.name) and not (fresh and row.says("stopped.frame")):
            fresh = not session
        elif _AFRESH.search(row.name):
            fresh = True
        if fresh and session:
            yield session
            session = []
        session.append(row)
    if session:
        yield session


def _family(row: Row) -> str:
    parts = row.name.replace(".then_kiosk", "").split(".")
    return f"{row.generation} {parts[0] if parts[0] in ('B1', 'S1') else '.'.join(parts[:-1])}"


def setting_of(row: Row) -> Setting:
    """The setting of the page that a session begins with.

    Raises:
        KeyError: nothing is known of rows with such a name.
    """
    return (_of_a if row.generation == "A" else _of_b)(row)


def _of_a(row: Row) -> Setting:
    prefix = row.name.split(".")[0]
    parent = row.data.get("parent", "https://host.allowed.test").rstrip("/")
    app = f"/app?auth_token={TOKEN}&fullscreen=kiosk&session="
    file = f"/projects/{P1}/files/a.md?"
    urls = {"app_without_kiosk": "/app", "embed.html": "/static/embed.html", "direct_file": FILE}
    url = next((path for word, path in urls.items() if row.says(word)), APP)
    return {
        "S1": Setting(app, parent, "token"),
        "S2": Setting(APP, parent),
        "S2b": Setting(APP, parent),
        "S3": Setting(APP, parent),
        "S4": Setting(url, parent),
        "S5": Setting(APP, parent, ""),
        "S6": Setting(f"{file}auth_token={TOKEN}&fullscreen=kiosk&session=", parent, "token"),
        "S7": Setting(app, parent, "token"),
        "S7b": Setting(app.replace(TOKEN, "A" * 24), parent, ""),
        "S8": Setting(APP, parent, "password"),
    }[prefix]


def _of_b(row: Row) -> Setting:
    prefix = row.name.split(".")[0]
    if prefix not in {*"TFGL", *(f"B{number}" for number in range(1, 10))}:
        raise KeyError(prefix)
    samesite = "none" if row.says(".none.", "http_localhost", "L.listed.cross_site") else "strict"
    whole = row.says("account_id_none", "http_localhost", "L.listed.cross_site")
    signed_in = "cookie"
    if prefix in ("B5", "B7") or row.says("signed_out", "wrong_token"):
        signed_in = ""
    elif row.says("impersonate") and not row.says("top_then"):
        signed_in = "impersonated"
    parent = row.data.get("parent_origin") or _parent(row)
    running = {P1, P2} if row.says("running_projects") else {P1}
    return Setting(
        _path(row),
        parent,
        signed_in,
        samesite,
        "none" if whole else "",
        row.says("third_party_blocked"),
        frozenset(running),
    )


def _parent(row: Row) -> str:
    if row.name.startswith("T.") or row.says("impersonate.top_level", "wrong_token"):
        return ""
    words = {"unlisted": "other", "cross_site": "notebooks", "lookalike": "xhub"}
    host = next((host for word, host in words.items() if row.says(word)), "parent.hub")
    return f"https://{host}.test"


def _path(row: Row) -> str:
    url = row.data.get("url")
    if url and not row.name.endswith(".frame"):
        return str(re.sub(r"^https://[^/]+", "", url))
    return FILE if row.says("file_url") else APP


def plain(value: Any) -> Any:
    """Without times and the ping, which need not be there."""
    if isinstance(value, dict) and isinstance(value.get("connection"), dict):
        rest = {k: v for k, v in value["connection"].items() if k != "ping"}
        value = {**value, "connection": rest}
    return json.loads(_TIME.sub("TIME", json.dumps(value, sort_keys=True)))


def entry_of(message: Any) -> dict[str, Any] | None:
    """The row of a project's log that a message tells, None for replies."""
    if isinstance(message, dict) and message.get("source") == "cocalc-project-log":
        entry: dict[str, Any] = message["payload"]["project_log"]
        return entry
    return None


def is_opened(message: Any) -> bool:
    """Whether a message tells that a file was opened."""
    entry = entry_of(message)
    return entry is not None and "filename" in entry["event"]


def replies_of(messages: list[Any]) -> list[Any]:
    """The messages that are replies: without CoCalc's own log."""
    return [message for message in messages if entry_of(message) is None]
