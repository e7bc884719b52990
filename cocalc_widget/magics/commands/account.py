"""Owns `login`, `logout` and `whoami`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import AuthenticationError, ConfigurationError
from ...redact import Secret
from ..language.parser import Command, option, switch
from .prompt import ask_secret
from .results import Text

if TYPE_CHECKING:
    from argparse import Namespace

    from ...config import Credentials
    from ..session import Session

_HOST = option("--host", text="CoCalc's address, e.g. cocalc.example.edu")


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


COMMANDS = (
    Command(
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
    ),
    Command(
        "logout",
        "Forget the key of a host, in this session and on disk.",
        _logout,
        (_HOST,),
        examples=("%cocalc logout",),
    ),
    Command(
        "whoami",
        "The account, the host, and where the key came from.",
        _whoami,
        examples=("%cocalc whoami",),
    ),
)
