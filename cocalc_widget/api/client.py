"""Owns the public `Client`: accounts, tokens, files and commands; copying is in `copies`."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ..address import check_path, file_url, is_uuid, signed_url
from ..errors import CoCalcError, NotFoundError, ValidationError
from ..redact import Secret, discreet
from . import projects as naming
from .copies import Copies
from .dialects import detection as detect
from .dialects.endpoints import call_raw
from .dialects.spoken import Spoken, denies
from .files import Files, filled
from .framing import Framing, ask_framing
from .http.policy import check_seconds
from .http.secrets import hidden, sealed, sealed_args
from .http.transport import Transport
from .log import Log, check_since, read_log
from .results.values import Account, Ping, Project, Token, Whoami
from .standing import ASK_TIME, START_WAIT, Standing, standings
from .tokens import takes_token


class Client(Copies, Files):
    """CoCalc's HTTP API, of every generation, as one object. Safe between threads.

    Every method raises the errors of `cocalc_widget.errors`: `APIConnectionError`
    and `APITimeoutError` where no answer came, else the `APIError` for what the
    server said, in its own words. The arguments are those of `ClientBase`.
    """

    def ping(self) -> Ping:
        """Ask whether the server is there and takes the key.

        Returns:
            The server's clock.
        """
        return self._dialect.ping()

    def whoami(self) -> Whoami:
        """Whose key this is, where it was found, and what the server speaks."""
        person = self._dialect.person()
        return Whoami(
            account_id=person.account_id,
            email=person.email,
            name=person.name,
            host=self.host,
            api=self._dialect.name,
            generation=self._dialect.generation,
            key_source=self.key_source,
            project_id=person.project_id,
            api_source=detect.reason(self._api, self._dialect),
        )

    @property
    def account_id(self) -> str:
        """The account of the key (asked for once)."""
        if self._account_id is None:
            self._account_id = self.whoami().account_id
        return self._account_id

    def create_account(
        self,
        first_name: str,
        last_name: str,
        email_address: str,
        password: str | Secret,
        *,
        get_api_key: bool = False,
        token: str | Secret | None = None,
    ) -> Account:
        """Make an account. Calling it agrees to the terms of the site on its owner's behalf.

        On API v2 the e-mail address *and password* of an existing account give that
        account instead of an error (recording).

        Args:
            first_name: of its owner.
            last_name: of its owner.
            email_address: to sign in with.
            password: at least 6 characters (doc); some servers want more.
            get_api_key: also make a key for it (API v1 only).
            token: the registration token, where the site wants one.

        Raises:
            ValidationError: a field is refused; the message names it.
        """
        password = _secret(password)
        told: dict[str, str | Secret] = {
            "first_name": filled(first_name, "first_name"),
            "last_name": filled(last_name, "last_name"),
            "email_address": filled(email_address, "email_address"),
            "password": password,
        }
        if token is not None:
            told["token"] = _secret(token, "token")
        return self._dialect.create_account(told, get_api_key=get_api_key)

    def create_project(self, title: str, description: str = "", *, start: bool = False) -> str:
        """Make a project; returns its id. With `start` it is started at once."""
        return self._dialect.create_project(filled(title, "title"), description, start=start)

    def start_project(self, project: str | Project, *, timeout: float = START_WAIT) -> None:
        """Start a project and wait until it runs, which takes seconds. One that runs is left alone.

        Args:
            project: its id, the start of its id, or its title.
            timeout: seconds to wait at most.

        Raises:
            APITimeoutError: it does not run by then; it may still come up.
            PermissionDeniedError: it is somebody else's.
        """
        naming.check(project)
        check_seconds(timeout)
        self._dialect.start_project(self._project(project), timeout)

    def log(
        self,
        project: str | Project,
        since: datetime | timedelta | None = None,
        *,
        timeout: float | None = None,
    ) -> Log:
        """What happened in a project, newest first: which files were opened, by whom, how fast.

        It works wherever a key does, so also for what a browser shows in a tab.

        Args:
            project: its id, the start of its id, or its title.
            since: a time, or how long ago. Without it, CoCalc tells the last
                two months, up to 300 entries (source); before that, up to 7,500.
            timeout: seconds for the request; else that of every call.

        Raises:
            PermissionDeniedError: it is somebody else's.
        """
        when = check_since(since)
        limit = None if timeout is None else check_seconds(timeout)
        dialect = self._dialect if limit is None else self._speaks(limit)
        return read_log(dialect, self._project(project), when, timeout=limit)

    def standing(
        self,
        project_id: str | Project,
        path: str = "",
        *,
        timeout: float = ASK_TIME,
        usable: bool = False,
    ) -> Standing:
        """How a document stands: is its project mine, does it run, is its path a file?

        At most two small requests; one with `usable`. A stopped project stays so.

        Args:
            project_id: the project's id, the start of its id, or its title (one request more).
            path: of the document, in it; "" asks for the project only.
            timeout: seconds for all of it.
            usable: the project was seen usable a moment ago: ask for the path only.

        Returns:
            Always a value, within `timeout`: what could not be asked is "unknown",
            with the error beside it.

        Raises:
            ValidationError: nothing that names a project, or several; no text as path.
        """
        return self.standings(project_id, [path], timeout=timeout, usable=usable)[0]

    def standings(
        self,
        project_id: str | Project,
        paths: Iterable[str],
        *,
        timeout: float = ASK_TIME,
        usable: bool = False,
    ) -> list[Standing]:
        """How documents of one project stand: the same as `standing`, for many at once.

        No more requests than for one, as long as the paths come to less than 50 kB.

        Args:
            project_id: PROJECT: an id, the start of one, or a title.
            paths: of the documents, in it.
            timeout: seconds for all of it.
            usable: the project was seen usable a moment ago: ask for the paths only.

        Returns:
            Always a value for each path, in their order.

        Raises:
            ValidationError: nothing that names a project, or several; no texts as paths.
        """
        naming.check(project_id)
        if isinstance(paths, str) or not isinstance(paths, Iterable):
            kind = type(paths).__name__
            raise ValidationError(f"paths must be a list of strings, not {kind}.")
        paths = list(paths)
        for path in paths:
            if not isinstance(path, str):
                raise ValidationError(f"path must be a string, not {type(path).__name__}.")
        ends = time.monotonic() + check_seconds(timeout)
        try:
            dialect = self._speaks(timeout)
            project_id = self._project(project_id, max(0.001, ends - time.monotonic()))
        except ValidationError:
            raise
        except CoCalcError as error:
            strange = isinstance(error, NotFoundError) and error.status is None
            return [Standing("not mine" if strange else "unknown", error=error)] * len(paths)
        left = ends - time.monotonic()
        return standings(dialect, project_id, paths, timeout=left, usable=usable)

    def framing(self, *, timeout: float = ASK_TIME) -> Framing:
        """Who may show this CoCalc in a frame: its headers, raw. Nobody's key is sent.

        Raises:
            ServerError: no page there, or one on another origin.
            APIConnectionError: no answer within `timeout` (s).
        """
        return ask_framing(self._transport, check_seconds(timeout))

    def create_token(
        self,
        account: str | None = None,
        password: str | Secret | None = None,
        *,
        expire: datetime | None = None,
    ) -> Token:
        """Mint an auth token, which signs a browser in as that account.

        Args:
            account: an account_id or e-mail address; this key's account without it.
            password: of that account. Site admins may leave it out; on generation
                B also admins of an organization, for its members.
            expire: when it ends: on generation B, without a password. Else it
                ends after 12 hours; an organization's after 24 (source).

        Raises:
            AuthenticationError: wrong password.
            RateLimitError: after a wrong password, for 60 s; `retry_after` says so.
            PermissionDeniedError: generation B, no password, and nobody's admin.
            ValidationError: generation A, no password, and no site admin's key;
                or `expire` where it cannot be chosen.
        """
        password = None if password is None else _secret(password)
        if expire is not None:
            if not isinstance(expire, datetime):
                raise ValidationError(f"expire must be a datetime, not {type(expire).__name__}.")
            expire = _utc(expire)
        account = self.account_id if account is None else filled(account, "account").strip()
        token = self._dialect.create_token(account, password, expire)
        return replace(token, account=account.lower()) if is_uuid(account) else token

    def revoke_token(self, token: Token | Secret | str) -> None:
        """End a token before its time (generation B only), whichever way it was made.

        Raises:
            NotFoundError: generation A, whose tokens end by themselves.
            ValidationError: no token at all, or one of another host: it is not sent.
        """
        minted = token.minted if isinstance(token, Token) else None
        secret = token = self._own(token)
        self._dialect.revoke_token(secret, minted)

    def takes_token(self, token: Token | Secret | str, *, timeout: float = ASK_TIME) -> bool:
        """Whether a browser would be signed in by this token (generation B only).

        Its page answers the same to a frame either way, so this asks beforehand.

        Args:
            token: what `create_token` made, or a token as a string.
            timeout: seconds for the answer.

        Raises:
            ValidationError: no token at all, or one of another host: it is not sent.
            ServerError: the server has no page for that (generation A).
            APIConnectionError: no answer.
        """
        secret = token = self._own(token)
        # a transport of its own: this one's URL is a secret, and nothing of it is kept
        once = Transport(self.host, verify=self._transport.verify, retries=0, pool=1)
        try:
            return takes_token(once, secret, check_seconds(timeout))
        finally:
            once.close()

    def embed_url(
        self, project_id: str | Project, path: str, token: Token | Secret | str | None = None
    ) -> str:
        """The URL of a file's bare editor, for a frame or a tab. With a token it is a secret.

        It shows the file on both generations (recording). With a token, on generation
        A it signs in and shows the file; on generation B it signs in only: load
        `embed_url(project_id, path)` after it.

        Args:
            project_id: the project's id, the start of its id, or its title.
            path: of the file.
            token: what `create_token` made, or a token as a string.

        Raises:
            ValidationError: a path that can't be, or a token of another host.
            NotFoundError: no such project.
        """
        path = check_path(path)
        secret = token = None if token is None else self._own(token)
        url = file_url(self.host, self._project(project_id), path)
        if secret is None:
            return url
        return signed_url(url, secret.reveal(), self.generation, self.host)

    def call(self, name: str, *args: Any, **options: Any) -> Any:
        """Anything of the API, raw: the parsed answer, or its error. Never sent twice.

        Tokens, keys and passwords in an answer are strings that show themselves masked;
        `print`, `+` and JSON take their text.

        Args:
            name: an event of v1 (`"ping"`), a path of v2 (`"projects/copy-path"`), or,
                with a dot, a method of the conat bridge (`"projects.createProject"`).
            *args: for v1 and v2 one dict of parameters; for conat the arguments.
            **options: further parameters for v1 and v2. For conat: `project_id`
                calls that project's method, `timeout` is in seconds.
        """
        args, options = sealed_args(name, args), sealed(options)
        try:
            told = call_raw(self._caller, name, args, options, lambda: self.api)
        except NotFoundError as error:
            if denies(error) and isinstance(self._found, Spoken):
                self._found.reconsider()  # for the next call; this one is sent once
            raise
        return hidden(name, told)

    def _own(self, token: Token | Secret | str) -> Secret:
        """The secret in a token, which must not have been made by another host."""
        given = token if isinstance(token, Token) else None
        secret = token = token.secret if isinstance(token, Token) else _secret(token, "token")
        if not secret.reveal().strip():
            raise ValidationError("the token is blank.")
        home = given.host if given else secret.home
        if home and home != self.host:
            raise ValidationError(
                f"this token was made by {home}; it is not sent to {self.host}.",
                remedy="Use a client of that host, or make one here: client.create_token().",
            )
        return secret


def _utc(when: datetime) -> datetime:
    """The same time in UTC; a naive one is local, as everywhere in Python."""
    try:
        return when.astimezone(timezone.utc)
    except (OverflowError, OSError, ValueError):
        raise ValidationError(f"expire={when!r} is no time that a calendar has.") from None


def _secret(given: object, name: str = "password") -> Secret:
    # methods put it in the place of what was given: a traceback may show their arguments
    if isinstance(given, str):
        return Secret(given)
    if isinstance(given, Secret):
        return given
    raise ValidationError(f"{name} must be text, not {type(given).__name__}.")


def _hush(cls: type) -> None:
    # Every method, those of the bases too: what is asked may be a secret, and so may what is
    # answered, wherever that goes wrong.
    for name in dir(cls):
        method = inspect.getattr_static(cls, name)
        if not name.startswith("_") and inspect.isfunction(method):
            setattr(cls, name, discreet(method))


_hush(Client)
