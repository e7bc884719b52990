"""Owns what is said where CoCalc is silent: the causes, as far as they are known (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...address import origin_of
from .sites import page_name, parse_origin, same_site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...address import Generation

# The page's script reads this cookie, which has no SameSite of its own (recording).
PROXY_LINE = "proxy_cookie_flags account_id secure samesite=none;"
PROXY_HAS_TO = (
    "the reverse proxy in front of CoCalc has to make the cookie account_id SameSite=None; Secure "
    f"(nginx: {PROXY_LINE})"
)
_TAB = 'use CoCalc(..., target="tab")'


def say(
    page: object,
    host: str,
    *,
    hosts: Sequence[object] | None = None,
    samesite: str | None = None,
    generation: Generation | None = None,
    token: bool = False,
    usable: bool = False,
) -> dict[str, str]:
    """All sentences about a CoCalc that does not say what is wrong.

    Args:
        page: the origin that the page told in its hello; untrusted.
        host: CoCalc, normalized.
        hosts: CoCalc's `iframe_comm_hosts`, None if not known.
        samesite: CoCalc's `samesite_remember_me`, None if not known.
        generation: of CoCalc's server, None if not known.
        token: whether an auth token was given.
        usable: a client knows that the project is its account's, and runs.
    """
    out = "The frame is signed out of CoCalc." if usable else (
        "CoCalc is signed out here, or has no access to the project."
    )  # fmt: skip
    way_in = _sign_in(page, host, samesite, generation, token=token)
    stopped = (
        "press “start project” if CoCalc asks."
        if generation == "A"
        else "the project seems to be stopped: start it with "
        "client.start_project(ID), or give the widget a client: CoCalc(..., client=client)."
    )
    return {
        "silent": _silent(page, host, hosts),
        "signed_out": f"{out} {way_in}",
        "no_access": "This account has no access to the project, or there is no such project.",
        "stopped": stopped,
        "unseen": "Nothing tells that the file is shown: CoCalc is signed out here, or the project "
        f"is stopped or somebody else's, or the path is a folder. {way_in}",
        "refused": "CoCalc did not take the auth token: it is wrong, used up or expired. "
        "Make a new one: token = %cocalc token, and then cocalc.sign_in(token).",
        "away": f"{host.partition('//')[2]} can't be reached, and is tried again",
        "hidden": "The widget is not shown in a cell.",
        "offscreen": "CoCalc starts only where it can be seen: scroll it into view.",
    }


def _silent(page: object, host: str, hosts: Sequence[object] | None) -> str:
    """Why there is navigation where messages should have worked."""
    causes = "its listener is broken"
    if hosts is None:
        causes = "it does not list this page's host in its iframe_comm_hosts, or is broken"
    return (
        f"CoCalc at {origin_of(host)} does not answer {page_name(page)}: {causes}. "
        "Showing files by navigation instead."
    )


def _sign_in(
    page: object,
    host: str,
    samesite: str | None,
    generation: Generation | None,
    *,
    token: bool,
) -> str:
    """What to do about a frame that is signed out.

    The page can't find out whether the browser keeps the cookies back, as it
    does with those of third parties (seen in Chromium 156).
    """
    parent, there = parse_origin(page), parse_origin(origin_of(host))
    if parent and there and same_site(parent, there):
        return "Open it in a new tab to sign in."
    name = there.host if there else host
    here = page_name(page) if parent else "This page"
    elsewhere = f"{here} is on another site than {there or host}, so "
    if generation == "B":
        return elsewhere + _cookies(name, samesite)
    allow = (
        f"llow third-party cookies for {name} in the browser, open the notebook from the same "
        f"site as CoCalc, or {_TAB}."
    )
    give = "Give the frame an auth token: CoCalc(..., token=...). If it stays signed out, a"
    return (
        f"{elsewhere}the browser may keep CoCalc's cookies from the frame. "
        f"{'A' if token else give}{allow}"
    )


def _cookies(name: str, samesite: str | None) -> str:
    """Since 2025: which cookies stay behind, and who can change that."""
    if samesite == "none":
        return (
            f"its cookie account_id does not reach the frame: {PROXY_HAS_TO}. If it does, allow "
            f"third-party cookies for {name} in the browser. Else {_TAB}."
        )
    return (
        f"its sign-in cookies do not reach the frame: {_TAB}. For a frame, its administrator has "
        f"to set samesite_remember_me to none, and {PROXY_HAS_TO}."
    )
