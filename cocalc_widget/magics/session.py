"""Owns what the commands of one shell share: the client, the addresses, the widget they drive."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ..errors import CoCalcError, ConfigurationError, ValidationError
from ..forking import new_rlock
from .language.lookups import Lookups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..address import Address
    from ..api import Client, Project
    from ..config import Credentials
    from ..frame import CoCalc


class Session:
    """One shell's connection to CoCalc; what it needs is made by the first command that asks."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._client: Client | None = None
        self._identity: object = None
        self._lock = new_rlock()  # completion asks from threads of its own
        self.projects: Lookups[list[Project]] = Lookups()  # by whose key was used
        self.folders: Lookups[list[str]] = Lookups()

    def client(self) -> Client:
        """The client for the key and host of this moment; the same one while they stay."""
        from .. import config

        now = config.resolve()
        with self._lock:
            if self._client is None or now != self._identity:
                from ..api import Client

                self._drop()
                self._client, self._identity = Client(), now
            return self._client

    def forget(self) -> None:
        """Close the client and forget what completion knows; the next command begins anew."""
        self._drop()
        self.projects.clear()
        self.folders.clear()

    def _drop(self) -> None:
        with self._lock:
            client, self._client, self._identity = self._client, None, None
        if client is not None:
            client.close()

    def resolve(self, text: str, *, path: bool = False) -> Address:
        """An address with its project's id; with `path`, one that names a file.

        Raises:
            ValidationError: not an address, no such project, or several.
        """
        address = self.client().locate(text)
        if path and not address.path:
            raise ValidationError(
                f"{text!r} names no file.", remedy="Write PROJECT:PATH, with a colon between."
            )
        return address

    def credentials(self) -> Credentials | None:
        """Whose key and host a command would use now; None without a key."""
        from .. import config

        try:
            found = config.resolve()
        except CoCalcError:
            return None
        return found if found.api_key else None

    def remember(self, projects: Sequence[Project]) -> None:
        """Keep a listing for completion."""
        if (who := self.credentials()) is not None:
            self.projects.put(who, list(projects))

    def widget(self, host: str | None = None) -> CoCalc | None:
        """The frame that was made last and is not closed; with `host`, of that CoCalc."""
        if "cocalc_widget.frame" not in sys.modules:  # nobody has made one: don't load it
            return None
        from ..frame import CoCalc

        open_ones = [
            widget
            for widget in CoCalc.instances()
            if widget.channel != "closed" and host in (None, widget.host)
        ]
        return open_ones[-1] if open_ones else None

    def need_widget(self) -> CoCalc:
        """The same, or an error that says how to get one."""
        widget = self.widget()
        if widget is None:
            raise ConfigurationError(
                "No CoCalc is shown in this notebook yet.",
                remedy="Show one with %cocalc open PROJECT:PATH.",
            )
        return widget
