"""Tracebacks with the values of variables (%xmode Verbose), and what objects hold: no secrets."""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import pytest
from canaries import Canary, new_key, new_password
from scanning import Scanner
from stage.stand_in import enter

from cocalc_widget import Client
from cocalc_widget.api.http import transport
from cocalc_widget.api.http.messages import encode
from cocalc_widget.api.http.secrets import sealed
from cocalc_widget.errors import ConfigurationError
from cocalc_widget.local import LocalCoCalc
from cocalc_widget.redact import Secret, redact

PASSWORD = Canary("password", new_password())


@pytest.fixture(scope="module")
def site():
    with LocalCoCalc(admin=True, content={"Lesson": {}}, generation="A") as running:
        yield running


@pytest.fixture(scope="module")
def later_site():
    with LocalCoCalc(generation="B", content={}) as running:
        yield running


@pytest.fixture
def kept(site):
    return Scanner([PASSWORD, Canary("key", site.api_key)])


@pytest.fixture
def verbose(shell, site, monkeypatch):
    """A shell whose tracebacks show the values of variables, and secrets for its cells."""
    enter(monkeypatch, site)
    monkeypatch.setenv("AUDIT_PASSWORD", PASSWORD.value)
    mode = shell.InteractiveTB.mode
    shell.InteractiveTB.set_mode("Verbose")
    shell.run_cell(
        "import os\nfrom cocalc_widget import Client\nclient = Client()\nclient.ping()\n"
        "def password(): return os.environ['AUDIT_PASSWORD']"
    )
    shell.run_line_magic("load_ext", "cocalc_widget")
    yield shell
    shell.InteractiveTB.set_mode(mode)


@pytest.mark.parametrize(
    "source",
    [
        "client.create_token(client.account_id.replace('a', 'b'), password())",
        "typed = password()\nclient.create_token('nobody@x.test', typed)",
        "client.call('user_auth', account_id='x', password=password())",
        "client.call('user_auth', {'account_id': 'x', 'password': password(), 'x': 1})",
        "client.call('auth/sign-up', password=password())",
        "client.create_account('A', 'B', 'no address', password())",
        "Client(api='v2').create_account('A', 'B', 'no address', password())",
        "client.revoke_token(password())",
    ],
)
def test_a_verbose_traceback_shows_the_way_but_no_password(source, verbose, kept, capsys):
    assert not verbose.run_cell(source).success
    verbose.run_line_magic("tb", "")
    told = capsys.readouterr()
    assert "cocalc_widget/api" in told.out + told.err  # it is the whole traceback
    assert not kept.text("traceback", source, told.out + told.err)
    assert verbose.InteractiveTB.include_vars  # other errors are shown as the user wants


@pytest.mark.parametrize("fault", ["", "error-500", "reset", "wrong-json"])
@pytest.mark.parametrize(
    "source",
    [
        "later.create_token(password=password())",
        "typed = password()\nlater.create_token('nobody@x.test', typed)",
        "later.call('system.generateUserAuthToken', {'password': password()})",
        "typed = password()\nlater.revoke_token(typed)",
        "later.call('system.revokeUserAuthToken', password())",
        "later.call('org.expireToken', {'token': password()})",
    ],
)
def test_a_verbose_traceback_on_generation_b(
    source, fault, verbose, later_site, kept, capsys, request
):
    verbose.run_cell(
        f"later = Client({later_site.api_key!r}, host={later_site.url!r}, "
        f"verify={later_site.ca_file!r}, retries=0)\nlater.account_id"
    )
    if fault:
        later_site.fault(fault)
        request.addfinalizer(lambda: later_site.fault(fault, False))
    capsys.readouterr()
    success = verbose.run_cell(source).success
    # who holds a token may end it, and one that is unknown is no error (recording)
    assert success == (not fault and ("revoke" in source or "expire" in source))
    if not success:
        verbose.run_line_magic("tb", "")
        told = capsys.readouterr()
        assert "cocalc_widget/api" in told.out + told.err
        assert not kept.text("traceback", source, told.out + told.err)


@pytest.mark.parametrize(
    "source",
    [
        "client.create_token(client.account_id, password())",
        "Client(api='v2').create_account('A', 'B', 'x@x.test', password())",
        "Client(api='v1').call('user_auth', account_id='x', password=password())",
        "%cocalc token",
    ],
)
def test_an_interrupted_call_shows_no_password(
    source, verbose, kept, site, capsys, monkeypatch, request
):
    monkeypatch.setattr("getpass.getpass", lambda _prompt: os.environ["AUDIT_PASSWORD"])
    verbose.run_cell("client.account_id")
    site.fault("timeout")
    request.addfinalizer(lambda: site.fault("timeout", False))
    before = site.requests.total()

    def interrupt():  # the main thread, as a kernel is interrupted
        until = time.monotonic() + 20
        while site.requests.total() == before and time.monotonic() < until:
            time.sleep(0.02)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    helper = threading.Thread(target=interrupt)
    helper.start()
    result = verbose.run_cell(source)
    helper.join()
    told = capsys.readouterr()
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert "cocalc_widget" in told.out + told.err
    assert not kept.text("traceback", source, told.out + told.err)


def test_no_header_lies_about_in_a_client(site, kept):
    client = Client(site.api_key, host=site.url, verify=site.ca_file)
    client.ping()
    routes = client._connection.transport._routes
    assert routes
    assert not kept.text("routes", "", repr(routes) + json.dumps(vars(transport), default=repr))
    assert not kept.text("headers", "", str([route.headers for route in routes.values()]))


def test_a_secret_is_revealed_by_the_wire_only():
    params = sealed({"password": PASSWORD.value, "deep": [{"token": "T" * 20}], "text": "text"})
    assert isinstance(params["password"], Secret)
    assert PASSWORD.core not in repr(params)
    data, _ = encode(params)
    assert json.loads(data) == {
        "password": PASSWORD.value,
        "deep": [{"token": "T" * 20}],
        "text": "text",
    }
    assert str(data) == repr(data) == f"<{len(data)} bytes>"


def test_a_secret_gives_its_state_to_nobody():
    with pytest.raises(TypeError):
        Secret(new_key()).__getstate__()


@pytest.mark.parametrize("scheme", ["https", "ftp"])
def test_a_password_in_an_address_is_not_repeated(scheme):
    with pytest.raises(ConfigurationError) as caught:
        Client("k", host=f"{scheme}://me:{PASSWORD.core}@localhost")
    assert PASSWORD.core not in str(caught.value)
    assert redact(f"x {scheme}://me:{PASSWORD.core}@host/a y") == f"x {scheme}://me:•••@host/a y"
    assert redact("https://localhost:80/a@b time 10:20 a@b") == (
        "https://localhost:80/a@b time 10:20 a@b"
    )
