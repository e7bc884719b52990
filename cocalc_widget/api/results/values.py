"""Owns what calls return: frozen values that show themselves well and hide their secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Literal

from ...address import Generation, app_url, check_path, check_uuid, file_url, signed_url
from ...redact import discreet, printable
from . import tables as rich

if TYPE_CHECKING:
    from ...redact import Secret


@dataclass(frozen=True, slots=True)
class Ping:
    """The server answered; `now` is its clock (UTC)."""

    now: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Whoami(rich.Card):
    """Whose key this is, where, and what the server there understands.

    Attributes:
        api: the API in use; "v2" includes the conat bridge on generation B.
        api_source: how that was found out.
        key_source: where the key was found.
        project_id: of a key that belongs to a project.
    """

    account_id: str
    email: str
    name: str
    host: str
    api: Literal["v1", "v2"]
    generation: Generation
    key_source: str
    project_id: str = ""
    api_source: str = ""

    _title = "CoCalc account"


@dataclass(frozen=True, slots=True, repr=False)
class Account(rich.Card):
    """A new account; `api_key` only where it was asked for and the server gives one."""

    account_id: str
    api_key: Secret | None = None

    _title = "New CoCalc account"


@dataclass(frozen=True, slots=True)
class ExecResult:
    """How a command in a project ended.

    Attributes:
        truncated: CoCalc cut stdout or stderr, which are not whole.
    """

    stdout: str
    stderr: str
    exit_code: int
    truncated: bool = False

    def __repr__(self) -> str:
        parts = [f"exit code {self.exit_code}", printable(self.stdout.rstrip("\n"))]
        if self.stderr:
            parts.append("stderr: " + printable(self.stderr.rstrip("\n")))
        if self.truncated:
            parts.append("[CoCalc cut the output here; to have it all, write it to a file]")
        return "\n".join(part for part in parts if part)


Minted = Literal["password", "organization"]


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """An auth token: whoever holds it is signed in as its account. Shows its end only.

    Attributes:
        expire: when it ends (UTC).
        generation: of the server that made it, which decides how it signs in.
        host: that server; a token is never sent to another one.
        account: the id of the account that it signs in, "" if not known.
        minted: by the account's password (or by a site admin), or by an admin of
            the account's organization; each way has its own way to end one.
    """

    secret: Secret
    expire: datetime | None
    generation: Generation
    host: str
    minted: Minted = "password"
    account: str = ""

    def __post_init__(self) -> None:
        # so that it is known also where the secret goes without its token
        self.secret.home = self.host

    @property
    def value(self) -> str:
        """The token itself."""
        return self.secret.reveal()

    @discreet
    def url(self, project_id: str | None = None, path: str | None = None) -> str:
        """The URL that signs a browser in, in the form this generation honours: a secret.

        On generation A it opens the file too. On generation B it ends at `/app`:
        load `embed_url(project_id, path)` after it (recording).

        Raises:
            ValidationError: a bad id or path, or a path without a project.
        """
        return sign_in_url(self.host, self.generation, self.value, project_id, path)

    def __repr__(self) -> str:
        until = f", expires {self._expires}" if self.expire else ""
        return f"<Token {self.secret}{until}>"

    def _repr_html_(self) -> str:
        return rich.pairs("Auth token", (("token", self.secret), ("expires", self._expires)))

    @property
    def _expires(self) -> str:
        return f"{self.expire.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC" if self.expire else ""


@discreet
def sign_in_url(
    host: str, generation: Generation, token: str, project_id: str | None, path: str | None
) -> str:
    """The URL that signs in with a token and goes to a file, or to CoCalc itself."""
    if project_id is None:
        if path is not None:
            check_uuid(project_id)
        return signed_url(app_url(host), token, generation, host)
    if path is None:
        return check_path("")  # refuses: the URL of a file names one
    url = file_url(host, check_uuid(project_id), check_path(path))
    return signed_url(url, token, generation, host)


def parse_time(value: object) -> datetime | None:
    """A time as CoCalc writes it, in UTC: an ISO string, or milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value == "":
        return None
    try:
        if isinstance(value, str):
            told = datetime.fromisoformat(value.replace("Z", "+00:00"))
            return (told if told.tzinfo else told.replace(tzinfo=timezone.utc)).astimezone(
                timezone.utc
            )
        return datetime.fromtimestamp(value / 1000, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
