"""Owns Jupyter kernels of projects: real ones, each for one piece of code, bounded and ended.

A kernel that has run somebody's code is thrown away, so that two calls share nothing; a spare one
is started in its place, so that the next call finds it warm. Nothing of Jupyter is loaded before
code is run.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .commands import environment

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import KernelManager

AT_ONCE = 4  # kernels that run code at a time, on a site
SPARE = 2  # kernels that wait for code, on a site
_STARTING = 60.0  # seconds that a kernel may take to come up
_DYING = 5.0  # seconds that a killed process may take to be gone
_PER_CELL = 30.0  # seconds that code may take, unless asked otherwise (source)
_LONGEST = 3600.0  # seconds that can be asked for
_OUTPUT, _OUTPUT_PER_CELL = 5_000_000, 1_000_000  # characters, unless asked otherwise (source)
_DROPPED = ("execution_state", "execution_count", "payload", "code", "status", "source")


class UnknownKernelError(Exception):
    """There is no kernel of this name; `known` are those that there are."""

    def __init__(self, known: list[str]) -> None:
        super().__init__(known)
        self.known = known


class TooLongError(Exception):
    """The code, or the kernel's start, took longer than it may."""


class EndedError(Exception):
    """The kernel ended, or the site did, before the code was done."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What code may use: seconds for each of history and input, and for both; characters.

    What the history says is not kept, thus does not count.
    """

    per_cell: float = _PER_CELL
    total: float = 2 * _PER_CELL
    output: int = _OUTPUT
    output_per_cell: int = _OUTPUT_PER_CELL

    @classmethod
    def asked(cls, limits: object) -> Limits:
        """What a request has under `limits`; what it does not say is as it always is."""
        told = limits if isinstance(limits, dict) else {}

        def number(name: str, default: float, most: float) -> float:
            value = told.get(name)
            usable = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
            return min(float(str(value)), most) if usable else default

        per_cell = number("timeout_ms_per_cell", 1000 * _PER_CELL, 1000 * _LONGEST) / 1000
        return cls(
            per_cell,
            number("timeout_ms", 2000 * per_cell, 1000 * _LONGEST) / 1000,
            int(number("max_output", _OUTPUT, _OUTPUT)),
            int(number("max_output_per_cell", _OUTPUT_PER_CELL, _OUTPUT)),
        )


@dataclass(eq=False)
class Kernel:
    """One kernel: its process, and what talks with it."""

    name: str
    project_id: str
    manager: KernelManager
    pid: int
    connection_file: str
    born: float = field(default_factory=time.monotonic)

    def connect(self) -> BlockingKernelClient:
        """A client, once the kernel is up."""
        client: BlockingKernelClient = self.manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=_STARTING)
        except RuntimeError as error:
            client.stop_channels()
            raise TooLongError(str(error)) from None
        return client

    def end(self) -> None:
        """Kill it, with whatever it started; its connection file goes."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        process = getattr(self.manager.provisioner, "process", None)
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_DYING)
        self.manager.cleanup_connection_file()


class Kernels:
    """The kernels of a site.

    Args:
        home: a private folder for connection files and whatever kernels keep for themselves.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._alive: list[Kernel] = []
        self._spare: list[Kernel] = []  # of these, those that wait; the latest last
        self._turn = threading.Semaphore(AT_ONCE)
        self._closed = False
        self.find = spec_manager  # which kernels a project has, by its directory

    def specs(self, root: Path) -> dict[str, dict[str, Any]]:
        """The kernels that a project has: its own, and those beside this Python."""
        found: dict[str, dict[str, Any]] = self.find(root).get_all_specs()
        return found

    def running(self, project_id: str) -> list[Kernel]:
        """Kernels of a project that are alive."""
        with self._lock:
            mine = [kernel for kernel in self._alive if kernel.project_id == project_id]
        return [kernel for kernel in mine if _is_alive(kernel)]

    def stop(self, project_id: str, pid: int | None = None) -> bool:
        """End one kernel of a project, or all; whether there was any."""
        with self._lock:
            ended = [
                kernel
                for kernel in self._alive
                if kernel.project_id == project_id and pid in (None, kernel.pid)
            ]
        for kernel in ended:
            self._end(kernel)
        return bool(ended)

    def run(
        self, project_id: str, root: Path, name: str, history: list[str], code: str, **how: Any
    ) -> list[dict[str, Any]]:
        """Run code in a kernel of its own; its outputs. Blocks, within limits.

        Args:
            project_id: whose kernel it is.
            root: the project's directory.
            name: of the kernel.
            history: code that is run before, and whose outputs nobody sees.
            code: what to run.
            how: `path`, a folder to run in; `limits`.

        Raises:
            UnknownKernelError: there is none of this name.
            TooLongError: it took longer than its limits allow; the kernel is ended.
            EndedError: the kernel died.
        """
        limits: Limits = how.get("limits") or Limits()
        if not self._turn.acquire(timeout=_STARTING + limits.total):
            raise TooLongError("other code is being run")
        try:
            kernel = self._take(project_id, root, name)
            try:
                return _run(kernel, code, limits, path=how.get("path"), history=history)
            finally:
                self._end(kernel)
                self._refill(project_id, root, name)
        finally:
            self._turn.release()

    def close(self) -> None:
        """End all; later ones don't begin."""
        with self._lock:
            self._closed = True
            alive = list(self._alive)
        for kernel in alive:
            self._end(kernel)

    def _take(self, project_id: str, root: Path, name: str) -> Kernel:
        with self._lock:
            for kernel in self._spare:
                same = (kernel.project_id, kernel.name) == (project_id, name)
                if same and _is_alive(kernel):
                    self._spare.remove(kernel)
                    return kernel
        return self._start(project_id, root, name)

    def _refill(self, project_id: str, root: Path, name: str) -> None:
        with contextlib.suppress(Exception):  # the next call starts its own, and says why it can't
            kernel = self._start(project_id, root, name)
            with self._lock:
                self._spare.append(kernel)
                old = self._spare[:-SPARE]
            for kernel in old:
                self._end(kernel)

    def _start(self, project_id: str, root: Path, name: str) -> Kernel:
        from jupyter_client.manager import KernelManager

        specs = self.find(root)
        known = specs.find_kernel_specs()
        if name not in known:
            raise UnknownKernelError(sorted(known))
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._home / f"kernel-{uuid.uuid4()}.json"
        manager = KernelManager(
            kernel_name=name, kernel_spec_manager=specs, connection_file=str(file)
        )
        private = {
            "IPYTHONDIR": str(self._home / "ipython"),
            "JUPYTER_RUNTIME_DIR": str(self._home),
        }
        with self._lock:
            if self._closed:
                raise EndedError
            manager.start_kernel(
                env=environment(project_id, root, private),
                cwd=str(root),
                stdout=subprocess.DEVNULL,  # what code says comes as messages
                stderr=subprocess.DEVNULL,
            )
            pid = int(getattr(manager.provisioner, "pid", 0) or 0)
            kernel = Kernel(name, project_id, manager, pid, str(file))
            self._alive.append(kernel)
        return kernel

    def _end(self, kernel: Kernel) -> None:
        with self._lock:
            for where in (self._alive, self._spare):
                if kernel in where:
                    where.remove(kernel)
        kernel.end()


