"""Owns accounts, and what proves who somebody is: passwords, keys, tokens, sessions.

Secrets are kept hashed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import string
import time
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from .database import Database, now

BAN_SECONDS = 60.0  # after a wrong password, per pair of accounts (recording)
TOKEN_HOURS = 12.0  # what user_auth gives (source)
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_MOST_WORDS = 20  # of a search
_MAX_NUMBER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: an account, or a project's own key, which has no account."""

    account_id: str
    admin: bool = False
    project_id: str | None = None


class Accounts:
    """All accounts of a site."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bans: dict[tuple[str, str], float] = {}
        self.ban_seconds = BAN_SECONDS
        self._callers: dict[str, dict[str, Any]] = {}  # hash of a key -> what is known of it
        self._callers_at = -1  # the database's count of changes when they were read

    def create(
        self,
        first: str,
        last: str,
        email: str,
        password: str,
        *,
        admin: bool = False,
        by: Caller | Literal["site"] | None = "site",
    ) -> str:
        """A new account; its id. It is a guest's where it is made `by` nobody, or by a guest."""
        account_id = str(uuid.uuid4())
        if by != "site" and (by is None or self.is_guest(by.account_id)):
            self._database.insert("guests", account_id=account_id)
        self._database.insert(
            "accounts",
            account_id=account_id,
            first_name=first,
            last_name=last,
            email_address=email.strip().lower(),
            password=_hash_password(password),
            admin=int(admin),
            created=now(),
        )
        # who was invited before there was an account is let in now
        invited = "SELECT project_id, ?, 'collaborator' FROM invitations WHERE email_address = ?"
        email = email.strip().lower()
        sql = f"INSERT OR IGNORE INTO collaborators {invited}"
        self._database.run(sql, account_id, email)
        self._database.run("DELETE FROM invitations WHERE email_address = ?", email)
        return account_id

    def is_guest(self, account_id: str) -> bool:
        """Whether the account signed itself up. Anybody on this machine may do that.

        So may whoever comes in by an open proxy: guests' projects run no commands.
        """
        sql = "SELECT account_id FROM guests WHERE account_id = ?"
        return self._database.one(sql, account_id) is not None

    def get(self, account_id: str) -> dict[str, Any] | None:
        """One account's row."""
        return self._database.one("SELECT * FROM accounts WHERE account_id = ?", account_id)

    def by_email(self, email: str) -> dict[str, Any] | None:
        """The account with this e-mail address."""
        email = email.strip().lower()
        return self._database.one("SELECT * FROM accounts WHERE email_address = ?", email)

    def change(self, account_id: str, **values: str) -> None:
        """Set columns of an account; names are this package's own, or checked."""
        for name, value in values.items():
            sql = f"UPDATE accounts SET {name} = ? WHERE account_id = ?"  # noqa: S608 (names checked)
            self._database.run(sql, value, account_id)

    def set_extras(self, account_id: str, values: dict[str, Any]) -> None:
        """Keep settings of an account that mean nothing to the site."""
        self._database.set_extras("account", account_id, values)

    def extras(self, account_id: str) -> dict[str, Any]:
        """Those settings."""
        return self._database.extras("account", account_id)

    def named(self, name: str) -> str | None:
        """The account that has this user name."""
        sql = "SELECT id FROM extras WHERE kind = 'account' AND field = 'name' AND value = ?"
        row = self._database.one(sql, json.dumps(name))
        return row["id"] if row else None

    def last_active(self, account_id: str) -> float | None:
        """When the account used one of its projects last."""
        sql = "SELECT MAX(time) AS time FROM active WHERE account_id = ?"
        row = self._database.one(sql, account_id)
        return row["time"] if row else None

    def search(self, query: str, most: int) -> list[dict[str, Any]]:
        """Accounts by the whole e-mail address, or that have names with these beginnings.

        The latest are first.
        """
        beginnings = [
            re.sub(r"([%_!])", r"!\1", word) + "%" for word in query.split()[:_MOST_WORDS]
        ]
        each = " AND ".join(
            ["(first_name LIKE ? ESCAPE '!' OR last_name LIKE ? ESCAPE '!')"] * len(beginnings)
        )
        return self._database.all(
            f"SELECT * FROM accounts WHERE email_address = ? OR ({each or '0'}) "  # noqa: S608 (marks)
            "ORDER BY n DESC LIMIT ?",
            query.strip().lower(),
            *(beginning for beginning in beginnings for _ in range(2)),
            most,
        )

    def set_password(self, account_id: str, password: str) -> None:
        """Replace an account's password."""
        self.change(account_id, password=_hash_password(password))

    def password_ok(self, account_id: str, password: str) -> bool:
        """Whether this is the account's password."""
        row = self.get(account_id)
        return row is not None and _password_matches(password, row["password"])

    def banned(self, asking: str, target: str) -> bool:
        """Whether a wrong password for `target` came from `asking` within the last minute."""
        return self._bans.get((asking, target), 0.0) > time.monotonic()

    def ban(self, asking: str, target: str) -> None:
        """Note a wrong password."""
        self._bans[(asking, target)] = time.monotonic() + self.ban_seconds

    def new_key(
        self,
        account_id: str,
        *,
        project_id: str | None = None,
        name: str = "",
        legacy: bool = False,
        expire: float | None = None,
    ) -> tuple[int, str]:
        """A new API key: (its id, the key itself, which is not kept)."""
        fields = {"account_id": account_id, "project_id": project_id, "name": name}
        number = self._database.insert("api_keys", **fields, created=now(), expire=expire)
        random = "".join(secrets.choice(_ALPHABET) for _ in range(16))
        # the newer keys end in their number, written in 6 characters (source)
        key = f"sk_{random}" if legacy else f"sk-{random}{_base62(number)}"
        sql = "UPDATE api_keys SET hash = ?, trunc = ? WHERE id = ?"
        self._database.run(sql, _digest(key), f"{key[:3]}...{key[-6:]}", number)
        return number, key

    def keys(
        self, account_id: str, *, project_id: str | None = None, number: int | None = None
    ) -> list[dict[str, Any]]:
        """The rows of a project's API keys, or of an account's own; or the one with this number."""
        sql = "SELECT * FROM api_keys WHERE "
        if project_id is not None:
            sql, owner = f"{sql} project_id = ?", project_id
        else:  # a number finds the keys that an account made for projects, too (source)
            sql, owner = f"{sql} account_id = ? AND (? OR project_id IS NULL)", account_id
        values = [owner] if project_id is not None else [owner, number is not None]
        sql += " AND (? IS NULL OR id = ?) ORDER BY id"
        return self._database.all(sql, *values, number, number)

    def change_key(self, number: int, **values: str | float | None) -> None:
        """Set columns of an API key; names are this package's own."""
        for name, value in values.items():
            sql = f"UPDATE api_keys SET {name} = ? WHERE id = ?"  # noqa: S608 (own names)
            self._database.run(sql, value, number)

    def delete_key(self, number: int) -> None:
        """End an API key."""
        self._database.run("DELETE FROM api_keys WHERE id = ?", number)

    def by_key(self, key: str) -> Caller | None:
        """Who this API key belongs to."""
        if self._callers_at != self._database.changes:
            self._callers, self._callers_at = {}, self._database.changes
        digest = _digest(key)
        row = self._callers.get(digest)
        if row is None:
            row = self._database.one(
                "SELECT k.account_id, k.project_id, k.expire, a.admin FROM api_keys k "
                "JOIN accounts a USING (account_id) WHERE k.hash = ?",
                digest,
            )
            if row is None:
                return None
            self._callers[digest] = row
        if row["expire"] is not None and row["expire"] <= now():
            return None
        if row["project_id"] is not None:  # which acts for nobody (source)
            return Caller("", project_id=row["project_id"])
        return Caller(row["account_id"], bool(row["admin"]))

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
        self._database.insert("tokens", hash=_digest(token), account_id=account_id, expire=expire)
        return token

    def by_token(self, token: str) -> str | None:
        """The account that this auth token signs in; it can be used until it expires."""
        sql = "SELECT account_id FROM tokens WHERE hash = ? AND expire > ?"
        row = self._database.one(sql, _digest(token), now())
        return row["account_id"] if row else None

    def expire_token(self, token: str) -> None:
        """End an auth token now."""
        self._database.run("DELETE FROM tokens WHERE hash = ?", _digest(token))

    def new_session(self, account_id: str) -> str:
        """The value of a new sign-in cookie, in the form CoCalc's has."""
        value = f"sha512${secrets.token_hex(16)}$1000${uuid.uuid4()}"
        expire = now() + 30 * 86400
        self._database.insert("sessions", hash=_digest(value), account_id=account_id, expire=expire)
        return value

    def by_session(self, value: str) -> Caller | None:
        """Who this sign-in cookie belongs to."""
        row = self._database.one(
            "SELECT a.account_id, a.admin FROM sessions s JOIN accounts a USING (account_id) "
            "WHERE s.hash = ? AND s.expire > ?",
            _digest(value),
            now(),
        )
        return Caller(row["account_id"], bool(row["admin"])) if row else None


def _hash_password(password: str) -> str:
    salt = secrets.token_bytes(12)
    value = hashlib.scrypt(password.encode(), salt=salt, n=4096, r=8, p=1)
    return f"{salt.hex()}${value.hex()}"


def _password_matches(password: str, stored: str) -> bool:
    salt, _, value = stored.partition("$")
    found = hashlib.scrypt(
        password.encode("utf-8", "replace"), salt=bytes.fromhex(salt), n=4096, r=8, p=1
    )
    return hmac.compare_digest(found.hex(), value)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _base62(number: int) -> str:
    text = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        text = _ALPHABET[digit] + text
    return text
