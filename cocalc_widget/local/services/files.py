"""Owns reading, writing and listing a project's files; how a failure is worded is the API's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..state import files
from .failures import ServiceError, node_words, shown_path

if TYPE_CHECKING:
    from ..state.site_state import SiteState

OUTSIDE = "path must be contained in project home dir"


async def read_text(site: SiteState, project_id: str, path: str, *, archive: bool = False) -> str:
    """A file's text; with `archive` a directory gives a tar.bz2 archive as text (recording).

    Raises:
        OSError: it can't be read; `OutsideError` where it is not the project's.
    """
    await site.start_project(project_id)
    root = site.projects.root(project_id)
    is_dir = archive and await site.run(files.kind, root, path) == "directory"
    data = await site.run(files.tar if is_dir else files.read_bytes, root, path)
    return data.decode("utf-8", "replace")


async def read_as_project(site: SiteState, project_id: str, path: str) -> str:
    """A file's text as the project itself answers the message that asks for it."""
    try:
        return await read_text(site, project_id, path, archive=True)
    except files.OutsideError:
        raise ServiceError(OUTSIDE) from None
    except OSError as error:
        words = node_words(error, "stat", shown_path(project_id, path))
        raise ServiceError(f"Error: {words}") from None


async def write_text(site: SiteState, project_id: str, path: str, content: str) -> None:
    """Write a file, with the folders above it.

    Raises:
        OSError: it can't be written; `OutsideError` where it is not the project's.
    """
    await site.start_project(project_id)
    data = content.encode("utf-8", "replace")
    await site.run(files.write_bytes, site.projects.root(project_id), path, data)


async def listing(
    site: SiteState, project_id: str, path: str, *, hidden: bool, make: bool = False
) -> list[dict[str, object]]:
    """What a directory of a project holds; `make`: one that is missing is made.

    Raises:
        OSError: it can't be read; `OutsideError` where it is not the project's.
    """
    root = site.projects.root(project_id)
    if make and not await site.run(files.kind, root, path):
        await site.run(files.make_folder, root, path)
    return await site.run(partial(files.listing, root, path, hidden=hidden))


async def move(site: SiteState, project_id: str, paths: list[str], folder: str) -> None:
    """Move files and folders into a folder, which is made if it is missing.

    Raises:
        OSError: one can't be moved; `OutsideError` where something is not the project's.
    """
    root = site.projects.root(project_id)
    if folder.strip("/."):
        await site.run(files.make_folder, root, folder)
    for path in paths:
        name = path.rstrip("/").rpartition("/")[2]
        await site.run(files.rename, root, path, f"{folder}/{name}" if folder else name)


async def rename(site: SiteState, project_id: str, old: str, new: str) -> None:
    """Give a file or folder another path; raises like `move`."""
    await site.run(files.rename, site.projects.root(project_id), old, new)


async def delete(site: SiteState, project_id: str, paths: list[str]) -> None:
    """Delete files, and folders with all that is in them; raises like `move`."""
    for path in paths:
        await site.run(files.remove, site.projects.root(project_id), path)


async def realpath(site: SiteState, project_id: str, path: str) -> str:
    """Where a path leads, relative to the project; raises like `move`."""
    return await site.run(files.real_path, site.projects.root(project_id), path)
