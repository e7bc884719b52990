"""Owns what all handlers share: bodies, keys, cookies, JSON answers, pages of errors, faults."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import re
import secrets
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl

from tornado.web import RequestHandler

if TYPE_CHECKING:
    from asyncio import Future

    from .state.accounts import Caller
    from .state.site_state import SiteState

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
NO_KEY = "You must provide authentication via an API key."
_HALVES = re.compile("[\ud800-\udfff]")
_MAX_BODY = 1024 * 1024  # bytes: the default of the framework that serves v2 (source)


class AnsweredError(Exception):
    """The answer is already written; the handler must do nothing more."""


class Handler(RequestHandler):
    """A base of all handlers: a request, met by the site's latency and its faults."""

    site: SiteState
    _due = 0.0  # the loop's clock when the answer may leave

    def initialize(self, site: SiteState) -> None:
        """Tornado's way to hand over what the handler works on."""
        self.site = site

    def set_default_headers(self) -> None:
        """No server name: nothing here depends on it, and CoCalc's has another."""
        self.clear_header("Server")

    def answer(self, body: Any, status: int = 200) -> None:
        """Send JSON (anything, also a bare string or null)."""
        self.set_status(status)
        self.set_header("Content-Type", JSON)
        self.finish(json.dumps(body, ensure_ascii=False, separators=(",", ":")))

    def page(self, status: int, message: str, title: str = "Error") -> None:
        """Send a page of HTML, as the web server in front of CoCalc's code does."""
        self.set_status(status)
        self.set_header("Content-Type", HTML)
        self.set_header("Content-Security-Policy", "default-src 'none'")
        text = f"<pre>{html.escape(message)}</pre>" if message else ""
        self.finish(
            f'<!DOCTYPE html><html lang="en"><head><title>{html.escape(title)}</title></head>'
            f"<body>{text}</body></html>"
        )

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Errors of the stand-in itself come as HTML pages too, with the reason's type."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        self.page(status_code, f"{type(error).__name__}: {error}" if error else self._reason)

    def log_exception(self, *args: Any) -> None:
        """Kept quiet where the client went away; without the query, which may hold a token."""
        self.request.uri = self.request.path
        if not isinstance(args[1], AnsweredError):
            super().log_exception(*args)

    def key(self) -> tuple[str, str]:
        """(scheme, API key) of the Authorization header; ("", "") without one."""
        scheme, _, value = self.request.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            try:
                value = base64.b64decode(value).decode().partition(":")[0]
            except ValueError:
                value = ""
        return scheme, value.strip()

    def key_caller(self) -> Caller | None:
        """Whose API key the Authorization header has."""
        _, key = self.key()
        return self.site.accounts.by_key(key) if key else None

    def content_type(self) -> str:
        """What the body is said to be, in lower case and without parameters."""
        return self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def cookie_caller(self) -> Caller | None:
        """Who is signed in by cookie."""
        value = self.get_cookie("remember_me")
        return self.site.accounts.by_session(value) if value else None

    def sign_in(self, account_id: str, *, by_token: bool = False) -> None:
        """Set the cookies of a sign-in, as its way and the site's generation have them.

        On generation A the cookie of a token crosses sites, that of a password has no
        SameSite. On B `remember_me` has the one that the site is set to, and the page's
        script reads `account_id`, which has none (recordings).
        """
        options = self.site.options
        session = self.site.accounts.new_session(account_id)
        flags: dict[str, Any] = {}
        if options.generation == "B":
            flags = crossing(options.samesite_remember_me)
            told = crossing(options.account_id_samesite) if options.account_id_samesite else {}
            self.set_cookie("account_id", account_id, path="/", **told)
        elif by_token:
            flags = crossing("none")
        if options.generation == "B" or not by_token:
            # the web server's own; nothing depends on it (recordings)
            self.set_cookie("connect.sid", secrets.token_urlsafe(12), path="/", httponly=True)
        self.set_cookie("remember_me", session, path="/", httponly=True, **flags)

    def send_page(self, text: str) -> None:
        """Send a page of the app, with what the site says about who may frame it."""
        self.set_header("Content-Type", HTML)
        self.set_header("Cache-Control", "no-store")
        self.say_who_frames()
        self.finish(text)

    def say_who_frames(self) -> None:
        """The headers that let only some pages frame this one; none by default (recording)."""
        options = self.site.options
        if options.frame_ancestors:
            policy = f"frame-ancestors {options.frame_ancestors}"
            self.set_header("Content-Security-Policy", policy)
        if options.x_frame_options:
            self.set_header("X-Frame-Options", options.x_frame_options)

    async def pass_faults(self, endpoint: str) -> str:
        """Count the request, start the site's latency, and meet a fault if one is on.

        The work runs while the latency passes: a request takes the longer of the two.

        Returns: the fault that comes only with the answer, or "".

        Raises:
            AnsweredError: a fault was the answer.
        """
        self.site.requests[endpoint] += 1
        self._due = self._now() + self.site.options.latency
        fault = self.site.faults.api()
        if fault:
            await asyncio.sleep(self.site.options.latency)
        if fault == "error-500":
            self.page(500, "Internal Server Error (a fault that was switched on)")
        elif fault == "html-page":
            self.page(200, "", "A page where JSON was expected")
        elif fault == "rate-limit":
            self.set_header("Retry-After", "1")
            self.answer({"error": "too many requests"}, 429)
        elif fault == "redirect":
            self.redirect("https://elsewhere.test" + self.request.path)
        elif fault == "wrong-json":
            self.set_header("Content-Type", JSON)
            self.finish('{"event": "pong", "id"')
        elif fault == "timeout":
            await self.site.ended.wait()
            self.hang_up()
        elif fault == "reset":
            self.hang_up()
        else:
            return fault
        raise AnsweredError

    async def end(self, fault: str, body: Any, status: int = 200) -> None:
        """Send JSON, spoiled by the fault that `pass_faults` named."""
        if fault == "lost-reply":
            self.hang_up()
        elif fault in ("wrong-length", "slow-loris"):
            data = json.dumps(body).encode()
            self.set_header("Content-Type", JSON)
            stream = self.detach()
            extra = 10 if fault == "wrong-length" else 0
            head = f"HTTP/1.1 {status} OK\r\nContent-Type: {JSON}\r\n"
            await stream.write(f"{head}Content-Length: {len(data) + extra}\r\n\r\n".encode())
            for byte in [data] if extra else [data[i : i + 1] for i in range(len(data))]:
                await stream.write(byte)
                if not extra:
                    await asyncio.sleep(1)
            stream.close()
        else:
            self.answer(body, status)

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> Future[None]:
        """Send the answer, once the site's latency has passed."""
        left = self._due - self._now()
        if left <= 0:
            return super().finish(chunk)
        self._auto_finish = False  # tornado must not finish an answer that is only held
        self._due = 0.0
        send = super().finish
        asyncio.get_running_loop().call_later(left, lambda: send(chunk))
        held: Future[None] = asyncio.get_running_loop().create_future()
        held.set_result(None)
        return held

    def hang_up(self) -> None:
        """Break the connection without an answer."""
        self.detach().close()

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class ParametersHandler(Handler):
    """A base of what CoCalc serves with one web framework: API v2 and the conat bridge."""

    def parameters(self) -> dict[str, Any]:
        """What a POST's body holds; one of another content type counts as none (recording).

        Raises:
            AnsweredError: it is too large, or no JSON.
        """
        data = self.request.body
        if self.request.method != "POST":
            return {}
        if len(data) > _MAX_BODY:
            self._refuse(413, "Body exceeded 1mb limit")
        kind = self.content_type()
        if kind == "application/x-www-form-urlencoded":
            return parse_form(data.decode("utf-8", "replace"))
        if kind != "application/json" or not data:
            return {}
        try:
            value = parse_json(data)
        except ValueError:
            self._refuse(400, "Invalid JSON")
        return value if isinstance(value, dict) else {}

    def _refuse(self, status: int, words: str) -> NoReturn:
        self.clear_header("Content-Type")
        self.set_status(status)
        self.finish(words)
        raise AnsweredError


def crossing(samesite: str) -> dict[str, Any]:
    """The flags of a cookie with a SameSite of its own, as `set_cookie` takes them."""
    return {"samesite": samesite.capitalize(), "secure": True}


def parse_json(data: bytes) -> Any:
    """What JSON holds; half a character, which is no text, becomes a sign for it, as in Node.js.

    Raises:
        ValueError: it is no JSON.
    """
    value = json.loads(data)
    return _whole(value) if b"\\u" in data or b"\xed" in data else value


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _HALVES.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(k): _whole(v) for k, v in value.items()}
    return value


def parse_form(text: str) -> dict[str, Any]:
    """Form values as Express parses them: strings, and objects from names like `a[b]`."""
    result: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        steps = re.findall(r"[^\[\]]+", name) or [name]
        place = result
        for step in steps[:-1]:
            nested = place.get(step)
            if not isinstance(nested, dict):
                nested = place[step] = {}
            place = nested
        place[steps[-1]] = value
    return result
