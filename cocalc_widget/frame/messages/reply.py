"""Owns the reply to a command, as users read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

Evidence = Literal["rendered", "opened", "api", "status", ""]


_SEEN: dict[str, str] = {
    "rendered": "CoCalc reported it as rendered",
    "opened": "CoCalc reported it as opened",
    "api": "the project's log has it",
    "status": "",
    "": "",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What CoCalc answered to a command.

    Attributes:
        action: `"open"`, `"closeall"` or `"status"`.
        project_id: of the file opened, else None.
        path: of the file opened, else None.
        verified: after an open, whether the file was seen to be shown; None if not known.
            True rests on what can't be there when nothing is shown, never on CoCalc's "done" or
            its list of open files alone (recordings: they come while signed out, too).
        evidence: the strongest that tells of it: `"rendered"` (CoCalc reported the file as
            rendered), `"opened"` (it reported it as opened), `"api"` (the project's log, over the
            API), `"status"` (only its list of open files has it), `""`.
        shown_after: seconds from the command to the rendering; None where that is not known.
        why: why it is not verified, as a sentence.
        open_files: project id → paths, as last heard of.
        connection: CoCalc's own connection to its server, as last heard of.
        raw: CoCalc's message as it came.
        elapsed: seconds from the call to the reply.
    """

    action: str
    project_id: str | None = None
    path: str | None = None
    verified: bool | None = None
    evidence: Evidence = ""
    shown_after: float | None = None
    why: str = ""
    open_files: dict[str, list[str]] = field(default_factory=dict)
    connection: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict, repr=False)
    elapsed: float = 0.0

    def _repr_html_(self) -> str:
        rows = [("action", target_words(self.action, self.path))]
        if self.action == "open":
            words = {True: "yes", False: "no", None: "not known"}[self.verified]
            told = self.why or _SEEN[self.evidence]
            rows.append(("shown", f"{words}: {told}" if told else words))
        if self.connection:
            parts = (self.connection.get(name) for name in ("status", "quality"))
            rows.append(("connection", ", ".join(str(part) for part in parts if part)))
        files = [path for paths in self.open_files.values() for path in paths]
        rows.append(("open files", ", ".join(files) or "none"))
        rows.append(("took", f"{self.elapsed:.2f} s"))
        left = " style='text-align:left'"  # as everywhere in this package's tables
        cells = "".join(
            f"<tr><th{left}>{escape(k)}</th><td{left}>{escape(v)}</td></tr>" for k, v in rows
        )
        return f"<table>{cells}</table>"


def target_words(action: str, path: str | None) -> str:
    """A command in words: `open a.md`."""
    return f"{action} {path}" if path else action
