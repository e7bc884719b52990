"""The magics in a real kernel: completion, errors, input, results as a front end gets them."""

import os
import queue
import re
import time

import pytest
from jupyter_client.manager import start_new_kernel
from stage.stand_in import environment

DEADLINE = 60


class Kernel:
    """A client of a running kernel."""

    def __init__(self, client):
        self.client = client

    def run(self, code, *, allow_stdin=False, answer=None):
        """The messages of one cell by type, and its reply."""
        sent = self.client.execute(code, allow_stdin=allow_stdin)
        if answer is not None:
            self.client.get_stdin_msg(timeout=DEADLINE)
            self.client.input(answer)
        messages, until = [], time.monotonic() + DEADLINE
        while time.monotonic() < until:
            message = self.client.get_iopub_msg(timeout=DEADLINE)
            if message["parent_header"].get("msg_id") != sent:
                continue
            if message["msg_type"] == "status":
                if message["content"]["execution_state"] == "idle":
                    break
            elif message["msg_type"] != "execute_input":
                messages.append((message["msg_type"], message["content"]))
        reply = self._reply(sent)
        return messages, reply

    def complete(self, code):
        return self._reply(self.client.complete(code))

    def _reply(self, sent):
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            try:
                message = self.client.get_shell_msg(timeout=DEADLINE)
            except queue.Empty:
                break
            if message["parent_header"].get("msg_id") == sent:
                return message["content"]
        raise TimeoutError("the kernel did not answer")


@pytest.fixture(scope="module")
def kernel(site, tmp_path_factory):
    home = tmp_path_factory.mktemp("kernel")
    env = os.environ | {
        **environment(site, home / "config"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    manager, client = start_new_kernel(kernel_name="python3", env=env, startup_timeout=DEADLINE)
    try:
        running = Kernel(client)
        assert running.run("%load_ext cocalc_widget")[1]["status"] == "ok"
        yield running
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    ("code", "expected", "replaced"),
    [
        ("%cocalc clo", {"closeall"}, "clo"),
        ("x = %cocalc sta", {"status"}, "sta"),
        ("x = 1\nif x:\n    y = %cocalc who", {"whoami"}, "who"),
        ("d = {}\nd['k'] = %cocalc who", {"whoami"}, "who"),
        ("%cocalc whoami\nprint(1)\n%cocalc doct", {"doctor"}, "doct"),
        ("%cocalc help new-p", {"new-project"}, "new-p"),
        ("%cocalc open --channel=mes", {"messages"}, "mes"),
        ("%cocalc login --no", {"--no-store"}, "--no"),
        ("%cocalc open --channel mes", {"messages"}, "mes"),
        ("%%cocalc wr", {"write"}, "wr"),
    ],
)
def test_completion(kernel, code, expected, replaced):
    reply = kernel.complete(code)
    assert set(reply["matches"]) == expected
    assert code[reply["cursor_start"] : reply["cursor_end"]] == replaced


@pytest.mark.parametrize(
    ("code", "expected", "replaced"),
    [
        ("%cocalc open Les", {"Lesson:"}, "Les"),
        ("x = 2\ny = %cocalc cat 'My c", {"'My course:"}, "'My c"),
        ("%cocalc cat Lesson:les", {"Lesson:lesson.md"}, "Lesson:les"),
        ("x = 2\ny = %cocalc cat Lesson:we", {'Lesson:"week 1/'}, "Lesson:we"),
        ('%cocalc cp "Lesson:week 1/gr', {'"Lesson:week 1/größe.md"'}, '"Lesson:week 1/gr'),
        ("%%cocalc write Lesson:le", {"Lesson:lesson.md"}, "Lesson:le"),
        ("%cocalc cat Wee", {'"Week 1: intro":'}, "Wee"),
        ("%cocalc cat 'Week 1: intro:", {"'Week 1: intro:x.md'"}, "'Week 1: intro:"),
    ],
)
def test_completion_of_places(kernel, code, expected, replaced):
    until = time.monotonic() + DEADLINE
    while True:  # the first key stroke may come before the answer of the server
        reply = kernel.complete(code)
        if set(reply["matches"]) == expected or time.monotonic() > until:
            break
    assert set(reply["matches"]) == expected
    assert code[reply["cursor_start"] : reply["cursor_end"]] == replaced


def test_completion_of_ids(kernel, site):
    project_id = site.projects["My course"]
    assert kernel.complete(f"%cocalc open {project_id[:6]}")["matches"] == [f"{project_id}:"]
    code = f"%cocalc cat {project_id[:9]}:a"
    until = time.monotonic() + DEADLINE
    while not (found := kernel.complete(code)["matches"]) and time.monotonic() < until:
        pass
    assert found == [f"{project_id[:9]}:a.md"]


def test_a_slow_server_does_not_keep_anybody_from_typing(kernel, site):
    site.core.options.latency, before = 2.0, site.core.options.latency
    try:
        times = []
        for folder in ("Student:a/", "Student:b/", "Student:c/"):
            began = time.monotonic()
            matches = kernel.complete(f"%cocalc cat {folder}")["matches"]
            times.append(time.monotonic() - began)
            assert matches == [folder]  # and nothing of Python's
        assert min(times) < 0.3, times
    finally:
        site.core.options.latency = before


def test_a_result_is_shown_once_and_can_be_assigned(kernel, site):
    messages, _ = kernel.run("%cocalc login")
    assert [kind for kind, _ in messages] == ["execute_result"]
    assert site.account_id in messages[0][1]["data"]["text/plain"]
    assert "<table" in messages[0][1]["data"]["text/html"]
    messages, _ = kernel.run("who = %cocalc whoami")
    assert messages == []
    messages, _ = kernel.run("print(who.account_id, _.account_id)")
    assert messages[0][1]["text"].split() == [site.account_id] * 2


def test_help_is_text_and_no_result(kernel):
    messages, _ = kernel.run("%cocalc cp --help")
    assert [kind for kind, _ in messages] == ["stream"]
    assert messages[0][1]["text"].startswith("%cocalc cp ")


def test_an_error_stops_run_all_and_is_one_line(kernel):
    messages, reply = kernel.run("%cocalc cat Lesson:missing.md")
    assert reply["status"] == "error"
    assert reply["ename"] == "NotFoundError"
    assert [kind for kind, _ in messages] == ["error"]
    assert len(messages[0][1]["traceback"]) == 1
    assert "\n" not in messages[0][1]["traceback"][0]
    messages, _ = kernel.run("%tb")
    assert "Traceback" in str(messages)


def test_the_cells_after_an_error_do_not_run(kernel):
    first = kernel.client.execute("%cocalc opne Lesson:lesson.md")
    second = kernel.client.execute("reached = True")
    assert kernel._reply(first)["status"] == "error"
    assert kernel._reply(second)["status"] == "aborted"
    _, reply = kernel.run("reached")
    assert reply["ename"] == "NameError"


def test_the_same_error_again_is_one_line_again(kernel):
    kernel.run(
        "try:\n    %cocalc cat Lesson:missing.md\nexcept Exception as error:\n    kept = error"
    )
    for _ in range(2):
        messages, reply = kernel.run("raise kept")
        assert reply["ename"] == "NotFoundError"
        assert len(messages[0][1]["traceback"]) == 1
    messages, _ = kernel.run("%tb")
    shown = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(messages[0][1]["traceback"]))
    assert "raise kept" in shown


