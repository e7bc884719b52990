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
        self.touch(project_id, owner)
        if running:
            self._begin_run(project_id)
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

    def hide(self, project_id: str, account_id: str, *, hidden: bool = True) -> None:
        """Hide a project from an account's list, as its own setting, or show it again."""
        sql = "DELETE FROM hidden WHERE project_id = ? AND account_id = ?"
        if hidden:
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
        if values.get("running"):
            self._begin_run(project_id)
        elif "running" in values:
            self._database.note("DELETE FROM runs WHERE project_id = ?", project_id)

    def _begin_run(self, project_id: str) -> None:
        sql = "INSERT OR IGNORE INTO runs VALUES (?, ?, ?)"
        self._database.note(sql, project_id, now(), str(uuid.uuid4()))

    def run_of(self, project_id: str) -> dict[str, Any] | None:
        """Since when a project runs, and the id of that run; None where it does not."""
        sql = "SELECT r.* FROM runs r JOIN projects p USING (project_id) WHERE project_id = ?"
        return self._database.one(f"{sql} AND p.running", project_id)

    def last_active(self, project_id: str) -> dict[str, float]:
        """Account id → when it used a project last."""
        sql = "SELECT account_id, time FROM active WHERE project_id = ?"
        return {r["account_id"]: r["time"] for r in self._database.all(sql, project_id)}

    def set_extras(self, project_id: str, values: dict[str, Any]) -> None:
        """Keep settings of a project that mean nothing to the site."""
        self._database.set_extras("project", project_id, values)

    def extras(self, project_id: str) -> dict[str, Any]:
        """Those settings."""
        return self._database.extras("project", project_id)

    def invite(self, project_id: str, email: str) -> None:
        """Let whoever makes an account with this e-mail address into a project."""
        sql = "INSERT OR REPLACE INTO invitations VALUES (?, ?, ?)"
        self._database.run(sql, email.strip().lower(), project_id, now())

    def invited(self, project_id: str) -> dict[str, float]:
        """E-mail address → when it was invited, of those that have no account yet."""
        sql = "SELECT email_address, time FROM invitations WHERE project_id = ?"
        return {r["email_address"]: r["time"] for r in self._database.all(sql, project_id)}

    def regroup(self, project_id: str, account_id: str, role: str) -> None:
        """Make one of a project's people its owner, or a collaborator."""
        sql = "UPDATE collaborators SET role = ? WHERE project_id = ? AND account_id = ?"
        self._database.run(sql, role, project_id, account_id)

    def touch(self, project_id: str, account_id: str = "") -> None:
        """Mark as used now, by an account if it is known."""
        if account_id:
            used = "INSERT OR REPLACE INTO active VALUES (?, ?, ?)"
            self._database.note(used, project_id, account_id, now())
        sql = "UPDATE projects SET last_edited = ? WHERE project_id = ?"
        self._database.note(sql, now(), project_id)
