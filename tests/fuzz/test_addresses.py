"""Ids, paths, hosts and the URLs made of them: taken as they are, or refused by name."""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import strategies as st

from cocalc_widget import address
from cocalc_widget.api.results.values import sign_in_url
from cocalc_widget.errors import CoCalcError, ConfigurationError, ValidationError
from cocalc_widget.frame.messages import outbox

from . import strategies as bad
from .counting import examples

HOST = "https://cocalc.test/base"


def outcome(function: Any, *args: Any) -> Any:
    """The result, or None where a named error with a message that can be shown refused it."""
    try:
        return function(*args)
    except CoCalcError as error:
        str(error).encode()
        return None if error.message else pytest.fail("no message")


@examples(1000, value=st.one_of(bad.ids, bad.scalars))
def test_ids(value: Any) -> None:
    found = outcome(address.check_uuid, value)
    if found is not None:
        assert found == str(value).strip().lower()
        assert len(found) == 36
        assert found.isascii()


@examples(1500, value=st.one_of(bad.paths, bad.scalars))
def test_paths(value: Any) -> None:
    found = outcome(address.check_path, value)
    if found is not None:
        assert found == value, "a path is never changed"
        assert len(found.encode()) <= address.MAX_PATH
        assert not found.startswith("/")
        assert ".." not in found.split("/")
        assert found.isprintable() or not any(ord(it) < 32 for it in found)


@examples(1000, value=st.one_of(bad.text, st.builds("{}:{}".format, bad.ids, bad.paths)))
def test_addresses(value: str) -> None:
    found = outcome(address.parse_address, value)
    if found is not None:
        assert found.project.strip() != ""
        assert value.startswith(found.project) or address.is_uuid(found.project)
        again = address.parse_address(str(found))
        assert again == found


@examples(2000, value=st.one_of(bad.hosts, bad.scalars))
def test_hosts(value: Any) -> None:
    try:
        host = address.normalize_host(value)
    except ConfigurationError as error:
        str(error).encode()
        return
    parts = urlsplit(host)
    name = parts.hostname or ""
    assert parts.scheme == "https" or address.is_loopback(name)
    assert host.isascii()
    assert not set(host) & set(" \"'<>\\^`{|}?#"), (
        "what browsers read in another way, or not at all"
    )
    assert name.strip("0123456789abcdefghijklmnopqrstuvwxyz.-_:") == ""
    assert not host.endswith("/")
    assert address.normalize_host(host) == host, "a normalized host stays as it is"


def parsed(url: str) -> tuple[str, str]:
    """Origin and path of a URL as a browser reads it, which resolves dots."""
    parts = urlsplit(url)
    path = parts.path
    assert "\\" not in path
    return f"{parts.scheme}://{parts.netloc}", posixpath.normpath(path)


@examples(1500, path=bad.paths, host=bad.hosts, project=bad.ids, token=bad.text,
          generation=st.sampled_from("AB"))  # fmt: skip
def test_no_url_leaves_its_host(
    path: str, host: str, project: str, token: str, generation: Any
) -> None:
    """Whatever was accepted is found again in the URL, on the very origin, and nothing else is."""
    try:
        place = address.normalize_host(host)
    except ConfigurationError:
        place = HOST
    try:
        project_id, path = address.check_uuid(project), address.check_path(path)
    except ValidationError:
        project_id = bad.ID
        path = outcome(address.check_path, path) or "a.md"
    base = urlsplit(place).path
    url = address.file_url(place, project_id, path)
    origin, where = parsed(url)
    assert origin == address.origin_of(place)
    assert where.startswith(posixpath.normpath(f"{base}/projects/{project_id}/files"))
    assert unquote(urlsplit(url).path) == f"{unquote(base)}/projects/{project_id}/files/{path}"
    assert urlsplit(url).query == "fullscreen=default&session="
    assert urlsplit(url).fragment == ""
    for made in (
        lambda: address.signed_url(url, token, generation, place),
        lambda: sign_in_url(place, generation, token, project_id, path),
        lambda: sign_in_url(place, generation, token, None, None),
        lambda: outbox.token(place, (project_id, path), token, generation)["url"],
    ):
        signed = outcome(made)
        if signed is not None:
            signed.encode("ascii")
            assert parsed(signed)[0] == origin
            assert urlsplit(signed).fragment == ""
            given = urlsplit(signed).query.partition("auth_token=")[2].partition("&")[0]
            assert unquote(given) == token
