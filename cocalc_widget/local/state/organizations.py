"""Owns organizations: their names, what they say of themselves, their admins and members."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .database import Database

ABOUT = ("title", "description", "link", "email_address")


class Organizations:
    """All organizations of a site. Their members are accounts; each belongs to one at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

        # in a folder of an earlier version the one admin stands with the organization itself
        old = "SELECT name, owner FROM orgs WHERE owner IS NOT NULL"
        database.run(f"INSERT OR IGNORE INTO org_admins {old}")
        database.run("UPDATE orgs SET owner = NULL")

    def create(self, name: str, *, org_id: str = "") -> str:
        """A new organization, of nobody; its id."""
        org_id = org_id or str(uuid.uuid4())
        self._database.insert("orgs", name=name, org_id=org_id)
        return org_id

    def get(self, name: str) -> dict[str, Any] | None:
        """What is known of the organization of this name."""
        if self._database.one("SELECT name FROM orgs WHERE name = ?", name) is None:
            return None
        about = self._database.extras("org", name)
        told = {field: about.get(field) for field in ABOUT}
        return {"name": name, **told, "admin_account_ids": self.admins(name) or None}

    def all(self) -> list[dict[str, Any]]:
        """All of them, the oldest first."""
        names = self._database.all("SELECT name FROM orgs ORDER BY rowid")
        return [org for row in names if (org := self.get(row["name"]))]

    def set(self, name: str, about: dict[str, Any]) -> None:
        """Change what an organization says of itself."""
        self._database.set_extras("org", name, about)

    def admins(self, name: str) -> list[str]:
        """Its admins' accounts."""
        sql = "SELECT account_id FROM org_admins WHERE name = ? ORDER BY rowid"
        return [row["account_id"] for row in self._database.all(sql, name)]

    def add_admin(self, name: str, account_id: str) -> None:
        """Make an account an admin of an organization."""
        self._database.run("INSERT OR IGNORE INTO org_admins VALUES (?, ?)", name, account_id)

    def remove_admin(self, name: str, account_id: str) -> None:
        """Make it one no more."""
        sql = "DELETE FROM org_admins WHERE name = ? AND account_id = ?"
        self._database.run(sql, name, account_id)

    def members(self, name: str) -> list[dict[str, Any]]:
        """The rows of the accounts that belong to an organization."""
        return self._database.all("SELECT * FROM accounts WHERE org = ? ORDER BY n", name)

    def join(self, account_id: str, name: str | None) -> None:
        """Make an account a member of this organization, and of no other; of none with None."""
        sql = "UPDATE accounts SET org = ? WHERE account_id = ?"
        self._database.run(sql, name, account_id)
