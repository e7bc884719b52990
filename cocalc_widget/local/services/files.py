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
    site: SiteState, project_id: str, path: str, *, hidden: bool
) -> list[dict[str, object]]:
    """What a directory of a project holds.

    Raises:
        OSError: it can't be read; `OutsideError` where it is not the project's.
    """
    root = site.projects.root(project_id)
    return await site.run(partial(files.listing, root, path, hidden=hidden))
