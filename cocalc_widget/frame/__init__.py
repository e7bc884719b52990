"""Owns the frame's public names; importing this is what loads anywidget."""

from __future__ import annotations

from .messages.command import Command
from .messages.events import Event
from .messages.reply import Reply
from .widget import CoCalc

__all__ = ["CoCalc", "Command", "Event", "Reply"]
