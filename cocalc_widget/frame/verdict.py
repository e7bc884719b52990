"""Owns the verdict: which channel can work between a page and a CoCalc, and why (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from ..address import Generation, origin_of
from ..errors import ConfigurationError
from .sites import Origin, listed, page_name, parse_origin, same_site

if TYPE_CHECKING:
    from collections.abc import Sequence

Channel = Literal["messages", "navigation", "tab", "blocked"]
Requested = Literal["auto", "messages", "navigation", "tab"]
Target = Literal["inline", "tab"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The channel to take; `reason` is "" for `messages`, `remedy` says how to get those."""

    channel: Channel
    reason: str = ""
    remedy: str = ""

    @property
    def sentence(self) -> str:
        """Reason and remedy in one, as the user reads them."""
        return f"{self.reason} {self.remedy}".strip()


def check_requested(channel: object, target: object) -> tuple[Requested, Target]:
    """Refuse an unknown channel or target before the widget is made."""
    if channel not in get_args(Requested):
        raise ConfigurationError(
            f"channel must be one of {', '.join(get_args(Requested))}, not {channel!r}."
        )
    if target not in get_args(Target):
        raise ConfigurationError(f"target must be 'inline' or 'tab', not {target!r}.")
    return channel, target  # type: ignore[return-value]  # mypy does not narrow by get_args


def decide(
    page: object,
    host: str,
    *,
    hosts: Sequence[object] | None = None,
    generation: Generation | None = None,
    token: bool = False,
    channel: Requested = "auto",
    target: Target = "inline",
) -> Verdict:
    """The channel between the page at origin `page` and CoCalc at `host`.

    The rules are CoCalc's (source, recordings): messages are answered only for
    https parents without a port that are listed in `iframe_comm_hosts`;
    generation B's sign-in cookies are Strict, so that a frame on another site
    is signed out for ever.

    Args:
        page: the origin that the page told in its hello; untrusted.
        host: CoCalc, normalized.
        hosts: CoCalc's `iframe_comm_hosts`; None if not known, which counts as
            "may work": the page finds out within seconds if it does not.
        generation: of CoCalc's server; None if not known.
        token: whether an auth token will sign the frame in.
        channel: what the user asked for.
        target: where the user wants CoCalc to show.
    """
    if channel == "tab" or target == "tab":
        return Verdict("tab", "CoCalc shows in a tab of its own, as asked for.")
    if channel == "navigation":
        return Verdict("navigation", "CoCalc is steered by navigation, as asked for.")
    cocalc = origin_of(host)
    parent, there = parse_origin(page), parse_origin(cocalc)
    silence = _silence(parent, page, cocalc, hosts)
    if channel == "messages":
        return silence or Verdict("messages")
    if _signed_out(parent, there, generation):
        return Verdict(
            "tab",
            f"CoCalc at {cocalc} is signed out in every frame on another site, as "
            f"{page_name(page)} is: its sign-in cookies stay with its own pages. "
            "Showing files in a tab of their own instead.",
            "To have it in the cell: open this notebook from a page on the same site as CoCalc.",
        )
    if silence is None:
        return Verdict("messages")
    hint = ""
    if there and parent and not same_site(parent, there):
        hint = " If the frame is signed out, "
        hint += (
            f"allow third-party cookies for {there.host} in the browser, or use "
            'CoCalc(..., target="tab").'
            if token
            else "give it an auth token: CoCalc(..., token=...)."
        )
    return Verdict(
        "navigation",
        f"{silence.reason} Showing files by navigation instead.",
        f"{silence.remedy}{hint}",
    )


def _silence(
    parent: Origin | None, page: object, cocalc: str, hosts: Sequence[object] | None
) -> Verdict | None:
    """Why CoCalc will never answer this page; None if it may."""
    name = page_name(page)
    if parent is None:
        return Verdict(
            "blocked",
            f"CoCalc at {cocalc} ignores messages from {name}: the page has no origin of its own.",
            "To get full control: open the notebook at an https address, not from a file "
            "or in a sandboxed frame.",
        )
    if parent.scheme != "https" or parent.port is not None:
        return Verdict(
            "blocked",
            f"CoCalc at {cocalc} ignores messages from {name} "
            "(it accepts only https pages without a port).",
            "To get full control: serve Jupyter at an https address without a port, "
            "behind a reverse proxy, say, and have that name added to CoCalc's "
            "iframe_comm_hosts.",
        )
    if hosts is not None and not listed(parent.host, hosts):
        return Verdict(
            "blocked",
            f"CoCalc at {cocalc} ignores messages from {name}, "
            "which is not in its list of allowed hosts.",
            f"To get full control: ask its administrator to add '{parent.host}' "
            "to the site setting iframe_comm_hosts.",
        )
    return None


def _signed_out(parent: Origin | None, there: Origin | None, generation: Generation | None) -> bool:
    # only where it is known: a self-hosted server may have relaxed its cookies
    if there is None or (parent is not None and same_site(parent, there)):
        return False
    if generation is None:
        return there.host == "cocalc.com" or there.host.endswith(".cocalc.com")
    return generation == "B"
