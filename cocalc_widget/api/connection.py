"""Owns what every part of the client stands on: host, key, dialect, projects by name."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from .. import config
from ..address import Address, Generation, is_uuid, parse_address
from ..errors import ConfigurationError
from ..forking import new_lock
from ..redact import Secret, discreet
from . import projects as naming
from .dialects import detection as detect
from .dialects.caller import Caller
from .http.messages import check_ca
from .http.policy import check_timeout
from .http.transport import Transport
from .results.values import Project, Projects

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike

    from .dialects.interface import Dialect


_C = TypeVar("_C", bound="ClientBase")


class ClientBase:
    """Host and key, and the dialect that is spoken with them.

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
        api: detect.Api = "auto",
        timeout: float | tuple[float, float] | None = None,
        retries: int = 2,
        verify: bool | str | PathLike[str] = True,
        allow_http: bool = False,
    ) -> None:
        if isinstance(api_key, str):
            api_key = Secret(api_key)  # in the place of what was given
        if api not in get_args(detect.Api):
            raise ConfigurationError(f"api must be 'v1', 'v2' or 'auto', not {api!r}.")
        if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
            raise ConfigurationError(f"retries must be a number from 0 on, not {retries!r}.")
        verify = check_ca(verify)
        found = config.resolve(api_key, host, allow_http=allow_http)
        self._api: detect.Api = api
        self._key_source = found.source
        transport = Transport(
            found.host,
            found.api_key,
            timeouts=check_timeout(timeout),
            retries=retries,
            verify=verify,
        )
        self._transport = transport
        self._caller = Caller(transport, found.source)
        self._found: Dialect | None = None
        self._account_id: str | None = None
        self._titles: dict[str, str] = {}  # project id -> title, where no two have the same
        self._lock = new_lock()

    @property
    def host(self) -> str:
        """The server, as `https://host[:port][/base]`."""
        return self._transport.host

    @property
    def verify(self) -> bool | str:
        """How its certificate is checked, as in requests."""
        return self._transport.verify

    @property
    def key_source(self) -> str:
        """Where the key was found; "" without a key."""
        return self._key_source

    @property
    def generation(self) -> Generation:
        """Which generation of CoCalc this is: "A" (API v1) or "B" (conat)."""
        return self._dialect.generation

    @property
    def api(self) -> str:
        """The API in use: "v1" or "v2"."""
        return self._dialect.name

    @property
    def _dialect(self) -> Dialect:
        return self._speaks()

    def _speaks(self, timeout: float = detect.ASK_TIME) -> Dialect:
        """The dialect, which a host may have to be asked for; within so many seconds.

        It takes no longer than a call may.
        """
        if self._found is None:
            timeout = min(timeout, self._transport.timeouts.total)
            found = detect.dialect_for(self._caller, self._api, timeout)
            with self._lock:
                self._found = self._found or found
        return self._found

    def customize(self) -> dict[str, Any]:
        """What the server tells about itself without a sign-in (`GET /customize`, recording)."""
        told = self._caller.page("/customize")
        found = told.get("configuration") if isinstance(told, dict) else None
        return found if isinstance(found, dict) else {}

    def projects(self) -> Projects:
        """The projects this key can use.

        Raises:
            APIError: as every call; see `errors`.
        """
        return self._listed()

    def _listed(self, timeout: float | None = None) -> Projects:
        found = Projects(self._dialect.projects(timeout=timeout))
        counts = Counter(project.title for project in found)
        self._titles = {p.project_id: p.title for p in found if p.title and counts[p.title] == 1}
        return found

    def resolve(self, project: str | Project) -> str:
        """The id of a project, given by its id, the beginning of it, or its title.

        An id costs no request; else the projects are listed.

        Raises:
            NotFoundError: no such project.
            ValidationError: more than one, or nothing that can name one.
        """
        return self._project(project)

    def _project(self, project: str | Project, timeout: float | None = None) -> str:
        name = naming.check(project)
        return name if is_uuid(name) else naming.find(name, self._listed(timeout))

    def locate(self, address: str | Address) -> Address:
        """Where `PROJECT:PATH` leads: the same with the project's id.

        A title may hold colons: it ends where there is a project of that title.

        Raises:
            NotFoundError: no such project.
            ValidationError: not an address, or more than one project is meant.
        """
        place = parse_address(address)
        return naming.located(place, self._known([place]))

    def _known(self, places: Iterable[Address]) -> Sequence[Project]:
        """The projects that these addresses may mean; listed where one has no id."""
        return [] if all(is_uuid(place.project) for place in places) else self.projects()

    def close(self) -> None:
        """Close the connections that are kept open. The client can still be used."""
        self._transport.close()

    def __enter__(self: _C) -> _C:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        transport = getattr(self, "_transport", None)
        if transport is None:  # a traceback may show one that is half made
            return f"<{type(self).__name__}, not made completely>"
        return f"<{type(self).__name__} {transport.host}, key {transport.key or 'none'}>"
