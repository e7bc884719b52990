"""Owns what proves who somebody is: API keys, auth tokens, sign-in sessions; kept hashed."""

from __future__ import annotations

import hashlib
import secrets
import string
import uuid
from dataclasses import dataclass
from typing import Any

from .store import Store, now

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_MAX_NUMBER = 2**31 - 1
TOKEN_HOURS = 12.0  # what user_auth gives (source)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: an account, or a project's own key."""

    account_id: str
    admin: bool = False
    project_id: str | None = None


class Keys:
    """The keys, tokens and sessions of all accounts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._callers: dict[str, dict[str, Any]] = {}  # hash of a key -> what is known of it
        self._callers_at = -1  # the store's count of changes when they were read

    def new_key(
        self,
        account_id: str,
        *,
        project_id: str | None = None,
        name: str = "",
        legacy: bool = False,
    ) -> tuple[int, str]:
        """A new API key: (its id, the key itself, which is not kept)."""
        fields = {"account_id": account_id, "project_id": project_id, "name": name}
        number = self._store.insert("api_keys", **fields, created=now())
        random = "".join(secrets.choice(_ALPHABET) for _ in range(16))
        # the newer keys end in their number, written in 6 characters (source)
        key = f"sk_{random}" if legacy else f"sk-{random}{_base62(number)}"
        sql = "UPDATE api_keys SET hash = ?, trunc = ? WHERE id = ?"
        self._store.run(sql, _digest(key), f"{key[:3]}...{key[-6:]}", number)
        return number, key

    def by_key(self, key: str) -> Caller | None:
        """Who this API key belongs to."""
        if self._callers_at != self._store.changes:
            self._callers, self._callers_at = {}, self._store.changes
        digest = _digest(key)
        row = self._callers.get(digest)
        if row is None:
            row = self._store.one(
                "SELECT k.account_id, k.project_id, k.expire, a.admin FROM api_keys k "
                "JOIN accounts a USING (account_id) WHERE k.hash = ?",
                digest,
            )
            if row is None:
                return None
            self._callers[digest] = row
        if row["expire"] is not None and row["expire"] <= now():
            return None
        return Caller(row["account_id"], bool(row["admin"]), row["project_id"])

    def no_key_reason(self, key: str) -> str:
        """Why a key is refused: newer keys end in a number, which may be out of range."""
        number = 0
        for letter in key[-6:] if key.startswith("sk") else "":
            number = number * 62 + _ALPHABET.find(letter)
        if number > _MAX_NUMBER:
            return f'error: value "{number}" is out of range for type integer'
        return "No account found. Is your API key wrong?"

    def new_token(self, account_id: str, expire: float | None = None) -> str:
        """An auth token of 24 characters; `expire` in seconds since 1970, 12 hours by default."""
        token = "".join(secrets.choice(_ALPHABET) for _ in range(24))
        expire = now() + TOKEN_HOURS * 3600 if expire is None else expire
        self._store.insert("tokens", hash=_digest(token), account_id=account_id, expire=expire)
        return token

    def by_token(self, token: str) -> str | None:
        """The account that this auth token signs in; it can be used until it expires."""
        sql = "SELECT account_id FROM tokens WHERE hash = ? AND expire > ?"
        row = self._store.one(sql, _digest(token), now())
        return row["account_id"] if row else None

    def expire_token(self, token: str) -> None:
        """End an auth token now."""
        self._store.run("DELETE FROM tokens WHERE hash = ?", _digest(token))

    def new_session(self, account_id: str) -> str:
        """The value of a new sign-in cookie, in the form CoCalc's has."""
        value = f"sha512${secrets.token_hex(16)}$1000${uuid.uuid4()}"
        expire = now() + 30 * 86400
        self._store.insert("sessions", hash=_digest(value), account_id=account_id, expire=expire)
        return value

    def by_session(self, value: str) -> Caller | None:
        """Who this sign-in cookie belongs to."""
        row = self._store.one(
            "SELECT a.account_id, a.admin FROM sessions s JOIN accounts a USING (account_id) "
            "WHERE s.hash = ? AND s.expire > ?",
            _digest(value),
            now(),
        )
        return Caller(row["account_id"], bool(row["admin"])) if row else None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _base62(number: int) -> str:
    text = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        text = _ALPHABET[digit] + text
    return text
