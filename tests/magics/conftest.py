"""Cells that raise what goes wrong in them, in the shell of the process."""

import unicodedata

import pytest
from IPython.core.completer import provisionalcompleter
from stage.stand_in import enter

from cocalc_widget import LocalCoCalc, config


class Cells:
    """Runs cells as a notebook does; the last value is returned, errors are raised."""

    def __init__(self, shell):
        self.shell = shell

    def __call__(self, code):
        done = self.shell.run_cell(code, store_history=True)
        done.raise_error()
        return done.result

    def __getitem__(self, name):
        return self.shell.user_ns[name]

    def __setitem__(self, name, value):
        self.shell.user_ns[name] = value

    def complete(self, text):
        """What completes this text; (texts, how much of the text they replace)."""
        with provisionalcompleter():
            found = list(self.shell.Completer.completions(text, len(text)))
        return [item.text for item in found], {text[item.start : item.end] for item in found}


@pytest.fixture
def cells(shell, monkeypatch):
    monkeypatch.setattr(shell.Completer, "use_jedi", False)
    return Cells(shell)


@pytest.fixture
def magic(cells):
    """The same with the extension loaded."""
    cells("%load_ext cocalc_widget")
    return cells


@pytest.fixture(scope="session")
def site():
    """A stand-in whose account is an admin; tests make the projects that they change."""
    with LocalCoCalc(
        admin=True,
        generation="A",
        content={
            "Lesson": {"lesson.md": "# Lesson\n", "week 1/größe.md": "groß\n"},
            "Student": {},
            "My course": {"a.md": "a\n"},
            "Twice": {},
            "Week 1: intro": {"x.md": "colon\n"},
            'Say "hi"': {"x.md": "quotes\n"},
            unicodedata.normalize("NFD", "é"): {"x.md": "two characters\n"},
        },
    ) as local:
        local.create_project("Twice")
        yield local


@pytest.fixture
def online(magic, site, monkeypatch):
    """Cells of a kernel whose environment knows the stand-in."""
    enter(monkeypatch, site)
    yield magic
    config.logout(site.url)


@pytest.fixture(scope="session")
def later_site():
    """A stand-in of the generation since 2025-05."""
    content = {"Lesson": {"lesson.md": "# Lesson\n"}, "Student": {}}
    with LocalCoCalc(generation="B", admin=True, content=content) as local:
        yield local


@pytest.fixture
def both(online, later_site, monkeypatch):
    """The cells, by the generation that they talk to."""

    def talk_to(generation):
        if generation == "B":
            enter(monkeypatch, later_site)
        return online

    return talk_to


@pytest.fixture
def typed(monkeypatch):
    """What the user types when asked; the prompts are collected."""

    class Typed(list):
        def __init__(self):
            super().__init__()
            self.prompts = []

    answers = Typed()

    def ask(prompt=""):
        answers.prompts.append(prompt)
        if not answers:
            raise EOFError
        return answers.pop(0)

    monkeypatch.setattr("getpass.getpass", ask)
    return answers
