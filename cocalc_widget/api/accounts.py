"""Owns accounts: whose key it is, making one, and the auth tokens that sign a browser in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..address import is_uuid
from ..errors import ServerError, ValidationError
from ..redact import Secret
from .connection import filled
from .http.transport import Transport
from .results.values import Account, Token, Whoami

if TYPE_CHECKING:
    from .connection import Connection

_PAGE = "/auth/impersonate"
_REFUSED = "impersonate error"


def whoami(connection: Connection) -> Whoami:
    """Whose key this is, where it was found, and what the server speaks."""
    person = connection.dialect.person()
    return Whoami(
        account_id=person.account_id,
        email=person.email,
        name=person.name,
        host=connection.host,
        api=connection.dialect.name,
        generation=connection.dialect.generation,
        key_source=connection.key_source,
        project_id=person.project_id,
        api_source=connection.why(),
    )


def create_account(
    connection: Connection,
    names: dict[str, str],
    password: Secret,
    token: Secret | None,
    *,
    get_api_key: bool,
) -> Account:
    """Make an account.

    Args:
        connection: with the host.
        names: `first_name`, `last_name` and `email_address`.
        password: to sign in with.
        token: the registration token, where the site wants one.
        get_api_key: also make a key for it.
    """
    told: dict[str, str | Secret] = {name: filled(it, name) for name, it in names.items()}
    told["password"] = password
    if token is not None:
        told["token"] = token
    return connection.dialect.create_account(told, get_api_key=get_api_key)


def create_token(
    connection: Connection, account: str, password: Secret | None, expire: datetime | None
) -> Token:
    """Mint an auth token for an account: its id, or its e-mail address."""
    account = filled(account, "account").strip()
    token = connection.dialect.create_token(account, password, expire)
    return replace(token, account=account.lower()) if is_uuid(account) else token


def takes_token(connection: Connection, token: Secret, timeout: float) -> bool:
    """Whether generation B's page for it signs in with this token.

    It answers 200 either way: with a page that goes on to the app by script, or
    with a text that says what is wrong (recording). In a frame neither can be
    told from the other. A token may be used more than once, and the cookies
    that come with the answer are thrown away.

    Raises:
        ServerError: no such page there.
        APIConnectionError: no answer.
    """
    # a transport of its own: this one's URL is a secret, and nothing of it is kept
    once = Transport(connection.host, verify=connection.transport.verify, retries=0, pool=1)
    try:
        reply = once.request(
            "GET",
            f"{_PAGE}?auth_token={quote(token.reveal(), safe='')}",
            endpoint=_PAGE,
            idempotent=True,
            timeout=timeout,
            auth="none",
        )
    finally:
        once.close()
    if reply.status >= 400:
        raise ServerError(
            f"{connection.host}{_PAGE} answered with HTTP {reply.status}.",
            endpoint=_PAGE,
            status=reply.status,
            remedy="Is the host a CoCalc of today, and does it run?",
        )
    return _REFUSED not in reply.text


def own_token(token: Token | Secret | str, host: str) -> Secret:
    """The secret in a token, which must not have been made by another host.

    Raises:
        ValidationError: no token at all, or one of another host.
    """
    given = token if isinstance(token, Token) else None
    secret = token = token.secret if isinstance(token, Token) else secret_of(token, "token")
    if not secret.reveal().strip():
        raise ValidationError("the token is blank.")
    home = given.host if given else secret.home
    if home and home != host:
        raise ValidationError(
            f"this token was made by {home}; it is not sent to {host}.",
            remedy="Use a client of that host, or make one here: client.create_token().",
        )
    return secret


def secret_of(given: object, name: str = "password") -> Secret:
    """A password or token as a secret.

    Methods put it in the place of what was given: a traceback may show their arguments.

    Raises:
        ValidationError: no text.
    """
    if isinstance(given, str):
        return Secret(given)
    if isinstance(given, Secret):
        return given
    raise ValidationError(f"{name} must be text, not {type(given).__name__}.")


def check_expire(expire: object) -> datetime | None:
    """When a token is to end, in UTC; a naive time is local, as everywhere in Python.

    Raises:
        ValidationError: no time, or none that a calendar has.
    """
    if expire is None:
        return None
    if not isinstance(expire, datetime):
        raise ValidationError(f"expire must be a datetime, not {type(expire).__name__}.")
    try:
        return expire.astimezone(timezone.utc)
    except (OverflowError, OSError, ValueError):
        raise ValidationError(f"expire={expire!r} is no time that a calendar has.") from None
