"""Owns accounts, their passwords, and bans after wrong ones."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
import uuid
from typing import Any, Literal

from .keys import Caller, Keys
from .store import Store, now

__all__ = ["Accounts", "Caller"]

BAN_SECONDS = 60.0  # after a wrong password, per pair of accounts (recording)


class Accounts(Keys):
    """All accounts, with what proves who somebody is. Secrets are kept hashed."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._bans: dict[tuple[str, str], float] = {}
        self.ban_seconds = BAN_SECONDS

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
            self._store.insert("guests", account_id=account_id)
        self._store.insert(
            "accounts",
            account_id=account_id,
            first_name=first,
            last_name=last,
            email_address=email.strip().lower(),
            password=_hash_password(password),
            admin=int(admin),
            created=now(),
        )
        return account_id

    def is_guest(self, account_id: str) -> bool:
        """Whether the account signed itself up. Anybody on this machine may do that.

        So may whoever comes in by an open proxy: guests' projects run no commands.
        """
        sql = "SELECT account_id FROM guests WHERE account_id = ?"
        return self._store.one(sql, account_id) is not None

    def get(self, account_id: str) -> dict[str, Any] | None:
        """One account's row."""
        return self._store.one("SELECT * FROM accounts WHERE account_id = ?", account_id)

    def by_email(self, email: str) -> dict[str, Any] | None:
        """The account with this e-mail address."""
        email = email.strip().lower()
        return self._store.one("SELECT * FROM accounts WHERE email_address = ?", email)

    def join(self, account_id: str, org: str) -> None:
        """Make an account a member of an organization."""
        self._store.run("UPDATE accounts SET org = ? WHERE account_id = ?", org, account_id)

    def set_password(self, account_id: str, password: str) -> None:
        """Replace an account's password."""
        sql = "UPDATE accounts SET password = ? WHERE account_id = ?"
        self._store.run(sql, _hash_password(password), account_id)

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


def _hash_password(password: str) -> str:
    salt = secrets.token_bytes(12)
    value = hashlib.scrypt(password.encode(), salt=salt, n=4096, r=8, p=1)
    return f"{salt.hex()}${value.hex()}"


def _password_matches(password: str, stored: str) -> bool:
    salt, _, value = stored.partition("$")
    found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=4096, r=8, p=1)
    return hmac.compare_digest(found.hex(), value)