def test_a_key_on_the_line_is_in_no_error(kernel):
    key = "sk-CanaryCanaryCanary0002"
    for line in (f"login {key}", f"login --api-key {key}", f"whoami # {key}"):
        messages, reply = kernel.run(f"%cocalc {line}")
        assert reply["ename"] == "ValidationError"
        assert "ipython history clear" in reply["evalue"]
        assert "Canary" not in str((messages, reply))
        messages, reply = kernel.run("%tb")
        assert "Traceback" in str(messages)
        assert "Canary" not in str((messages, reply))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("x = %cocalc cat Lesson:lesson.md\nprint(repr(x))", "'# Lesson\\n'\n"),
        (
            (
                "for name in ['Lesson', 'My course']:\n"
                "    found = %cocalc projects $name\n"
                "    print(len(found), end=' ')"
            ),
            "1 1 ",
        ),
        (
            (
                "def f(title):\n    found = %cocalc projects {title}\n    return len(found)\n"
                "print(f('Lesson'))"
            ),
            "1\n",
        ),
        ("if True:\n    who = %cocalc whoami  # me\n    print(who.generation)", "A\n"),
        (
            "%cocalc whoami\na = %cocalc projects Lesson\n%cocalc projects Student;\nprint(len(a))",
            "1\n",
        ),
        ("class C:\n    who = %cocalc whoami\nprint(C.who.api)", "v1\n"),
        ("d = {}\nd['a'] = %cocalc projects Lesson\nprint(len(d['a']))", "1\n"),
    ],
)
def test_magics_stand_wherever_a_line_may(kernel, code, text):
    messages, reply = kernel.run(code)
    assert reply["status"] == "ok", reply
    assert [(kind, content.get("text")) for kind, content in messages] == [("stream", text)]


