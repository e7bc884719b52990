"""Owns `%cocalc` and `%%cocalc`: what `%load_ext` and `%unload_ext` do.

Registering must be quick, so that parser, client and widget are imported by
the first command that needs them, not here.
"""

from __future__ import annotations

from .extension import load, unload

__all__ = ["load", "unload"]
