"""Owns project ids, paths, hosts, `PROJECT:PATH` addresses and CoCalc's URLs (pure, no I/O)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from .errors import ConfigurationError, ValidationError

DEFAULT_HOST = "https://cocalc.com"
Generation = Literal["A", "B"]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
# what a browser takes for a host's name as it stands; it would read other signs in its own way
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WHERE_IDS_STAND = (
    "Client().resolve(TITLE) tells the id of a project; it also stands in its address: "
    ".../projects/<project_id>/files/..."
)
MAX_PATH = 4096  # bytes: what the file systems of a project take


@dataclass(frozen=True, slots=True)
class Address:
    """A place in CoCalc, as written in `PROJECT:PATH`; `path` is "" for the project itself."""

    project: str
    path: str = ""

    def __str__(self) -> str:
        return f"{self.project}:{self.path}" if self.path else self.project


def is_uuid(text: object) -> bool:
    """Whether this is a UUID in its usual form, as CoCalc's ids are."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def check_uuid(value: object, name: str = "project_id") -> str:
    """The id in lower case, or `ValidationError` before anything is sent."""
    if isinstance(value, str) and is_uuid(value.strip()):
        return value.strip().lower()
    where = _WHERE_IDS_STAND if name == "project_id" else ""
    raise ValidationError(f"{name} must be a UUID, not {_short(value)}.", remedy=where)


def check_path(value: object, name: str = "path") -> str:
    """A path relative to the project's home, or `ValidationError` before anything is sent."""
    if not isinstance(value, str):
        raise ValidationError(f"{name} must be a string, not {_short(value)}.")
    if not value.strip():
        raise ValidationError(f"{name} must name a file or folder; it is empty.")
    if _CONTROL.search(value):
        raise ValidationError(f"{name} must not contain control characters: {_short(value)}.")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise ValidationError(f"{name} is not valid Unicode: {_short(value)}.") from None
    if size > MAX_PATH:
        raise ValidationError(f"{name} is too long: {size} bytes, at most {MAX_PATH} are possible.")
    if value.startswith("/"):
        raise ValidationError(
            f"{name} must be relative to the project's home, not {_short(value)}.",
            remedy="Leave out the leading slash.",
        )
    if ".." in value.split("/"):
        raise ValidationError(f"{name} must not leave the project: {_short(value)} contains '..'.")
    return value


def parse_address(text: object) -> Address:
    """Split `PROJECT:PATH` at the first colon, or check an `Address` that was made by hand.

    Blanks around a project stay, as titles may have some; around an id they do not.
    """
    project, path = getattr(text, "project", None), getattr(text, "path", "")
    if isinstance(text, str):
        project, _, path = text.partition(":")
    if not isinstance(project, str) or not project.strip():
        raise ValidationError(f"an address is PROJECT or PROJECT:PATH, not {_short(text)}.")
    project = project.strip() if is_uuid(project.strip()) else project
    return Address(project, "" if str(path).isspace() or path == "" else check_path(path))


def normalize_host(value: object, *, allow_http: bool = False) -> str:
    """`https://host[:port][/base]` without a trailing slash.

    A bare name gets `https://`. Plain http is taken for loopback only, unless
    `allow_http` says that the key may cross the network unencrypted.

    Raises:
        ConfigurationError: not a web address, with user info, query or
            fragment, or plain http to another machine.
    """
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"the host must be a web address, not {_short(value)}.")
    text = value.strip()
    if _CONTROL.search(text) or " " in text or "\\" in text:
        raise ConfigurationError(f"the host {_short(value)} contains blanks or control characters.")
    if "://" not in text:
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:(?!\d)", text):
            raise ConfigurationError(f"the host must be an http(s) address, not {_short(value)}.")
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
        name = (parts.hostname or "").encode("idna").decode("ascii").lower()
        base = quote(parts.path, safe="/%~!$&()*+,;=:@").rstrip("/")
        if ":" in name and "%" not in name:
            name = f"[{ipaddress.IPv6Address(name)}]"
        elif name and ("[" in parts.netloc or not _NAME.fullmatch(name)):
            raise ValueError
    except (ValueError, UnicodeError):
        raise ConfigurationError(f"the host {_short(value)} is not a valid web address.") from None
    if parts.scheme not in ("https", "http") or not name:
        raise ConfigurationError(f"the host must be an http(s) address, not {_short(value)}.")
    if "@" in parts.netloc:
        raise ConfigurationError("the host must not contain a user name or password.")
    if parts.query or parts.fragment:
        raise ConfigurationError(f"the host {_short(value)} must not have a query or fragment.")
    if parts.scheme == "http" and not (allow_http or is_loopback(name)):
        raise ConfigurationError(
            f"{_short(value)} is not encrypted: an API key sent there could be read on the way.",
            remedy="Use https://; Client(host=..., allow_http=True) takes it all the same.",
        )
    default = 443 if parts.scheme == "https" else 80
    netloc = name if port in (None, default) else f"{name}:{port}"
    return f"{parts.scheme}://{netloc}{base}"


def is_loopback(name: str) -> bool:
    """Whether a host name is this machine by definition (`localhost`, 127.0.0.0/8, ::1)."""
    name = name.strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def origin_of(host: str) -> str:
    """The origin (`scheme://host[:port]`) of a normalized host, as a browser writes it."""
    parts = urlsplit(host)
    return f"{parts.scheme}://{parts.netloc}"


def app_url(host: str) -> str:
    """CoCalc without a file, in the only mode that listens to messages (kiosk, recording)."""
    return f"{host}/app?fullscreen=kiosk&session="


def file_url(host: str, project_id: str, path: str) -> str:
    """One file's bare editor; `path` is percent-encoded, its slashes stay.

    `fullscreen=default` is the one form that shows the file on both generations
    (recording). In kiosk mode generation B shows nothing of it, for ever. No page
    of this form listens to messages: that is `app_url`'s alone.
    """
    return f"{host}/projects/{project_id}/files/{quote(path, safe='/')}?fullscreen=default&session="


def signed_url(url: str, token: str, generation: Generation, host: str) -> str:
    """`url` with an auth token in the form its generation honours. Treat it as a secret.

    Generation A takes the token on any app URL and reloads itself without it.
    Generation B ignores it there: `/auth/impersonate` sets the cookie and goes
    to `/app`, so that `url` must be loaded after it.

    Raises:
        ValidationError: a token that no URL can carry.
    """
    if not token.isprintable():  # line ends, halves of surrogate pairs
        raise ValidationError("the auth token contains characters that no token has.")
    given = f"auth_token={quote(token, safe='')}"
    if generation == "B":
        return f"{host}/auth/impersonate?{given}"
    head, _, query = url.partition("?")
    return f"{head}?{given}&{query}"


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a number of 5,000 digits, or somebody's own class
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 60 else text[:57] + "..."
