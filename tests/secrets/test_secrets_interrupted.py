"""Whatever interrupts a call, at whatever line: its traceback shows no secret in any form."""

from __future__ import annotations

import base64
import ctypes
import gc
import os
import signal
import sys
import threading
import time
import traceback
from urllib.parse import quote, quote_plus

import pytest
from api.fake import Answer, serving
from canaries import Canary, new_key
from scanning import Scanner

from cocalc_widget import Client, CoCalc, config, errors
from cocalc_widget.api.dialects import detection as detect
from cocalc_widget.local import LocalCoCalc
from cocalc_widget.redact import Secret, discreet

KEY = Canary("key", new_key())
WORD = Canary("password", "pä&ss w0rd/CorrectHorseBatteryStaple9+!")
TOKEN = Canary("token", "T0kenT0kenT0kenT0ken1234")
ME = "bbbbbbbb-0000-4000-8000-000000000002"
# whose lines are interrupted, ours and those that hold what we gave them
TRACED = ("cocalc_widget/", "urllib3/connection", "http/client.py", "json/encoder.py", "base64.py")
HERE = __file__


class Interrupted(Exception):  # noqa: N818
    """What a decorator with a timeout raises."""


def shown(error: BaseException) -> str:
    """All that tools make of a traceback: the values of variables, call by call."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    parts = [whole]
    while parts:
        part = parts.pop()
        for frame in part.stack:
            if frame.filename == HERE:  # this file's own calls hold what they gave
                frame.locals = None
        parts += [it for it in (part.__cause__, part.__context__) if it is not None]
    told = "".join(whole.format())
    todo, seen = [error], set()
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        trace = one.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename != HERE:
                for name, value in trace.tb_frame.f_locals.items():
                    told += f"{name}={value!r}\n"
            trace = trace.tb_next
        told += repr(one.args) + repr(vars(one))
        todo += [one.__context__, one.__cause__]
    return told


def leaks(error: BaseException) -> list[str]:
    """Which secrets an error and its traceback show."""
    text = shown(error)
    forms = []
    for canary in (KEY, WORD, TOKEN):
        value = canary.value
        whole = base64.b64encode(f"{value}:".encode()).decode()[:-4]
        forms += [value, quote(value), quote(value, safe=""), quote_plus(value), whole]
    found = Scanner([KEY, WORD, TOKEN]).text("traceback", "", text)
    return [form for form in forms if form in text] + [str(it) for it in found]


class Stepper:
    """Raises at one line of a call, by its number."""

    def __init__(self, number: int) -> None:
        self.number, self.count, self.where = number, 0, ""

    def __call__(self, frame, event, arg):
        name = frame.f_code.co_filename.replace(os.sep, "/")
        if not any(part in name for part in TRACED) or "/local/" in name:
            return None
        return self.line

    def line(self, frame, event, arg):
        if event == "line":
            self.count += 1
            if self.count == self.number:
                sys.settrace(None)
                self.where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                raise Interrupted
        return self.line


def step(call, number: int) -> tuple[Stepper, BaseException | None]:
    stepper = Stepper(number)
    before = sys.gettrace()
    sys.settrace(stepper)
    try:
        call()
    except BaseException as error:
        return stepper, error
    else:
        return stepper, None
    finally:
        sys.settrace(before)


@pytest.fixture(scope="module")
def site():
    with LocalCoCalc(generation="B", content={}) as running:
        yield running


@pytest.fixture
def client(site):
    detect.forget()
    with Client(KEY.value, host=site.url, verify=site.ca_file, retries=0, timeout=5.0) as made:
        made._connection.found = detect.DialectConat(made._connection.caller)
        yield made


@pytest.fixture(autouse=True)
def _clean():
    yield
    config._session.clear()
    config._current.clear()


def calls(client) -> dict[str, object]:
    """What is tried, each with all three secrets where it takes them."""
    return {
        "create_token": lambda: client.create_token(ME, WORD.value),
        "create_account": lambda: client.create_account(
            "A", "B", "a@b.test", WORD.value, token=TOKEN.value
        ),
        "revoke_token": lambda: client.revoke_token(TOKEN.value),
        "takes_token": lambda: client.takes_token(TOKEN.value, timeout=2),
        "embed_url": lambda: client.embed_url(ME, "a.md", TOKEN.value),
        "call": lambda: client.call("system.generateUserAuthToken", {"password": WORD.value}),
        "bare": lambda: client.call("system.revokeUserAuthToken", TOKEN.value),
        "ping": lambda: client.ping(),  # noqa: PLW0108 - there is none yet
        "client": lambda: Client(KEY.value, host=client.host, verify=client.verify),
        "bad host": lambda: Client(KEY.value, host="https://a b"),
        "host with a password": lambda: Client("k", host=f"me:{TOKEN.value}@uni.edu"),
        "frame with a password": lambda: CoCalc(host=f"me:{TOKEN.value}@uni.edu"),
        "bad timeout": lambda: Client(KEY.value, host=client.host, timeout=-1),
        "bad api": lambda: Client(KEY.value, host=client.host, api="v3"),
        "bad key": lambda: Client(f"{KEY.value}\x01", host=client.host),
        "login": lambda: config.login(KEY.value, client.host, store=True),
        "bad login": lambda: config.login(KEY.value, "https://a b", store=True),
        "resolve": lambda: config.resolve(KEY.value, client.host),
        "stored": lambda: (config.write_key(client.host, Secret(KEY.value)), config.resolve()),
        "frame": lambda: CoCalc(host=client.host, token=TOKEN.value).close(),
        "bad frame": lambda: CoCalc(ME, "../a.md", host=client.host, token=TOKEN.value),
        "bad height": lambda: CoCalc(host=client.host, token=TOKEN.value, height="tall"),
        "secret": lambda: repr(Secret(KEY.value)),
    }


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # in finalizers
@pytest.mark.parametrize("name", list(calls(None)))
def test_interrupted_at_any_line(name, client):
    call = calls(client)[name]
    with_error = step(call, 0)  # all of it
    total = with_error[0].count
    assert total
    if with_error[1] is not None:
        assert leaks(with_error[1]) == []
    # every line of the short ones; of the long ones a different part in each round
    numbers = range(1, total + 1, max(1, total // 80))
    interrupted = 0
    for number in numbers:
        stepper, error = step(call, number)
        if error is None:  # what was asked before is known now, or somebody swallowed it
            continue
        interrupted += isinstance(error, Interrupted)
        assert leaks(error) == [], stepper.where
        del error
    assert interrupted > len(numbers) // 2
    gc.collect()


def by_alarm(call):
    """As a decorator with a timeout does it, in the main thread."""

    def ring(*_args):
        raise Interrupted

    before = signal.signal(signal.SIGALRM, ring)
    try:
        call(lambda: signal.setitimer(signal.ITIMER_REAL, 0.01))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def by_another_thread(call):
    """As a library does that stops threads; the interpreter raises it at the next line."""
    caught = []

    def work():
        try:
            call(lambda: None)
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    ended = time.monotonic() + 20
    while thread.is_alive() and time.monotonic() < ended:
        if call.waits.is_set():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(Interrupted)
            )
            call.waits.clear()
        thread.join(0.05)
    raise caught[0]


class Waiting:
    """A call that waits for its answer when it is interrupted."""

    def __init__(self, site, call):
        self._site, self._call = site, call
        self.waits = threading.Event()

    def __call__(self, interrupt):
        before = self._site.requests.total()

        def watch():
            until = time.monotonic() + 20
            while self._site.requests.total() == before and time.monotonic() < until:
                time.sleep(0.01)
            self.waits.set()
            interrupt()

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            self._call()
        finally:
            watcher.join()


@pytest.mark.parametrize("name", ["create_token", "create_account", "revoke_token", "call", "ping"])
@pytest.mark.parametrize("way", [by_alarm, by_another_thread])
def test_interrupted_while_it_waits(way, name, site, request):
    quick = Client(KEY.value, host=site.url, verify=site.ca_file, retries=0, timeout=2.0)
    quick._connection.found = detect.DialectConat(quick._connection.caller)
    site.fault("timeout")
    request.addfinalizer(lambda: site.fault("timeout", False))
    with pytest.raises(Interrupted) as caught:
        way(Waiting(site, calls(quick)[name]))
    assert "cocalc_widget" in "".join(traceback.format_tb(caught.value.__traceback__))
    assert leaks(caught.value) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"error": f"Error: no {WORD.value} of {TOKEN.value} with {KEY.value}"},
        {"token": TOKEN.value, "password": WORD.value, "deep": [KEY.value]},
        [KEY.value, {"x": TOKEN.value}],
        f"<html><title>500: {KEY.value} {TOKEN.value}</title>",
        {"event": "success", "echo": base64.b64encode(f"{KEY.value}:".encode()).decode()},
    ],
)
@pytest.mark.parametrize("name", ["create_token", "revoke_token", "call", "ping", "projects"])
def test_an_answer_that_repeats_secrets_is_not_among_the_variables(name, answer):
    page = isinstance(answer, str)
    told = Answer(answer, 500 if page else 200, "text/html" if page else "application/json")
    with serving(lambda _seen: told) as server, Client(KEY.value, host=server.url) as client:
        client._connection.found = detect.DialectConat(client._connection.caller)
        # what the process knows is masked in the words; among the variables nothing may stand
        held = [Secret(canary.value) for canary in (WORD, TOKEN)]
        _, error = step((calls(client) | {"projects": client.projects})[name], 0)
    assert len(held) == 2
    if error is None:
        assert name in ("call", "ping", "revoke_token"), "it was taken for an answer"
    else:
        assert isinstance(error, errors.APIError)
        assert leaks(error) == []


def test_what_is_half_made_shows_itself_all_the_same():
    for half in (Client.__new__(Client), CoCalc.__new__(CoCalc), Secret.__new__(Secret)):
        assert type(half).__name__.lower() in repr(half).lower()


def test_a_traceback_with_variables_in_ipython(shell, monkeypatch, capsys):
    monkeypatch.setenv("AUDIT_KEY", KEY.value)
    mode = shell.InteractiveTB.mode
    shell.InteractiveTB.set_mode("Verbose")
    try:
        for source in (
            "Client(os.environ['AUDIT_KEY'], host='https://a b')",
            "CoCalc(token=os.environ['AUDIT_KEY'], host='a.test', height='tall')",
            "config.login(os.environ['AUDIT_KEY'], 'https://a b')",
        ):
            before = "import os\nfrom cocalc_widget import Client, CoCalc, config\n"
            assert not shell.run_cell(before + source).success
            shell.run_line_magic("tb", "")
            told = capsys.readouterr()
            assert "cocalc_widget" in told.out + told.err
            assert not Scanner([KEY]).text("traceback", source, told.out + told.err)
    finally:
        shell.InteractiveTB.set_mode(mode)


def test_the_variables_of_who_calls_are_left_alone():
    """Also those of what the caller was busy with: only ours are forgotten."""

    @discreet
    def ours(value):
        try:
            raise KeyError(value)
        except KeyError:
            raise ValueError  # noqa: B904

    def theirs():
        mine = "kept"
        raise LookupError(mine)

    def caller():
        own = "mine too"
        try:
            theirs()
        except LookupError:
            ours(own)

    with pytest.raises(ValueError) as caught:
        caller()
    told = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    assert "mine = 'kept'" in told
    assert "own = 'mine too'" in told
    assert "value = " not in told
