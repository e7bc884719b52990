"""Owns the REST side: `Client`, and what its calls return.

Users call it, and so do the magics and the frame. It stands on floors of its own: `http` (the
exchange with a host), `dialects` (what each generation speaks), `copying`, and `results`.
"""

from __future__ import annotations

from .client import Client
from .copying.batch import CopyBatch
from .framing import Framing
from .log import Log, LogEntry
from .results.jobs import CopyJob, CopyJobs
from .results.projects import Project, Projects
from .results.values import Account, ExecResult, Ping, Token, Whoami
from .standing import Standing

__all__ = [
    "Account",
    "Client",
    "CopyBatch",
    "CopyJob",
    "CopyJobs",
    "ExecResult",
    "Framing",
    "Log",
    "LogEntry",
    "Ping",
    "Project",
    "Projects",
    "Standing",
    "Token",
    "Whoami",
]
