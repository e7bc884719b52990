"""Programs that others write for CoCalc work here: `cocalc-python`, and the official MCP server."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import cocalc.api
import pytest
import requests
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from cocalc_widget import LocalCoCalc

from ..conftest import Api

# stands for latexmk: a "PDF" of what the file says
_TEX = "printf '%%PDF-1.4 ' > main.pdf; cat main.tex >> main.pdf; echo made"


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> Any:
    with LocalCoCalc(generation="A", content={"Lesson": {}}) as site:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(site.ca_file))
        yield site


def python_client(site: LocalCoCalc) -> cocalc.api.CocalcApiClient:
    return cocalc.api.CocalcApiClient(
        api_key=site.api_key, base_url=f"{site.url}/api", project_id=site.projects["Lesson"]
    )


def test_cocalc_python_runs_commands(old: LocalCoCalc) -> None:
    answer = python_client(old).exec("echo one two; pwd")
    assert answer.status_code == 200
    assert answer.json()["stdout"].startswith("one two\n")


def test_cocalc_python_makes_pdfs(old: LocalCoCalc) -> None:
    client = python_client(old)
    home = old.directory(old.projects["Lesson"])
    made = client.latex(path="a/main.tex", content="hello", command=_TEX)
    assert made == b"%PDF-1.4 hello"
    assert (home / "a/main.tex").read_text() == "hello"
    assert client.latex(content="gone", command=_TEX, temporary=True) == b"%PDF-1.4 gone"
    assert list((home / "temp").iterdir()) == [], "what was for the moment is removed"


def test_cocalc_python_hears_why_there_is_no_pdf(old: LocalCoCalc) -> None:
    client = python_client(old)
    with pytest.raises(cocalc.api.CocalcError, match="exited with nonzero code 3"):
        client.latex(content="x", command="exit 3", temporary=True)


def test_a_pdf_is_had_by_its_address_alone(old: LocalCoCalc) -> None:
    api, lesson = Api(old), old.projects["Lesson"]
    ask = {"project_id": lesson, "path": "main.tex", "content": "x", "command": _TEX}
    made = api.v2("latex", **ask)
    assert made["compile"]["stdout"] == "made\n"
    assert requests.get(made["url"], timeout=5).content == b"%PDF-1.4 x"
    other = made["url"].rpartition("=")[0] + "=00000000-0000-4000-8000-000000000000"
    assert requests.get(other, timeout=5).status_code == 404
    again = api.v2("latex", project_id=lesson, path="main.tex", only_read_pdf=True)
    assert requests.get(again["url"], timeout=5).content == b"%PDF-1.4 x"
    assert "compile" not in again
    assert "ENOENT" in api.v2("latex", project_id=lesson, path="no.tex", command="true")["error"]
    assert "end in .tex" in api.v2("latex", project_id=lesson, path="main.md")["error"]
    assert "EACCES" in str(api.v2("latex", project_id=lesson, path="../x.tex", content="x"))
    _, key = old.create_account("S", "T", "s@x.test")
    assert "collaborator" in Api(old, key=key).v2("latex", **ask)["error"]


@pytest.mark.parametrize("which", ["account", "project"])
def test_the_official_mcp_server(which: str) -> None:
    """As its users start it: by its command, over stdio, with a key in the environment."""
    with LocalCoCalc(generation="B", content={"Lesson": {"a.md": "# A"}}) as site:
        lesson = site.projects["Lesson"]
        _, key = site.core.accounts.new_key(
            site.account_id, project_id=lesson if which == "project" else None
        )
        found = asyncio.run(asyncio.wait_for(_mcp(site, key, lesson), 100))
    assert {"exec", "jupyter_execute"} <= found["tools"]
    assert "hello from bash" in found["exec"]
    assert "42" in found["jupyter"]


async def _mcp(site: LocalCoCalc, key: str, lesson: str) -> dict[str, Any]:
    command = str(Path(sys.executable).with_name("cocalc-mcp-server"))
    environment = {"COCALC_API_KEY": key, "COCALC_HOST": site.url, "COCALC_PROJECT_ID": lesson,
                   "SSL_CERT_FILE": str(site.ca_file)}  # fmt: skip
    server = StdioServerParameters(command=command, env=environment)
    async with stdio_client(server) as (reads, writes), ClientSession(reads, writes) as session:
        await session.initialize()
        tools = {tool.name for tool in (await session.list_tools()).tools}
        ran = await session.call_tool("exec", {"command": "echo hello from bash", "bash": True})
        code = {"input": "6 * 7", "kernel": "python3"}
        counted = await session.call_tool("jupyter_execute", code)
        return {"tools": tools, "exec": str(ran.content), "jupyter": str(counted.content)}
