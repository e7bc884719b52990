"""Owns projects: their rows, who may enter them, and their directories on disk."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...address import is_uuid
from . import files
from .database import Database, now

Content = Mapping[str, "str | bytes"]
_MOST_ROLES = 10_000


class Projects:
    """Projects as real directories below `home`, one for each project id."""

    def __init__(self, database: Database, home: Path) -> None:
        self._database = database
        self._home = home
        self._roles: dict[tuple[str, str], str | None] = {}
        self._roles_at = -1  # the database's count of changes when they were read
        home.mkdir(parents=True, exist_ok=True)

    def create(
        self, owner: str, title: str = "", description: str = "", *, running: bool = False
    ) -> str:
        """A new, empty project; its id."""
        project_id = str(uuid.uuid4())
        (self._home / project_id).mkdir(mode=0o700)
        self._database.insert(
            "projects",
            project_id=project_id,
            title=title,
            description=description,
            created=now(),
            last_edited=now(),
            running=int(running),
        )
        self.add(project_id, owner, "owner")
        return project_id

    def fill(self, project_id: str, content: Content | Path) -> None:
        """Put files into a project: a mapping path → content, or a folder to copy."""
        root = self.root(project_id)
        if isinstance(content, Mapping):
            for path, data in content.items():
                files.write_bytes(root, path, data.encode() if isinstance(data, str) else data)
            return
        for file in sorted(Path(content).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                path = file.relative_to(content).as_posix()
                files.write_bytes(root, path, file.read_bytes())

    def root(self, project_id: str) -> Path:
        """The directory of a project."""
        if not is_uuid(project_id):
            raise ValueError(f"not a project id: {project_id!r}")
        return self._home / project_id.lower()

    def get(self, project_id: str) -> dict[str, Any] | None:
        """One project's row. That it is deleted is a mark: it works all the same (recording)."""
        sql = "SELECT * FROM projects WHERE project_id = ?"
        return self._database.one(sql, project_id)

    def of(
        self, account_id: str, *, deleted: bool = False, hidden: bool = True
    ) -> list[dict[str, Any]]:
        """All projects of an account, the latest first.

        Args:
            account_id: the account.
            deleted: with those that are marked as deleted.
            hidden: with those that the account has hidden.
        """
        return self._database.all(
            "SELECT p.* FROM projects p JOIN collaborators c USING (project_id) "
            "LEFT JOIN hidden h USING (project_id, account_id) "
            "WHERE c.account_id = ? AND p.deleted <= ? AND (? OR h.project_id IS NULL) "
            "ORDER BY p.last_edited DESC, p.rowid DESC",
            account_id,
            int(deleted),
            int(hidden),
        )

    def hide(self, project_id: str, account_id: str) -> None:
        """Hide a project from an account's list, as its own setting."""
        sql = "INSERT OR IGNORE INTO hidden VALUES (?, ?)"
        self._database.run(sql, project_id, account_id)

    def one_of(self, account_id: str, project_id: str) -> dict[str, Any] | None:
        """One project of an account, deleted or not."""
        return self._database.one(
            "SELECT p.* FROM projects p JOIN collaborators c USING (project_id) "
            "WHERE c.account_id = ? AND project_id = ?",
            account_id,
            project_id,
        )

    def role(self, project_id: str, account_id: str) -> str | None:
        """`"owner"`, `"collaborator"`, or None for strangers and unknown projects."""
        if self._roles_at != self._database.changes or len(self._roles) > _MOST_ROLES:
            self._roles, self._roles_at = {}, self._database.changes
        who = (project_id, account_id)
        if who not in self._roles:
            row = self._database.one(
                "SELECT role FROM collaborators WHERE project_id = ? AND account_id = ?",
                *who,
            )
            self._roles[who] = row["role"] if row else None
        return self._roles[who]

    def owner(self, project_id: str) -> str:
        """The account that made a project; "" for unknown ones."""
        sql = "SELECT account_id FROM collaborators WHERE project_id = ? AND role = 'owner'"
        row = self._database.one(sql, project_id)
        return str(row["account_id"]) if row else ""

    def users(self, project_id: str) -> dict[str, dict[str, object]]:
        """Account id → group, and whether it hides the project, as a query shows it."""
        sql = (
            "SELECT c.account_id, role, h.project_id IS NOT NULL AS hides FROM collaborators c "
            "LEFT JOIN hidden h USING (project_id, account_id) WHERE c.project_id = ?"
        )
        return {
            r["account_id"]: {"group": r["role"], **({"hide": True} if r["hides"] else {})}
            for r in self._database.all(sql, project_id)
        }

    def add(self, project_id: str, account_id: str, role: str = "collaborator") -> None:
        """Let an account into a project; an owner stays one."""
        sql = "INSERT OR IGNORE INTO collaborators VALUES (?, ?, ?)"
        self._database.run(sql, project_id, account_id, role)

    def invite(self, project_id: str, email: str) -> None:
        """Let whoever makes an account with this address into a project then."""
        self._database.run("INSERT OR IGNORE INTO invitations VALUES (?, ?)", project_id, email)

    def welcome(self, account_id: str, email: str) -> None:
        """A new account gets into the projects to which its address was invited."""
        address = email.strip().lower()
        sql = "SELECT project_id FROM invitations WHERE email = ?"
        for row in self._database.all(sql, address):
            self.add(row["project_id"], account_id)
        self._database.run("DELETE FROM invitations WHERE email = ?", address)

    def remove(self, project_id: str, account_id: str) -> None:
        """Take an account out of a project; owners stay."""
        sql = (
            "DELETE FROM collaborators WHERE project_id = ? AND account_id = ? AND role <> 'owner'"
        )
        self._database.run(sql, project_id, account_id)

    def change(self, project_id: str, **values: Any) -> None:
        """Set columns of a project; names are this package's own."""
        for name, value in values.items():
            sql = f"UPDATE projects SET {name} = ? WHERE project_id = ?"  # noqa: S608 (own names)
            self._database.run(sql, value, project_id)

    def touch(self, project_id: str) -> None:
        """Mark as used now."""
        sql = "UPDATE projects SET last_edited = ? WHERE project_id = ?"
        self._database.note(sql, now(), project_id)
