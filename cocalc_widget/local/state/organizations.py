"""Owns organizations: their properties, their members and their admins."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .database import Database

PROPERTIES = ("title", "description", "link", "email_address")  # that may be set


class Organizations:
    """All organizations of a site. An account belongs to one at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, organization_id: str = "") -> str:
        """A new one, without members and admins; its id."""
        organization_id = organization_id or str(uuid.uuid4())
        self._database.insert("organizations", organization_id=organization_id, name=name)
        return organization_id

    def get(self, name: str) -> dict[str, Any] | None:
        """The organization of this name, with `admin_account_ids` (None: there are none)."""
        row = self._database.one("SELECT * FROM organizations WHERE name = ?", name)
        if row is None:
            return None
        sql = "SELECT account_id FROM organization_admins WHERE name = ? ORDER BY rowid"
        admins = [admin["account_id"] for admin in self._database.all(sql, name)]
        return {**row, "admin_account_ids": admins or None}

    def all(self) -> list[dict[str, Any]]:
        """All of them, by name."""
        return self._database.all("SELECT name, title FROM organizations ORDER BY name")

    def change(self, name: str, **values: str) -> None:
        """Set properties; their names are this package's own."""
        for field, value in values.items():
            sql = f"UPDATE organizations SET {field} = ? WHERE name = ?"  # noqa: S608 (own names)
            self._database.run(sql, value, name)

    def is_admin(self, name: str, account_id: str) -> bool:
        """Whether an account is one of its admins."""
        sql = "SELECT name FROM organization_admins WHERE name = ? AND account_id = ?"
        return self._database.one(sql, name, account_id) is not None

    def add_admin(self, name: str, account_id: str) -> None:
        """Make an account one of its admins."""
        self._database.run(
            "INSERT OR IGNORE INTO organization_admins VALUES (?, ?)", name, account_id
        )

    def remove_admin(self, name: str, account_id: str) -> None:
        """An account is no admin any more; it stays a member."""
        sql = "DELETE FROM organization_admins WHERE name = ? AND account_id = ?"
        self._database.run(sql, name, account_id)

    def members(self, name: str) -> list[dict[str, Any]]:
        """The rows of the accounts that belong to it, in the order in which they were made."""
        return self._database.all("SELECT * FROM accounts WHERE org = ? ORDER BY n", name)

    def join(self, account_id: str, name: str | None) -> None:
        """Make an account a member, of no other any more; None: of none."""
        self._database.run("UPDATE accounts SET org = ? WHERE account_id = ?", name, account_id)
