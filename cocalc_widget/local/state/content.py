"""Owns what a site starts with: two projects with a few small, real files."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "content"


def default_content() -> dict[str, Path]:
    """Project title → folder of files, as `LocalCoCalc(content=None)` starts."""
    return {title: _FOLDER / title.lower() for title in ("Lesson", "Student")}
