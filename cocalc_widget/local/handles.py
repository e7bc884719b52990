"""Owns what one does with a running site: projects, accounts, faults, and looks inside."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from collections import Counter

    from .server import Server
    from .state.core import Core
    from .state.projects import Content
    from .state.store import Store

_ATTENTION = 2.0  # seconds in which a page that is awake takes a fault in


class Handles:
    """The part of `LocalCoCalc` that is for use between its start and its end."""

    account_id: str
    projects: dict[str, str]
    _core: Core | None
    _server: Server

    @property
    def core(self) -> Core:
        """The running site's insides, for tests."""
        if self._core is None:
            raise ConfigurationError("the local CoCalc is not running.", remedy="Call start().")
        return self._core

    @property
    def store(self) -> Store:
        """The database, for tests."""
        return self.core.store

    @property
    def requests(self) -> Counter[str]:
        """How many API requests came, by endpoint: `v1/ping`, `conat/hub:system.ping`."""
        return self.core.requests

    def create_project(self, title: str, files: Content | str | Path = ()) -> str:  # type: ignore[assignment]
        """A new project of the site's account with these files; its id."""
        project_id = self.core.projects.create(self.account_id, title, running=True)
        content = files if isinstance(files, Mapping) else Path(files) if files else {}
        self.core.projects.fill(project_id, content)
        self.projects[title] = project_id
        return project_id

    def create_account(
        self, first: str, last: str, email: str, password: str = "", *, admin: bool = False
    ) -> tuple[str, str]:
        """One more account: (its id, an API key of it)."""
        accounts = self.core.accounts
        password = password or secrets.token_urlsafe(12)
        account_id = accounts.create(first, last, email, password, admin=admin)
        return account_id, accounts.new_key(account_id)[1]

    def directory(self, project_id: str) -> Path:
        """Where a project's files lie."""
        return self.core.projects.root(project_id)

    def fault(self, name: str, on: bool | float = True) -> None:  # noqa: FBT001, FBT002 (a switch)
        """Switch a fault on or off, in pages that are open, too; `faults.FAULTS` lists them.

        Args:
            name: the fault's name, e.g. `"late-done"`.
            on: True, False, or a number: seconds, or the share of requests that meet it.

        Raises:
            ConfigurationError: there is no fault of this name.
        """
        self.core.faults.set(name, on)
        if name == "server-gone":
            self._server.call(self._gone() if on else self._server.back())
        elif name == "bad-gateway" and on:
            self._server.call(self._unplugged())
        self._server.call(self.core.pages_know(_ATTENTION))

    async def _unplugged(self) -> None:
        self.core.close_pages()

    async def _gone(self) -> None:
        self.core.close_pages()
        await self._server.gone()
