"""Owns the pages: the kiosk page, settings, sign-in by token and by impersonation."""

from __future__ import annotations

import html
import json
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from .files import OutsideError
from .http import HTML, Handler
from .render import render_file

PAGE = Path(__file__).parent / "page"
_TEMPLATE = Template((PAGE / "kiosk.html").read_text(encoding="utf-8"))
_IMAGES = {
    "png": "png",
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "gif": "gif",
    "webp": "webp",
    "svg": "svg+xml",
}


class AppHandler(Handler):
    """`/app` and `/projects/...`: both lead to the one page of the app (recording)."""

    def get(self) -> None:
        """Redirect to the page; what was asked for goes along."""
        request = self.request
        if request.path == "/app":
            query = f"?{request.query}" if request.query else ""
        else:
            query = f"?target={quote(request.uri or '', safe='')}"
        self.set_status(302)
        self.set_header("Location", f"/static/app.html{query}")
        self.clear_header("Content-Type")
        self.finish()


class PageHandler(Handler):
    """`/static/app.html`: the page itself, with what it has to know at its start."""

    def get(self, name: str) -> None:
        """Send the page. It may be framed by anybody: there is no CSP header (recording)."""
        options = self.core.options
        config = {
            "site_name": options.site_name,
            "boot_delay": options.boot_delay,
            "generation": options.generation,
            "app": name == "app",
            "faults": self.core.faults.page(),
        }
        text = json.dumps(config).replace("<", "\\u003c")
        self.set_header("Content-Type", HTML)
        self.set_header("Cache-Control", "no-store")
        self.finish(_TEMPLATE.substitute(config=text, site_name=html.escape(options.site_name)))


class CustomizeHandler(Handler):
    """`GET /customize`: the site's settings, for everybody."""

    def get(self) -> None:
        """Send the settings, the parents that may talk to the page among them."""
        options = self.core.options
        configuration = {
            "site_name": options.site_name,
            "iframe_comm_hosts": list(options.allowed_hosts),
            "kucalc": "yes" if options.queue else "no",
            "is_cocalc_com": False,
            "anonymous_signup": False,
            "email_signup": True,
        }
        self.answer(
            {"configuration": configuration, "registration": False, "strategies": ["email"]}
        )


class ImpersonateHandler(Handler):
    """`/auth/impersonate`: sign-in by token on generation B (recording)."""

    def get(self) -> None:
        """Set a cookie that only first-party pages send, and go to the app by script."""
        token = self.get_query_argument("auth_token", "")
        account_id = self.core.accounts.by_token(token)
        self.set_header("Content-Type", HTML)
        if account_id is None:
            words = f"impersonate error -- Error: unknown or expired token: '{token}'"
            self.finish(f"ERROR: {html.escape(words, quote=False)}")
            return
        self.set_cookie("account_id", account_id, path="/")
        self.sign_in(account_id, samesite="Strict", secure=True)
        self.finish('<head></head><body><script src="/local/page/impersonate.js"></script></body>')


class OwnHandler(Handler):
    """What the kiosk page asks its own site; not part of CoCalc's API."""

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
        """`token`, `once`, `project` or `file`."""
        body = self.body()
        if name == "token":
            account_id = self.core.accounts.by_token(str(body.get("token")))
            if account_id is not None and self.core.options.generation == "A":
                self.sign_in(account_id, samesite="None", secure=True)
            self.answer({"ok": account_id is not None})
        elif name == "once":
            self.answer({"ok": self.core.faults.once(str(body.get("name")))})
        else:
            await self._file(
                str(body.get("project_id")), str(body.get("path")), show=name == "file"
            )

    async def _file(self, project_id: str, path: str, *, show: bool) -> None:
        caller = None if "signed-out" in self.core.faults.on else self.cookie_caller()
        row = self.core.projects.get(project_id) if self.core.may(caller, project_id) else None
        if row is None:
            self.answer({"ok": False})
            return
        await self.core.start_project(project_id)
        if not show:
            self.answer({"ok": True, "title": row["title"]})
            return
        try:
            shown = await self.core.run(
                render_file, self.core.projects.root(project_id), path, f"/local/raw/{project_id}/"
            )
        except (OutsideError, OSError, ValueError) as error:
            self.answer({"ok": True, "error": str(error.args[-1] if error.args else "failed")})
            return
        self.answer({"ok": True, "project": row["title"], **shown})


class RawHandler(Handler):
    """Images of a project, for the documents that show them; nothing that could run."""

    async def get(self, project_id: str, path: str) -> None:
        """Send an image to whoever may read the project."""
        from .files import read_bytes

        kind = _IMAGES.get(path.rpartition(".")[2].lower())
        if kind is None or not self.core.may(self.cookie_caller(), project_id):
            self.page(404, "", "404 Page Not Found")
            return
        try:
            data = await self.core.run(read_bytes, self.core.projects.root(project_id), path)
        except OSError:
            self.page(404, "", "404 Page Not Found")
            return
        self.set_header("Content-Type", f"image/{kind}")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header(
            "Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'"
        )
        self.finish(data)
