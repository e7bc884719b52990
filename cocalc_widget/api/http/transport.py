"""Owns the HTTP exchange with one host: deadlines, retries, redirects, the key on the wire."""

from __future__ import annotations

import random
import time
from typing import Literal, NamedTuple

import requests
import urllib3

from ...address import origin_of
from ...errors import APIConnectionError, CoCalcError
from ...forking import on_fork
from ...redact import Secret, discreet, redact
from .connections import exchange
from .messages import Reply, encode
from .session import Route, make_route, make_session, renewed
from .timeouts import REDIRECTS, Timeouts, backoff, worth_retrying
from .unanswered import Call, explain, find_proxy, refuse_redirect, refused_by_proxy, target_of

Auth = Literal["basic", "bearer", "none"]
# a chunk of negative size, for one, is a bare ValueError of Python's own
_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)
ROUTES = 64  # ways that are kept, one for each endpoint


class _Request(NamedTuple):
    """What one request asks; the same for all its attempts and redirects."""

    method: str
    path: str
    data: bytes
    kind: str
    auth: Auth
    whole: bool


class Transport:
    """Sends requests to one host. Safe to share between threads, and to use after a fork.

    Args:
        host: as `address.normalize_host` gives it.
        key: the API key; sent as the user name of HTTP Basic with an empty
            password (doc), to this host only.
        timeouts: to connect, and overall.
        retries: how often a call without side effects is tried again.
        verify: as in requests: True, False or a CA file.
        pool: connections kept open.
    """

    def __init__(
        self,
        host: str,
        key: Secret | None = None,
        *,
        timeouts: Timeouts | None = None,
        retries: int = 2,
        verify: bool | str = True,
        pool: int = 32,
    ) -> None:
        self.host = host
        self.key = key
        self.timeouts = timeouts or Timeouts()
        self.retries = retries
        self.verify = verify
        self._pool = pool
        self._session = make_session(host, verify=verify, pool=pool)
        self._routes: dict[tuple[object, ...], Route] = {}
        on_fork(self)

    def after_fork(self) -> None:
        """Begin anew in a child: the connections are its parent's."""
        self._session = renewed(self._session, self._pool)
        self._routes = {}

    @discreet
    def request(
        self,
        method: str,
        path: str,
        *,
        endpoint: str,
        body: object = None,
        form: bool = False,
        idempotent: bool = False,
        timeout: float | None = None,
        auth: Auth = "basic",
        whole: bool = True,
    ) -> Reply:
        """Send one request and read its answer, whatever its status.

        Args:
            method: GET or POST.
            path: beginning with a slash, below the host.
            endpoint: its name in errors.
            body: to be sent as JSON, or form-encoded if `form`; bytes go as they are.
            form: whether to encode `body` (a mapping of strings) as a form.
            idempotent: whether sending it twice does no harm. Only then is it
                tried again after it may have reached the server.
            timeout: seconds for everything, instead of the transport's.
            auth: how the key travels; "none" leaves it out.
            whole: read the body of the answer, too, not only its head.

        Raises:
            APITimeoutError: no complete answer within the deadline.
            APIConnectionError: not reached, or the connection broke.
            ServerError: a redirect that is not followed.
        """
        seconds = self.timeouts.total if timeout is None else timeout
        ends = time.monotonic() + seconds
        data, kind = encode(body, form=form)
        what = _Request(method, path, data, kind, auth, whole)
        attempt = 0
        while True:
            outcome = self._attempt(what, endpoint, ends, seconds)
            unsent = isinstance(outcome, APIConnectionError) and not outcome.sent
            final = 400 <= exchange.refused < 500  # a proxy would say the same again
            again = not final and (unsent or (idempotent and worth_retrying(outcome)))
            wait = backoff(attempt, outcome, random.random(), time.time())  # noqa: S311
            if not again or attempt >= self.retries or time.monotonic() + wait >= ends:
                break
            time.sleep(wait)
            attempt += 1
        if isinstance(outcome, CoCalcError):
            raise outcome
        return outcome

    @property
    def place(self) -> str:
        """The host, and by which proxy it is called; for sentences."""
        call = self._call("")
        return call.host + call.through

    def close(self) -> None:
        """Close the connections kept open."""
        self._routes.clear()
        self._session.close()

    def _attempt(
        self, what: _Request, endpoint: str, ends: float, seconds: float
    ) -> Reply | CoCalcError:
        # One try. Returned, not raised: an error raised inside `except` would
        # carry requests' own, whose frames hold the key.
        exchange.begin(ends - time.monotonic())
        try:
            return self._follow(what, endpoint)
        except KeyboardInterrupt:
            cause = "interrupted"
        except urllib3.exceptions.NewConnectionError as error:  # counts as a TimeoutError too
            cause = f"broken: {error}"
        except (urllib3.exceptions.TimeoutError, TimeoutError):
            cause = "timeout"
        except urllib3.exceptions.SSLError as error:
            cause = f"tls: {error}"
        except _BROKEN as error:
            cause = f"broken: {error}"
        if cause == "interrupted":
            raise KeyboardInterrupt  # anew, for the same reason
        cause = redact(cause, self.key)  # a broken answer may repeat what was sent
        return explain(cause, self._call(endpoint), exchange, seconds, self.timeouts)

    def _call(self, endpoint: str) -> Call:
        return Call(endpoint, self.host, find_proxy(self.host, self._session.proxies))

    def _follow(self, what: _Request, endpoint: str) -> Reply | CoCalcError:
        # Redirects are followed within the host only, and only where the same
        # request is asked for again: the key goes nowhere else.
        url = self.host + what.path
        for _ in range(REDIRECTS + 1):
            reply = self._once(what, url)
            if reply.status == 407:  # what a proxy says where the way is not through a tunnel
                exchange.refused = reply.status
                return refused_by_proxy(self._call(endpoint), reply.status)
            target = target_of(url, reply.headers.get("location", ""))
            if reply.status not in (301, 302, 303, 307, 308) or target == url:
                return reply
            same = origin_of(target) == origin_of(self.host)
            if not same or (what.method != "GET" and reply.status not in (307, 308)):
                target = redact(target, self.key)
                return refuse_redirect(self.host, target, endpoint, reply.status)
            url = target
        return refuse_redirect(self.host, url, endpoint, reply.status)

    def _once(self, what: _Request, url: str) -> Reply:
        place = (what.method, url, what.kind, what.auth, self.key)
        route = self._routes.get(place)
        if route is None:
            route = make_route(self._session, self._asking(what, url))
            if len(self._routes) < ROUTES:
                self._routes[place] = route
        left = exchange.left()
        return route.send(what.data, min(self.timeouts.connect, left), left, whole=what.whole)

    def _asking(self, what: _Request, url: str) -> requests.Request:
        request = requests.Request(what.method, url)
        if what.kind:
            request.headers["Content-Type"] = what.kind
        if self.key is not None and what.auth == "basic":
            request.auth = (self.key.reveal(), "")
        elif self.key is not None and what.auth == "bearer":
            request.headers["Authorization"] = f"Bearer {self.key.reveal()}"
        return request
