"""Owns the frame's public names; importing this is what loads anywidget."""

from __future__ import annotations

from .commands import Command
from .events import Event
from .reply import Reply
from .widget import CoCalc

__all__ = ["CoCalc", "Command", "Event", "Reply"]
