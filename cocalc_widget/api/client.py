"""Owns the public `Client`: all that it offers, method by method.

How each is done stands in a room beside it: accounts, files, code, copies, log, standing, framing.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from ..address import check_path, file_url, signed_url
from ..redact import Secret, discreet
from . import accounts, code, files
from .connection import Connection, filled
from .copies import Copies
from .dialects.starting import START_WAIT
from .framing import Framing, ask_framing
from .http.timeouts import check_seconds
from .log import Log, read_log
from .results import projects as naming
from .results.values import Token
from .standing import ASK_TIME, Standing, standings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta
    from os import PathLike
    from pathlib import Path

    from ..address import Address, Generation
    from .copying.batch import CopyBatch
    from .dialects.detection import Api
    from .results.jobs import CopyJob, CopyJobs
    from .results.projects import Project, Projects
    from .results.values import Account, ExecResult, Ping, Whoami

_C = TypeVar("_C", bound="Client")


class Client:
    """CoCalc's HTTP API, of every generation, as one object. Safe between threads.

    Every method raises the errors of `cocalc_widget.errors`: `APIConnectionError`
    and `APITimeoutError` where no answer came, else the `APIError` for what the
    server said, in its own words.

    Args:
        api_key: the key; without it login → `COCALC_API_KEY` → stored file → `api.key`.
        host: the server; without it the latest login → `COCALC_HOST` → (without
            `api_key`) the only one with a stored key → cocalc.com.
        api: "v1", "v2" (with the conat bridge where there is one), or "auto":
            asks the host once per process, and again where it contradicts that.
        timeout: seconds for a call with all its retries, or (connect, call). A
            copy on a server without a queue gets 300 s unless this is given.
        retries: how often a call without side effects is tried again.
        verify: as in requests: True, False, or a CA file (or a folder of them).
        allow_http: send the key to a host that is not loopback unencrypted.

    Raises:
        ConfigurationError: a setting that cannot be right; nothing was sent.
    """

    @discreet  # twice: an exception may come while the inner one forgets another
    @discreet
    def __init__(
        self,
        api_key: str | Secret | None = None,
        *,
        host: str | None = None,
        api: Api = "auto",
        timeout: float | tuple[float, float] | None = None,
        retries: int = 2,
        verify: bool | str | PathLike[str] = True,
        allow_http: bool = False,
    ) -> None:
        if isinstance(api_key, str):
            api_key = Secret(api_key)  # in the place of what was given
        self._connection = Connection(
            api_key,
            host,
            api=api,
            timeout=timeout,
            retries=retries,
            verify=verify,
            allow_http=allow_http,
        )
        self._copies = Copies(self._connection)
        self._account_id: str | None = None

    @property
    def host(self) -> str:
        """The server, as `https://host[:port][/base]`."""
        return self._connection.host

    @property
    def verify(self) -> bool | str:
        """How its certificate is checked, as in requests."""
        return self._connection.transport.verify

    @property
    def key_source(self) -> str:
        """Where the key was found; "" without a key."""
        return self._connection.key_source

    @property
    def generation(self) -> Generation:
        """Which generation of CoCalc this is: "A" (API v1) or "B" (conat)."""
        return self._connection.dialect.generation

    @property
    def api(self) -> str:
        """The API in use: "v1" or "v2"."""
        return self._connection.dialect.name

    def ping(self) -> Ping:
        """Ask whether the server is there and takes the key.

        Returns:
            The server's clock.
        """
        return self._connection.dialect.ping()

    def whoami(self) -> Whoami:
        """Whose key this is, where it was found, and what the server speaks."""
        return accounts.whoami(self._connection)

    @property
    def account_id(self) -> str:
        """The account of the key (asked for once)."""
        if self._account_id is None:
            self._account_id = self.whoami().account_id
        return self._account_id

    def customize(self) -> dict[str, Any]:
        """What the server tells about itself without a sign-in (`GET /customize`, recording)."""
        return self._connection.customize()

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
        password = accounts.secret_of(password)
        token = None if token is None else accounts.secret_of(token, "token")
        names = {"first_name": first_name, "last_name": last_name, "email_address": email_address}
        return accounts.create_account(
            self._connection, names, password, token, get_api_key=get_api_key
        )

    def projects(self) -> Projects:
        """The projects this key can use.

        Raises:
            APIError: as every call; see `errors`.
        """
        return self._connection.projects()

    def resolve(self, project: str | Project) -> str:
        """The id of a project, given by its id, the beginning of it, or its title.

        An id costs no request; else the projects are listed.

        Raises:
            NotFoundError: no such project.
            ValidationError: more than one, or nothing that can name one.
        """
        return self._connection.project_id(project)

    def locate(self, address: str | Address) -> Address:
        """Where `PROJECT:PATH` leads: the same with the project's id.

        A title may hold colons: it ends where there is a project of that title.

        Raises:
            NotFoundError: no such project.
            ValidationError: not an address, or more than one project is meant.
        """
        return self._connection.locate(address)

    def create_project(self, title: str, description: str = "", *, start: bool = False) -> str:
        """Make a project; returns its id. With `start` it is started at once."""
        title = filled(title, "title")
        return self._connection.dialect.create_project(title, description, start=start)

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
        project_id = self._connection.project_id(project)
        self._connection.dialect.start_project(project_id, timeout)

    def read_text(self, project_id: str | Project, path: str) -> str:
        """The content of a text file.

        Args:
            project_id: the project's id, the start of its id, or its title.
            path: of the file, relative to the project's home.

        Raises:
            NotFoundError: no such file, or no such project.
            ValidationError: a folder, or not text; a bad path.
        """
        return files.read_text(self._connection, project_id, path)

    def write_text(self, project_id: str | Project, path: str, text: str) -> None:
        """Write a whole text file, of any size; folders are made as needed.

        Args:
            project_id: the project's id, the start of its id, or its title.
            path: of the file, relative to the project's home.
            text: all that is to be in it.

        Raises:
            NotFoundError: no such project.
            ValidationError: the path is a folder; a bad path; no text.
        """
        files.write_text(self._connection, project_id, path, text)

    def exec(
        self,
        project_id: str | Project,
        command: str,
        args: Sequence[str] | None = None,
        *,
        path: str = "",
        timeout: float = code.EXEC_TIME,
        env: dict[str, str] | None = None,
        check: bool = False,
    ) -> ExecResult:
        """Run a command in a project; starts the project if needed. Never sent twice.

        Args:
            project_id: the project's id, the start of its id, or its title.
            command: a line for bash; or, with `args`, a program.
            args: the program's arguments.
            path: the folder to run in, relative to the project's home.
            timeout: seconds until the server kills it.
            env: environment variables to add.
            check: raise if the exit code is not 0.

        Returns:
            Its output, of each stream at most 10,000,000 characters (`truncated` tells of
            more), and its exit code.

        Raises:
            NotFoundError: no such program, folder or project.
            PermissionDeniedError: a program that may not be run, or somebody else's project.
            APIError: with `check`, the command failed; its stderr is in the message.
            ServerError: killed at its timeout.
        """
        return code.execute(
            self._connection,
            project_id,
            command,
            args,
            path=path,
            timeout=timeout,
            env=env,
            check=check,
        )

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
        return read_log(self._connection, project, since, timeout=timeout)

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
        return standings(self._connection, project_id, paths, timeout=timeout, usable=usable)

    def framing(self, *, timeout: float = ASK_TIME) -> Framing:
        """Who may show this CoCalc in a frame: its headers, raw. Nobody's key is sent.

        Raises:
            ServerError: no page there, or one on another origin.
            APIConnectionError: no answer within `timeout` (s).
        """
        return ask_framing(self._connection.transport, check_seconds(timeout))

    def copy(
        self,
        src: str | Address,
        *targets: str | Address | Project | Path | Iterable[Any],
        wait: bool | float = True,
        overwrite_newer: bool = False,
        delete_missing: bool = False,
        backup: bool = False,
        exclude: str | Iterable[str] = (),
        timeout: float | None = None,
        scheduled: datetime | str | None = None,
        concurrency: int = 16,
        progress: bool | None = None,
        check: bool = False,
    ) -> CopyBatch:
        """Copy a file or folder to other projects, each once.

        PROJECT is an id, the start of one, or a title. All is checked before
        anything is sent. A copy whose answer got lost is never sent again by itself.

        Args:
            src: `"PROJECT:path"`.
            *targets: `"PROJECT"` (same path), `"PROJECT:path"`, a `Project`, lists of
                these, or a CSV file with a column of them: its `Path`, or its name
                where that ends in `.csv`. Its first row names the columns: `project_id`,
                `project` or `target`, and `path` if there are paths; it may be left out
                where the only column is that of projects.
            wait: until all have ended; a number is the longest wait in seconds.
                False returns as soon as the server has them all; on a server without
                a queue after half a second: threads of this process go on with what
                is not made by then, and the batch shows how they get on.
            overwrite_newer: overwrite files that are newer in the target.
            delete_missing: delete what is only in the target. Dangerous.
            backup: keep what is overwritten, renamed with a `~`.
            exclude: patterns of rsync (API v1).
            timeout: seconds the server gives each copy; one without a queue is
                waited for so much longer.
            scheduled: copy at that time (API v1 with a queue, as cocalc.com had);
                local time unless it has a zone.
            concurrency: requests at a time.
            progress: a bar; None shows one for several targets, to a person only.
            check: then compare hashes on both sides, so that `done` means seen to have
                arrived; see `CopyBatch.check`.

        Returns:
            The batch; `last_copy` keeps it too. Failures of single targets are in
            its `failed`, with their errors.

        Raises:
            APIError: the only copy failed, or all did in the same definite way.
            APITimeoutError: not all have ended in time; they go on.
            ValidationError: refused before anything was sent.
        """
        return self._copies.copy(
            src,
            targets,
            {
                "overwrite_newer": overwrite_newer,
                "delete_missing": delete_missing,
                "backup": backup,
                "exclude": exclude,
                "timeout": timeout,
                "scheduled": scheduled,
            },
            wait=wait,
            concurrency=concurrency,
            progress=progress,
            check=check,
        )

    @property
    def last_copy(self) -> CopyBatch | None:
        """The batch that `copy` made last, also where it was interrupted; None before the first."""
        return self._copies.last

    @last_copy.setter
    def last_copy(self, batch: CopyBatch | None) -> None:
        self._copies.last = batch

    def copy_status(self, copy_id: str | CopyJob) -> CopyJob:
        """How a copy is getting on.

        Args:
            copy_id: the id of a job, or the job.

        Raises:
            NotFoundError: no such job: cancelled, or never there.
            ValidationError: an empty id: that copy was done when it was asked for.
        """
        return self._copies.status(copy_id)

    def cancel_copy(self, copy_id: str | CopyJob) -> None:
        """Cancel a copy that is scheduled and not yet done (API v1).

        Raises:
            NotFoundError: no such job, or it is done; or this server can't cancel.
        """
        self._copies.cancel(copy_id)

    def copies(
        self,
        src: str | Address | None = None,
        target: str | Address | None = None,
        *,
        limit: int = 1000,
    ) -> CopyJobs:
        """The copy jobs the server knows, pending ones first (API v1).

        Args:
            src: `"PROJECT"` or `"PROJECT:path"` copied from.
            target: `"PROJECT"` copied to.
            limit: how many of each at most, up to 1000.

        Raises:
            ValidationError: neither source nor target.
            NotFoundError: this server does not list copies.
        """
        return self._copies.listed(src, target, limit=limit)

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
        password = None if password is None else accounts.secret_of(password)
        until = accounts.check_expire(expire)
        whose = self.account_id if account is None else account
        return accounts.create_token(self._connection, whose, password, until)

    def revoke_token(self, token: Token | Secret | str) -> None:
        """End a token before its time (generation B only), whichever way it was made.

        Raises:
            NotFoundError: generation A, whose tokens end by themselves.
            ValidationError: no token at all, or one of another host: it is not sent.
        """
        minted = token.minted if isinstance(token, Token) else None
        secret = token = accounts.own_token(token, self.host)
        self._connection.dialect.revoke_token(secret, minted)

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
        secret = token = accounts.own_token(token, self.host)
        return accounts.takes_token(self._connection, secret, check_seconds(timeout))

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
        secret = token = None if token is None else accounts.own_token(token, self.host)
        url = file_url(self.host, self._connection.project_id(project_id), path)
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
        return self._connection.call(name, args, options)

    def close(self) -> None:
        """Close the connections that are kept open. The client can still be used."""
        self._connection.transport.close()

    def __enter__(self: _C) -> _C:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        connection = getattr(self, "_connection", None)
        if connection is None:  # a traceback may show one that is half made
            return f"<{type(self).__name__}, not made completely>"
        key = connection.transport.key or "none"
        return f"<{type(self).__name__} {connection.host}, key {key}>"


def _hush(cls: type) -> None:
    # Every method: what is asked may be a secret, and so may what is
    # answered, wherever that goes wrong.
    for name in dir(cls):
        method = inspect.getattr_static(cls, name)
        if not name.startswith("_") and inspect.isfunction(method):
            setattr(cls, name, discreet(method))


_hush(Client)
