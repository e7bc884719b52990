"""Owns `projects` and `new-project`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..language.completer import folded
from ..language.parser import Command, argument

if TYPE_CHECKING:
    from argparse import Namespace

    from ..session import Session


def _projects(session: Session, args: Namespace) -> object:
    found = session.client().projects()
    session.remember(found)
    text = folded(args.text or "")
    # the same class: a list that shows itself as a table
    return type(found)(project for project in found if text in folded(project.title))


def _new_project(session: Session, args: Namespace) -> object:
    from ...api.results.projects import Project

    made = Project(session.client().create_project(args.title), args.title)
    session.projects.clear()  # completion asks again, and finds it
    return made


PROJECTS = Command(
    "projects",
    "List the projects of the account.",
    _projects,
    (argument("text", "only those with this text in their title", nargs="?"),),
    examples=("%cocalc projects", "projects = %cocalc projects student"),
)
NEW_PROJECT = Command(
    "new-project",
    "Create a project.",
    _new_project,
    (argument("title", "its title; quote it if it holds blanks"),),
    examples=('project = %cocalc new-project "Linear algebra"',),
)
