"""The recordings, and how each request in them is sent again through the client."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from cocalc_widget.api import Client
from cocalc_widget.api.http.answers import read

from ..fake import HANG, Answer, Reaction

FOLDER = Path(__file__).parents[2] / "contract"
FILES = ("v1", "v2", "conat-2026", "rest-2024", "rest-2026")
KEY = "sk-AbCdEfGhIjKlMnOpQrStUv"


@dataclass(frozen=True)
class Row:
    file: str
    name: str
    request: dict[str, Any]
    response: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.file}:{self.name}"

    @property
    def path(self) -> str:
        return str(self.request["path"])

    @property
    def body(self) -> Any:
        return self.response["body"]

    @property
    def kind(self) -> str:
        for kind in ("v1", "v2", "conat"):
            if self.path.startswith(f"/api/{kind}"):
                return kind
        return "page"

    @property
    def endpoint(self) -> str:
        """What the error must name: the event, the path, the method of the bridge."""
        if self.kind == "conat":
            told = self.request["body"]
            name = told.get("name") if isinstance(told, dict) else None
            return name or self.path.removeprefix("/api/")
        return self.path.partition("?")[0].removeprefix(f"/api/{self.kind}/")

    def reaction(self) -> Reaction:
        if self.response["status"] is None:
            return HANG
        extra = {k: v for k, v in (self.response.get("headers") or {}).items() if k == "location"}
        return Answer(
            self.body, self.response["status"], self.response["content_type"] or "", extra
        )

    def words(self) -> str | None:
        """The server's own words in a failure, found without the code under test."""
        body = self.body
        if isinstance(body, str):
            found = re.search(r"<pre>(.*?)</pre>", body) or re.search(r"<title>(.*?)</", body)
            if found:
                return unescape(found[1]) or None
            return body.removeprefix("ERROR: ")
        if body.get("reason") or body.get("issues"):
            told = body.get("reason") or body["issues"]
            return "; ".join(f"{name}: {text}" for name, text in told.items())
        error = body.get("error", body.get("message"))
        if isinstance(error, dict):
            return f"{error['code']}: {error['syscall']} '{error['path']}'"
        text = str(error)
        if self.kind == "conat":
            text = text.partition(" - callHub: ")[0].removeprefix("Error: ")
        return text.strip()


def load(name: str) -> list[Row]:
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    for row in rows:
        if row["response"].get("body_truncated"):
            row["response"]["body"] = mended(row["response"]["body"])
    return [Row(name, row["name"], row["request"], row["response"]) for row in rows]


def mended(text: str) -> Any:
    """What is whole of a JSON body that was cut: up to its last whole element."""
    closing, inside, escaped, whole = "", False, False, ""
    for at, sign in enumerate(text):
        if inside:
            inside = escaped or sign != '"'
            escaped = sign == "\\" and not escaped
        elif sign == '"':
            inside = True
        elif sign in "[{":
            closing = {"[": "]", "{": "}"}[sign] + closing
        elif sign in "]}":
            closing = closing[1:]
            if closing[:1] == "]":
                whole = text[: at + 1] + closing
    return json.loads(whole) if whole else text


ROWS = [row for name in FILES for row in load(name)]


def client_for(row: Row, url: str, **options: Any) -> Client:
    auth = str(row.request.get("auth"))
    key = "" if "blank" in auth else KEY
    client = Client(key, host=url, timeout=5.0, retries=0, **options)
    if auth.startswith(("none", "cookie", "raw")):
        client._connection.transport.key = None
    return client


def send_again(client: Client, row: Row) -> Any:
    """The same request: by `Client.call` where it can say it, else by its transport."""
    body, told = row.request["body"], row.request
    if _callable(row):
        if row.kind == "conat":
            return client.call(body["name"], *body["args"], project_id=body.get("project_id"))
        return client.call(row.path.strip("/"), body)
    data = body if isinstance(body, str) or body is None else json.dumps(body)
    auth = "bearer" if "bearer" in str(told.get("auth")) else "basic"
    reply = client._connection.transport.request(
        told["method"],
        row.path,
        endpoint=row.endpoint,
        body=data.encode() if data else None,
        auth=auth,  # type: ignore[arg-type]
    )
    return read(
        reply.status,
        reply.content_type,
        reply.text,
        endpoint=row.endpoint,
        kind=row.kind,  # type: ignore[arg-type]
        secrets=(client._connection.transport.key,),
    )


def _callable(row: Row) -> bool:
    """Whether `Client.call` can say this request: JSON, by Basic, with a name."""
    body, told = row.request["body"], row.request
    if told["method"] != "POST" or told.get("content_type") != "application/json":
        return False
    if not isinstance(body, dict) or "bearer" in str(told.get("auth")):
        return False
    if row.kind == "conat":
        named = "name" in body and body.get("project_id") != "nope"
        return named and (row.path.endswith("/hub") or "project_id" in body)
    return row.kind in ("v1", "v2") and not row.path.endswith("/")
