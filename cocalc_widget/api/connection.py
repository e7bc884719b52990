"""Owns what every part of the client stands on: host, key, dialect, projects by name."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, get_args

from .. import config
from ..address import Address, is_uuid, parse_address
from ..errors import ConfigurationError, NotFoundError, ValidationError
from ..forking import new_lock
from ..redact import discreet
from .dialects import detection as detect
from .dialects.calls import Caller, call_raw
from .http.secrets import hidden, sealed, sealed_args
from .http.session import check_ca
from .http.timeouts import check_timeout
from .http.transport import Transport
from .results import projects as naming
from .results.projects import Project, Projects

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike

    from ..redact import Secret
    from .dialects.interface import Dialect


class Connection:
    """A host and a key, and the dialect that is spoken with them. Safe between threads.

    The arguments are those of `Client`.

    Attributes:
        api: as it was asked for: "v1", "v2", or "auto".
        key_source: where the key was found; "" without a key.
        transport: the exchange with the host.
        caller: the raw calls over it.
        found: the dialect, None until it is needed.
        titles: of projects by their ids, where no two have the same.

    Raises:
        ConfigurationError: a setting that cannot be right; nothing was sent.
    """

    @discreet
    def __init__(
        self,
        api_key: Secret | None,
        host: str | None,
        *,
        api: detect.Api,
        timeout: float | tuple[float, float] | None,
        retries: int,
        verify: bool | str | PathLike[str],
        allow_http: bool,
    ) -> None:
        if api not in get_args(detect.Api):
            raise ConfigurationError(f"api must be 'v1', 'v2' or 'auto', not {api!r}.")
        if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
            raise ConfigurationError(f"retries must be a number from 0 on, not {retries!r}.")
        verify = check_ca(verify)
        given = config.resolve(api_key, host, allow_http=allow_http)
        self.api: detect.Api = api
        self.key_source = given.source
        self.transport = Transport(
            given.host,
            given.api_key,
            timeouts=check_timeout(timeout),
            retries=retries,
            verify=verify,
        )
        self.caller = Caller(self.transport, given.source)
        self.found: Dialect | None = None
        self.titles: dict[str, str] = {}
        self._lock = new_lock()

    @property
    def host(self) -> str:
        """The server, as `https://host[:port][/base]`."""
        return self.transport.host

    @property
    def dialect(self) -> Dialect:
        """What the host speaks, which it may have to be asked for."""
        return self.speaks()

    def speaks(self, timeout: float = detect.ASK_TIME) -> Dialect:
        """The dialect, within so many seconds; it takes no longer than a call may."""
        if self.found is None:
            timeout = min(timeout, self.transport.timeouts.total)
            found = detect.dialect_for(self.caller, self.api, timeout)
            with self._lock:
                self.found = self.found or found
        return self.found

    def why(self) -> str:
        """How it is known what the host speaks, as a sentence."""
        return detect.reason(self.api, self.dialect)

    def customize(self, *, timeout: float | None = None) -> dict[str, Any]:
        """What the server tells about itself; no fields where it tells nothing."""
        told = self.caller.page("/customize", timeout=timeout)
        found = told.get("configuration") if isinstance(told, dict) else None
        return found if isinstance(found, dict) else {}

    def projects(self, timeout: float | None = None) -> Projects:
        """The projects this key can use; their titles are remembered."""
        found = Projects(self.dialect.projects(timeout=timeout))
        counts = Counter(project.title for project in found)
        self.titles = {p.project_id: p.title for p in found if p.title and counts[p.title] == 1}
        return found

    def project_id(self, project: str | Project, timeout: float | None = None) -> str:
        """The id of a project, given by its id, the beginning of it, or its title."""
        name = naming.check(project)
        return name if is_uuid(name) else naming.find(name, self.projects(timeout))

    def locate(self, address: str | Address) -> Address:
        """Where `PROJECT:PATH` leads: the same with the project's id."""
        place = parse_address(address)
        return naming.located(place, self.known([place]))

    def known(self, places: Iterable[Address]) -> Sequence[Project]:
        """The projects that these addresses may mean; listed where one has no id."""
        return [] if all(is_uuid(place.project) for place in places) else self.projects()

    def call(self, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Anything of the API, raw, with its secrets masked; sent once."""
        args, options = sealed_args(name, args), sealed(options)
        try:
            told = call_raw(self.caller, name, args, options, lambda: self.dialect.name)
        except NotFoundError as error:
            if detect.denies(error) and isinstance(self.found, detect.Spoken):
                self.found.reconsider()  # for the next call; this one is sent once
            raise
        return hidden(name, told)


def filled(value: object, name: str) -> str:
    """An argument that is text and not empty, or `ValidationError`."""
    if not isinstance(value, str) or not value.strip():
        raise ValidationError(f"{name} must be text that is not empty.")
    return value
