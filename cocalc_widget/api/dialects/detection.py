"""Owns which API a host speaks: found out once, and again where the host contradicts it.

It may be upgraded at any time.
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any, Literal, cast

from ...errors import (
    APIError,
    APITimeoutError,
    AuthenticationError,
    CoCalcError,
    NotFoundError,
    ServerError,
)
from ...forking import Lock, new_lock
from .conat import DialectConat
from .v1 import DialectV1
from .v2 import DialectV2

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..http.transport import Transport
    from .calls import Caller
    from .interface import Dialect

Api = Literal["v1", "v2", "auto"]
Kind = type[DialectV1 | DialectV2]
ASK_TIME = 20.0  # s
SURE = 60.0  # s for which an answer that was asked for twice is not asked for a third time
_known: dict[tuple[str, str], Kind] = {}
_confirmed: dict[tuple[str, str], float] = {}  # on the monotonic clock
# one for each host: one that does not answer holds up nobody who asks another
_locks: dict[tuple[str, str], Lock] = {}
# what generation B says where there is no such page (recording: v1.gone.*)
_GONE = re.compile(r"<title>404 Page Not Found</title>")
# what does no harm when it is done twice; all else is left to whoever called
_REPEATABLE = {
    "copy_status",
    "list_copies",
    "person",
    "ping",
    "projects",
    "query",
    "read_text",
    "revoke_token",
    "start_project",
    "write_text",
}


def dialect_for(caller: Caller, api: Api, timeout: float = ASK_TIME) -> Dialect:
    """The dialect of a host: mostly one request for each host and process, none for `api="v1"`.

    The request carries no key: the answer tells the APIs apart either way, and
    a host that turns out to be something else has learnt nothing. Only an answer
    as it was recorded decides; after any other the host is asked again next time,
    and also where it contradicts later what was found.

    Raises:
        ServerError: the host answers like no CoCalc.
        APIConnectionError: it does not answer; APITimeoutError: not within `timeout` (s).
    """
    if api == "v1":
        return DialectV1(caller)
    where = (caller.transport.host, api)
    found = _known.get(where)
    if found is None:
        found = _find(caller.transport, where, timeout, lambda: _known.get(where))

    def again(before: Dialect, seconds: float | None) -> Dialect | None:
        usual = min(ASK_TIME, caller.transport.timeouts.total)
        limit = usual if seconds is None else min(usual, seconds)
        other = _doubt(caller.transport, where, type(before), limit)
        return None if other is None else other(caller)

    return spoken(found(caller), again)


def _find(
    transport: Transport, where: tuple[str, str], timeout: float, known: Callable[[], Kind | None]
) -> Kind:
    """Ask, or wait for whoever is asking the same host already; all within the timeout."""
    ends = time.monotonic() + timeout
    lock = _locks.setdefault(where, new_lock())
    late = APITimeoutError(
        f"what {transport.host} speaks was not known within {timeout:g} s: it does not answer.",
        endpoint="ping",
        remedy="Is the server up and reachable?",
    )
    if not lock.acquire(timeout=timeout):
        raise late
    try:
        found = known()
        if found is None:
            if time.monotonic() >= ends:
                raise late
            found = _known[where] = _ask(transport, where[1], ends)
        return found
    finally:
        lock.release()


def _doubt(transport: Transport, where: tuple[str, str], was: type, timeout: float) -> Kind | None:
    """What a host speaks now that contradicted what it was found to; None for nothing new."""

    def known() -> Kind | None:
        found = _known.get(where)
        sure = time.monotonic() < _confirmed.get(where, -SURE) + SURE
        return found if found is not was or sure else None

    try:
        found = _find(transport, where, timeout, known)
    except CoCalcError:  # of which nothing follows; the next one who asks may be told more
        _known.pop(where, None)
        return None
    _confirmed[where] = time.monotonic()
    return None if found is was else found


def reason(api: Api, dialect: Dialect) -> str:
    """How it is known which API a host speaks, as a sentence."""
    if api == "v1":
        return 'chosen by api="v1"; the server was not asked'
    if api == "auto" and dialect.name == "v1":
        return "the server answered at /api/v1"
    bridge = "with" if dialect.generation == "B" else "without"
    if api == "v2":
        return f'chosen by api="v2"; the server answered {bridge} the conat bridge'
    return "the server has no /api/v1 (404): API v2 with the conat bridge"


def forget() -> None:
    """Ask every host again (after an upgrade of a server, and in tests)."""
    _known.clear()
    _confirmed.clear()


def _ask(transport: Transport, api: str, ends: float) -> Kind:
    if api == "v2":
        bridge = _Answer(transport, "/api/conat/hub", ends)
        if bridge.is_api:
            return DialectConat
        if bridge.missing and _Answer(transport, "/api/v1/ping", ends).is_api:
            return DialectV2  # generation A, which has no bridge
        raise bridge.error()
    first = _Answer(transport, "/api/v1/ping", ends)
    if first.is_api:
        return DialectV1
    if first.is_gone:
        return DialectConat
    # any server can say 404, one that is starting too: what is there instead?
    if first.missing and _Answer(transport, "/api/conat/hub", ends).is_api:
        return DialectConat
    raise first.error()


class _Answer:
    """What a host answers to a ping of one API, without a key."""

    def __init__(self, transport: Transport, path: str, ends: float) -> None:
        self._host, self._endpoint = transport.host, path.removeprefix("/api/")
        body: dict[str, object] = {} if "v1" in path else {"name": "system.ping", "args": []}
        left = max(0.0, ends - time.monotonic())
        reply = self._reply = transport.request(
            "POST",
            path,
            endpoint=self._endpoint,
            body=body,
            idempotent=True,
            timeout=left,
            auth="none",
        )
        self.missing = reply.status == 404
        self.is_gone = (
            self.missing and "html" in reply.content_type and _GONE.search(reply.text) is not None
        )

    @property
    def is_api(self) -> bool:
        """Whether it is that of a CoCalc (recording): with a clock, or a refusal in words."""
        if self._reply.status not in (200, 400) or "json" not in self._reply.content_type:
            return False
        try:
            body = json.loads(self._reply.text)
        except (ValueError, RecursionError):
            return False
        if self._endpoint == "conat/hub":
            return True  # results are bare there
        return isinstance(body, dict) and ("now" in body or isinstance(body.get("error"), str))

    def error(self) -> APIError:
        """Why nothing follows from it."""
        status, host, endpoint = self._reply.status, self._host, self._endpoint
        if status in (401, 403):
            return AuthenticationError(
                f"{host} wants a sign-in before it lets anything through to its API.",
                endpoint=endpoint,
                status=status,
            )
        if status in (429, 500, 502, 503, 504):
            return ServerError(
                f"{host} cannot say which API it speaks yet (HTTP {status} to `{endpoint}`).",
                endpoint=endpoint,
                status=status,
                remedy="It may be starting, or be busy. Try again in a moment: it is asked anew.",
            )
        return ServerError(
            f"{host} answers like no CoCalc (HTTP {status} to `{endpoint}`).",
            endpoint=endpoint,
            status=status,
            remedy='Is the host right? If so, try again, or choose api="v1" or "v2".',
        )


class Spoken:
    """A dialect that is asked for again when the server has no such API (any more).

    Args:
        now: the dialect found first.
        again: asks the server which it is, within some seconds at most (None: the
            usual time): the new one; None where nothing new is known.
    """

    def __init__(
        self, now: Dialect, again: Callable[[Dialect, float | None], Dialect | None]
    ) -> None:
        self._now, self._again = now, again

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self._now, name)
        if not callable(found):
            return found

        def call(*args: Any, **options: Any) -> Any:
            before = self._now
            try:
                return getattr(before, name)(*args, **options)
            except NotFoundError as error:
                if not denies(error) or not self.reconsider(before, options.get("timeout")):
                    raise
                refused = error
            if name in _REPEATABLE:
                return getattr(self._now, name)(*args, **options)
            refused.advise(
                "The server speaks another API since it was asked, an upgrade perhaps. Nothing "
                f"was done: try again, it is called by API {self._now.name} now."
            )
            raise refused

        return call

    def reconsider(self, before: Dialect | None = None, timeout: float | None = None) -> bool:
        """Ask the server again what it speaks; returns whether that is something else now."""
        before = before or self._now
        if self._now is before and (other := self._again(before, timeout)) is not None:
            self._now = other
        return self._now is not before


def spoken(now: Dialect, again: Callable[[Dialect, float | None], Dialect | None]) -> Dialect:
    """The dialect, which becomes another one where the server contradicts it."""
    return cast("Dialect", Spoken(now, again))


def denies(error: NotFoundError) -> bool:
    """Whether there is no such API: a page says so, not the API itself."""
    return error.status == 404 and isinstance(error.body, str)
