"""Owns finding out which API a host speaks: asked once, remembered for the process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from ..errors import APITimeoutError, AuthenticationError, ServerError
from ..forking import Lock, new_lock
from .dialect_conat import DialectConat
from .dialect_v1 import DialectV1
from .dialect_v2 import DialectV2

if TYPE_CHECKING:
    from .caller import Caller
    from .dialect import Dialect
    from .transport import Transport

Api = Literal["v1", "v2", "auto"]
ASK_TIME = 20.0  # s
_known: dict[tuple[str, str], type[DialectV1 | DialectV2]] = {}
# one for each host: one that does not answer holds up nobody who asks another
_locks: dict[tuple[str, str], Lock] = {}


def dialect_for(caller: Caller, api: Api, timeout: float = ASK_TIME) -> Dialect:
    """The dialect of a host: one request for each host and process, none for `api="v1"`.

    The request carries no key: the answer tells the APIs apart either way, and
    a host that turns out to be something else has learnt nothing.

    Raises:
        ServerError: the host answers like no CoCalc.
        APIConnectionError: it does not answer; APITimeoutError: not within `timeout` (s).
    """
    if api == "v1":
        return DialectV1(caller)
    where = (caller.transport.host, api)
    found = _known.get(where)
    if found is None:
        ends = time.monotonic() + timeout
        lock = _locks.setdefault(where, new_lock())
        if not lock.acquire(timeout=timeout):
            raise APITimeoutError(
                f"what {caller.transport.host} speaks was not known within {timeout:g} s."
            )
        try:
            found = _known.get(where)
            if found is None:
                found = _ask(caller.transport, api, max(0.0, ends - time.monotonic()))
                _known[where] = found
        finally:
            lock.release()
    return found(caller)


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


def _ask(transport: Transport, api: Api, seconds: float) -> type[DialectV1 | DialectV2]:
    if api == "auto":
        if _is_api(transport, "/api/v1/ping", {}, seconds):
            return DialectV1
        return DialectConat
    body: dict[str, object] = {"name": "system.ping", "args": []}
    return DialectConat if _is_api(transport, "/api/conat/hub", body, seconds) else DialectV2


def _is_api(transport: Transport, path: str, body: dict[str, object], seconds: float) -> bool:
    """Whether something speaks JSON there; a page that says 404 means no (recording)."""
    endpoint = path.removeprefix("/api/")
    reply = transport.request(
        "POST", path, endpoint=endpoint, body=body, idempotent=True, timeout=seconds, auth="none"
    )
    if "json" in reply.content_type and reply.status < 500:
        return True
    if reply.status == 404:
        return False
    if reply.status in (401, 403):
        raise AuthenticationError(
            f"{transport.host} wants a sign-in before it lets anything through to its API.",
            endpoint=endpoint,
            status=reply.status,
        )
    raise ServerError(
        f"{transport.host} answers like no CoCalc (HTTP {reply.status} to `{endpoint}`).",
        endpoint=endpoint,
        status=reply.status,
        remedy='Is the host right? If so, try again, or choose api="v1" or "v2".',
    )
