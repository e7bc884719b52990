"""Owns the checks of page and frame: may it talk to CoCalc, and show it; is CoCalc signed in."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

from ...address import origin_of
from .report import Check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Address, IPv6Address

    from .site import Site

_TAB = 'A tab always works: CoCalc(..., target="tab").'
NAMES = ("listener", "framing", "cookies", "network", "frame")


def page_checks(site: Site) -> Iterator[Check]:
    """All of them, by what the frame's page has told and what the server says of itself.

    They rest on the facts that the frame's own verdict rests on, and on its rules.
    """
    from ...frame.channel.facts import read_settings

    widget = site.widget
    page = widget.page if widget is not None else None
    hosts, samesite = read_settings(site.settings or {})
    yield _listener(site, page, hosts)
    yield _framing(site, page)
    yield _cookies(site, page, samesite)
    yield _network(site, page)
    yield _frame(site)


def _listener(site: Site, page: str | None, hosts: list[object] | None) -> Check:
    from ...frame.channel.verdict import decide

    listens = "CoCalc does not tell to whom it listens"
    if hosts is not None:
        names = ", ".join(map(str, hosts)) or "nobody"
        listens = f"CoCalc listens to pages of: {names}"
    if page is None:
        return Check("listener", "warn", f"{listens}. This page is not known.", _unknown(site))
    # asked for `messages`, the rules say whether these can work, cookies aside
    verdict = decide(page, site.host, hosts=hosts, channel="messages")
    if verdict.channel == "messages":
        state = f"This page, {page}, may talk to CoCalc"
        return Check("listener", "ok", state if hosts is not None else f"{state}, if it lists it")
    return Check("listener", "fail", f"{verdict.reason} {listens}.", verdict.remedy)


def _framing(site: Site, page: str | None) -> Check:
    """Whether the browser shows CoCalc in a frame of this page, and of those around it."""
    from ...frame.channel.framing import may_frame
    from ...frame.channel.verdict import decide

    known = site.framing
    if known is None:
        found = "Who may show CoCalc in a frame was not asked, as the host does not answer."
        if site.unframed is not None:
            found = f"Who may show CoCalc in a frame is not known: {site.unframed.message}"
        return Check("framing", "warn", found, f"Does {site.host}/app open in a browser tab?")
    rule = may_frame(known.policies, known.x_frame_options, origin_of(site.host), ["null"])
    if rule is None:  # not even a page without an origin is kept out
        return Check("framing", "ok", "Any page may show CoCalc in a frame")
    says = f"Its {rule.header} says {rule.shown!r}"
    if page is None:
        return Check("framing", "warn", f"{says}. This page is not known.", _unknown(site))
    around = site.widget.ancestors if site.widget is not None else ()
    # asked for `navigation`, nothing but such a rule blocks it
    verdict = decide(page, site.host, framing=known, ancestors=around, channel="navigation")
    if verdict.channel == "navigation":
        return Check("framing", "ok", f"{says}, which lets this page, {page}, show CoCalc")
    return Check("framing", "fail", verdict.reason, f"{_TAB} {verdict.remedy}")


def _cookies(site: Site, page: str | None, samesite: str | None) -> Check:
    """Whether CoCalc is signed in there, as far as that depends on cookies."""
    from ...frame.channel.sites import parse_origin, same_site

    parent, there = parse_origin(page), parse_origin(origin_of(site.host))
    if page is None or there is None:
        return Check("cookies", "warn", "This page is not known.", _unknown(site))
    if parent is not None and same_site(parent, there):
        return Check("cookies", "ok", f"{page} is on the same site as CoCalc")
    across = f"{page} and {there} are different sites"
    if site.widget is not None and site.widget.host == site.host and site.widget.signed_in:
        return Check("cookies", "ok", f"{across}, and the frame is signed in all the same")
    return _cookies_across(site, page, samesite, there.host, across)


def _cookies_across(site: Site, page: str, samesite: str | None, name: str, across: str) -> Check:
    """The same where the page is on another site than CoCalc, which is called `name`."""
    from ...frame.channel.verdict import PROXY_HAS_TO, is_signed_out

    browser = f"the browser has to allow third-party cookies for {name}"
    if is_signed_out(page, site.host, generation=site.generation, samesite=samesite):
        setting = f" (samesite_remember_me is {samesite!r})" if samesite else ""
        return Check(
            "cookies",
            "fail",
            f"{across}, and this CoCalc keeps its cookies from frames on other sites{setting}.",
            f"{_TAB} To have it in the cell: put CoCalc on the same site as the notebooks; or its "
            f"administrator has to set samesite_remember_me to none, and {PROXY_HAS_TO}, and "
            f"{browser}.",
        )
    if site.generation == "A":
        return Check(
            "cookies",
            "warn",
            f"{across}: CoCalc is signed in there only by an auth token, and only where the "
            "browser allows third-party cookies.",
            f"Give the frame a token (%cocalc token), and allow cookies of {name}.",
        )
    if samesite is not None:
        return Check(
            "cookies",
            "warn",
            f"{across}: samesite_remember_me is {samesite!r}, but the cookie account_id has no "
            "SameSite of its own, and does not reach the frame unless a proxy gives it one.",
            f"If the frame is signed out: {PROXY_HAS_TO}, and {browser}. {_TAB}",
        )
    return Check(
        "cookies",
        "warn",
        f"{across}: until 2025-05 CoCalc is signed in there only by an auth token, since then "
        "only where its administrator has seen to it.",
        f"Ask again when {name} answers; until then give the frame a token (%cocalc token).",
    )


def _network(site: Site, page: str | None) -> Check:
    """Whether Chromium's Local Network Access lets the page frame CoCalc (experiment)."""
    from ...frame.channel.sites import parse_origin

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
            f"{_TAB} To have it in the cell: give CoCalc a public address, or the notebooks a "
            "private one.",
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
