"""Owns a project's methods on the conat bridge: its commands and its files."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..services import commands, files, kernels
from ..services.failures import ServiceError, node_words
from ..state.database import now
from .methods import Options, ProjectMethod, method

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..state.site_state import SiteState

PROJECT: dict[str, ProjectMethod] = {}


# how a project tells that there is no such kernel (recording)
_NO_SPEC = (
    "Error: **Unable to Spawn Jupyter Kernel:**\n\nError: {words} \n\nTry this in a terminal to "
    "help debug this (or contact support): `jupyter console --kernel={name}`\n\nOnce you fix the "
    "problem, explicitly restart this kernel to test here."
)


@method("system.ping", PROJECT)
async def project_ping(_site: SiteState, _project_id: str, _o: Options) -> Any:
    """Tell the time in ms."""
    return {"now": int(now() * 1000)}


@method("system.test", PROJECT)
async def project_test(_site: SiteState, project_id: str, _o: Options) -> Any:
    """Which project this is."""
    return {"project_id": project_id, "server_time": int(now() * 1000)}


@method("system.exec", PROJECT)
async def exec_(site: SiteState, project_id: str, o: Options) -> Any:
    """Run a command."""
    try:
        if o.get("async_get") is not None:
            return await commands.standing(site, project_id, o)
        if o.get("command") is None:
            hint = "Cannot read properties of undefined (reading 'split')"
            raise ServiceError(f" -- TypeError: {hint}")
        run = commands.begin if o.get("async_call") else commands.execute
        return await run(site, project_id, o, none="undefined")
    except ServiceError as error:
        raise ServiceError(str(error.error).partition(" -- ")[2]) from None


@method("system.signal", PROJECT)
async def send_signal(site: SiteState, project_id: str, o: Options) -> Any:
    """Send a signal to a command."""
    commands.send_signal(site, project_id, o)


@method("system.jupyterExecute", PROJECT)
async def jupyter_execute(site: SiteState, project_id: str, o: Options) -> Any:
    """Run code in a kernel."""
    if not o.get("kernel"):
        raise ServiceError("Error: cannot spawn since no kernel is set")
    try:
        return await kernels.execute(site, project_id, o, silent=True)  # (recording)
    except kernels.UnknownSpecError as error:
        told = _NO_SPEC.format(words=error.words, name=error.name)
        raise ServiceError(told) from None


@method("system.listJupyterKernels", PROJECT)
async def list_kernels(site: SiteState, project_id: str, _o: Options) -> Any:
    """The kernels that are alive."""
    return kernels.running(site, project_id)


@method("system.stopJupyterKernel", PROJECT)
async def stop_kernel(site: SiteState, project_id: str, o: Options) -> Any:
    """End a kernel."""
    return {"success": await kernels.stop(site, project_id, o.get("pid"))}


@method("system.writeTextFileToProject", PROJECT)
async def write_text(site: SiteState, project_id: str, o: Options) -> Any:
    """Write a file."""
    path = str(o.get("path") or "")
    with _worded("open", path):
        await files.write_text(site, project_id, path, str(o.get("content") or ""))
    site.projects.touch(project_id)


@method("system.readTextFileFromProject", PROJECT)
async def read_text(site: SiteState, project_id: str, o: Options) -> Any:
    """A file's text."""
    path = str(o.get("path") or "")
    with _worded("open", path):
        return await files.read_text(site, project_id, path)


@method("system.listing", PROJECT)
async def listing(site: SiteState, project_id: str, o: Options) -> Any:
    """What a directory holds."""
    path = str(o.get("path") or "")
    with _worded("opendir", path):
        # a folder that is missing is made (recording)
        return await files.listing(site, project_id, path, hidden=bool(o.get("hidden")), make=True)


@method("system.moveFiles", PROJECT)
async def move_files(site: SiteState, project_id: str, o: Options) -> Any:
    """Move files into a folder, which is made if it is missing."""
    with _worded("rename", str(o.get("dest") or "")):
        await files.move(site, project_id, _paths(o), str(o.get("dest") or ""))
    site.projects.touch(project_id)


@method("system.renameFile", PROJECT)
async def rename_file(site: SiteState, project_id: str, o: Options) -> Any:
    """Give a file another name."""
    old, new = str(o.get("src") or ""), str(o.get("dest") or "")
    with _worded("rename", old):
        await files.rename(site, project_id, old, new)
    site.projects.touch(project_id)


@method("system.deleteFiles", PROJECT)
async def delete_files(site: SiteState, project_id: str, o: Options) -> Any:
    """Delete files, and folders with all that is in them; what is not there is no error."""
    with _worded("rm", ""):
        await files.delete(site, project_id, _paths(o))
    site.projects.touch(project_id)


@method("system.realpath", PROJECT)
async def realpath(site: SiteState, project_id: str, o: Options) -> Any:
    """Where a path leads, from the project's home."""
    path = o if isinstance(o, str) else str(o.get("path") or "") if isinstance(o, dict) else ""
    with _worded("realpath", path):
        return await files.realpath(site, project_id, path)


def _paths(o: Options) -> list[str]:
    paths = o.get("paths")
    return [str(path) for path in paths] if isinstance(paths, list) else []


@contextmanager
def _worded(call: str, path: str) -> Iterator[None]:
    """What the file system refuses inside is told in Node.js's words."""
    try:
        yield
    except OSError as error:
        raise ServiceError(f"Error: {node_words(error, call, path)}") from None
