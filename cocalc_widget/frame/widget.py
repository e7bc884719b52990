"""Owns the widget as users know it: its options and what it can be told."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, ClassVar

from ..address import check_path
from ..redact import Secret, discreet
from . import bundle, options
from .channel.facts import Facts, Stranger, is_choosy
from .channel.verdict import check_requested
from .driver import Driver
from .kernel import ipykernel
from .kernel.waiting import Link
from .messages import outbox
from .messages.events import Listeners
from .session.greeting import Greeting
from .session.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTIONS = (
    *("project_id", "path", "host", "client", "token"),
    *("channel", "target", "height", "sandbox", "deadlines", "start"),
)


class CoCalc(Driver):
    """A CoCalc document in a cell, driven from Python.

    Args:
        project_id: UUID of a project; with `client` also its title or the start of its id.
        path: the file to show, relative to the project's home.
        host: CoCalc's address; default: the client's, that of the latest login, `COCALC_HOST`,
            the only one with a stored key, cocalc.com.
        client: a `Client`, for titles, for what the server tells about itself, and for what is
            known of a document while it opens: a stopped project is started, one that the
            account can't use and a folder are refused at once.
        token: an auth token (`Client.create_token()`, or a string) to sign the frame in with.
        channel: `"auto"`, or `"messages"`, `"navigation"`, `"tab"` to insist on one.
        target: `"inline"`, or `"tab"` to show CoCalc in a browser tab of its own.
        height: of the frame, a CSS length.
        sandbox: the frame's sandbox attribute, e.g. `"allow-scripts allow-same-origin"`;
            default: none, as CoCalc needs most of what a sandbox takes away.
        deadlines: seconds, replacing defaults: see `outbox.deadlines`.
        start: whether the client starts a stopped project whose file is to be shown.

    Setting `project_id` or `path` opens the file. As a path belongs to its
    project, moving on to another `project_id` clears `path`; set both at once
    with `open(path, project_id=...)`.

    Raises:
        ConfigurationError: an option is unknown or cannot be right, or the page's half is missing.
        ValidationError: the project or path cannot be right; nothing was sent.
    """

    _made: ClassVar[list[weakref.ref[CoCalc]]] = []

    @discreet  # twice: an exception may come while the inner one forgets another
    @discreet
    def __init__(
        self,
        project_id: str | None = None,
        path: str | None = None,
        *,
        host: str | None = None,
        client: Any = None,
        token: object = None,
        channel: str = "auto",
        target: str = "inline",
        height: str | float = "600px",
        sandbox: str = "",
        deadlines: Mapping[str, float] | None = None,
        start: bool = True,
        **others: Any,
    ) -> None:
        token = Secret(token) if isinstance(token, str) else token  # in the place of what was given
        options.check_keywords(others, _OPTIONS)
        bundle.need()
        for name, file in bundle.found().items():
            if not hasattr(type(self), name):  # built since this module was loaded
                setattr(self, name, file.read_text("utf-8"))
        wanted, place = check_requested(channel, target)
        limits = outbox.deadlines(deadlines)
        where = options.find_host(host, client)
        given = options.find_token(token, where)
        others["height"] = options.check_height(height)
        others["project_id"] = project_id and options.find_project(project_id, client)
        others["path"] = None if path is None else check_path(path)
        self._client, self._link = client, Link(lambda: self.comm)
        self._listeners = Listeners()
        self.set_trait("host", where)
        self.set_trait("target", place)
        self.set_trait("sandbox", options.check_sandbox(sandbox))
        known = given.generation if given else None
        # A token goes first; and who may frame the public CoCalc, it says in its headers.
        if not given and place == "inline" and wanted != "tab" and not is_choosy(where):
            document = others["project_id"], others["path"]
            home = document if all(document) else None
            early = outbox.early(where, wanted, home=home, generation=known, limits=limits)
            self.set_trait("early", early)
        super().__init__(**others)
        ipykernel.own_replies(self.comm)
        ipykernel.heed_requests()
        facts = Facts(where, Stranger(where) if client is None else client, known)
        greeting = Greeting(where, facts, channel=wanted, target=place)
        session = Session(self, where, self._link, greeting, limits, client=client, start=start)
        if given:
            greeting.sign_in.keep(given)
        if home := self.home():
            session.ledger.want(home)
        self._shown = self.project_id, self.path
        self._session, self._following = session, True
        self._made[:] = [ref for ref in self._made if ref()] + [weakref.ref(self)]
        self.on_msg(session.hear)
        session.begin()

    @classmethod
    def instances(cls) -> list[CoCalc]:
        """All CoCalc widgets of this process that still exist, oldest first."""
        return [widget for ref in cls._made if isinstance(widget := ref(), cls)]

    def close(self) -> None:
        """End it: pending commands are cancelled, the frame goes away."""
        if self._session is not None:
            self._session.close("The widget was closed.")
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._link.displayed = True
        return super()._repr_mimebundle_(**kwargs)

    def __repr__(self) -> str:
        where = f" {self.path}" if self.path else ""
        return f"<CoCalc {self.host}{where}: {self.channel}{', ready' if self.ready else ''}>"
