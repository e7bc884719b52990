"""Owns running commands in a project: minimal environment, deadline, limited output.

And those that nobody waits for: how each stands, until it is forgotten.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shlex
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = 10.0  # seconds, unless the request says otherwise (doc)
MOST = 100  # that nobody waits for, and are remembered
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
    """What a command said; `killed` if its time was over, `unable` if it could not be started.

    `exit_code` is negative where a signal ended it.
    """

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


class Progress:
    """How far a command is: its process, and what it said until now."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self.begun = threading.Event()  # or failed to begin
        self.stdout, self.stderr = bytearray(), bytearray()


class Runner:
    """Starts commands, knows those that still run, and can end them all."""

    def __init__(self) -> None:
        self._running: dict[subprocess.Popen[bytes], str] = {}  # and whose it is
        self._lock = threading.Lock()
        self._closed = False

    def run(
        self, project_id: str, root: Path, command: Command, progress: Progress | None = None
    ) -> Output:
        """Run a command in a project and wait for it, at most `command.timeout` seconds.

        Args:
            project_id: whose it is.
            root: the project's directory.
            command: what to run.
            progress: is told how far it is.
        """
        progress = progress or Progress()
        try:
            return self._run(project_id, root, command, progress)
        finally:
            progress.begun.set()

    def _run(self, project_id: str, root: Path, command: Command, progress: Progress) -> Output:
        folder = (root / command.path).resolve()
        inside = folder.is_relative_to(root.resolve())
        # elsewhere only by its whole path, which a link of the project's is not (recording)
        if not inside and not command.path.startswith("/"):
            return Output("", _node_error("EACCES", -13, command), 1, unable=True)
        if command.make and inside:
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
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
            self._running[process] = project_id
            closed = self._closed
        progress.pid = process.pid
        progress.begun.set()
        limit = max(command.max_output, 0)
        try:
            with process:
                try:
                    _listen(process, progress, 0 if closed else command.timeout, limit)
                except subprocess.TimeoutExpired:
                    _end(process)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        # a child in a session of its own may hold the pipe
                        _listen(process, progress, 1, limit)
                    return Output(*_said(progress, limit), 1, killed=True)
        finally:
            with self._lock:
                self._running.pop(process, None)
        return Output(*_said(progress, limit), process.returncode)

    def signal(self, project_id: str, pid: int, number: int) -> None:
        """Send a signal to a command of a project, and to what it started.

        Raises:
            ProcessLookupError: the project runs no such command.
        """
        with self._lock:
            mine = [p for p, whose in self._running.items() if (p.pid, whose) == (pid, project_id)]
            if not mine:
                raise ProcessLookupError
            os.killpg(pid, number)

    def end(self, project_id: str) -> None:
        """End whatever runs in a project."""
        with self._lock:
            mine = [process for process, whose in self._running.items() if whose == project_id]
        for process in mine:
            _end(process)

    def close(self) -> None:
        """End whatever still runs; later commands end at once."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            _end(process)


def _listen(
    process: subprocess.Popen[bytes], progress: Progress, timeout: float, limit: int
) -> None:
    """Read what a process says, until it has ended; what is beyond the limit is dropped."""
    ends = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        for pipe, said in ((process.stdout, progress.stdout), (process.stderr, progress.stderr)):
            if pipe is not None and not pipe.closed:
                selector.register(pipe, selectors.EVENT_READ, said)
        while selector.get_map():
            left = ends - time.monotonic()
            ready = selector.select(max(left, 0))
            if not ready and left <= 0:
                raise subprocess.TimeoutExpired(process.args, timeout)
            for key, _events in ready:
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                # a character has four bytes at most; one more tells that there was more
                key.data.extend(data[: max(0, 4 * limit + 1 - len(key.data))])
    process.wait(max(0, ends - time.monotonic()))


def _said(progress: Progress, limit: int) -> tuple[str, str]:
    return text_of(progress.stdout, limit), text_of(progress.stderr, limit)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()


def text_of(data: bytes | bytearray, limit: int) -> str:
    """What was said, cut at so many characters, and then with a note (recording)."""
    text = data.decode("utf-8", "replace")
    return text if len(text) <= limit else f"{text[:limit]} (truncated at {limit} characters)"


def _node_error(code: str, number: int, command: Command) -> str:
    # a command that cannot be started is told in stderr as the JSON of an error (recording)
    name = command.argv[0]
    error = {"errno": number, "code": code, "syscall": f"spawn {name}", "path": name}
    given = ["/tmp/cocalc-AbCdEf/a.sh"] if command.bash else command.args or []  # noqa: S108 (words)
    return json.dumps({**error, "spawnargs": given}, separators=(",", ":"))


@dataclass(eq=False)
class Job:
    """One command that was begun."""

    project_id: str
    job_id: str
    progress: Progress
    max_output: int
    start: float  # s since 1970
    status: str = "running"
    exit_code: int = 0
    elapsed: float | None = None  # s, once it has ended
    _begun: float = field(default_factory=time.monotonic)

    @property
    def ended(self) -> bool:
        """Whether it has."""
        return self.elapsed is not None

    def end(self, status: str, exit_code: int) -> None:
        """It has ended, in this way."""
        self.status, self.exit_code = status, exit_code
        self.elapsed = time.monotonic() - self._begun

    def standing(self, *, pid: bool) -> dict[str, Any]:
        """What is told of it, with what it said until now."""
        said = self.progress.stdout, self.progress.stderr
        stdout, stderr = (text_of(bytes(each), self.max_output) for each in said)
        process = self.progress.pid if pid else None
        return {
            "type": "async",
            "stdout": stdout,
            "stderr": stderr,
            "exit_code": self.exit_code,
            "start": int(self.start * 1000),
            "job_id": self.job_id,
            "status": self.status,
            **({} if process is None else {"pid": process}),
            **({} if self.elapsed is None else {"elapsed_s": round(self.elapsed, 3)}),
        }


class Background:
    """The latest of them, by id; those that have ended are forgotten first."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def add(self, job: Job) -> None:
        """Remember one."""
        self._jobs[job.job_id] = job
        for old in [each for each in self._jobs.values() if each.ended]:
            if len(self._jobs) <= MOST:
                return
            del self._jobs[old.job_id]

    def get(self, job_id: str) -> Job | None:
        """The one with this id."""
        return self._jobs.get(job_id)
