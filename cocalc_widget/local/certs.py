"""Owns the site's certificate: made at start by a CA of its own, in a private folder."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NAMES = ("localhost", "127.0.0.1", "::1", "*.test")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where the CA's certificate, the server's chain and its key lie (PEM)."""

    ca_file: str
    cert_file: str
    key_file: str


def make_certificate(folder: Path) -> Certificate:
    """Write a new CA and a certificate for loopback and `*.test` into `folder`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = trustme.CA()
    leaf = authority.issue_cert(*NAMES)
    ca_file, cert_file, key_file = (folder / n for n in ("ca.pem", "cert.pem", "key.pem"))
    authority.cert_pem.write_to_path(str(ca_file))
    cert_file.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    key_file.touch(mode=0o600)
    leaf.private_key_pem.write_to_path(str(key_file))
    return Certificate(str(ca_file), str(cert_file), str(key_file))


def public_key_hash(cert_file: str) -> str:
    """By what Chromium's `--ignore-certificate-errors-spki-list` knows a certificate."""
    data = Path(cert_file).read_bytes()
    key = x509.load_pem_x509_certificate(data).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()
