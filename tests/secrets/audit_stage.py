"""Owns what the audit listens to: the secrets that are made, the page, the wire, the requests."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

from canaries import Canary, new_key, new_password

from cocalc_widget.demo.jupyter import notebook as lab_page
from cocalc_widget.demo.jupyter.notebook import Notebook
from cocalc_widget.local import LocalCoCalc

_INTERRUPT = """async () => {
  await jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt();
}"""
_SHUT = "async () => { await jupyterapp.serviceManager.sessions.shutdownAll(); }"
_SOURCES = "() => [...document.querySelectorAll('iframe')].map(frame => frame.src)"


@dataclass
class Secrets:
    """All secrets of the run. Those that sites make are noted as they are made."""

    known: list[Canary] = field(default_factory=list)

    def add(self, name: str, value: str) -> str:
        """Note one."""
        if all(it.value != value for it in self.known):
            self.known.append(Canary(name, value))
        return value

    def of(self, site: LocalCoCalc) -> None:
        """Note the secrets that a site has, and those that it will make."""
        accounts = site.core.accounts
        password = self.add("password", new_password())
        accounts.set_password(site.account_id, password)
        site.password = password
        self.add("key", site.api_key)
        for name in ("new_token", "new_session", "new_key"):
            setattr(accounts, name, self._noting(name[4:], getattr(accounts, name)))

    def typed(self) -> dict[str, str]:
        """Secrets that users type, right or wrong, for the kernel's environment."""
        letters = new_key()[3:]
        values = {
            "WRONG_KEY": self.add("wrong key", new_key()),
            "WRONG_PASSWORD": self.add("wrong password", new_password()),
            "NEW_PASSWORD": self.add("password of a new account", new_password()),
            "PASSWORD_PLAIN": self.add("password in an address", letters),
            "WRONG_TOKEN": self.add("wrong token", new_key()[3:] + "ab"),
        }
        return {f"AUDIT_SECRET_{name}": value for name, value in values.items()}

    def _noting(self, name: str, make: Any) -> Any:
        def noting(*args: Any, **options: Any) -> Any:
            made = make(*args, **options)
            self.add(name, made[1] if isinstance(made, tuple) else made)
            return made

        return noting


@dataclass
class Asked:
    """A request that the stand-in got."""

    path: str
    headers: list[tuple[str, str]]
    body: bytes


def listen(site: LocalCoCalc) -> list[Asked]:
    """Note every request to a site from now on."""
    found: list[Asked] = []

    def note(handler: Any) -> None:
        asked = handler.request
        found.append(Asked(asked.uri, list(asked.headers.get_all()), asked.body))

    assert site._server._app is not None
    site._server._app.settings["log_function"] = note
    return found


class Sheet(Notebook):
    """A notebook in JupyterLab, and everything that its page says, sends and loads."""

    def __init__(self, page: Any, url: str, token: str, name: str, watch: Watch) -> None:
        watch.follow(page)
        self.watch = watch
        super().__init__(page, url, token, name)

    def ends(self, source: str, error: str = "", *, typed: tuple[str, ...] = ()) -> str:
        """Run a cell, answering its questions; it must end in one of these errors ("": none)."""
        index = self.add(source)
        self.begin(lab_page.RUN, index)
        for value in typed:
            box = self.page.locator(".jp-Stdin-input").last
            box.wait_for(timeout=20_000)
            asking = box.element_handle()  # the next question has a box of its own
            asking.fill(value)
            asking.press("Enter")
            asking.wait_for_element_state("hidden", timeout=20_000)
        return self._ended(index, source, error)

    def interrupted(self, source: str, site: LocalCoCalc) -> str:
        """Run a cell that waits for the site's answer, and interrupt it."""
        before = site.requests.total()
        index = self.add(source)
        self.begin(lab_page.RUN, index)
        until = time.monotonic() + 20
        while site.requests.total() == before:
            assert time.monotonic() < until, "the cell asked nothing"
            self.page.wait_for_timeout(50)
        self.page.evaluate(_INTERRUPT)
        return self._ended(index, source, "KeyboardInterrupt")

    def _ended(self, index: int, source: str, error: str) -> str:
        assert self.outcome(60) is not None, f"{source!r} did not end"
        outputs = self.outputs(index)
        names = [it["ename"] for it in outputs if it["output_type"] == "error"]
        ended = names[-1] if names else ""
        if ended not in error.split("|") and "%tb" not in source:
            told = outputs[-1]["evalue"] if ended else ""
            self.watch.surprises.append(f"{source!r} ended in {ended} {told}, not in {error}")
        return json.dumps(outputs)

    def run_all(self) -> None:
        """Run all code cells, from top to bottom; each must work."""
        for index, cell in enumerate(self.cells()):
            if cell["type"] == "code":
                ran = self.run(index, timeout=30)
                assert not ran.error, f"{ran.error}: {cell['source']}"

    def stripped(self) -> None:
        """Wait until the frames have got rid of sign-in tokens in their addresses."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            frames = self.page.frames
            if not any("auth_token" in it.url for it in frames):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("a frame still has a token in its address")

    def end(self) -> None:
        """Save, look at the page, shut the kernel down."""
        self.stripped()
        self.save()
        self.watch.look(self.page)
        self.page.evaluate(_SHUT)
        self.page.close()


@dataclass
class Watch:
    """What pages said and did."""

    console: list[str] = field(default_factory=list)
    sockets: list[bytes] = field(default_factory=list)  # messages, both ways
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    documents: list[tuple[str, str]] = field(default_factory=list)  # what, text
    addresses: list[tuple[str, str]] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)  # cells that ended otherwise than meant

    def follow(self, page: Any) -> None:
        """Listen to a page from its start."""
        page.on("console", lambda line: self.console.append(f"{line.type}: {line.text}"))
        page.on("pageerror", lambda error: self.console.append(f"pageerror: {error}"))
        page.on("websocket", self._socket)
        page.on(
            "request",
            lambda it: self.requests.append((it.url, it.headers, it.post_data_buffer or b"")),
        )

    def look(self, page: Any) -> None:
        """Keep the page's documents and addresses as they are now."""
        for frame in page.frames:
            self.documents.append((re.sub(r"\?.*", "", frame.url), frame.content()))
            self.addresses.append(("location", frame.url))
            self.addresses += [("iframe src", src) for src in frame.evaluate(_SOURCES)]

    def _socket(self, socket: Any) -> None:
        def keep(payload: Any) -> None:
            self.sockets.append(payload if isinstance(payload, bytes) else payload.encode())

        socket.on("framesent", keep)
        socket.on("framereceived", keep)
