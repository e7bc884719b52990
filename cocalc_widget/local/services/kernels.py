"""Owns running code as all APIs do it: which kernels there are, and what went wrong in words."""

from __future__ import annotations

import importlib.util
from functools import partial
from typing import TYPE_CHECKING, Any

from ...address import is_uuid
from ..state.kernels import EndedError, Limits, TooLongError, UnknownKernelError
from .failures import ServiceError

if TYPE_CHECKING:
    from ..state.site_state import SiteState

NO_PROJECT = "Jupyter API is not enabled on this server."
_MISSING = "this stand-in can run no code: jupyter_client is not installed beside it"
_GUEST = (
    "code runs as the user of this machine: the stand-in runs none in projects of an account that "
    "signed itself up"
)
# what a spec shows, in its order (recording)
_SHOWN = ("display_name", "language", "env", "metadata")


async def specs(site: SiteState, project_id: object) -> list[dict[str, Any]]:
    """The kernels that a project has."""
    project = check(site, project_id)
    await site.start_project(project)
    found = await site.code(site.kernels.specs, site.projects.root(project))
    return [
        {
            "name": name,
            **{key: each["spec"].get(key) for key in _SHOWN},
            "resource_dir": each["resource_dir"],
            "argv": each["spec"]["argv"],
        }
        for name, each in sorted(found.items())
    ]


async def execute(
    site: SiteState, project_id: object, o: dict[str, Any], *, silent: bool = False
) -> list[dict[str, Any]]:
    """Run code in a kernel that nobody used before; its outputs.

    Args:
        site: the site.
        project_id: whose kernel it is.
        o: `input`, `kernel`, `history`, `path`, `limits`.
        silent: what takes too long is not answered: the deadline of the call ends it.

    Raises:
        ServiceError: there is no such kernel, in CoCalc's words, or it died.
    """
    project, name = check(site, project_id), str(o.get("kernel") or "")
    history = [str(line) for line in o["history"]] if isinstance(o.get("history"), list) else []
    await site.start_project(project)
    root = site.projects.root(project)
    how = {"path": o.get("path"), "limits": Limits.asked(o.get("limits"))}
    run = partial(site.kernels.run, project, root, name, history, str(o.get("input") or ""), **how)
    try:
        outputs = await site.code(run)
    except UnknownKernelError as error:
        listed = ", ".join(f'"{each}"' for each in error.known)
        words = f'No spec available for kernel "{name}".  Available specs: [{listed}]'
        raise UnknownSpecError(words, name) from None
    except TooLongError:
        if silent:
            await site.ended.wait()
        raise ServiceError("timeout") from None
    except EndedError:
        raise ServiceError("the kernel ended before the code was done") from None
    site.projects.touch(project)
    return outputs


class UnknownSpecError(ServiceError):
    """There is no kernel of this name."""

    def __init__(self, words: str, name: str) -> None:
        super().__init__(f"Error: {words}")
        self.words, self.name = words, name


def running(site: SiteState, project_id: str) -> list[dict[str, Any]]:
    """The kernels of a project that are alive."""
    return [
        {"pid": kernel.pid, "connectionFile": kernel.connection_file}
        for kernel in site.kernels.running(project_id)
    ]


async def stop(site: SiteState, project_id: str, pid: object) -> bool:
    """End a kernel of a project; whether there was one with this process id."""
    if not isinstance(pid, int) or isinstance(pid, bool):
        return False
    return await site.code(site.kernels.stop, project_id, pid)


def check(site: SiteState, project_id: object) -> str:
    """The project's id; what no kernel would be started for is refused.

    Raises:
        ServiceError: no project was named, Jupyter is not installed, or it is a guest's project.
    """
    if not is_uuid(project_id):
        raise ServiceError(NO_PROJECT)
    if importlib.util.find_spec("jupyter_client") is None:
        raise ServiceError(_MISSING)
    if site.accounts.is_guest(site.projects.owner(str(project_id))):
        raise ServiceError(_GUEST)
    return str(project_id)
