"""Owns what is wrong with the frame, as far as CoCalc's silence tells; and how that is said (pure).

CoCalc says nothing about being signed out, and nothing about a project that is
somebody else's: it does not answer an `open`, while `status` goes on. Since
2025 its own connection ends for good after some seconds, until 2025 it stays.
The *next* open of that project is acked, listed, and even called done, though
nothing is shown. So a doubt that has come up stays until there is evidence
(recordings of both generations).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ...address import origin_of
from .sites import page_name, parse_origin, same_site
from .verdict import PROXY_HAS_TO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...address import Generation

Mood = Literal["wait", "good", "warn", "bad"]
LOST = 3.0  # seconds of "disconnected", then nobody is signed in,
LOST_LATER = 30.0  # unless something was opened before in this document,
UNSURE = 10.0  # or nobody knows whether the server is there
STUCK = 3.0  # seconds after an ack, then it may wait for the project
_TAB = 'use CoCalc(..., target="tab")'


@dataclass(slots=True)
class Health:
    """What is known to be wrong; times are of the kernel's clock, in seconds.

    Attributes:
        away: why CoCalc can't be reached; "" if it can, as far as is known.
        note: what the kernel is doing about a command.
        signed_out: nobody is signed in to the document in the frame.
        doubts: projects whose opens met silence, and of which nothing was seen since.
        refused: the last token was not taken.
        unseen: what was navigated to has not shown itself for long enough.
        hidden: no cell shows the widget.
        offscreen: the frame is out of view.
        lost: since when CoCalc has no connection of its own.
        stays: CoCalc keeps that also where nobody is signed in, as it did until 2025.
        reached: when CoCalc answered the kernel last.
    """

    away: str = ""
    note: str = ""
    signed_out: bool = False
    doubts: set[str] = field(default_factory=set)
    refused: bool = False
    unseen: bool = False
    hidden: bool = False
    offscreen: bool = False
    lost: float | None = None
    stays: bool = False
    reached: float | None = None

    def turn(self) -> None:
        """Another document is in the frame."""
        self.signed_out, self.lost, self.unseen = False, None, False
        self.doubts.clear()

    def see(self, project_id: str) -> None:
        """CoCalc has told of something in this project."""
        self.signed_out = self.refused = self.unseen = False
        self.away = ""
        self.doubts.discard(project_id)

    def connect(self, status: object, now: float) -> None:
        """What CoCalc says of its own connection."""
        if status == "disconnected":
            self.lost = now if self.lost is None else self.lost
        elif status == "connected":
            self.lost, self.signed_out, self.away = None, False, ""

    def leaves(self, now: float, *, told: bool) -> bool:
        """Whether it has been without a connection for so long that nobody can be signed in.

        A server that is gone looks the same, so it has to be there, in the meantime.
        """
        if self.lost is None or self.signed_out or self.away or self.stays:
            return False
        patience = LOST_LATER if told else LOST
        if self.reached is None or self.reached <= self.lost:
            patience = max(patience, UNSURE)
        return now - self.lost >= patience

    def cause(
        self, words: Mapping[str, str], *, told: bool, ready: bool, project_id: str | None = None
    ) -> tuple[Mood, str]:
        """What is wrong, for the status line and `reason`; "" where nothing is.

        Args:
            words: `sentences`.
            told: CoCalc has told of something in this document: somebody is signed in.
            ready: CoCalc takes messages, or shows what it was steered to.
            project_id: what is wrong with this one; default: with any.
        """
        doubt = project_id in self.doubts if project_id else bool(self.doubts)
        out = self.signed_out or (doubt and not told)
        known: tuple[tuple[object, Mood, str], ...] = (
            (self.away, "bad", f"{words['away']}: {self.away}."),
            (self.note, "wait", self.note),
            (self.stays and self.lost is not None, "bad", words["lost"]),
            (out, "warn", words["signed_out"]),
            (doubt, "warn", words["no_access"]),
            (self.refused, "warn", words["refused"]),
            (self.hidden, "wait", words["hidden"]),
            (self.offscreen and not ready, "wait", words["offscreen"]),
            (self.unseen, "warn", words["unseen"]),
        )
        return next(((mood, said) for holds, mood, said in known if holds), ("good", ""))


def sentences(
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
        "lost": "CoCalc has lost the connection to its server, and connects again by itself.",
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
