"""Owns `exec`, `cat` and `%%cocalc write`: commands and files inside a project."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..language.parser import REST, Command, argument, option, seconds
from ..language.splitter import Word
from .console import Text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from ..session import Session


def script(words: Sequence[str]) -> str:
    """The bash command of these words: one is taken as it is, several keep their quotes."""
    if len(words) == 1:
        return words[0]
    return " ".join(
        shlex.quote(word) if isinstance(word, Word) and word.quoted else word for word in words
    )


def _exec(session: Session, args: Namespace) -> object:
    project = session.client().resolve(args.project)
    session.folders.clear()  # it may make files, which completion should find
    options = {} if args.timeout is None else {"timeout": args.timeout}
    return session.client().exec(project, script(args.command), **options)


def _cat(session: Session, args: Namespace) -> object:
    address = session.resolve(args.address, path=True)
    return Text(session.client().read_text(address.project, address.path))


def _write(session: Session, args: Namespace) -> object:
    address = session.resolve(args.address, path=True)
    session.folders.clear()
    session.client().write_text(address.project, address.path, args.body)
    count = len(args.body.splitlines())
    return Text(f"Wrote {count} line{'' if count == 1 else 's'} to {args.address}.")


_FILE = argument("address", "the file", kind="address", metavar="PROJECT:PATH")
EXEC = Command(
    "exec",
    "Run a command in a project.",
    _exec,
    (
        option("--timeout", text="seconds it may take", type=seconds, metavar="SECONDS"),
        argument("project", "id, beginning of an id, or title", kind="project"),
        argument("command", "a bash command, up to the end of the line", nargs=REST),
    ),
    details="Options come before PROJECT; what follows it goes to bash, with pipes and "
    "wildcards. Put it in single quotes where it has a $, a brace or a # of its own.",
    examples=("%cocalc exec Lesson ls -la *.md | wc -l", "%cocalc exec Lesson 'echo $HOME'"),
)
CAT = Command(
    "cat",
    "Read a text file of a project.",
    _cat,
    (_FILE,),
    examples=("text = %cocalc cat Lesson:lesson.md",),
)
WRITE = Command(
    "write",
    "Write the text of this cell to a file of a project.",
    _write,
    (_FILE,),
    details="What was in the file is replaced; folders on its way are made. IPython takes no "
    "cell without text: %cocalc exec PROJECT touch PATH makes an empty file.",
    examples=("%%cocalc write Lesson:notes.md",),
    cell=True,
)
