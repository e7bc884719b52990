"""Owns the interface that every generation's API is spoken through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ...errors import APIError, NotFoundError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ...address import Address, Generation
    from ...redact import Secret
    from ..results.jobs import CopyJob
    from ..results.projects import Project
    from ..results.values import Account, ExecResult, Minted, Ping, Token


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """How to copy, as CoCalc's API names it (doc).

    Attributes:
        overwrite_newer: overwrite files of the target that are newer.
        delete_missing: delete what the target has and the source has not.
        backup: keep what is overwritten, with a `~` at its end.
        exclude: patterns of rsync.
        timeout: seconds the server gives one copy; None for its own default.
        scheduled: when to copy (production only); None for now.
    """

    overwrite_newer: bool = False
    delete_missing: bool = False
    backup: bool = False
    exclude: tuple[str, ...] = ()
    timeout: float | None = None
    scheduled: datetime | None = None

    def flags(self) -> dict[str, Any]:
        """The options both APIs know, those that are on."""
        names = ("overwrite_newer", "delete_missing", "backup")
        told: dict[str, Any] = {name: True for name in names if getattr(self, name)}
        if self.timeout is not None:
            told["timeout"] = self.timeout
        return told


@dataclass(frozen=True, slots=True)
class Person:
    """The account behind a key."""

    account_id: str
    email: str = ""
    name: str = ""
    project_id: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Which copies to list; ids of projects are checked."""

    source: Address | None = None
    target: Address | None = None
    finished: bool = False
    limit: int = 1000
    offset: int = field(default=0)


class Dialect(Protocol):
    """What a generation of CoCalc can do, each call once; ids and paths are checked already.

    What a server lacks is refused by `lacking`.

    Attributes:
        name: of the API.
        generation: of the server.
        lists_copies: whether the jobs of a project can be listed.
        waits: whether a copy is answered when it is made, whatever it is asked.
        form: whether text travels form-encoded where it is large.
        part_size: bytes of encoded text that one request may carry.
    """

    name: Literal["v1", "v2"]
    generation: Generation
    lists_copies: bool
    waits: bool
    form: bool
    part_size: int

    def ping(self) -> Ping:
        """Whether the server takes the key, and its clock."""
        ...

    def person(self) -> Person:
        """Whose key it is."""
        ...

    def create_account(self, told: dict[str, str | Secret], *, get_api_key: bool) -> Account:
        """Make an account from its fields."""
        ...

    def create_project(self, title: str, description: str, *, start: bool) -> str:
        """Make a project; its id."""
        ...

    def projects(self, *, timeout: float | None = None) -> list[Project]:
        """All projects of the account."""
        ...

    def start_project(self, project_id: str, timeout: float) -> None:
        """Start a project and wait until it runs; `APITimeoutError` where it takes longer."""
        ...

    def query(self, table: str, wanted: Any, *, timeout: float | None = None) -> Any:
        """What CoCalc's database has (a user query): one row for a dict, rows for a list of one."""
        ...

    def read_text(self, project_id: str, path: str) -> str:
        """The content of a file, as the server gives it."""
        ...

    def write_text(self, project_id: str, path: str, text: str) -> None:
        """Write a file that fits into one request."""
        ...

    def exec(
        self,
        project_id: str,
        command: str,
        args: Sequence[str] | None,
        *,
        path: str,
        timeout: float,
        env: dict[str, str] | None = None,
        limit: float | None = None,
    ) -> ExecResult:
        """Run a command; any exit code is a result.

        `limit` is when to stop waiting for the answer, in seconds: else `timeout`,
        after which the server kills it, and the time of a call on top.
        """
        ...

    def create_token(self, account: str, password: Secret | None, expire: datetime | None) -> Token:
        """Mint an auth token; `account` is an id or an e-mail address."""
        ...

    def revoke_token(self, token: Secret, minted: Minted | None) -> None:
        """End a token; `minted` says which way it was made, where that is known."""
        ...

    def check_copies(self, source: Address, targets: list[Address], how: CopyOptions) -> None:
        """Refuse before sending what the server would not, or would get wrong."""
        ...

    def send_copy(self, source: Address, target: Address, how: CopyOptions, *, wait: bool) -> str:
        """Ask for one copy, once; the id of its job, "" if there is none.

        With `wait` it is answered when it is made: "" means that it is. Without, the
        server answers at once: "" means that it was only begun, and no error of it is
        ever told (recording).
        """
        ...

    def copy_status(self, copy_id: str) -> CopyJob:
        """One job, by its id."""
        ...

    def list_copies(self, which: Listing) -> list[CopyJob]:
        """Jobs by project, newest first."""
        ...

    def cancel_copy(self, copy_id: str) -> None:
        """Cancel a scheduled job."""
        ...


def lacking(endpoint: str, what: str, nearest: str) -> NotFoundError:
    """The error for what this server cannot do: names it, and the nearest thing that works."""
    return NotFoundError(what, endpoint=endpoint, remedy=nearest)


def folder_named(path: str, endpoint: str) -> ValidationError:
    """The error for a text that was to be written where a folder is."""
    return ValidationError(
        f"{path!r} is a folder: nothing was written.",
        endpoint=endpoint,
        status=200,
        remedy="Name a file in that folder.",
    )


def is_admin(dialect: Dialect) -> tuple[bool, str]:
    """Whether the key is a site admin's; and if not, why that is thought, as part of a sentence."""
    try:
        row = dialect.query("accounts", {"account_id": None, "groups": None})
    except APIError as error:
        return False, f"whether this account is one could not be asked ({error.message})"
    groups = row.get("groups") if isinstance(row, dict) else None
    return isinstance(groups, list) and "admin" in groups, "this account is none"
