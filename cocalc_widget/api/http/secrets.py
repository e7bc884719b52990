"""Owns which parts of a request or an answer are secrets, and how they are kept (pure)."""

from __future__ import annotations

import re
from typing import Any, NoReturn

from ...redact import KEY, Secret, mask, redact

SECRET_KEYS = {"auth_token", "token", "secret", "api_key", "password", "url"}
# methods that take a token as their only argument, without a name
_BARE = {"system.revokeUserAuthToken"}
# methods that make a token or a key
MINTS = {
    *("user_auth", "create_account"),
    *("system.generateUserAuthToken", "org.createToken", "system.manageApiKeys"),
    *("api-keys", "accounts/api-keys", "auth/sign-up"),
}
# longer than any word of theirs, and no id; names of events have underscores
_LONG = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9]{22,}(?![A-Za-z0-9_-])")
_DEEPEST = 50  # levels of a body in an error
_LONGEST = 4_000_000  # characters of one text in it
_MARGIN = 1000  # characters; what is cut off must not leave half a secret


def told_body(body: Any, secrets: tuple[Secret | str | None, ...]) -> Any:
    """The body for an error. Under `reason` and `issues` "password" is a field, its value words."""
    told = masked(body, secrets)
    for name in ("reason", "issues") if isinstance(body, dict) else ():
        if isinstance(body.get(name), dict):
            fields = body[name].items()
            told[name] = {redact(k, *secrets): masked(v, secrets) for k, v in fields}
    return told


def masked(body: Any, secrets: tuple[Secret | str | None, ...] = (), depth: int = _DEEPEST) -> Any:
    """The same body with every secret masked; what is deeper than anything real is left out."""
    if isinstance(body, (dict, list)) and not depth:
        return "..."
    if isinstance(body, dict):
        return {
            redact(key, *secrets): mask(value)
            if key in SECRET_KEYS and isinstance(value, str)
            else masked(value, secrets, depth - 1)
            for key, value in body.items()
        }
    if isinstance(body, list):
        return [masked(item, secrets, depth - 1) for item in body]
    return shortened(body, _LONGEST, secrets) if isinstance(body, str) else body


def shortened(text: str, most: int, secrets: tuple[Secret | str | None, ...] = ()) -> str:
    """The text without secrets, and cut where nobody would read on; in a time that is bounded."""
    if len(text) <= most:
        return redact(text, *secrets)
    return redact(text[: most + _MARGIN], *secrets)[:most] + "…"


def sealed(params: Any, depth: int = _DEEPEST) -> Any:
    """The same parameters with the passwords and tokens among them as secrets."""
    if isinstance(params, dict) and depth:
        return {
            key: Secret(value)
            if key in SECRET_KEYS and isinstance(value, str)
            else sealed(value, depth - 1)
            for key, value in params.items()
        }
    if isinstance(params, list) and depth:
        return [sealed(value, depth - 1) for value in params]
    return params


def sealed_args(name: object, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same for the arguments of a call of that name."""
    bare = isinstance(name, str) and name in _BARE
    return tuple(Secret(it) if bare and isinstance(it, str) else sealed(it) for it in args)


class Hidden(str):
    """A secret in a raw answer: the text itself to who computes with it, a mask to who looks.

    `str()` and `print` give the text on purpose; `reveal()` says so.
    """

    __slots__ = ("_secret",)
    _secret: Secret

    def __new__(cls, value: str) -> Hidden:  # noqa: D102
        made = super().__new__(cls, value)
        made._secret = Secret(value)  # masked elsewhere, too, as long as it lives
        return made

    def reveal(self) -> str:
        """The text itself."""
        return self._secret.reveal()

    def __repr__(self) -> str:
        return repr(mask(self.reveal()))

    def __copy__(self) -> Hidden:
        return self

    def __deepcopy__(self, memo: object) -> Hidden:
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled")


def hidden(name: object, body: Any) -> Any:
    """A raw answer whose secrets don't show themselves; `name` is what was called."""
    if isinstance(body, str) and body and name in MINTS:
        return Hidden(body)
    return _hidden(body, _DEEPEST)


def _hidden(body: Any, depth: int) -> Any:
    if isinstance(body, dict) and depth:
        return {
            key: Hidden(value)
            if isinstance(value, str) and value and _is_secret(key, value)
            else _hidden(value, depth - 1)
            for key, value in body.items()
        }
    if isinstance(body, list) and depth:
        return [_hidden(value, depth - 1) for value in body]
    return Hidden(body) if isinstance(body, str) and _is_secret("", body) else body


def _is_secret(key: str, value: str) -> bool:
    # most URLs are none; one with a token in it is
    return (
        (key in SECRET_KEYS and key != "url")
        or "auth_token=" in value
        or bool(KEY.fullmatch(value))
    )


def minted_in(endpoint: str, text: str) -> tuple[str, ...]:
    """What may be a new token or key in the answer to a call that makes one: a failing one, too."""
    return tuple(_LONG.findall(text)) if endpoint in MINTS else ()


def secrets_in(params: Any) -> tuple[Secret | str, ...]:
    """The passwords and tokens among parameters: a server may repeat them in its errors."""
    if isinstance(params, Secret):
        return () if params.reveal() in SECRET_KEYS else (params,)
    if isinstance(params, dict):
        found = tuple(
            # "password" as a password would mask the names of fields
            value
            for key, value in params.items()
            if key in SECRET_KEYS and isinstance(value, str) and value not in SECRET_KEYS
        )
        return found + tuple(it for v in params.values() for it in secrets_in(v))
    if isinstance(params, list):
        return tuple(it for value in params for it in secrets_in(value))
    return ()
