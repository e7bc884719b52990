"""Owns the search for canaries: in texts, files, folders, and whatever is packed inside them."""

from __future__ import annotations

import gzip
import io
import re
import sqlite3
import stat
import tarfile
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from canaries import Canary, forms

_ANSI = re.compile(rb"(?:\x1b|\\u001b|\\x1b)\[[0-9;]*m")
_FOLDS = (b"\\n", b"\\r", b"\\t")  # as JSON writes them; the real ones go by translate


@dataclass(frozen=True)
class Finding:
    """A canary where it was found."""

    place: str
    canary: str
    form: str


class Scanner:
    """Looks for canaries and counts where it looked.

    Attributes:
        findings: what was found.
        looked: area → how many texts and files.
        size: area → how many bytes.
        places: all of them.
    """

    def __init__(self, canaries: list[Canary]) -> None:
        self._forms: dict[bytes, tuple[str, str]] = {}
        for canary in canaries:
            for form, data in forms(canary.core).items():
                self._forms.setdefault(data, (canary.name, form))
        self.findings: set[Finding] = set()
        self.looked: Counter[str] = Counter()
        self.size: Counter[str] = Counter()
        self.places: set[str] = set()

    def text(self, area: str, place: str, text: str) -> list[Finding]:
        """Look at a text."""
        return self.data(area, place, text.encode("utf-8", "surrogatepass"))

    def data(self, area: str, place: str, data: bytes) -> list[Finding]:
        """Look at bytes as they are, and without line breaks and colours, which may split a word.

        Returns: what was found in them.
        """
        self.looked[area] += 1
        self.size[area] += len(data)
        self.places.add(f"{area}: {place}")
        joined = _ANSI.sub(b"", data).translate(None, b" \t\r\n")
        for fold in _FOLDS:
            joined = joined.replace(fold, b"")
        found = [
            Finding(f"{area}: {place}", *self._forms[form])
            for form in self._forms
            if form in data or form in joined
        ]
        self.findings.update(found)
        return found

    def file(self, area: str, place: str, file: Path) -> None:
        """Look at a file, and at what is packed in it."""
        try:
            if not stat.S_ISREG(file.lstat().st_mode):
                return
            self.packed(area, place, file.read_bytes())
        except FileNotFoundError:  # a temporary one
            return
        if file.suffix in (".sqlite", ".db"):  # long texts are cut into pages there
            with sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True) as base:
                self.text(area, f"{place} (rows)", "\n".join(base.iterdump()))
            base.close()

    def packed(self, area: str, place: str, data: bytes) -> None:
        """Look at bytes, and into them if they are an archive."""
        self.data(area, place, data)
        if data[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    self.text(area, f"{place}!{name} (its name)", name)
                    self.packed(area, f"{place}!{name}", archive.read(name))
        elif data[:2] == b"\x1f\x8b":
            try:
                inner = gzip.decompress(data)
            except (OSError, EOFError):
                return
            self.packed(area, f"{place}!", inner)
        elif data[257:262] == b"ustar":
            with tarfile.open(fileobj=io.BytesIO(data)) as archive:
                for member in archive.getmembers():
                    inside = archive.extractfile(member) if member.isfile() else None
                    if inside is not None:
                        self.packed(area, f"{place}!{member.name}", inside.read())

    def tree(self, area: str, root: Path) -> None:
        """Look at every file below a folder, and at the files' names."""
        for path in sorted(root.rglob("*")):
            place = str(path.relative_to(root))
            self.text(area, f"{place} (its name)", place)
            self.file(area, place, path)

    def report(self) -> str:
        """Where it looked."""
        lines = [
            f"{area}: {count} texts and files, {self.size[area]:,} bytes"
            for area, count in sorted(self.looked.items())
        ]
        return "\n".join(lines)
