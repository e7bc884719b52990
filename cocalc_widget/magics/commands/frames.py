"""Owns `open`, `closeall` and `status`: the commands that drive the frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..language.parser import Command, argument, option, seconds, switch

if TYPE_CHECKING:
    from argparse import Namespace

    from ..session import Session

_TIMEOUT = option(
    "--timeout", text="seconds to wait for the answer at most", type=seconds, metavar="SECONDS"
)


def _open(session: Session, args: Namespace) -> object:
    address = session.resolve(args.address, path=True)
    client = session.client()
    anew = args.new or args.tab or args.channel is not None
    widget = None if anew else session.widget(client.host)
    if widget is not None:
        if args.height is not None:
            widget.height = args.height
        command = widget.open(address.path, project_id=address.project)
        return command if args.no_wait else command.result(args.timeout)
    from ...frame import CoCalc

    options: dict[str, Any] = {"target": "tab"} if args.tab else {}
    for name in ("height", "channel"):
        if getattr(args, name) is not None:
            options[name] = getattr(args, name)
    return CoCalc(address.project, address.path, client=client, **options)


def _closeall(session: Session, args: Namespace) -> object:
    return session.need_widget().closeall().result(args.timeout)


def _status(session: Session, args: Namespace) -> object:
    return session.need_widget().status().result(args.timeout)


OPEN = Command(
    "open",
    "Show a file of a project in CoCalc.",
    _open,
    (
        argument("address", "the file", kind="address", metavar="PROJECT:PATH"),
        switch("--new", text="show another frame even where there is one"),
        switch("--tab", text="show another one, in a browser tab of its own"),
        option(
            "--channel",
            text="show a new frame, reached in this way; auto takes the best that can work",
            choices=("auto", "messages", "navigation", "tab"),
        ),
        option("--height", text='height of the frame as in CSS, e.g. "80vh"'),
        switch("--no-wait", text="return the command at once, without its reply"),
        _TIMEOUT,
    ),
    details="The frame shown last opens the file, and the result is its reply. Where no frame "
    "of this CoCalc is shown yet, the result is a new one, which shows itself at the end of a "
    "cell.",
    examples=(
        "%cocalc open Lesson:lesson.md",
        '%cocalc open "My course:week 1/sheet.ipynb" --new --height 80vh',
    ),
)
CLOSEALL = Command(
    "closeall",
    "Close all files in the frame shown last.",
    _closeall,
    (_TIMEOUT,),
    examples=("%cocalc closeall",),
)
STATUS = Command(
    "status",
    "What the frame shown last has open, and how it is connected.",
    _status,
    (_TIMEOUT,),
    examples=("reply = %cocalc status",),
)
