"""Owns what one code cell of a notebook left: its outputs, and what they say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Cell:
    """What one code cell left: its outputs in the notebook format, and the time it took."""

    index: int
    source: str
    outputs: list[dict[str, Any]] = field(repr=False)
    seconds: float = 0.0

    @property
    def error(self) -> str:
        """The error's name and message, "" if the cell ran through."""
        for output in self.outputs:
            if output["output_type"] == "error":
                return f"{output['ename']}: {output['evalue']}"
        return ""

    @property
    def text(self) -> str:
        """All plain text of the outputs, joined."""
        parts = []
        for output in self.outputs:
            if output["output_type"] == "stream":
                parts.append(output["text"])
            elif "data" in output:
                parts.append(output["data"].get("text/plain", ""))
        return "".join(part if isinstance(part, str) else "".join(part) for part in parts)
