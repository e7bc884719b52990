"""Owns what a page asks its own site, at `/local/...`, and its socket; not part of CoCalc's API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..http import Handler
from ..state import files
from .rendering import UNSUPPORTED, extension_of, render_file, rendering_of

if TYPE_CHECKING:
    from ..state.accounts import Caller
    from ..state.site_state import SiteState

_NO_EDITOR = '<p class="note">CoCalc has no editor for this kind of file.</p>'
_LONGEST = 600_000.0  # ms that a rendering may be told to have taken


class PageRequestHandler(Handler):
    """One question of a page, answered for whoever its cookie signs in."""

    def body(self) -> dict[str, Any]:
        """The JSON sent; a type that other sites cannot send without asking first."""
        if not self.request.headers.get("Content-Type", "").startswith("application/json"):
            return {}
        try:
            value = json.loads(self.request.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    async def post(self, name: str) -> None:
        """`token`, `once`, or one of those about a project."""
        body = self.body()
        if name == "token":
            account_id = self.site.accounts.by_token(str(body.get("token")))
            if account_id is not None and self.site.options.generation == "A":
                self.sign_in(account_id, by_token=True)
            self.answer({"ok": account_id is not None})
        elif name == "once":
            self.answer({"ok": self.site.faults.once(str(body.get("name")))})
        else:
            caller = None if "signed-out" in self.site.faults.on else self.cookie_caller()
            self.answer(await self._in_project(name, caller, body))

    async def _in_project(
        self, name: str, caller: Caller | None, body: dict[str, Any]
    ) -> dict[str, Any]:
        project_id = str(body.get("project_id"))
        row = self.site.projects.get(project_id)
        if row is None or caller is None or not self.site.may(caller, project_id):
            return {"ok": False, "exists": row is not None}
        if name == "start" or body.get("start"):
            await self.site.start_project(project_id)
            row = {**row, "running": 1}
        path = str(body.get("path"))
        if name == "opened":
            log = self.site.project_log
            told = log.opened(project_id, caller.account_id, path)
            entry = next(row for row in log.rows(project_id) if row["id"] == told)
            shown = {k: entry[k] for k in ("event", "project_id", "time", "id")}
            return {"ok": True, "entry": shown}
        if name == "rendered":
            if (took := _milliseconds(body.get("ms"))) is not None:
                self.site.project_log.rendered(str(body.get("id")), took)
        elif name == "file" and not row["running"]:
            return {"ok": True, "stopped": True}
        elif name in ("file", "folder"):
            work = self._file if name == "file" else self._folder
            return {"ok": True, "project": row["title"], **await self._tried(work, row, path)}
        return {"ok": True, "title": row["title"], "running": bool(row["running"])}

    async def _tried(self, work: Any, row: dict[str, Any], path: str) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = await self.site.run(work, row["project_id"], path)
        except (files.OutsideError, OSError, ValueError) as error:
            return {"error": str(error.args[-1] if error.args else "failed")}
        return answer

    def _file(self, project_id: str, path: str) -> dict[str, Any]:
        root, b = self.site.projects.root(project_id), self.site.options.generation == "B"
        try:
            shown = render_file(root, path, f"/local/raw/{project_id}/")
        except files.OutsideError:
            if not b:
                raise
            # B opens `../x` (recording); what is outside a project is not read here
            shown = {"kind": "text", "html": ""}
        if not shown and b and extension_of(path) in UNSUPPORTED:
            shown = {"kind": "other", "html": _NO_EDITOR}
        return {**shown, "rendering": rendering_of(path)} if shown else {"folder": True}

    def _folder(self, project_id: str, path: str) -> dict[str, Any]:
        return {"entries": files.listing(self.site.projects.root(project_id), path)}


def _milliseconds(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LONGEST:
        return value
    return None


class SocketHandler(WebSocketHandler):
    """One page's socket. Its loss is how the page learns that the site is gone."""

    def initialize(self, site: SiteState) -> None:
        """Tornado's way to hand over what the handler works on."""
        self.site = site
        self.known = 0  # the last round of faults that the page said it knows

    def open(self, *_args: str, **_kwargs: str) -> None:
        """Say who is signed in here."""
        self.site.pages.all.add(self)
        value = self.get_cookie("remember_me")
        caller = self.site.accounts.by_session(value) if value else None
        self.say({"type": "hello", "remembered": caller is not None})
        self.say_faults()

    def on_message(self, message: str | bytes) -> None:
        """Echo, for the page to measure its ping; or note which faults it knows."""
        word, _, number = str(message).partition(" ")
        if word == "faults" and number.isdigit():
            self.known = int(number)
            self.site.pages.taken_in.set()
        else:
            self.say({"type": "pong", "of": str(message)[:40]})

    def on_close(self) -> None:
        """Forget the page."""
        self.site.pages.all.discard(self)

    def say_faults(self) -> None:
        """Tell the page which faults are on."""
        self.say(
            {"type": "faults", "faults": self.site.faults.page(), "round": self.site.pages.round}
        )

    def say(self, message: dict[str, Any]) -> None:
        """Send a message; a page that has just gone is no error."""
        try:
            written = self.write_message(json.dumps(message))
        except WebSocketClosedError:
            self.site.pages.all.discard(self)
        else:
            # it may go while the message is on its way; unread, that would be logged
            written.add_done_callback(lambda done: done.cancelled() or done.exception())
