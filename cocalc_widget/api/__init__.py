"""Owns the REST side: `Client`, and what its calls return."""

from __future__ import annotations

from .batch import CopyBatch
from .client import Client
from .framing import Framing
from .jobs import CopyJob, CopyJobs
from .log import Log, LogEntry
from .results import Account, ExecResult, Ping, Project, Projects, Token, Whoami
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
