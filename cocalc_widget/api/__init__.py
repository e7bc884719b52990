"""Owns the REST side: `Client`, and what its calls return."""

from __future__ import annotations

from .batch import CopyBatch
from .client import Client
from .jobs import CopyJob, CopyJobs
from .results import Account, ExecResult, Ping, Project, Projects, Token, Whoami

__all__ = [
    "Account",
    "Client",
    "CopyBatch",
    "CopyJob",
    "CopyJobs",
    "ExecResult",
    "Ping",
    "Project",
    "Projects",
    "Token",
    "Whoami",
]
