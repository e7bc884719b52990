"""Owns what a widget can be told: open, closeall, status, sign_in, and setting its traits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets as t

from ..address import check_path
from ..errors import ValidationError
from ..redact import discreet
from . import options
from .model import Model

if TYPE_CHECKING:
    from .messages.command import Command
    from .session.session import Session


class Driver(Model):
    """A model with a session to carry out its commands; `CoCalc` makes both."""

    _following = False
    _shown: tuple[str | None, str | None] = (None, None)  # what did not fail

    def open(self, path: str | None = None, *, project_id: str | None = None) -> Command:
        """Open a file, made if it does not exist (that is CoCalc's way: recording).

        Args:
            path: relative to the project's home; default: the widget's `path`.
            project_id: default: the widget's `project_id`.

        Returns:
            The command at once; its reply's `verified` says whether the file was seen to be
            shown, `evidence` by what. What fails leaves `project_id` and `path` as they were.

        Raises:
            ValidationError: no UUID or no path; nothing was sent.
            ChannelBlockedError: the widget is closed.
        """
        if self._session is None:  # ipywidgets opens its comm by a method of this name
            return super().open()  # type: ignore[no-any-return]
        project = project_id if project_id is not None else self.project_id
        file = path if path is not None else self.path
        if project is None or file is None:
            raise ValidationError(
                f"open() needs a {'project_id' if project is None else 'path'}; "
                "the widget has none yet.",
                remedy='Write open("PATH", project_id="...").',
            )
        document = options.find_project(project, self._client), check_path(file)
        command = self._session.command("open", document)
        self._remember(*document)
        command.add_done_callback(self._settle)
        return command

    def closeall(self) -> Command:
        """Close every file in the frame."""
        command = self._talk().command("closeall")
        self._remember(self.project_id, None)
        self._shown = self.project_id, None
        return command

    def status(self) -> Command:
        """Ask CoCalc for its open files and its connection."""
        return self._talk().command("status")

    @discreet
    def sign_in(self, token: object) -> Command:
        """Sign the frame in with an auth token, given to the page once.

        Args:
            token: what `Client.create_token()` made, or a token as a string.

        Returns:
            The command at once; it ends in `CommandError` where CoCalc does not take the
            token (it then goes on as whoever is signed in already).
        """
        given = token = options.find_token(token, self.host)
        if given is None:
            raise ValidationError("sign_in() needs an auth token.")
        return self._talk().sign_in(given)

    @property
    def history(self) -> list[Command]:
        """Its commands, oldest first, ended ones too (the latest 1000)."""
        return list(self._session.ledger.history) if self._session else []

    @property
    def page(self) -> str | None:
        """The origin of the page that shows it, as the page says; None before its hello."""
        return self._session.page if self._session else None

    @property
    def ancestors(self) -> tuple[str, ...] | None:
        """The origins of the pages that frame that page, the nearest first.

        Empty where it is in no frame, None where its browser does not tell (Firefox).
        Whoever may frame CoCalc is asked about all of them (CSP Level 3).
        """
        return self._session.ancestors if self._session else ()

    @property
    def signed_in(self) -> bool | None:
        """Whether the frame is signed in to CoCalc; None while that is not known.

        CoCalc does not tell. It shows files, and speaks of them, only to who is signed in; and
        since 2025 it gives up its connection where nobody is (recordings).
        """
        return self._session.signed_in if self._session else None

    @t.observe("project_id", "path")
    def _follow(self, change: t.Bunch) -> None:
        if not self._following:
            return
        if change["name"] == "project_id" and change["old"] and self.path:
            self._remember(change["new"], None)
            self._shown = change["new"], None
        elif home := self.home():
            self.open(home[1], project_id=home[0])

    def _settle(self, command: Command) -> None:
        """Keep what an open came to: a file that did not open is not the widget's document."""
        document = command.target
        failed = command.reply is None or command.reply.verified is False
        if not failed and document:
            self._shown = document
        elif document == (self.project_id, self.path) and self._shown != document:
            self._remember(*self._shown)

    def _remember(self, project_id: str | None, path: str | None) -> None:
        """Set both traits without opening anything."""
        self._following = False
        try:
            self.project_id, self.path = project_id, path
        finally:
            self._following = True

    def _talk(self) -> Session:
        if self._session is None:
            raise ValidationError("The widget was not made completely.")
        return self._session
