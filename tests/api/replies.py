"""Owns a server's reply as the transport hands it on, made without a server."""

from __future__ import annotations

import json
from typing import Any

from cocalc_widget.api.http.messages import Reply


def reply(
    status: int = 200, body: Any = None, kind: str = "application/json", **head: str
) -> Reply:
    text = body if isinstance(body, str) else json.dumps(body)
    return Reply(status, kind, text, {name.replace("_", "-"): it for name, it in head.items()})
