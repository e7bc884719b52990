"""Owns `token`: minting auth tokens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...address import is_uuid
from ..language.parser import Command, argument, switch
from ..language.typed_secrets import refuse
from .prompt import ask_secret

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ADMIN = "an admin of the site or, since 2025-05, of its organization"

if TYPE_CHECKING:
    from argparse import Namespace

    from ..session import Session


def _token(session: Session, args: Namespace) -> object:
    if args.account is not None and not (is_uuid(args.account) or _EMAIL.fullmatch(args.account)):
        # not echoed: it may be a password
        refuse(
            "an account is given by its id or e-mail address; what was typed here is neither.",
            "%cocalc token",
        )
    client = session.client()
    password = ""
    if not args.no_password:
        password = ask_secret(
            f"Password of the account at {client.host} (empty if you are {_ADMIN}): ",
            remedy=f"Write %cocalc token --no-password if you are {_ADMIN}.",
        )
    return client.create_token(args.account, password or None)


COMMANDS = (
    Command(
        "token",
        "Mint an auth token, which signs a frame in as an account.",
        _token,
        (
            argument("account", "account id or e-mail address; your own if left out", nargs="?"),
            switch("--no-password", text="do not ask for the account's password (admins)"),
        ),
        details="It asks for the account's password; a wrong one bans the right one for a minute. "
        "The token is a secret: whoever has it is signed in as that account, until it ends by "
        "itself within a day; since 2025-05 Client().revoke_token(token) ends it before. It is "
        "shown by its last four characters only; its value is in .value.",
        examples=("token = %cocalc token", "cocalc.sign_in(token).result()"),
        asks=True,
    ),
)
