"""Owns one call on each of CoCalc's APIs: which URL, which body, which reading of the answer.

`Caller` has a method for each API; `call_raw` finds out which one a bare name belongs to.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...address import check_uuid
from ...errors import AuthenticationError, NotFoundError, ValidationError
from ...redact import discreet
from ..http.answers import Kind, read, unexpected
from ..http.messages import encode
from ..http.secrets import minted_in, secrets_in
from ..http.timeouts import check_seconds, http_date, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..http.messages import Reply
    from ..http.transport import Transport

JSON_LIMIT = 100_000  # bytes; the servers of generation A take 100 kB (recording)
FORM_LIMIT = 1_000_000  # bytes; and 1 MB of a form
BRIDGE_EXTRA = 5.0  # s that the bridge may take longer than the work behind it
# what begins so is known to the hub alone (recording); `system.` and `jupyter.` to both
_HUB = ("projects", "db", "org", "messages", "purchases")


@dataclass(slots=True)
class Caller:
    """The raw calls, shared by all dialects.

    Attributes:
        transport: the exchange with the host.
        key_source: where the key was found, for the remedy of a refused one.
        clock: the server's clock when it last answered, and ours (monotonic) then.
        date: that clock as the server wrote it.
    """

    transport: Transport
    key_source: str = ""
    clock: tuple[float, float] | None = None
    date: str = ""

    @discreet
    def v1(
        self,
        event: str,
        params: dict[str, Any],
        *,
        idempotent: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """`POST /api/v1/<event>`; JSON, or a form where only that is large enough."""
        data, _ = encode(params)
        form = False
        if len(data) > JSON_LIMIT and all(isinstance(it, str) for it in params.values()):
            as_form, _ = encode(params, form=True)
            form = len(as_form) <= FORM_LIMIT
            data = as_form if form else data
        reply = self.transport.request(
            "POST",
            f"/api/v1/{event}",
            endpoint=event,
            body=data,
            form=form,
            idempotent=idempotent,
            timeout=timeout,
        )
        body = self._read(reply, event, "v1", params)
        if not isinstance(body, dict):
            raise unexpected(event, body, "event")
        return body

    @discreet
    def v2(
        self,
        path: str,
        params: dict[str, Any],
        *,
        idempotent: bool = False,
        timeout: float | None = None,
        key: bool = True,
    ) -> Any:
        """`POST /api/v2/<path>`, always as JSON: in a form `false` would be true."""
        reply = self.transport.request(
            "POST",
            f"/api/v2/{path}",
            endpoint=path,
            body=params,
            idempotent=idempotent,
            timeout=timeout,
            auth="basic" if key else "none",
        )
        return self._read(reply, path, "v2", params)

    @discreet
    def conat(
        self,
        name: str,
        args: list[Any],
        *,
        project_id: str | None = None,
        idempotent: bool = False,
        timeout: float | None = None,
        extra: float = BRIDGE_EXTRA,
        project: bool = False,
    ) -> Any:
        """A method behind the conat bridge: of the hub, or of a project.

        Args:
            name: with a dot, as `"projects.createProject"`.
            args: its arguments.
            project_id: calls the method of that project.
            idempotent: whether sending it twice does no harm.
            timeout: seconds the work may take; the bridge is told, since it
                gives up after 15 s otherwise though the work goes on (source).
            extra: seconds that the answer may come later than that; 0 where
                the caller's own deadline is hard.
            project: calls the project's method without an id, as the key of a
                project implies it (source).
        """
        seconds = self.transport.timeouts.total if timeout is None else timeout
        body: dict[str, Any] = {"name": name, "args": args, "timeout": int(seconds * 1000)}
        if project_id is not None:
            body["project_id"] = project_id
        where = "project" if project or project_id is not None else "hub"
        reply = self.transport.request(
            "POST",
            f"/api/conat/{where}",
            endpoint=name,
            body=body,
            idempotent=idempotent,
            timeout=seconds + extra,
        )
        return self._read(reply, name, "conat", args)

    @discreet
    def page(self, path: str, *, timeout: float | None = None) -> Any:
        """`GET` a page that needs no key; parsed where it is JSON."""
        reply = self.transport.request(
            "GET",
            path,
            endpoint=path.partition("?")[0],
            idempotent=True,
            timeout=timeout,
            auth="none",
        )
        return self._read(reply, path.partition("?")[0], "page", None)

    def server_time(self) -> float | None:
        """The server's clock now, in seconds since 1970, to a second or so."""
        if self.clock is None:
            return None
        return self.clock[0] + time.monotonic() - self.clock[1]

    def _read(self, reply: Reply, endpoint: str, kind: Kind, sent: object) -> Any:
        self._note_time(reply)
        secrets = (self.transport.key, *secrets_in(sent), *minted_in(endpoint, reply.text))
        try:
            return read(
                reply.status,
                reply.content_type,
                reply.text,
                endpoint=endpoint,
                kind=kind,
                host=self.transport.place,
                retry_after=retry_after(reply.headers, time.time()),
                secrets=secrets,
            )
        except AuthenticationError as error:
            if error.remedy.startswith("Check the API key"):
                error.advise(self._key_remedy())
            raise

    def _key_remedy(self) -> str:
        if self.transport.key is None:
            return (
                "No API key was found for this host: give one, Client(api_key=...), or log in by "
                "%cocalc login."
            )
        if not self.transport.key:
            return "The API key given is blank."
        source = self.key_source
        source = "the argument" if source in ("", "argument") else source
        return (
            f"This server does not know the key {self.transport.key}, which came from {source}: "
            "log in again by %cocalc login --ask, or make a new key in the account's settings."
        )

    def _note_time(self, reply: Reply) -> None:
        date = reply.headers.get("date", "")
        if date == self.date:
            return  # within the same second as the last one, which came nearer to its start
        told = http_date(date)
        if told is None:
            return
        self.date, self.clock = date, (told, time.monotonic())


