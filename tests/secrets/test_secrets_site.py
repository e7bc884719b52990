"""The stand-in keeps secrets as hashes only, and repeats none in what it logs."""

from __future__ import annotations

import contextlib
import logging
import urllib.error
import urllib.request
from ssl import create_default_context

import pytest
import requests
from canaries import Canary, new_password
from scanning import Scanner

from cocalc_widget import Client
from cocalc_widget.errors import AuthenticationError, PermissionDeniedError
from cocalc_widget.local import LocalCoCalc


@pytest.mark.parametrize("generation", ["A", "B"])
def test_nothing_that_it_writes_or_logs_holds_a_secret(generation, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    own, password = new_password(), new_password()
    with LocalCoCalc(tmp_path, generation=generation, admin=True) as site:
        site.core.accounts.set_password(site.account_id, own)
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
        secrets = {"key": site.api_key, "own password": own, "token": token}
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


@pytest.mark.parametrize("generation", ["A", "B"])
def test_who_signed_up_by_himself_runs_no_commands(generation):
    """Anybody on this machine can sign up, and commands run as the user who started the site."""
    with LocalCoCalc(generation=generation, admin=True, content={"Lesson": {}}) as site:

        def api(who, path, **body):
            return who.post(f"{site.url}/api/{path}", json=body, timeout=10).json()

        def stranger():
            session = requests.Session()
            session.trust_env, session.verify = False, site.ca_file
            return session

        def runs(who, project_id):
            said = api(who, "v2/exec", project_id=project_id, command="echo", args=["it ran"])
            assert ("it ran" in said.get("stdout", "")) != ("error" in said)
            return "error" not in said

        person = {"firstName": "E", "lastName": "V", "password": "not trivial", "terms": True}
        teacher, guest, second = stranger(), stranger(), stranger()
        teacher.auth = (site.api_key, "")
        account = api(guest, "v2/auth/sign-up", email="guest@x.test", **person)["account_id"]
        own = api(guest, "v2/projects/create", title="x")["project_id"]
        assert not runs(guest, own)
        # nor by an account that a guest makes, or by a key
        api(second, "v2/auth/sign-up", email="second@x.test", **person)
        key = api(guest, "v2/api-keys", action="create", name="x")["response"][0]["secret"]
        second.auth = (key, "")
        assert not runs(second, own)
        made = api(second, "v2/auth/sign-up", email="third@x.test", **person)["account_id"]
        assert site.core.accounts.is_guest(made)
        if generation == "A":
            fields = {"first_name": "F", "last_name": "V", "password": "not trivial"}
            of = {"agreed_to_terms": True, "get_api_key": True}
            fourth = api(second, "v1/create_account", email_address="4@x.test", **fields, **of)
            assert site.core.accounts.is_guest(fourth["account_id"])
            fifth = api(teacher, "v1/create_account", email_address="5@x.test", **fields, **of)
            pupil = stranger()
            pupil.auth = (fifth["api_key"], "")
            assert runs(pupil, api(pupil, "v2/projects/create", title="x")["project_id"])
        # where its owner let a guest in, that is the owner's will; not the other way round
        lesson = site.projects["Lesson"]
        assert not runs(guest, lesson)
        site.core.projects.add(lesson, account)
        assert runs(guest, lesson)
        site.core.projects.add(own, site.account_id)
        assert not runs(teacher, own)


def test_it_listens_on_loopback_only():
    with LocalCoCalc(content={}) as site:
        sockets = site._server._http._sockets.values()
        names = {one.getsockname()[0] for one in sockets}
    assert "127.0.0.1" in names
    assert names <= {"127.0.0.1", "::1"}
