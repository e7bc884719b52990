"""Owns the checks of what users pass to the widget, before anything is made of it."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from .. import config
from ..address import check_uuid, is_uuid, normalize_host
from ..errors import ConfigurationError, NotFoundError, ValidationError
from ..redact import Secret, discreet
from .session.signin import GivenToken

if TYPE_CHECKING:
    from collections.abc import Iterable

_LENGTH = re.compile(r"\d+(\.\d+)?(px|em|rem|ch|vh|dvh|vmin|vmax|cm|mm|in|pt|%)")
PASSED_ON = ("layout", "tooltip", "tabbable")  # ipywidgets' own


def check_keywords(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse an option that does not exist, and name the one that was meant."""
    names = sorted({*known, *PASSED_ON})
    for name in given:
        if name not in names:
            close = difflib.get_close_matches(name, names, 1)
            raise ConfigurationError(
                f"CoCalc() has no option {name!r}.",
                remedy=f"Did you mean {close[0]!r}?" if close else f"It has {', '.join(names)}.",
            )


def check_height(value: object) -> str:
    """A CSS length; a bare number counts pixels."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return f"{value:g}px"
    if isinstance(value, str) and _LENGTH.fullmatch(value.strip()):
        return value.strip()
    raise ConfigurationError(f"height must be a CSS length such as '600px', not {value!r}.")


def check_sandbox(value: object) -> str:
    """The words of an iframe's sandbox attribute; "" for no sandbox."""
    if isinstance(value, str) and re.fullmatch(r"(allow-[a-z-]+( |$))*", value):
        return value
    raise ConfigurationError(
        f"sandbox must be words such as 'allow-scripts allow-same-origin', not {value!r}."
    )


def find_host(host: str | None, client: Any) -> str:
    """Where CoCalc is: the argument, the client's, else what the REST side would use."""
    if host is None and client is not None and getattr(client, "host", None):
        return normalize_host(client.host, allow_http=True)
    return config.find_host(host)


@discreet
def find_token(token: object, host: str) -> GivenToken | None:
    """What was given to sign the frame in: `str`, `Secret`, or `Client.create_token()`.

    Raises:
        ConfigurationError: no auth token, an API key, or a token of another host.
    """
    if isinstance(token, str):
        token = Secret(token.strip())  # in the place of what was given
    if token is None or token == Secret(""):
        return None
    value = token if isinstance(token, Secret) else getattr(token, "value", None)
    if isinstance(value, str):
        value = Secret(value.strip())
    secret = value if isinstance(value, Secret) else None
    if secret is None or not secret.reveal().strip():
        # never the value itself: it may be a key in the wrong place
        raise ConfigurationError(
            f"token must be an auth token, not {type(token).__name__}.",
            remedy="Make one: Client().create_token().",
        )
    if secret.reveal().startswith(("sk_", "sk-")):
        raise ConfigurationError(
            "token is an API key; a frame signs in with an auth token.",
            remedy="Make one: Client().create_token().",
        )
    home = getattr(token, "host", None) or secret.home
    if isinstance(home, str) and home not in ("", host):
        raise ConfigurationError(
            f"the token is of {home}, and the frame shows {host}: a token is given to no other "
            "server than its own.",
            remedy=f"Make one there: Client(host={host!r}).create_token().",
        )
    generation, account = (getattr(token, name, None) for name in ("generation", "account"))
    return GivenToken(
        secret,
        generation if generation in ("A", "B") else None,
        account if isinstance(account, str) else "",
    )


def find_project(value: object, client: Any) -> str:
    """A project's id; with a client also from its title or the start of its id.

    Raises:
        ValidationError: it is no UUID, and none or several of the client's projects are called so.
    """
    name = value if isinstance(value, str) else ""
    if not name.strip() or is_uuid(name.strip()) or client is None:
        return check_uuid(value)
    from ..api.results.projects import find  # loads the REST side, which a client has done already

    projects = list(client.projects())
    try:
        return check_uuid(find(name, projects))
    except NotFoundError as error:
        raise ValidationError(
            f"{name!r} is neither a UUID nor the title of a project: {error.message}",
            remedy=error.remedy,
        ) from None
