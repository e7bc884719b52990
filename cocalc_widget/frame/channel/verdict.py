"""Owns the verdict: which channel can work between a page and a CoCalc, and why (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from ...address import Generation, origin_of
from ...errors import ConfigurationError
from .framing import may_frame
from .sites import Origin, listed, page_name, parse_origin, same_site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...api.framing import Framing

Channel = Literal["messages", "navigation", "tab", "blocked"]
Requested = Literal["auto", "messages", "navigation", "tab"]
Target = Literal["inline", "tab"]
# The page's script reads this cookie, which has no SameSite of its own (recording).
PROXY_LINE = "proxy_cookie_flags account_id secure samesite=none;"
PROXY_HAS_TO = (
    "the reverse proxy in front of CoCalc has to make the cookie account_id SameSite=None; Secure "
    f"(nginx: {PROXY_LINE})"
)
_TAB_INSTEAD = "Showing files in a tab of their own instead."


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
    samesite: str | None = None,
    framing: Framing | None = None,
    ancestors: Sequence[str] | None = (),
    generation: Generation | None = None,
    token: bool = False,
    channel: Requested = "auto",
    target: Target = "inline",
) -> Verdict:
    """The channel between the page at origin `page` and CoCalc at `host`.

    The rules are CoCalc's (source, recordings): messages are answered only for
    https parents without a port that are listed in `iframe_comm_hosts`;
    generation B's sign-in cookies are Strict unless `samesite_remember_me` says
    otherwise, so that a frame on another site is signed out for ever. And the
    browser's: a page shows itself only in those that its headers name.

    Args:
        page: the origin that the page told in its hello; untrusted.
        host: CoCalc, normalized.
        hosts: CoCalc's `iframe_comm_hosts`; None if not known, which counts as
            "may work": the page finds out within seconds if it does not.
        samesite: CoCalc's `samesite_remember_me`; None if not known.
        framing: what CoCalc says about who may frame it; None if not known.
        ancestors: the origins of the pages that frame `page`; None if not known.
        generation: of CoCalc's server; None if not known.
        token: whether an auth token will sign the frame in.
        channel: what the user asked for.
        target: where the user wants CoCalc to show.
    """
    if channel == "tab" or target == "tab":
        return Verdict("tab", "CoCalc shows in a tab of its own, as asked for.")
    cocalc = origin_of(host)
    parent, there = parse_origin(page), parse_origin(cocalc)
    refused = _refused(page, cocalc, framing, ancestors)
    silence = _silence(parent, page, cocalc, hosts)
    if channel != "auto":
        navigation = Verdict("navigation", "CoCalc is steered by navigation, as asked for.")
        wanted = (silence or Verdict("messages")) if channel == "messages" else navigation
        return replace(refused, channel="blocked") if refused else wanted
    if refused is not None:
        return replace(refused, reason=f"{refused.reason} {_TAB_INSTEAD}")
    if is_signed_out(page, host, generation=generation, samesite=samesite):
        return Verdict(
            "tab",
            f"CoCalc at {cocalc} is signed out in every frame on another site, as "
            f"{page_name(page)} is: its sign-in cookies stay with its own pages. {_TAB_INSTEAD}",
            "To have it in the cell: open this notebook from a page on the same site as CoCalc; "
            "or its administrator sets samesite_remember_me to none, and has the reverse proxy "
            f"make the cookie account_id SameSite=None; Secure (nginx: {PROXY_LINE}).",
        )
    if silence is None:
        return Verdict("messages")
    elsewhere = there and parent and not same_site(parent, there)
    hint = _hint(there.host, generation, token=token) if there and elsewhere else ""
    return Verdict(
        "navigation",
        f"{silence.reason} Showing files by navigation instead.",
        f"{silence.remedy}{hint}",
    )


def _hint(name: str, generation: Generation | None, *, token: bool) -> str:
    """What to do if a frame on another site turns out to be signed out."""
    if generation == "B":
        return (
            " If the frame is signed out, the cookie account_id does not reach it: the reverse "
            f"proxy has to make it SameSite=None; Secure (nginx: {PROXY_LINE})."
        )
    if token:
        return (
            f" If the frame is signed out, allow third-party cookies for {name} in the "
            'browser, or use CoCalc(..., target="tab").'
        )
    return " If the frame is signed out, give it an auth token: CoCalc(..., token=...)."


def _refused(
    page: object, cocalc: str, framing: Framing | None, ancestors: Sequence[str] | None
) -> Verdict | None:
    """Why the browser shows no frame of CoCalc's in this page; None if it may."""
    if framing is None:
        return None
    chain = [page if isinstance(page, str) else "null", *(ancestors or ())]
    refusal = may_frame(framing.policies, framing.x_frame_options, cocalc, chain)
    if refusal is None:
        return None
    return Verdict(
        "tab",
        f"CoCalc at {cocalc} may not be shown in a frame here: {refusal.reason}.",
        f"To have it in the cell: ask its administrator to add {page_name(refusal.ancestor)} to "
        "the header Content-Security-Policy: frame-ancestors of CoCalc.",
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


def is_signed_out(
    page: object, host: str, *, generation: Generation | None, samesite: str | None
) -> bool:
    """Whether CoCalc's own cookies keep every frame in this page signed out; see `decide`."""
    parent, there = parse_origin(page), parse_origin(origin_of(host))
    # only where it is known: a self-hosted server may have relaxed its cookies
    if there is None or (parent is not None and same_site(parent, there)):
        return False
    if samesite is not None:
        return generation != "A" and samesite != "none"
    if generation is None:
        return there.host == "cocalc.com" or there.host.endswith(".cocalc.com")
    return generation == "B"
