"""Owns the frame's public names; importing this is what loads anywidget.

The widget: CoCalc in a cell, told what to do from Python. `widget` is what users hold. Below it
lie `session` (the conversation with the page), `channel` (which way to CoCalc can work, and what
is known to be shown), `messages` (what is said), and `kernel` (waiting, where cells may block).
The magics call this floor; the doctor looks into those below as well, to explain them.
"""

from __future__ import annotations

from .messages.command import Command
from .messages.events import Event
from .messages.reply import Reply
from .widget import CoCalc

__all__ = ["CoCalc", "Command", "Event", "Reply"]
