"""Owns `login`, `logout`, `whoami`, `new-account` and `token`: who is signed in, and how."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ...address import is_uuid
from ...errors import AuthenticationError, ConfigurationError, ValidationError
from ...redact import Secret
from ..language.parser import Command, argument, option, switch
from ..language.typed_secrets import refuse
from .console import Text, ask_secret

if TYPE_CHECKING:
    from argparse import Namespace

    from ...config import Credentials
    from ..session import Session

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SCRIPT = "In a script use Client().create_account(), with the password from where it is kept."
_ADMIN = "an admin of the site or, since 2025-05, of its organization"


def _login(session: Session, args: Namespace) -> object:
    from ... import config
    from ...api import Client

    host = config.find_host(args.host)
    found = _given(args, host) or config.resolve(host=host)
    key = found.api_key
    source = found.source if key else "getpass"
    if key is None:
        key = config.clean_key(_ask(host))
    if not key:
        raise ConfigurationError("No API key was typed; nothing has changed.")
    client = Client(key, host=host)
    try:
        whoami = client.whoami()  # a key that does not work is never kept
    except AuthenticationError as error:
        error.advise(_remedy(source, host))
        raise
    finally:
        client.close()
    typed = source in ("getpass", "--key-file")
    if typed or host != config.find_host():
        config.login(key, host, store=typed and not args.no_store)
    session.forget()
    return dataclasses.replace(whoami, key_source=source)


def _given(args: Namespace, host: str) -> Credentials | None:
    """What the options say about the key; without an option, None."""
    from ...config import Credentials, clean_key

    if args.key_file is None:
        return Credentials(host, None, "") if args.ask else None
    try:
        words = Path(args.key_file).expanduser().read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
    else:
        if len(words) == 1:
            return Credentials(host, clean_key(Secret(words[0])), "--key-file")
        reason = "it must hold the key and nothing else"
    raise ConfigurationError(f"The key file {args.key_file} cannot be used: {reason}.")


def _ask(host: str) -> str:
    return ask_secret(
        f"API key for {host}: ",
        remedy="Set the environment variable COCALC_API_KEY (and COCALC_HOST) before the kernel "
        "starts, or use --key-file FILE.",
    )


def _remedy(source: str, host: str) -> str:
    if source == "getpass":
        return f"Nothing has changed. Copy a key from {host}/settings and try again."
    return f"This key came from {source}; %cocalc login --ask asks for another one."


def _logout(session: Session, args: Namespace) -> object:
    from ... import config

    host, before = config.find_host(args.host), config.find_host()
    left = config.logout(host)
    session.forget()
    text = f"Logged out of {host}."
    if left:
        where = " and ".join(left)
        text += f" But {where} still holds a key for it, which commands go on using."
    return Text(text + _moved(before, session))


def _moved(before: str, session: Session) -> str:
    """Where commands go from now on, if that is another place than before."""
    from ... import config

    after, kept = config.find_host(), config.stored_hosts()
    if after == before:
        return ""
    if session.credentials() is not None:
        return (
            f" Commands go to {after} from now on, whose key is known; %cocalc login --host HOST "
            "chooses another."
        )
    choice = f" Keys are known of {' and '.join(kept)}." if kept else ""
    return (
        f" Commands would go to {after}, whose key is not known.{choice} %cocalc login --host HOST "
        "chooses."
    )


def _whoami(session: Session, args: Namespace) -> object:  # noqa: ARG001 - it takes none
    return session.client().whoami()


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
    password = ask_secret(f"Password for {args.email}: ", remedy=_SCRIPT)
    if not password:
        raise ValidationError("No password was typed; nothing was sent.")
    # unseen, a slip of the finger would shut its owner out
    if ask_secret("The same password again: ", remedy=_SCRIPT) != password:
        raise ValidationError("The two passwords differ; nothing was sent.", remedy="Try again.")
    invited = ask_secret("Registration token: ", remedy=_SCRIPT) if args.registration else None
    return client.create_account(
        args.first_name, args.last_name, args.email, password,
        get_api_key=args.with_key, token=invited,
    )  # fmt: skip


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


_HOST = option("--host", text="CoCalc's address, e.g. cocalc.example.edu")
LOGIN = Command(
    "login",
    "Use an API key from now on: a known one, or one that it asks for.",
    _login,
    (
        _HOST,
        switch("--ask", text="ask for a key even where one is known"),
        option("--key-file", text="read the key from this file", metavar="FILE"),
        switch("--no-store", text="keep the key for this session only"),
    ),
    details="A key in the environment (COCALC_API_KEY, COCALC_HOST) or stored by an earlier "
    "login is checked and used. Otherwise it asks for one, checks it, and stores it where only "
    "you can read it. Never type a key on the line.",
    examples=("%cocalc login", "%cocalc login --host cocalc.example.edu --no-store"),
    asks=True,
)
LOGOUT = Command(
    "logout",
    "Forget the key of a host, in this session and on disk.",
    _logout,
    (_HOST,),
    examples=("%cocalc logout",),
)
WHOAMI = Command(
    "whoami",
    "The account, the host, and where the key came from.",
    _whoami,
    examples=("%cocalc whoami",),
)
NEW_ACCOUNT = Command(
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
)
TOKEN = Command(
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
)
