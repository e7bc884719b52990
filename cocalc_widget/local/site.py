"""Owns `LocalCoCalc`: one stand-in for CoCalc, its start and end, and its use between them."""

from __future__ import annotations

import atexit
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from ..errors import ConfigurationError
from .routes import make_application
from .seed import default_content, make_owner
from .server import Server, make_certificate
from .state.faults import check_fault
from .state.files import delete
from .state.site_state import Options, SiteState

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from tornado.web import Application

    from ..address import Generation
    from .state.database import Database
    from .state.projects import Content

SameSite = Literal["strict", "lax", "none"]
# what there is from the start on
_RUNNING = frozenset(
    (
        "url",
        "port",
        "ca_file",
        "cert_file",
        "key_file",
        "account_id",
        "email",
        "password",
        "api_key",
    )
)
_ATTENTION = 2.0  # seconds in which a page that is awake takes a fault in
_NOT_IN_POLICY = frozenset(";,\r\n")  # they would begin another directive, policy or header


class LocalCoCalc:
    """A local stand-in for CoCalc: https on loopback, projects as directories.

    It answers API v1, v2 and the conat bridge, and shows files in a kiosk page,
    as a running CoCalc was recorded to do; code runs in real Jupyter kernels. Use it
    as a context manager, or call `start` and `close`. It is for demos, lessons and
    tests: commands and code that it runs in a project run as you.

    Args:
        root: folder for the database and the projects; None: a temporary one, deleted at the end.
        port: 0 for a free one.
        allowed_hosts: hosts whose pages may talk to the kiosk page (CoCalc's
            `iframe_comm_hosts`): `hub.test`, or `.sub.test` with all its subdomains.
        latency: seconds that every API request takes at least; the work runs meanwhile.
        faults: names of faults to switch on from the start; see `fault`.
        boot_delay: seconds until the kiosk page listens.
        queue: True: copies are queued as on cocalc.com; False: made at once as self-hosted,
            and answered when they are, or (`wait_until_done: false`) when they are begun.
        generation: "B" (API v2 and the conat bridge: CoCalc since 2025-05) or "A" (v1 and v2).
        admin: the account is a site admin.
        content: project title → files (path → text or bytes) or a folder; None: two
            projects, "Lesson" and "Student", with a few real files.
        copy_seconds: how long a copy takes at least.
        start_seconds: how long a stopped project takes to start.
        render_seconds: how long after it was opened a file counts as rendered (B tells it).
        signed_out_seconds: how long a signed-out page says "connected" before it says
            "disconnected" for good (B; some 11 s in the recordings).
        hollow_seconds: how long an open that was acknowledged although nothing can be
            shown takes until it says done (30 s in the recordings).
        samesite_remember_me: CoCalc's setting of that name, the SameSite of its sign-in
            cookie on B: "strict" (CoCalc's default), "lax" or "none".
        account_id_samesite: "none": the cookie `account_id` becomes `SameSite=None; Secure`,
            as a line of the reverse proxy does it; "": it has none, as CoCalc sets it (B).
        frame_ancestors: who may frame the pages, in the words of CSP's directive of that
            name, e.g. `"'self' https://*.uni.test"`; "": anybody, as self-hosted CoCalc.
        x_frame_options: the header of that name, "DENY" or "SAMEORIGIN"; "": none.

    Raises:
        ConfigurationError: an option is wrong, or the port is taken.
    """

    def __init__(
        self,
        root: str | Path | None = None,
        *,
        port: int = 0,
        allowed_hosts: Iterable[str] = (),
        latency: float = 0.0,
        faults: Iterable[str] = (),
        boot_delay: float = 0.15,
        queue: bool = False,
        generation: Generation = "B",
        admin: bool = False,
        content: Mapping[str, Content | str | Path] | None = None,
        copy_seconds: float = 0.0,
        start_seconds: float = 0.0,
        render_seconds: float = 0.3,
        signed_out_seconds: float = 11.0,
        hollow_seconds: float = 30.0,
        samesite_remember_me: SameSite = "strict",
        account_id_samesite: Literal["none", ""] = "",
        frame_ancestors: str = "",
        x_frame_options: Literal["DENY", "SAMEORIGIN", ""] = "",
    ) -> None:
        _one_of("generation", generation, ("A", "B"))
        _one_of("samesite_remember_me", samesite_remember_me, get_args(SameSite))
        _one_of("account_id_samesite", account_id_samesite, ("none", ""))
        _one_of("x_frame_options", x_frame_options, ("DENY", "SAMEORIGIN", ""))
        if not isinstance(frame_ancestors, str) or _NOT_IN_POLICY & set(frame_ancestors):
            raise ConfigurationError(
                "frame_ancestors must be the sources alone, as in \"'self' https://*.uni.test\"."
            )
        if isinstance(allowed_hosts, str):
            raise ConfigurationError("allowed_hosts must be a list of host names, not a string.")
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
            raise ConfigurationError(
                f"port must be a number from 0 to 65535, not {port!r}.",
                remedy="Leave it out for a free one.",
            )
        home = None if root is None else _folder(root)
        self._options = Options(
            allowed_hosts=tuple(allowed_hosts),
            latency=latency,
            boot_delay=boot_delay,
            queue=queue,
            generation=generation,
            copy_seconds=copy_seconds,
            start_seconds=start_seconds,
            render_seconds=render_seconds,
            signed_out_seconds=signed_out_seconds,
            hollow_seconds=hollow_seconds,
            samesite_remember_me=samesite_remember_me,
            account_id_samesite=account_id_samesite,
            frame_ancestors=frame_ancestors,
            x_frame_options=x_frame_options,
        )
        self._root, self._port, self._admin = home, port, admin
        self._content = default_content() if content is None else content
        self._first_faults = tuple(faults)
        for name in self._first_faults:
            check_fault(name)
        self._state: SiteState | None = None
        self.projects: dict[str, str] = {}

    def start(self) -> LocalCoCalc:
        """Start serving; within a second."""
        if self._state is not None:
            return self
        self._owner = os.getpid()
        self._private = Path(tempfile.mkdtemp(prefix="local-cocalc-"))
        atexit.register(self.close)
        try:
            home = self._private if self._root is None else self._root
            _prepare(home)
            certificate = make_certificate(self._private / "tls")
            self.ca_file = certificate.ca_file
            self.cert_file, self.key_file = certificate.cert_file, certificate.key_file
            self._server = Server(certificate, self._port)
            self._server.start(lambda: self._make(home))
        except BaseException:
            self.close()
            raise
        self.port = self.core.port = self._server.port
        self.url = f"https://localhost:{self.port}"
        self.core.port = self.port
        for name in self._first_faults:
            self.fault(name)
        return self

    def close(self) -> None:
        """Stop serving, end what runs, delete what is temporary. May be called twice.

        In a child made by `fork` it does nothing: all of that is its parent's.
        """
        atexit.unregister(self.close)
        state, self._state = self._state, None
        if hasattr(self, "_owner") and self._owner != os.getpid():
            return
        if state is not None:
            self._server.soon(state.end)
        if hasattr(self, "_server"):
            self._server.stop()
        if state is not None:
            state.close()
        if hasattr(self, "_private"):
            delete(self._private)

    @property
    def core(self) -> SiteState:
        """The running site's state, for tests."""
        if self._state is None:
            raise ConfigurationError("the local CoCalc is not running.", remedy="Call start().")
        return self._state

    @property
    def store(self) -> Database:
        """The database, for tests."""
        return self.core.database

    @property
    def requests(self) -> Counter[str]:
        """How many API requests came, by endpoint: `v1/ping`, `conat/hub:system.ping`."""
        return self.core.requests

    def create_project(self, title: str, files: Content | str | Path = ()) -> str:  # type: ignore[assignment]
        """A new project of the site's account with these files; its id."""
        project_id = self.core.projects.create(self.account_id, title, running=True)
        content = files if isinstance(files, Mapping) else Path(files) if files else {}
        self.core.projects.fill(project_id, content)
        self.projects[title] = project_id
        return project_id

    def create_account(
        self, first: str, last: str, email: str, password: str = "", *, admin: bool = False
    ) -> tuple[str, str]:
        """One more account: (its id, an API key of it)."""
        accounts = self.core.accounts
        password = password or secrets.token_urlsafe(12)
        account_id = accounts.create(first, last, email, password, admin=admin)
        return account_id, accounts.new_key(account_id)[1]

    def directory(self, project_id: str) -> Path:
        """Where a project's files lie."""
        return self.core.projects.root(project_id)

    def fault(self, name: str, on: bool | float = True) -> None:  # noqa: FBT001, FBT002 (a switch)
        """Switch a fault on or off, in open pages too; `local.state.faults.FAULTS` lists them.

        Args:
            name: the fault's name, e.g. `"late-done"`.
            on: True, False, or a number: seconds, or the share of requests that meet it.

        Raises:
            ConfigurationError: there is no fault of this name.
        """
        self.core.faults.set(name, on)
        if name == "server-gone":
            self._server.call(self._gone() if on else self._server.back())
        elif name == "bad-gateway" and on:
            self._server.call(self._unplugged())
        self._server.call(self.core.pages.know(_ATTENTION))

    def __enter__(self) -> LocalCoCalc:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            if name in _RUNNING:
                raise ConfigurationError(
                    f"the local CoCalc has no {name} before it is started.",
                    remedy="Call its start(), or write: with LocalCoCalc() as site: ...",
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        where = f"at {self.url}" if self._state is not None else "not running"
        return f"<LocalCoCalc {where}>"

    async def _unplugged(self) -> None:
        self.core.pages.close()

    async def _gone(self) -> None:
        self.core.pages.close()
        await self._server.gone()

    async def _make(self, home: Path) -> Application:
        state = self._state = SiteState(home, self._options, self._private)
        owner = make_owner(state, admin=self._admin)
        self.account_id, self.email = owner.account_id, owner.email
        self.password, self.api_key = owner.password, owner.api_key
        self.projects = {p["title"]: p["project_id"] for p in state.projects.of(self.account_id)}
        for title, inside in self._content.items():
            if title not in self.projects:
                self.create_project(title, inside)
        state.begin()
        return make_application(state)


def _folder(root: object) -> Path:
    try:
        folder = Path(root)  # type: ignore[arg-type]
    except TypeError:
        raise ConfigurationError(
            f"root must be the path of a folder, not {type(root).__name__}."
        ) from None
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(
            f"root must be a folder, and {str(folder)!r} is a file.",
            remedy="Name a folder, or leave root out for a temporary one.",
        )
    return folder


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
    else:
        if os.access(folder, os.W_OK | os.X_OK):
            return
        why = "it may not be written to"
    raise ConfigurationError(
        f"the folder {str(folder)!r} can't be used: {why}.",
        remedy="Name another root, or leave it out for a temporary one.",
    )


def _one_of(option: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        words = " or ".join(map(repr, known))
        raise ConfigurationError(f"{option} must be {words}, not {value!r}.")