def test_a_list_in_text_is_a_table(kernel, site):
    messages, _ = kernel.run("%cocalc projects Lesson")
    data = messages[0][1]["data"]
    assert data["text/plain"].splitlines() == [
        "1 project",
        "  title   project_id",
        f"  Lesson  {site.projects['Lesson']}",
    ]
    assert data["text/html"].startswith("<table>")


def test_nothing_is_left_after_unloading(kernel):
    assert kernel.complete("%cocalc who")["matches"] == ["whoami"]
    kernel.run("%unload_ext cocalc_widget")
    try:
        assert "whoami" not in kernel.complete("%cocalc who")["matches"]
        _, reply = kernel.run("%cocalc whoami")
        assert reply["status"] == "error"
    finally:
        kernel.run("%load_ext cocalc_widget")
    assert kernel.complete("%cocalc who")["matches"] == ["whoami"]
    assert kernel.run("%cocalc whoami")[1]["status"] == "ok"


def test_login_asks_where_the_front_end_can_be_asked(kernel, site):
    messages, reply = kernel.run("%cocalc login --ask", allow_stdin=True, answer=site.api_key)
    assert reply["status"] == "ok"
    assert site.api_key not in str(messages)
    assert "getpass" in str(messages)
    kernel.run("%cocalc logout")


def test_login_says_what_to_do_where_nobody_can_be_asked(kernel):
    messages, reply = kernel.run("%cocalc login --ask")
    assert reply["ename"] == "ConfigurationError"
    assert "COCALC_API_KEY" in messages[0][1]["evalue"]


def test_a_frame_is_displayed_and_then_driven(kernel):
    messages, reply = kernel.run("%cocalc open Lesson:lesson.md")
    assert reply["status"] == "ok", reply
    shown = [content for kind, content in messages if kind in ("execute_result", "display_data")]
    assert len(shown) == 1
    assert "application/vnd.jupyter.widget-view+json" in shown[0]["data"]
    # nobody renders it here: the command waits for the page, and says so
    messages, reply = kernel.run("command = %cocalc open Student:x.md --no-wait\ncommand")
    assert "open x.md" in str(messages)
    messages, reply = kernel.run("%cocalc status --timeout 1")
    assert reply["ename"] in ("CommandTimeoutError", "WouldDeadlockError", "ChannelBlockedError")
    messages, reply = kernel.run("%cocalc open Lesson:lesson.md --new")
    assert "widget-view" in str(messages)
    kernel.run("from ipywidgets import Widget; Widget.close_all()")
    messages, reply = kernel.run("%cocalc status")
    assert reply["ename"] == "ConfigurationError"
    assert "%cocalc open PROJECT:PATH" in reply["evalue"]


def test_cp_shows_how_it_goes_and_its_result_once(kernel, site):
    targets = [site.create_project(f"Copy {n}") for n in range(3)]
    assert len(targets) == 3
    line = "%cocalc cp Lesson:lesson.md 'Copy 0' 'Copy 1' 'Copy 2'"
    messages, reply = kernel.run(line)
    assert reply["status"] == "ok"
    kinds = [kind for kind, _ in messages]
    assert kinds.count("execute_result") == 1
    assert "stream" not in kinds
    result = next(content["data"] for kind, content in messages if kind == "execute_result")
    assert "3 targets: 3 done" in result["text/plain"]
    assert "<table" in result["text/html"]
    bars = [content["data"] for kind, content in messages if kind == "display_data"]
    assert len(bars) == 1  # a progress bar that moves by itself
    assert "application/vnd.jupyter.widget-view+json" in bars[0]
    moved = [c["data"] for kind, c in messages if kind == "comm_msg"]
    values = [d["state"]["value"] for d in moved if "value" in d.get("state", {})]
    assert 3 in values or 3.0 in values
    messages, _ = kernel.run("print(type(_).__name__, len(_))")
    assert messages == [("stream", {"name": "stdout", "text": "CopyBatch 3\n"})]
    messages, _ = kernel.run(f"batch = {line}")
    assert "execute_result" not in [kind for kind, _ in messages]
    messages, _ = kernel.run(f"{line};")
    assert "execute_result" not in [kind for kind, _ in messages]
    messages, _ = kernel.run("%cocalc cp Lesson:lesson.md Student")
    assert [kind for kind, _ in messages] == ["execute_result"]  # one is done before one looks


def test_doctor_in_a_kernel(kernel):
    messages, reply = kernel.run("report = %cocalc doctor\nreport")
    assert reply["status"] == "ok"
    data = messages[-1][1]["data"]
    assert "<table" in data["text/html"]
    assert "ipykernel " in data["text/plain"]
