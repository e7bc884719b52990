"""Owns running commands in a project: minimal environment, deadline, limited output."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = 10.0  # seconds, unless the request says otherwise (doc)
MAX_OUTPUT = 10_000_000  # characters kept of each stream


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it was asked for."""

    command: str
    args: list[str] | None = None
    path: str = ""
    timeout: float = TIMEOUT
    bash: bool = False
    max_output: int = MAX_OUTPUT
    env: dict[str, str] = field(default_factory=dict)
    make: bool = False  # the folder to run in

    def words(self, none: str) -> str:
        """How CoCalc names it in its errors; `none` stands for no arguments."""
        args = none if self.args is None else ",".join(self.args)
        return f"Error executing command '{self.command}' with args '{args}'"

    @property
    def argv(self) -> list[str]:
        """What is started."""
        if self.bash:
            # arguments are part of the line, each quoted (recording)
            return ["bash", "-c", " ".join([self.command, *map(shlex.quote, self.args or [])])]
        return [self.command, *(self.args or [])]


@dataclass(frozen=True, slots=True)
class Output:
    """What a command said; `killed` if its time was over, `unable` if it could not be started."""

    stdout: str
    stderr: str
    exit_code: int
    killed: bool = False
    unable: bool = False


def environment(project_id: str, root: Path, more: Mapping[str, object]) -> dict[str, str]:
    """The variables of what runs in a project: few, and none of whoever runs the site.

    `python3` is the one that runs the site, which has Jupyter.
    """
    return {
        "PATH": os.pathsep.join(
            [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
        ),
        "HOME": str(root),
        "USER": "user",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "COCALC_PROJECT_ID": project_id,
        **{str(k): str(v) for k, v in more.items()},
    }


class Runner:
    """Starts commands, knows those that still run, and can end them all."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, project_id: str, root: Path, command: Command) -> Output:
        """Run a command in a project and wait for it, at most `command.timeout` seconds."""
        folder = (root / command.path).resolve()
        inside = folder.is_relative_to(root.resolve())
        if inside and command.make:
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
        if not inside:
            return Output("", _node_error("EACCES", -13, command), 1, unable=True)
        try:
            process = subprocess.Popen(
                command.argv,
                cwd=folder,
                env=environment(project_id, root, command.env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # so that its children can be ended with it
            )
        except OSError as error:
            code = "ENOENT" if isinstance(error, FileNotFoundError) else "EACCES"
            return Output("", _node_error(code, -(error.errno or 2), command), 1, unable=True)
        except ValueError:
            return Output("", _node_error("EINVAL", -22, command), 1, unable=True)
        with self._lock:
            self._running.add(process)
            closed = self._closed
        try:
            out, err = process.communicate(timeout=0 if closed else command.timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=1)  # a child in a session of its own may hold the pipe
            return Output("", "", 1, killed=True)
        finally:
            with self._lock:
                self._running.discard(process)
        limit = max(command.max_output, 0)
        return Output(_text(out, limit), _text(err, limit), process.returncode & 0xFF)

    def close(self) -> None:
        """End whatever still runs; later commands end at once."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()


def _text(data: bytes, limit: int) -> str:
    text = data.decode("utf-8", "replace")
    # the note stands in the stream itself (recording)
    return text if len(text) <= limit else f"{text[:limit]} (truncated at {limit} characters)"


def _node_error(code: str, number: int, command: Command) -> str:
    # a command that cannot be started is told in stderr as the JSON of an error (recording)
    name = command.argv[0]
    error = {"errno": number, "code": code, "syscall": f"spawn {name}", "path": name}
    given = ["/tmp/cocalc-AbCdEf/a.sh"] if command.bash else command.args or []  # noqa: S108 (words)
    return json.dumps({**error, "spawnargs": given}, separators=(",", ":"))
