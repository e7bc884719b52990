"""Owns `doctor`: everything a support person would ask for, looked at in at most 15 seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..language.parser import Command, option

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from ...redact import Secret
    from ..session import Session
    from .report import Check

SECONDS = 14.0  # for all checks; the rest of the 15 is for imports


def _doctor(session: Session, args: Namespace) -> object:
    from . import machine, page
    from . import site as sites
    from .diagnosis import diagnose
    from .report import Report

    site = sites.Site(args.host, session.widget())

    def answers() -> Iterator[Check]:
        yield from site.checks()
        yield from page.page_checks(site)  # which rest on what the site has told

    groups = [(machine.NAMES, machine.local), (sites.NAMES + page.NAMES, answers)]
    return Report.of(diagnose(groups, SECONDS), _secrets(site.host))


def _secrets(host: str) -> list[Secret | str | None]:
    """Every key that may have been used, so that none can stand in the report."""
    import os
    from contextlib import suppress

    from ... import config
    from ...errors import CoCalcError

    found: list[Secret | str | None] = [os.environ.get("COCALC_API_KEY", "").strip()]
    with suppress(CoCalcError):  # a host that is none, an unreadable key file: nothing was used
        found.append(config.resolve(host=host or None).api_key)
    return found


DOCTOR = Command(
    "doctor",
    "Check versions, host, key, page, cookies and kernel, and say what to do.",
    _doctor,
    (option("--host", text="another CoCalc than the one in use"),),
    details="Takes at most 15 seconds, and works without a key and without a network. The "
    "report holds no secret: print it to paste it into a bug report. It tells most "
    "where a frame is shown.",
    examples=("%cocalc doctor", "report = %cocalc doctor --host cocalc.example.edu"),
)
