"""The audit's own eyes: a canary that is planted is found, in whatever form, and wherever."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import pickle
import sqlite3
import tarfile
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from canaries import Canary, forms, new_key, new_password
from scanning import Scanner

KEY = Canary("key", new_key())
PASSWORD = Canary("password", new_password())
WAYS = {
    "plain": lambda value: value.encode(),
    "url-encoded": lambda value: quote(value, safe="").encode(),
    "url-encoded twice": lambda value: quote(quote(value, safe=""), safe="").encode(),
    "json": lambda value: json.dumps({"x": value}).encode(),
    "json in json": lambda value: json.dumps(json.dumps({"x": value})).encode(),
    "html": lambda value: html.escape(value).encode(),
    "repr of bytes": lambda value: repr(value.encode()).encode(),
    "http basic": lambda value: base64.b64encode(f"{value}:".encode()),
    "base64 of json": lambda value: base64.b64encode(json.dumps({"some": value}).encode()),
    "base64url": lambda value: base64.urlsafe_b64encode(f"u:{value}".encode()),
    "base64 in lines": lambda value: base64.encodebytes(b"1234567" * 9 + value.encode()),
    "base64 in lines, in json": lambda value: json.dumps(
        base64.encodebytes(b"1234567" * 9 + value.encode()).decode()
    ).encode(),
    "hex": lambda value: value.encode().hex().encode(),
    "utf-16": lambda value: value.encode("utf-16"),
    "pickle": pickle.dumps,
    "coloured": lambda value: f"{value[:12]}\x1b[31m{value[12:]}".encode(),
    "without its end": lambda value: value[:-4].encode(),
}


@pytest.mark.parametrize("canary", [KEY, PASSWORD], ids=lambda it: it.name)
@pytest.mark.parametrize("way", WAYS)
def test_a_planted_canary_is_found(canary: Canary, way: str) -> None:
    scanner = Scanner([KEY, PASSWORD])
    found = scanner.data("here", way, b"before " + WAYS[way](canary.value) + b" behind")
    assert canary.name in {it.canary for it in found}
    assert {it.canary for it in scanner.findings} == {canary.name}


def test_masks_and_other_secrets_are_none() -> None:
    scanner = Scanner([KEY])
    shown = f"\u2022\u2022\u2022{KEY.value[-4:]} {KEY.value[:3]}...{KEY.value[-6:]} {new_key()}"
    assert not scanner.text("here", "mask", shown)
    assert scanner.looked == {"here": 1}
    assert scanner.size["here"] == len(shown.encode())


def test_base64_is_found_wherever_it_stands() -> None:
    for before in range(7):
        for behind in range(4):
            text = base64.b64encode(b"x" * before + KEY.core.encode() + b"\xff" * behind)
            assert any(form in text for form in forms(KEY.core).values()), (before, behind)


def test_it_looks_into_what_is_packed(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/inside.txt", KEY.value * 3)
    outer = io.BytesIO()
    with tarfile.open(fileobj=outer, mode="w") as archive:
        member = tarfile.TarInfo("inner.zip")
        member.size = len(inner.getvalue())
        archive.addfile(member, io.BytesIO(inner.getvalue()))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "all.tar.gz").write_bytes(gzip.compress(outer.getvalue()))
    scanner = Scanner([KEY])
    scanner.tree("files", tmp_path)
    assert "files: sub/all.tar.gz!!inner.zip!deep/inside.txt" in {
        it.place for it in scanner.findings
    }


def test_it_reads_databases_and_names_of_files(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "history.sqlite") as base:
        base.execute("CREATE TABLE history (text TEXT)")
        # across the pages of the file
        base.execute("INSERT INTO history VALUES (?)", ("x" * 4050 + PASSWORD.value,))
    base.close()
    (tmp_path / f"{KEY.value}.txt").write_text("nothing in it")
    scanner = Scanner([KEY, PASSWORD])
    scanner.tree("files", tmp_path)
    assert {it.canary for it in scanner.findings} == {"key", "password"}
    assert scanner.looked["files"] >= 5
