"""Owns the client's methods for what is inside a project: text files and commands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..address import check_path
from ..errors import APIError, NotFoundError, PermissionDeniedError, ValidationError
from . import projects as naming
from . import text as texts
from .connection import ClientBase
from .http.policy import check_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .results.values import ExecResult, Project

_EXEC_TIME = 60.0
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# what Node says of a program that it can't start (recording)
_UNABLE = re.compile(r'was not able to run -- stderr=.*"code":"(?P<code>E[A-Z]+)"', re.DOTALL)
_SHELL = re.compile(r'"syscall":"spawn bash","path":"bash","spawnargs":\["[^"]*/a\.sh"')


class Files(ClientBase):
    """Text files and commands."""

    def read_text(self, project_id: str | Project, path: str) -> str:
        """The content of a text file.

        Args:
            project_id: the project's id, the start of its id, or its title.
            path: of the file, relative to the project's home.

        Raises:
            NotFoundError: no such file, or no such project.
            ValidationError: a folder, or not text; a bad path.
        """
        path = check_path(path)
        project_id = self._project(project_id)
        content = self._dialect.read_text(project_id, path)
        return texts.check(self._dialect, project_id, path, content)

    def write_text(self, project_id: str | Project, path: str, text: str) -> None:
        """Write a whole text file, of any size; folders are made as needed.

        Args:
            project_id: the project's id, the start of its id, or its title.
            path: of the file, relative to the project's home.
            text: all that is to be in it.

        Raises:
            NotFoundError: no such project.
            ValidationError: the path is a folder; a bad path; no text.
        """
        if not isinstance(text, str):
            # a number as content was never answered by the server (recording)
            raise ValidationError(f"the text must be a string, not {type(text).__name__}.")
        path = check_path(path)
        if path.endswith("/"):
            raise ValidationError(f"{path!r} names a folder.", remedy="Name a file in that folder.")
        texts.check_unicode(text)
        project_id = self._project(project_id)
        texts.write(self._dialect, project_id, path, text)

    def exec(
        self,
        project_id: str | Project,
        command: str,
        args: Sequence[str] | None = None,
        *,
        path: str = "",
        timeout: float = _EXEC_TIME,
        env: dict[str, str] | None = None,
        check: bool = False,
    ) -> ExecResult:
        """Run a command in a project; starts the project if needed. Never sent twice.

        Args:
            project_id: the project's id, the start of its id, or its title.
            command: a line for bash; or, with `args`, a program.
            args: the program's arguments.
            path: the folder to run in, relative to the project's home.
            timeout: seconds until the server kills it.
            env: environment variables to add.
            check: raise if the exit code is not 0.

        Returns:
            Its output, of each stream at most 10,000,000 characters (`truncated` tells of
            more), and its exit code.

        Raises:
            NotFoundError: no such program, folder or project.
            PermissionDeniedError: a program that may not be run, or somebody else's project.
            APIError: with `check`, the command failed; its stderr is in the message.
            ServerError: killed at its timeout.
        """
        naming.check(project_id)
        filled(command, "command")
        if path:
            check_path(path)
        if args is not None:
            args = _strings(args)
        if env is not None and not _is_environment(env):
            raise ValidationError(
                "env must be a dict of strings, with names of letters, digits and underscores."
            )
        check_seconds(timeout)
        project_id = self._project(project_id)
        try:
            ended = self._dialect.exec(
                project_id, command, args, path=path, timeout=timeout, env=env
            )
        except APIError as error:
            if code := _never_ran(error.message):
                raise _no_start(code, command, path, error) from None
            raise
        if check and ended.exit_code != 0:
            why = ended.stderr.strip() or ended.stdout.strip() or "it printed nothing"
            raise APIError(
                f"`{command}` ended with exit code {ended.exit_code}: {why[-500:]}",
                endpoint="exec",
                status=200,
            )
        return ended


def _never_ran(words: str) -> str:
    """Why a command could not even be started, as the project's system calls it; "" if it was."""
    told = _UNABLE.search(words)
    return told["code"] if told else ""


def _no_start(code: str, command: str, path: str, said: APIError) -> APIError:
    known = {"endpoint": "exec", "status": said.status, "body": said.body}
    if code != "ENOENT":
        return PermissionDeniedError(f"{command!r} can't be run in the project ({code}).", **known)
    if _SHELL.search(said.message):
        what, remedy = f"there is no folder {path!r} in the project", "Name another path=."
    else:
        also = f", or no folder {path!r}" if path else ""
        what = f"there is no program {command!r} in the project{also}"
        remedy = "Without args= the command is a line for bash, with programs of its own."
    return NotFoundError(f"{what}: nothing was run.", remedy=remedy, **known)


def _strings(given: object) -> list[str]:
    found = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else None
    if found is None or not all(isinstance(it, str) for it in found):
        raise ValidationError("args must be a list of strings.")
    return found


def _is_environment(given: object) -> bool:
    pairs = given.items() if isinstance(given, dict) else [(None, None)]
    return all(
        isinstance(name, str) and _NAME.fullmatch(name) and isinstance(value, str)
        for name, value in pairs
    )


def filled(value: object, name: str) -> str:
    """Text that is not empty, or `ValidationError`."""
    if not isinstance(value, str) or not value.strip():
        raise ValidationError(f"{name} must be text that is not empty.")
    return value
