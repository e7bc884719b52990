"""Owns the checks of page and frame: may the page talk to CoCalc, will CoCalc be signed in."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

from ..address import origin_of
from .report import Check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Address, IPv6Address

    from .checks_site import Site

NAMES = ("listener", "cookies", "network", "frame")


def page_checks(site: Site) -> Iterator[Check]:
    """All of them, by what the frame's page has told and what the server says of itself."""
    widget = site.widget
    page = widget.page if widget is not None else None
    yield _listener(site, page)
    yield _cookies(site, page)
    yield _network(site, page)
    yield _frame(site)


def _listener(site: Site, page: str | None) -> Check:
    from ..frame.verdict import decide

    hosts = (site.settings or {}).get("iframe_comm_hosts")
    known = list(hosts) if isinstance(hosts, list | tuple) else None
    listens = "CoCalc does not tell to whom it listens"
    if known is not None:
        names = ", ".join(map(str, known)) or "nobody"
        listens = f"CoCalc listens to pages of: {names}"
    if page is None:
        return Check("listener", "warn", f"{listens}. This page is not known.", _unknown(site))
    # asked for `messages`, the rules say whether these can work, cookies aside
    verdict = decide(page, site.host, hosts=known, channel="messages")
    if verdict.channel == "messages":
        state = f"This page, {page}, may talk to CoCalc"
        return Check("listener", "ok", state if known is not None else f"{state}, if it lists it")
    return Check("listener", "fail", f"{verdict.reason} {listens}.", verdict.remedy)


def _cookies(site: Site, page: str | None) -> Check:
    from ..frame.sites import parse_origin, same_site

    parent, there = parse_origin(page), parse_origin(origin_of(site.host))
    if page is None or there is None:
        return Check("cookies", "warn", "This page is not known.", _unknown(site))
    if parent is not None and same_site(parent, there):
        return Check("cookies", "ok", f"{page} is on the same site as CoCalc")
    across = f"{page} and {there} are different sites"
    if site.generation == "B":
        return Check(
            "cookies",
            "fail",
            f"{across}, and this CoCalc keeps its cookies from frames on other sites.",
            'Use CoCalc(..., target="tab"); or its administrator puts it on the same site as '
            "the notebooks, or sets samesite_remember_me to none.",
        )
    return Check(
        "cookies",
        "warn",
        f"{across}: CoCalc is signed in there only by an auth token, and only where the "
        "browser allows third-party cookies.",
        f"Give the frame a token (%cocalc token), and allow cookies of {there.host}.",
    )


def _network(site: Site, page: str | None) -> Check:
    """Whether Chromium's Local Network Access lets the page frame CoCalc (experiment)."""
    from ..frame.sites import parse_origin

    parent, there = parse_origin(page), parse_origin(origin_of(site.host))
    if parent is None or there is None:
        return Check("network", "warn", "This page is not known.", _unknown(site))
    ours, theirs = addresses(parent.host), addresses(there.host)
    if not ours or not theirs:
        missing = there.host if not theirs else parent.host
        return Check("network", "ok", f"the address of {missing} is not known to this kernel")
    kind = "public" if any(it.is_global for it in theirs) else "private"
    if kind == "private" and all(it.is_global for it in ours):
        return Check(
            "network",
            "warn",
            f"{there.host} has a private address and {parent.host} a public one, as this kernel "
            "sees them: Chromium lets no such page show CoCalc in a frame.",
            "Give CoCalc a public address, or the notebooks a private one; or use "
            'CoCalc(..., target="tab").',
        )
    return Check("network", "ok", f"{there.host} has a {kind} address, which this page may frame")


def _frame(site: Site) -> Check:
    widget = site.widget
    if widget is None:
        return Check("frame", "warn", "No frame is shown in this notebook.", _unknown(site))
    ready = "ready" if widget.ready else "not ready"
    found = f"{widget.host}: channel {widget.channel}, {ready}"
    status = widget.connection.get("status")
    found += f", CoCalc is {status}" if isinstance(status, str) else ""
    if widget.host != site.host:
        found += f" (the checks above are of {site.host})"
    if widget.channel == "messages" and widget.ready:
        return Check("frame", "ok", found)
    blocked = widget.channel == "blocked"
    return Check("frame", "fail" if blocked else "warn", found, widget.reason or _unknown(site))


def _unknown(site: Site) -> str:
    if site.widget is None:
        return "Show a frame with %cocalc open PROJECT:PATH, then ask again."
    return "Is the frame's cell visible in a browser? Ask again when it shows CoCalc."


def addresses(host: str) -> list[IPv4Address | IPv6Address]:
    """What a name resolves to, as this kernel sees it; [] if it does not."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [ip_address(str(it[4][0]).partition("%")[0]) for it in found]
