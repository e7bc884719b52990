"""Owns the state of one site as a whole: its options, all that it remembers, and its threads."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from .accounts import Accounts, Caller
from .commands import MOST, Background, Runner
from .database import Database
from .faults import Faults, OpenPages
from .jobs import CopyQueue
from .kernels import Kernels
from .messages import Messages
from .organizations import Organizations
from .project_log import ProjectLog
from .projects import Projects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
_COMMIT = 0.2  # seconds that written rows are gathered


@dataclass(slots=True)
class Options:
    """What a site was told at its start; see `LocalCoCalc`."""

    allowed_hosts: tuple[str, ...] = ()
    latency: float = 0.0
    boot_delay: float = 0.15
    queue: bool = False
    generation: str = "B"
    site_name: str = "Local CoCalc"
    copy_seconds: float = 0.0
    start_seconds: float = 0.0
    render_seconds: float = 0.3
    signed_out_seconds: float = 11.0
    hollow_seconds: float = 30.0
    samesite_remember_me: str = "strict"
    account_id_samesite: str = ""
    frame_ancestors: str = ""
    x_frame_options: str = ""


class SiteState:
    """What one site remembers, and what it works with. Made and used on the thread of its loop."""

    def __init__(self, root: Path, options: Options, private: Path) -> None:
        self.options = options
        self._loop = asyncio.get_running_loop()
        self.database = Database(root / "site.sqlite", self._commit_soon)
        self.accounts = Accounts(self.database)
        self.organizations = Organizations(self.database)
        self.messages = Messages(self.database)
        self.projects = Projects(self.database, root / "projects")
        self.project_log = ProjectLog(self.database, compute_servers=options.generation == "B")
        self.runner = Runner()
        self.kernels = Kernels(private / "kernels")
        self.faults = Faults()
        # file work and commands have pools of their own: a command may take minutes
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="cocalc-local-files")
        self._commands = ThreadPoolExecutor(16, thread_name_prefix="cocalc-local-exec")
        # what nobody waits for may run for hours: it keeps nobody from running something else
        self._begun = ThreadPoolExecutor(MOST, thread_name_prefix="cocalc-local-begun")
        self._code = ThreadPoolExecutor(8, thread_name_prefix="cocalc-local-code")
        self.requests: Counter[str] = Counter()
        self.queue = CopyQueue(self.database, self.projects.root, self.run, options.copy_seconds)
        self.port = 0  # where it is served
        self.blobs: dict[str, tuple[float, bytes]] = {}  # id -> until when it is kept, and what
        self.runs = 0  # of code, asked for over API v2
        self.background = Background()
        self._tasks: set[asyncio.Future[Any]] = set()
        self.pages = OpenPages(self._loop)
        self.faults.changed = self.pages.tell
        self.ended = asyncio.Event()
        self.port = 0  # where it is served, once it is

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Call a function that touches files in the pool, so that the loop goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *args)

    async def command(self, function: Callable[..., T], *args: object) -> T:
        """The same for commands of projects."""
        return await asyncio.get_running_loop().run_in_executor(self._commands, function, *args)

    async def begun(self, function: Callable[..., T], *args: object) -> T:
        """The same for commands that nobody waits for."""
        return await asyncio.get_running_loop().run_in_executor(self._begun, function, *args)

    async def code(self, function: Callable[..., T], *args: object) -> T:
        """The same for Jupyter kernels."""
        return await asyncio.get_running_loop().run_in_executor(self._code, function, *args)

    def may(self, caller: Caller | None, project_id: str) -> bool:
        """Whether a caller may use a project; unknown projects are nobody's."""
        if caller is None:
            return False
        if caller.project_id is not None:
            return caller.project_id == project_id
        return self.projects.role(project_id, caller.account_id) is not None

    async def start_project(self, project_id: str) -> None:
        """Bring a stopped project up, which takes a while the first time."""
        row = self.projects.get(project_id)
        if row and not row["running"]:
            await asyncio.sleep(self.options.start_seconds)
            self.projects.change(project_id, running=1)

    def stop_project(self, project_id: str) -> None:
        """Bring a project down, and end what runs in it."""
        self.projects.change(project_id, running=0)
        self.runner.end(project_id)
        self.keep(self._loop.run_in_executor(self._code, self.kernels.stop, project_id))

    def keep(self, task: asyncio.Future[Any]) -> None:
        """Hold on to a task that nobody awaits, until it is done; its error is not news."""
        self._tasks.add(task)

        def forget(task: asyncio.Future[Any]) -> None:
            self._tasks.discard(task)
            if not task.cancelled():
                task.exception()

        task.add_done_callback(forget)

    def _commit_soon(self, commit: Callable[[], None]) -> None:
        # writes come from any thread
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.call_later, _COMMIT, commit)

    def end(self) -> None:
        """Let go of all who wait; on the site's loop."""
        self.ended.set()
        self.pages.close()

    def begin(self) -> None:
        """Start the worker of the copy queue; on the site's loop."""
        self._worker = self._loop.create_task(self.queue.work())

    def close(self) -> None:
        """End commands and threads, close the database."""
        self.runner.close()
        self.kernels.close()
        for pool in (self._code, self._begun):
            pool.shutdown(wait=True, cancel_futures=True)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._commands.shutdown(wait=True, cancel_futures=True)
        self.database.close()
