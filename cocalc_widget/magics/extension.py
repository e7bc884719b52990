"""Owns registering the magic and its completion in an IPython shell, and taking both away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import needs_local_scope, no_var_expand

from ..redact import discreet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from IPython.core.interactiveshell import InteractiveShell

    from .session import Session

NAME = "cocalc"
_MATCHER = "cocalc_widget.completer"


class Extension:
    """What one shell has of us: the magic, the matcher, and the session once there is one."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._session: Session | None = None
        self.matcher = self._make_matcher()

    @property
    def session(self) -> Session:
        """The session, made by the first command."""
        if self._session is None:
            from .session import Session

            self._session = Session(self.shell)
        return self._session

    @discreet  # a password that was typed is among the variables
    def run(self, line: str, cell: str | None, names: Mapping[str, Any]) -> object:
        """One line of `%cocalc`, or one cell of `%%cocalc`."""
        from .dispatch import dispatch

        return dispatch(self.session, line, cell, names)

    def install(self) -> None:
        """Register magic and matcher."""

        def cocalc(
            line: str, cell: str | None = None, *, local_ns: dict[str, Any] | None = None
        ) -> object:
            """Work with CoCalc: `%cocalc --help` lists the commands."""
            return self.run(line, cell, {**self.shell.user_ns, **(local_ns or {})})

        # Our own expansion refuses undefined names, which IPython's lets pass.
        magic: Any = cocalc
        magic = needs_local_scope(no_var_expand(magic))
        self.shell.register_magic_function(magic, "line_cell", NAME)
        matchers = getattr(self.shell.Completer, "custom_matchers", None)
        if matchers is not None:  # a completer of another make has none
            matchers.append(self.matcher)

    def remove(self) -> None:
        """Take magic and matcher away, and close what the session holds."""
        for table in self.shell.magics_manager.magics.values():
            table.pop(NAME, None)
        matchers = getattr(self.shell.Completer, "custom_matchers", None)
        if matchers is not None and self.matcher in matchers:
            matchers.remove(self.matcher)
        if self._session is not None:
            self._session.forget()

    def _make_matcher(self) -> Callable[[Any], dict[str, Any]]:
        def matcher(context: Any) -> dict[str, Any]:
            line = context.text_until_cursor
            if NAME not in line or "%" not in line:  # the usual case must cost nothing
                return {"completions": []}
            try:
                from .dispatch import COMMANDS
                from .language.completer import match
                from .language.lookups import Known

                return match(line, COMMANDS, Known(self.session))
            except Exception:  # noqa: BLE001 - a key stroke must never end in a traceback
                return {"completions": []}

        # what IPython's own decorator sets; its module is not needed for that
        matcher.matcher_identifier = _MATCHER  # type: ignore[attr-defined]
        matcher.matcher_api_version = 2  # type: ignore[attr-defined]
        matcher.matcher_priority = 1000  # type: ignore[attr-defined]
        return matcher


_EXTENSIONS: dict[InteractiveShell, Extension] = {}


def load(ipython: InteractiveShell) -> None:
    """Register `%cocalc`, `%%cocalc` and their completion; a second time changes nothing."""
    if ipython not in _EXTENSIONS:
        extension = _EXTENSIONS[ipython] = Extension(ipython)
        extension.install()


def unload(ipython: InteractiveShell) -> None:
    """Take away what `load` registered; nothing is there to take away where it was not loaded."""
    extension = _EXTENSIONS.pop(ipython, None)
    if extension is not None:
        extension.remove()
