"""Owns the pages of the app and of signing in, the site's settings, and a project's pictures."""

from __future__ import annotations

import html
import json
from pathlib import Path
from string import Template
from urllib.parse import quote

from ..http import Handler, crossing
from ..services import latex
from ..state import files
from .rendering import IMAGES, extension_of

PAGE = Path(__file__).parent / "page"
_TEMPLATE = Template((PAGE / "kiosk.html").read_text(encoding="utf-8"))
_FORM = Template((PAGE / "signin.html").read_text(encoding="utf-8"))


class AppHandler(Handler):
    """`/app`, `/projects/...` and `/settings`: all lead to the one page of the app (recording)."""

    def get(self) -> None:
        """Redirect to the page; what was asked for goes along."""
        request = self.request
        if request.path == "/app":
            query = f"?{request.query}" if request.query else ""
        else:
            query = f"?target={quote(request.uri or '', safe='')}"
        self.set_status(302)
        self.set_header("Location", f"/static/app.html{query}")
        self.say_who_frames()
        self.clear_header("Content-Type")
        self.finish()


class PageHandler(Handler):
    """`/static/app.html`: the page itself, with what it has to know at its start."""

    def get(self, name: str) -> None:
        """Send the page. Anybody may frame it, unless the site is set otherwise (recording)."""
        options = self.site.options
        config = {
            "site_name": options.site_name,
            "boot_delay": options.boot_delay,
            "generation": options.generation,
            "render_seconds": options.render_seconds,
            "signed_out_seconds": options.signed_out_seconds,
            "hollow_seconds": options.hollow_seconds,
            "app": name == "app",
            "faults": self.site.faults.page(),
        }
        # the app sets it for all sites (recording)
        self.set_cookie("cocalc_version", options.generation, path="/", **crossing("none"))
        text = json.dumps(config).replace("<", "\\u003c")
        self.send_page(_TEMPLATE.substitute(config=text, site_name=html.escape(options.site_name)))


class CustomizeHandler(Handler):
    """`GET /customize`: the site's settings, for everybody."""

    def get(self) -> None:
        """Send the settings, the parents that may talk to the page among them."""
        options = self.site.options
        configuration = {
            "site_name": options.site_name,
            "dns": "",
            "iframe_comm_hosts": list(options.allowed_hosts),
            "kucalc": "yes" if options.queue else "no",
            "is_cocalc_com": False,
            "anonymous_signup": False,
            "email_signup": True,
        }
        if options.generation == "B":
            configuration["samesite_remember_me"] = options.samesite_remember_me
        self.answer(
            {"configuration": configuration, "registration": False, "strategies": ["email"]}
        )


class RawHandler(Handler):
    """Images of a project, for the documents that show them; nothing that could run."""

    async def get(self, project_id: str, path: str) -> None:
        """Send an image to whoever may read the project."""
        kind = IMAGES.get(extension_of(path))
        if kind is None or not self.site.may(self.cookie_caller(), project_id):
            self.page(404, "", "404 Page Not Found")
            return
        try:
            data = await self.site.run(files.read_bytes, self.site.projects.root(project_id), path)
        except OSError:
            self.page(404, "", "404 Page Not Found")
            return
        self.set_header("Content-Type", f"image/{kind}")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header(
            "Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'"
        )
        self.finish(data)


class BlobHandler(Handler):
    """`/blobs/NAME?uuid=...`: a PDF that was made over API v2, for whoever has its address."""

    def get(self, _name: str) -> None:
        """Send it."""
        data = latex.kept(self.site, self.get_query_argument("uuid", ""))
        if data is None:
            self.page(404, "", "404 Page Not Found")
            return
        self.set_header("Content-Type", "application/pdf")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(data)


class SignInHandler(Handler):
    """`/auth/sign-in`: a form for e-mail address and password."""

    def get(self) -> None:
        """Send the form; its script posts to `/api/v2/auth/sign-in`."""
        self.send_page(_FORM.substitute(site_name=html.escape(self.site.options.site_name)))


class ImpersonateHandler(Handler):
    """`/auth/impersonate`: sign-in by token on generation B (recording)."""

    def get(self) -> None:
        """Set the cookies of a sign-in, and go to the app by script."""
        token = self.get_query_argument("auth_token", "")
        account_id = self.site.accounts.by_token(token)
        if account_id is None:
            words = f"impersonate error -- Error: unknown or expired token: '{token}'"
            self.send_page(f"ERROR: {html.escape(words, quote=False)}")
            return
        self.sign_in(account_id, by_token=True)
        script = '<script src="/local/page/impersonate.js"></script>'
        self.send_page(f"<head></head><body>{script}</body>")
