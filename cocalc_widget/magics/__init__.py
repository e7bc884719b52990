"""Owns `%cocalc` and `%%cocalc`: what `%load_ext` and `%unload_ext` do.

A line goes from `extension` to `dispatch`, and on to a sub-command in `commands` or `doctor`.
Registering must be quick, so that parser, client and widget are imported by
the first command that needs them, not here. Only the package itself may use this floor.
"""

from __future__ import annotations

from .extension import load, unload

__all__ = ["load", "unload"]