def spec_manager(root: Path) -> KernelSpecManager:
    """Finds a project's own kernels, and those beside this Python."""
    from jupyter_client.kernelspec import KernelSpecManager

    manager = KernelSpecManager()
    own = str(root / ".local" / "share" / "jupyter" / "kernels")
    home = str(Path.home())  # what whoever runs the site keeps there is not the project's
    beside = [where for where in manager.kernel_dirs if not Path(where).is_relative_to(home)]
    prefix = str(Path(sys.prefix, "share", "jupyter", "kernels"))
    manager.kernel_dirs = [own, *({prefix} - set(beside)), *beside]
    return manager


def _run(
    kernel: Kernel, code: str, limits: Limits, *, path: object, history: list[str]
) -> list[dict[str, Any]]:
    client = kernel.connect()
    ends = time.monotonic() + limits.total  # from when it can begin
    try:
        spec = kernel.manager.kernel_spec
        if path and spec is not None and spec.language == "python":
            _execute(kernel, client, f"__import__('os').chdir({str(path)!r})", limits, ends)
        if history:
            _execute(kernel, client, "\n".join(history), limits, ends)
        return _execute(kernel, client, code, limits, ends)
    finally:
        client.stop_channels()


def _execute(
    kernel: Kernel, client: BlockingKernelClient, code: str, limits: Limits, ends: float
) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = []
    size = 0
    ends = min(ends, time.monotonic() + limits.per_cell)
    sent = client.execute(code, allow_stdin=False)
    while True:
        message = _next_message(kernel, client, ends)
        if message["parent_header"].get("msg_id") != sent:
            continue
        content = message["content"]
        kind = message["header"]["msg_type"]
        if kind == "status" and content["execution_state"] == "idle":
            return outputs
        if kind == "clear_output":
            outputs.clear()
        shown = {k: v for k, v in content.items() if k not in _DROPPED and v != {}}
        if not shown or "comm_id" in shown or kind == "clear_output":
            continue
        size += len(str(shown))
        most = min(limits.output_per_cell, limits.output)
        if size > most and "traceback" not in shown:
            said = f"Output truncated since it exceeded the cell output limit of {most} characters"
            shown = {"name": "stdout", "output_type": "stream", "text": [said]}
            if outputs[-1:] == [shown]:
                continue
        outputs.append(shown)


def _next_message(kernel: Kernel, client: BlockingKernelClient, ends: float) -> Any:
    while time.monotonic() < ends:
        try:
            return client.get_iopub_msg(timeout=min(0.5, max(0.01, ends - time.monotonic())))
        except queue.Empty:  # noqa: PERF203 (twice a second)
            if not _is_alive(kernel):
                raise EndedError from None
    raise TooLongError("the code takes longer than it may")


def _is_alive(kernel: Kernel) -> bool:
    process = getattr(kernel.manager.provisioner, "process", None)
    return process is not None and process.poll() is None