def call_raw(
    caller: Caller,
    name: object,
    args: tuple[Any, ...],
    options: dict[str, Any],
    api: Callable[[], str],
) -> Any:
    """Call what a name stands for: `event` (v1), `some/path` (v2), `some.method` (conat).

    A single word belongs to the API in use; `api/v1/...` and `api/v2/...` say it.

    Raises:
        ValidationError: no such form of name, or arguments that do not fit it.
    """
    if not isinstance(name, str) or not name.strip("/ ") or any(c in name for c in "?#%\\ "):
        raise ValidationError(f"{name!r} is no name of an API call.")
    name = name.strip("/")
    if name.startswith("api/conat"):
        raise ValidationError(
            f"{name!r} is where the bridge is, not a method of it.",
            remedy='Name the method: client.call("system.ping"), with project_id= for one of a '
            "project.",
        )
    for start, kind in (("api/v1/", "v1"), ("api/v2/", "v2")):
        if name.startswith(start):
            return _post(caller, kind, name.removeprefix(start), args, options)
    if "." in name and "/" not in name:
        return _bridge(caller, name, args, dict(options))
    if "/" in name or "-" in name:
        return _post(caller, "v2", name, args, options)
    return _post(caller, api(), name, args, options)


def _post(
    caller: Caller, kind: str, name: str, args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    if ".." in name.split("/"):
        raise ValidationError(f"{name!r} is no name of an API call.")
    if len(args) > 1 or (args and not isinstance(args[0], dict)):
        raise ValidationError(f"`{name}` takes one dict of parameters, or keywords.")
    params = {**(args[0] if args else {}), **options}
    return caller.v1(name, params) if kind == "v1" else caller.v2(name, params)


def _bridge(caller: Caller, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    project_id, timeout = options.pop("project_id", None), options.pop("timeout", None)
    if options:
        raise ValidationError(
            f"`{name}` takes its arguments by position; {', '.join(options)} is unknown.",
            remedy="Options of the bridge are project_id and timeout (s).",
        )
    if project_id is not None:
        if name.partition(".")[0] in _HUB:
            # the project would be started by it, and then not know it
            raise ValidationError(
                f"`{name}` is a method of the hub, and project_id= calls one of the project.",
                remedy=f'Give the id as an argument: client.call("{name}", '
                f'{{"project_id": {str(project_id)!r}}}).',
            )
        check_uuid(project_id)
    if timeout is not None:
        check_seconds(timeout)
    try:
        return caller.conat(name, list(args), project_id=project_id, timeout=timeout)
    except NotFoundError as error:
        if "unknown function" in error.message and not error.remedy:
            there = "project" if project_id is not None else "hub"
            other = "leave project_id= out" if project_id is not None else "add project_id=ID"
            error.advise(f"The {there} has no such method; to ask the other side, {other}.")
        raise
