"""Owns the pages that sign a browser in: by password, and on generation B by impersonation."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

from ..http import Handler

_FORM = Template((Path(__file__).parent / "page/signin.html").read_text(encoding="utf-8"))


class SignInHandler(Handler):
    """`/auth/sign-in`: a form for e-mail address and password."""

    def get(self) -> None:
        """Send the form; its script posts to `/api/v2/auth/sign-in`."""
        self.send_page(_FORM.substitute(site_name=html.escape(self.core.options.site_name)))


class ImpersonateHandler(Handler):
    """`/auth/impersonate`: sign-in by token on generation B (recording)."""

    def get(self) -> None:
        """Set the cookies of a sign-in, and go to the app by script."""
        token = self.get_query_argument("auth_token", "")
        account_id = self.core.accounts.by_token(token)
        if account_id is None:
            words = f"impersonate error -- Error: unknown or expired token: '{token}'"
            self.send_page(f"ERROR: {html.escape(words, quote=False)}")
            return
        self.sign_in(account_id, by_token=True)
        script = '<script src="/local/page/impersonate.js"></script>'
        self.send_page(f"<head></head><body>{script}</body>")
