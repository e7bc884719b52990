"""The README says what the package says: its commands, and the sentences that users meet."""

import ast
import itertools
import re
from pathlib import Path

import pytest

from cocalc_widget.api.framing import Framing
from cocalc_widget.errors import CoCalcError
from cocalc_widget.frame.channel import inquiries, proving
from cocalc_widget.frame.channel.health import sentences
from cocalc_widget.frame.channel.verdict import PROXY_LINE, decide
from cocalc_widget.frame.kernel import waiting
from cocalc_widget.frame.messages.command import Command
from cocalc_widget.frame.messages.outbox import deadlines
from cocalc_widget.frame.session import endings
from cocalc_widget.magics.dispatch import COMMANDS
from cocalc_widget.magics.language.help import reference

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title):
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def symptoms():
    """What stands in quotes or as code in the first column of the table of troubles."""
    rows = [line for line in section("Troubleshooting").splitlines() if line.startswith("| ")][1:]
    found = [
        quote
        for row in rows
        for quote in re.findall(r"[`“\"]([^`\"]+)[`\"]", row[2:].split(" | ")[0])
    ]
    return [text for text in found if not text.startswith(("Error displaying", "<CoCalc"))]


PAGE = [(ROOT / "js" / name).read_text(encoding="utf-8") for name in ("report.ts", "widget.ts")]


def said():
    """Every text in the package's Python, whole as if it stood on one line, and the page's own."""
    texts = list(PAGE)
    for file in (ROOT / "cocalc_widget").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        texts += [
            n.value
            for n in ast.walk(tree)
            if isinstance(n, ast.Constant) and isinstance(n.value, str)
        ]
        texts += [n.name for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
    return texts


def test_the_table_of_commands_is_that_of_the_tree():
    assert reference(COMMANDS) in README


def test_users_read_the_sentences_that_the_package_says():
    texts = said()
    assert len(symptoms()) >= 18
    assert [text for text in symptoms() if not any(text in one for one in texts)] == []


def told():
    """What users are told about a frame, in every situation that has words of its own."""
    pages = ("https://hub.uni.edu", "https://hub.else.org", "http://localhost:8888", "null")
    facts = (pages, (None, "A", "B"), (None, "strict", "none"), (None, []), (True, False))
    closed = Framing(("frame-ancestors 'none'",))
    for page, generation, samesite, hosts, flag in itertools.product(*facts):
        known = {"hosts": hosts, "samesite": samesite, "generation": generation, "token": flag}
        yield from sentences(page, "https://cocalc.uni.edu", usable=flag, **known).values()
        framing = closed if flag else None
        verdict = decide(page, "https://cocalc.uni.edu", framing=framing, **known)
        if verdict.reason:
            yield verdict.reason
    command = Command(1, "open", ("id", "a.md"), waiter=None, cancel=print)
    yield from (endings.POPUP, endings.TAB, endings.replaced("b.md"), proving.not_open("a"))
    yield from (proving.unproved(kind, "") for kind in ("opened", "status", ""))
    yield proving.unproved("", "b.md")
    yield from (endings.silence(page=page) for page in (True, False))
    yield from (endings.late(command, at, deadlines()) for at in (0, 1, 2))
    yield inquiries._refusal("not mine", "unknown", "id", "a")
    yield inquiries._refusal("usable", "folder", "id", "a")
    yield inquiries._stopped("id")
    yield from (waiting.no_page(command), inquiries._NOTHING)
    # the page's: what begins with a capital and ends like a sentence
    for text in PAGE:
        yield from re.findall(r"\"([A-Z][a-z][^\"]+(?:\.|…))\"", text)


def test_what_users_are_told_is_in_the_table():
    """A sentence that nobody explains, or a row that no sentence leads to, is a fault of both."""
    texts = {one.message if isinstance(one, CoCalcError) else one for one in told()}
    assert len(texts) > 40
    known = symptoms()
    # a row may quote two pieces of one sentence
    assert {text for text in texts if not any(quote in text for quote in known)} == set()


def test_what_is_promised_of_the_frame_is_there():
    """Each name that the README explains by itself is one of the package's."""
    from cocalc_widget import Client, CoCalc
    from cocalc_widget.frame import Event, Reply

    use = section("Use it")
    for owner, names in (
        (Reply, ("verified", "evidence", "why", "shown_after")),
        (Event, ("name", "project_id", "path", "time", "id")),
        (CoCalc, ("on_event", "last_event", "signed_in", "sign_in", "open_files", "ready")),
        (Client, ("start_project", "log", "revoke_token")),
    ):
        for name in names:
            assert name in use
            assert hasattr(owner, name), (owner, name)
    for kind in ("rendered", "opened", "api", "status", ""):
        assert f'| `"{kind}"` |' in use


@pytest.mark.parametrize(
    "word",
    ["iframe_comm_hosts", "https", "without a port in their address", "samesite_remember_me",
     "frame-ancestors", "X-Frame-Options", PROXY_LINE,
     "same site", "third-party cookies", "Local Network Access", "anywidget", "REQUESTS_CA_BUNDLE"],
)  # fmt: skip
def test_administrators_find_what_there_is_to_set(word):
    assert word in " ".join(section("Deploying beside JupyterHub").replace("*", "").split())


def test_every_notebook_is_listed_and_every_link_leads_somewhere():
    for file in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"(notebooks/{file.name})" in README
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
