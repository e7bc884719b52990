"""Owns what the page says where CoCalc is silent: the kernel knows more of the causes (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..address import origin_of
from .sites import page_name, parse_origin, same_site

if TYPE_CHECKING:
    from collections.abc import Sequence


def silent(page: object, host: str, hosts: Sequence[object] | None = None) -> str:
    """Why there is navigation where messages should have worked.

    Args:
        page: the origin that the page told in its hello; untrusted.
        host: CoCalc, normalized.
        hosts: CoCalc's `iframe_comm_hosts`, None if not known.
    """
    causes = "it cannot be reached, or its listener is broken"
    if hosts is None:
        causes = "it cannot be reached, does not list this page's host in its "
        causes += "iframe_comm_hosts, or is broken"
    return (
        f"CoCalc at {origin_of(host)} does not answer {page_name(page)}: {causes}. "
        "Showing files by navigation instead."
    )


def signed_out(page: object, host: str, *, token: bool = False) -> str:
    """Why CoCalc answers `status` but no `open`, and what to do.

    A frame on another site is signed out wherever the browser blocks
    third-party cookies, also after a sign-in by token (seen in Chromium 156);
    the page cannot find out whether that is the cause.

    Args:
        page: the origin that the page told in its hello; untrusted.
        host: CoCalc, normalized.
        token: whether an auth token was given.
    """
    words = "CoCalc is signed out here, or has no access to the project."
    parent, there = parse_origin(page), parse_origin(origin_of(host))
    if parent and there and same_site(parent, there):
        return f"{words} Open it in a new tab to sign in."
    name = there.host if there else host
    allow = (
        f"llow third-party cookies for {name} in the browser, open the notebook from the same "
        'site as CoCalc, or use CoCalc(..., target="tab").'
    )
    give = "Give the frame an auth token: CoCalc(..., token=...). If it stays signed out, a"
    return (
        f"{words} {page_name(page)} is on another site than {there or host}, so the browser may "
        f"keep CoCalc's cookies from the frame. {'A' if token else give}{allow}"
    )
