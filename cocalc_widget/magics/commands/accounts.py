"""Owns `new-account`: making an account for somebody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...errors import ValidationError
from ..language.parser import Command, argument, switch
from .prompt import ask_secret

if TYPE_CHECKING:
    from argparse import Namespace

    from ..session import Session

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_REMEDY = "In a script use Client().create_account(), with the password from where it is kept."


def _new_account(session: Session, args: Namespace) -> object:
    if not _EMAIL.fullmatch(args.email):
        raise ValidationError(
            f"{args.email!r} is no e-mail address; nothing was sent.",
            remedy="Write %cocalc new-account E-MAIL FIRST-NAME LAST-NAME.",
        )
    client = session.client()
    if args.with_key and client.generation == "B":  # known before anything is asked for
        raise ValidationError(
            "this generation of CoCalc gives no key with a new account; nothing was sent.",
            remedy="Leave --with-key out; its owner makes a key in the account's settings.",
        )
    password = ask_secret(f"Password for {args.email}: ", remedy=_REMEDY)
    if not password:
        raise ValidationError("No password was typed; nothing was sent.")
    # unseen, a slip of the finger would shut its owner out
    if ask_secret("The same password again: ", remedy=_REMEDY) != password:
        raise ValidationError("The two passwords differ; nothing was sent.", remedy="Try again.")
    invited = ask_secret("Registration token: ", remedy=_REMEDY) if args.registration else None
    return client.create_account(
        args.first_name, args.last_name, args.email, password,
        get_api_key=args.with_key, token=invited,
    )  # fmt: skip


COMMANDS = (
    Command(
        "new-account",
        "Make an account for somebody; asks for its password.",
        _new_account,
        (
            argument("email", "e-mail address, to sign in with", metavar="E-MAIL"),
            argument("first_name", "quote it if it holds blanks", metavar="FIRST-NAME"),
            argument("last_name", "quote it if it holds blanks", metavar="LAST-NAME"),
            switch("--with-key", text="make an API key for it too (API v1 only)"),
            switch("--registration", text="ask for the site's registration token too"),
        ),
        details="The password is typed twice and shown nowhere. Making an account agrees to the "
        "terms of the site on its owner's behalf.",
        examples=("account = %cocalc new-account ada@example.edu Ada Lovelace",),
        asks=True,
    ),
)
