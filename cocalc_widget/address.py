"""Owns project ids, paths, hosts, `PROJECT:PATH` addresses and CoCalc's URLs (pure, no I/O)."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
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

    The name is what a browser makes of it (UTS 46, `faß.de` is `xn--fa-hia.de`). One
    that only browsers would read as something else is refused: they take
    `2130706433` for 127.0.0.1, and drop what nobody sees.

    Raises:
        ConfigurationError: not a web address, with user info (never repeated), query
            or fragment, one that browsers read differently, or plain http to
            another machine.
    """
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"the host must be a web address, not {_short(value)}.")
    text = value.strip()
    scheme, sign, rest = text.partition("://") if "://" in text else ("", "", text)
    machine = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    # a password may hold a slash or two, where nobody can tell what was meant
    if "@" in machine or ("@" in text and (not sign or ":" in machine or "\\" in text)):
        raise ConfigurationError(
            "the host must not contain a user name or password.",
            remedy="Give its address alone; a sign-in is asked for by login.",
        )
    told = "given" if "@" in text else _short(value)
    if _CONTROL.search(text) or " " in text or "\\" in text:
        raise ConfigurationError(f"the host {told} contains blanks or control characters.")
    if not sign:
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:(?!\d)", text):
            raise ConfigurationError(f"the host must be an http(s) address, not {told}.")
        text = f"https://{text}"
    elif scheme.lower() not in ("https", "http") or not machine:
        raise ConfigurationError(f"the host must be an http(s) address, not {told}.")
    try:
        parts = urlsplit(text)
        port = parts.port
        base = quote(parts.path, safe="/%~!$&()*+,;=:@").rstrip("/")
    except (ValueError, UnicodeError):
        raise ConfigurationError(f"the host {told} is not a valid web address.") from None
    name = _machine(parts.netloc, told)
    if parts.query or parts.fragment:
        raise ConfigurationError(f"the host {told} must not have a query or fragment.")
    if parts.scheme == "http" and not (allow_http or is_loopback(name)):
        raise ConfigurationError(
            f"{told} is not encrypted: an API key sent there could be read on the way.",
            remedy="Use https://; Client(host=..., allow_http=True) takes it all the same.",
        )
    default = 443 if parts.scheme == "https" else 80
    netloc = name if port in (None, default) else f"{name}:{port}"
    return f"{parts.scheme}://{netloc}{base}"


def _machine(netloc: str, told: str) -> str:
    """The name in `name[:port]`, as a browser writes it; `told` is what errors may repeat of it.

    Raises:
        ConfigurationError: no name, or one that browsers read differently.
    """
    if "[" in netloc:
        try:
            number = ipaddress.IPv6Address(netloc[1:].partition("]")[0])
            if number.scope_id is not None:
                raise ValueError
        except ValueError:
            raise ConfigurationError(f"the host {told} is not a valid web address.") from None
        inner = number.ipv4_mapped
        # newer Pythons write the last part in the form of IPv4, browsers don't
        low = int(inner) if inner else 0
        return f"[::ffff:{low >> 16:x}:{low & 0xFFFF:x}]" if inner else f"[{number}]"
    given = netloc.partition(":")[0]
    name = given.lower()
    if not name.isascii():
        name = _in_ascii(given, told)
    labels = name.removesuffix(".").split(".")
    if not _NAME.fullmatch(name) or len(name) > 254 or any(len(it) > 63 for it in labels):
        remedy = "Write the characters themselves, not % and numbers." if "%" in name else ""
        raise ConfigurationError(f"the host {told} is not a valid web address.", remedy=remedy)
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        _check_ipv4(name, labels, told)
    for label in labels:
        try:
            ok = not label.startswith("xn--") or not label[4:].encode().decode("punycode").isascii()
        except UnicodeError:
            ok = False
        if not ok:
            raise ConfigurationError(f"the host {told} is not a valid web address ({label}).")
    return name


def _in_ascii(given: str, told: str) -> str:
    # A browser also maps what only looks like another name (full-width letters and dots), and
    # drops what is not seen (soft hyphens): whoever means that can write it plainly.
    import idna

    plain = unicodedata.normalize("NFC", given.lower())
    try:
        mapped = idna.uts46_remap(given, std3_rules=True, transitional=False)
        name = idna.encode(mapped).decode("ascii") if mapped == plain else ""
    except UnicodeError as error:
        why = str(error)
    else:
        if name:
            return name
        why = f"browsers read it as {mapped}"
    raise ConfigurationError(
        f"the host {told} is not a valid web address: {why}.",
        remedy="Write its name in plain letters, digits, hyphens and dots.",
    )


def _check_ipv4(name: str, labels: list[str], told: str) -> None:
    """Refuse a number that is not in the usual form: a browser makes 127.0.0.1 of `0x7f.1`."""
    try:
        *high, low = (_number(label) for label in labels)
        if len(high) > 3 or any(it > 255 for it in high) or low >= 256 ** (4 - len(high)):
            raise ValueError
    except ValueError:
        raise ConfigurationError(
            f"the host {told} is not a valid web address: browsers take a name that ends in a "
            "number for four numbers from 0 to 255, which this is not."
        ) from None
    whole = low + sum(it << (24 - 8 * at) for at, it in enumerate(high))
    usual = str(ipaddress.IPv4Address(whole))
    if name != usual:
        raise ConfigurationError(
            f"browsers read the host {told} as {usual}.", remedy=f"Write {usual} if you mean that."
        )


def _number(label: str) -> int:
    # as browsers do: hexadecimal after 0x, octal after 0
    if label[:2] == "0x":
        return int(label[2:] or "0", 16)
    if not label.isdigit():
        raise ValueError
    return int(label, 8 if label[0] == "0" else 10)


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
