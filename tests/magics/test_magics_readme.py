"""The README says what the package says: its commands, and the sentences that users meet."""

import ast
import re
from pathlib import Path

import pytest

from cocalc_widget.magics.help import reference
from cocalc_widget.magics.tree import COMMANDS

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


def said():
    """Every text in the package's Python, whole as if it stood on one line, and the page's own."""
    texts = [(ROOT / "js" / "report.ts").read_text(encoding="utf-8")]
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


@pytest.mark.parametrize(
    "word",
    ["iframe_comm_hosts", "https", "without a port in their address", "samesite_remember_me",
     "same site", "third-party cookies", "Local Network Access", "anywidget", "REQUESTS_CA_BUNDLE"],
)  # fmt: skip
def test_administrators_find_what_there_is_to_set(word):
    assert word in " ".join(section("Deploying beside JupyterHub").replace("*", "").split())


def test_every_notebook_is_listed_and_every_link_leads_somewhere():
    for file in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"(notebooks/{file.name})" in README
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
