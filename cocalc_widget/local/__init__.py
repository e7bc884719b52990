"""Owns the name `LocalCoCalc`, loaded on first use: a local stand-in for CoCalc."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..extras import need

if TYPE_CHECKING:
    from .site import LocalCoCalc

__all__ = ["LocalCoCalc"]


def __getattr__(name: str) -> object:
    if name != "LocalCoCalc":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    need("local", "LocalCoCalc")
    from .site import LocalCoCalc

    globals()[name] = LocalCoCalc
    return LocalCoCalc
