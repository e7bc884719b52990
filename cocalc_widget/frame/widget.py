"""Owns the widget as users know it: its options, its traits, and what it can be told."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets as t

from ..address import check_path
from ..errors import ValidationError
from ..redact import Secret, discreet
from . import bundle, options
from .channel.facts import Facts, Stranger, is_choosy
from .channel.verdict import check_requested
from .kernel import ipykernel
from .kernel.waiting import Link
from .messages import outbox
from .messages.events import Event, Listeners
from .session.greeting import Greeting
from .session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .messages.command import Command
    from .messages.outbox import Document

_OPTIONS = (
    *("project_id", "path", "host", "client", "token"),
    *("channel", "target", "height", "sandbox", "deadlines", "start"),
)


class CoCalc(anywidget.AnyWidget):
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

    locals().update(bundle.attributes())  # _esm, _css

    # synced: written into notebooks that save their widgets, so never anything secret
    project_id = t.Unicode(None, allow_none=True).tag(sync=True)
    path = t.Unicode(None, allow_none=True).tag(sync=True)
    host = t.Unicode(read_only=True).tag(sync=True)
    target = t.Unicode("inline", read_only=True).tag(sync=True)
    height = t.Unicode("600px").tag(sync=True)
    sandbox = t.Unicode("", read_only=True).tag(sync=True)
    early = t.Dict(read_only=True).tag(sync=True)  # the likely welcome (`outbox.early`)

    # told by the page, kept in the kernel only
    ready = t.Bool(default_value=False, read_only=True)
    channel = t.Unicode("booting", read_only=True)
    reason = t.Unicode("", read_only=True)
    connection = t.Dict(read_only=True)
    open_files = t.Dict(read_only=True)
    last_reply = t.Dict(read_only=True)
    last_event = t.Instance(Event, allow_none=True, read_only=True)
    busy = t.Bool(default_value=False, read_only=True)

    _client: Any = None
    _session: Session | None = None
    _listeners: Listeners
    _following = False
    _shown: tuple[str | None, str | None] = (None, None)  # what did not fail
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

    def open(self, path: str | None = None, *, project_id: str | None = None) -> Command:
        """Open a file, made if it does not exist (that is CoCalc's way: recording).

        Args:
            path: relative to the project's home; default: the widget's `path`.
            project_id: default: the widget's `project_id`.

        Returns:
            The command at once; its reply's `verified` says whether the file was seen to be
            shown, `evidence` by what. What fails leaves `project_id` and `path` as they were.

        Raises:
            ValidationError: no UUID or no path; nothing was sent.
            ChannelBlockedError: the widget is closed.
        """
        if self._session is None:  # ipywidgets opens its comm by a method of this name
            return super().open()  # type: ignore[no-any-return]
        project = project_id if project_id is not None else self.project_id
        file = path if path is not None else self.path
        if project is None or file is None:
            raise ValidationError(
                f"open() needs a {'project_id' if project is None else 'path'}; "
                "the widget has none yet.",
                remedy='Write open("PATH", project_id="...").',
            )
        document = options.find_project(project, self._client), check_path(file)
        command = self._session.command("open", document)
        self._remember(*document)
        command.add_done_callback(self._settle)
        return command

    def closeall(self) -> Command:
        """Close every file in the frame."""
        command = self._talk().command("closeall")
        self._remember(self.project_id, None)
        self._shown = self.project_id, None
        return command

    def status(self) -> Command:
        """Ask CoCalc for its open files and its connection."""
        return self._talk().command("status")

    @discreet
    def sign_in(self, token: object) -> Command:
        """Sign the frame in with an auth token, given to the page once.

        Args:
            token: what `Client.create_token()` made, or a token as a string.

        Returns:
            The command at once; it ends in `CommandError` where CoCalc does not take the
            token (it then goes on as whoever is signed in already).
        """
        given = token = options.find_token(token, self.host)
        if given is None:
            raise ValidationError("sign_in() needs an auth token.")
        return self._talk().sign_in(given)

    @property
    def history(self) -> list[Command]:
        """Its commands, oldest first, ended ones too (the latest 1000)."""
        return list(self._session.ledger.history) if self._session else []

    @property
    def page(self) -> str | None:
        """The origin of the page that shows it, as the page says; None before its hello."""
        return self._session.page if self._session else None

    @property
    def ancestors(self) -> tuple[str, ...] | None:
        """The origins of the pages that frame that page, the nearest first.

        Empty where it is in no frame, None where its browser does not tell (Firefox).
        Whoever may frame CoCalc is asked about all of them (CSP Level 3).
        """
        return self._session.ancestors if self._session else ()

    @property
    def signed_in(self) -> bool | None:
        """Whether the frame is signed in to CoCalc; None while that is not known.

        CoCalc does not tell. It shows files, and speaks of them, only to who is signed in; and
        since 2025 it gives up its connection where nobody is (recordings).
        """
        return self._session.signed_in if self._session else None

    def on_event(self, callback: Callable[[Event], object], remove: bool = False) -> None:  # noqa: FBT001, FBT002 - ipywidgets' form (`on_msg`)
        """Call `callback(event)` for whatever CoCalc tells about the frame's own activity.

        A file opened, a file rendered, ... whoever caused it, in every channel
        that has a frame; see `Event`. It runs on the thread that hears the page.

        Args:
            callback: takes an `Event`.
            remove: take it away again.
        """
        self._listeners.change(callback, remove=remove)

    def close(self) -> None:
        """End it: pending commands are cancelled, the frame goes away."""
        if self._session is not None:
            self._session.close("The widget was closed.")
        super().close()

    def home(self) -> Document | None:
        """The project and path of the widget's document, None if it has none."""
        return (self.project_id, self.path) if self.project_id and self.path else None

    # what the session tells

    def send_state(self, key: Any = None) -> None:
        """Sync traits with the page: together with whatever else is said in the same moment."""
        session = self._session
        if key is None or session is None or session.closed:
            super().send_state(key)
        else:
            session.postbox.put_traits({key} if isinstance(key, str) else set(key))

    def deliver(self, content: dict[str, Any]) -> None:
        """Send a message to the page (for the session; not for users)."""
        if self.comm is not None:
            self.send(content)

    def deliver_traits(self, names: set[str]) -> None:
        """Send traits to the page (for the session; not for users)."""
        super().send_state(names)

    def tell(self, event: Event) -> None:
        """Pass an event on (for the session; not for users)."""
        self.set_trait("last_event", event)
        self._listeners.tell(event)

    def show(self, values: Mapping[str, Any]) -> None:
        """Set read-only traits (for the session; not for users)."""
        for name, value in values.items():
            self.set_trait(name, value)

    # its traits

    @t.validate("project_id", "path", "height")
    def _check(self, proposal: t.Bunch) -> str | None:
        value = proposal["value"]
        if proposal["trait"].name == "height":
            return options.check_height(value)
        if not value:
            return None
        if proposal["trait"].name == "path":
            return check_path(value)
        return options.find_project(value, self._client)

    @t.observe("project_id", "path")
    def _follow(self, change: t.Bunch) -> None:
        if not self._following:
            return
        if change["name"] == "project_id" and change["old"] and self.path:
            self._remember(change["new"], None)
            self._shown = change["new"], None
        elif home := self.home():
            self.open(home[1], project_id=home[0])

    def _settle(self, command: Command) -> None:
        """Keep what an open came to: a file that did not open is not the widget's document."""
        document = command.target
        failed = command.reply is None or command.reply.verified is False
        if not failed and document:
            self._shown = document
        elif document == (self.project_id, self.path) and self._shown != document:
            self._remember(*self._shown)

    def _remember(self, project_id: str | None, path: str | None) -> None:
        """Set both traits without opening anything."""
        self._following = False
        try:
            self.project_id, self.path = project_id, path
        finally:
            self._following = True

    def _talk(self) -> Session:
        if self._session is None:
            raise ValidationError("The widget was not made completely.")
        return self._session

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._link.displayed = True
        return super()._repr_mimebundle_(**kwargs)

    def __repr__(self) -> str:
        where = f" {self.path}" if self.path else ""
        return f"<CoCalc {self.host}{where}: {self.channel}{', ready' if self.ready else ''}>"
