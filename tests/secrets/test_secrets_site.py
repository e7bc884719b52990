"""The stand-in keeps secrets as hashes only, and repeats none in what it logs."""

from __future__ import annotations

import contextlib
import logging
import urllib.error
import urllib.request
from ssl import create_default_context

import pytest
from canaries import Canary, new_password
from scanning import Scanner

from cocalc_widget import Client
from cocalc_widget.errors import AuthenticationError, PermissionDeniedError
from cocalc_widget.local import LocalCoCalc


@pytest.mark.parametrize("generation", ["A", "B"])
def test_nothing_that_it_writes_or_logs_holds_a_secret(generation, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    password = new_password()
    with LocalCoCalc(tmp_path, generation=generation, admin=True) as site:
        client = Client(site.api_key, host=site.url, verify=site.ca_file)
        token = client.create_token().value
        client.create_account("A", "B", "a@local.test", password)
        with pytest.raises((AuthenticationError, PermissionDeniedError)):
            Client("sk-" + "x" * 22, host=site.url, verify=site.ca_file).whoami()
        trust = create_default_context(cafile=site.ca_file)
        for path in (
            f"/auth/impersonate?auth_token={token}",
            f"/auth/impersonate?auth_token={token}&auth_token=%ff",  # not UTF-8
            f"/projects/x?auth_token={token}",
            f"/static/app.html?auth_token={token}",
        ):
            for method in ("GET", "PUT"):  # what is not allowed is worth a line in a log
                request = urllib.request.Request(site.url + path, method=method)
                with contextlib.suppress(urllib.error.HTTPError):
                    urllib.request.urlopen(request, timeout=5, context=trust).read()
        session = site.core.accounts.new_session(site.account_id)
        secrets = {"key": site.api_key, "own password": site.password, "token": token}
        secrets |= {"password": password, "session": session}
        known = [Canary(name, value) for name, value in secrets.items()]
        scanner = Scanner(known)
        site.store.commit()
        scanner.tree("running", tmp_path)
    scanner.tree("ended", tmp_path)
    assert ("400 GET /auth/impersonate (" in caplog.text) == (generation == "B")
    scanner.text("log", "", caplog.text)
    assert not scanner.findings
    assert {"running: site.sqlite (rows)", "ended: site.sqlite (rows)"} <= scanner.places
    assert scanner.size["ended"] > 50_000


def test_it_listens_on_loopback_only():
    with LocalCoCalc(content={}) as site:
        sockets = site._server._http._sockets.values()
        names = {one.getsockname()[0] for one in sockets}
    assert "127.0.0.1" in names
    assert names <= {"127.0.0.1", "::1"}
