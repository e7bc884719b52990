"""Owns the table of what can go wrong on the wire, and what each call must make of it."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass

from cocalc_widget import errors

from .server import Act, Talk

PROJECT = "aaaaaaaa-0000-4000-8000-000000000001"
BODY = json.dumps({"event": "x", "id": "1", "now": 1764000000000, "project_id": PROJECT}).encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json"
LENGTH = b"\r\nContent-Length: %d"
CHUNKED = b"\r\nTransfer-Encoding: chunked"


def good(talk: Talk) -> None:
    """What a server should do, for as long as it is asked."""
    while True:
        talk.answer(OK + LENGTH % len(BODY), BODY)


@dataclass(frozen=True)
class Fault:
    """What happens with a connection.

    Attributes:
        act: what the server does.
        error: what a call ends in that meets nothing else; None: in its result.
        again: whether a call that may be repeated is tried again.
        slow: it lasts until the deadline.
    """

    act: Act
    error: type[errors.CoCalcError] | None
    again: bool = False
    slow: bool = False


def says(head: bytes, body: bytes = b"") -> Act:
    """An answer, after which the connection is closed."""
    return lambda talk: talk.answer(head, body)


def raw(data: bytes, *, read: bool = True) -> Act:
    """Bytes that need not be an answer; before or after a request was read."""

    def act(talk: Talk) -> None:
        if read:
            talk.read()
        talk.send(data)
        if not read:
            talk.read()

    return act


def reset_unread(talk: Talk) -> None:
    talk.arrived()  # a reset before that is one of connecting: nothing was sent, for certain
    talk.reset()


def reset_read(talk: Talk) -> None:
    talk.read()
    talk.reset()


def reset_in_body(talk: Talk) -> None:
    talk.answer(OK + LENGTH % len(BODY), BODY[:5])
    talk.reset()


def close_read(talk: Talk) -> None:
    talk.read()


def half_closed(talk: Talk) -> None:
    talk.read()
    talk.half_close()
    talk.hang()


def half_closed_in_body(talk: Talk) -> None:
    talk.answer(OK + LENGTH % len(BODY), BODY[:5])
    talk.half_close()
    talk.hang()


def never_reads(talk: Talk) -> None:
    talk.hang()


def never_answers(talk: Talk) -> None:
    talk.read()
    talk.hang()


def drips(start: bytes, part: bytes) -> Act:
    """A slow loris: never nothing, never an end."""

    def act(talk: Talk) -> None:
        talk.read()
        talk.send(start)
        talk.drip(part)

    return act


def encoded(name: bytes, data: bytes) -> Act:
    return says(OK + b"\r\nContent-Encoding: " + name + LENGTH % len(data), data)


def breaks(act: Act) -> Fault:
    """No answer can be made of it: a call that may be repeated is."""
    return Fault(act, errors.APIConnectionError, again=True)


def lasts(act: Act) -> Fault:
    """Until the deadline."""
    return Fault(act, errors.APITimeoutError, slow=True)


ODD = errors.ServerError
PAGE, JSON = b"Content-Type: text/html", b"Content-Type: application/json"
HEAD = b"HTTP/1.1 200 OK\r\n"
ZIPPED = gzip.compress(BODY)
FAULTS: dict[str, Fault] = {
    # connections that break
    "reset before the request is read": breaks(reset_unread),
    "reset after the request was read": breaks(reset_read),
    "reset in the middle of the body": breaks(reset_in_body),
    "closed without a word": breaks(close_read),
    "half-closed without a word": breaks(half_closed),
    "half-closed in the middle of the body": breaks(half_closed_in_body),
    # answers that do not end
    "accepts and never reads": lasts(never_reads),
    "reads and never answers": lasts(never_answers),
    "drips a status line": lasts(drips(b"HTTP/1.1 200 ", b"O")),
    "drips a header": lasts(drips(HEAD + b"X-Slow: ", b"a")),
    "drips headers": lasts(drips(HEAD, b"X: y\r\n")),
    "drips a body": lasts(drips(OK + LENGTH % 10**6 + b"\r\n\r\n", b" ")),
    "drips chunks": lasts(drips(OK + CHUNKED + b"\r\n\r\n", b"1\r\n \r\n")),
    "drips the size of a chunk": lasts(drips(OK + CHUNKED + b"\r\n\r\n", b"0")),
    "drips a body without a length": lasts(drips(OK + b"\r\n\r\n", b" ")),
    "says 100 Continue for ever": lasts(drips(b"", b"HTTP/1.1 100 x\r\n\r\n")),
    # lengths that are wrong
    "Content-Length too long": breaks(says(OK + LENGTH % 10**6, BODY)),
    "Content-Length too short": Fault(says(OK + LENGTH % 9, BODY), ODD),
    "Content-Length twice": breaks(says(OK + LENGTH % 9 + LENGTH % len(BODY), BODY)),
    "Content-Length that is none": Fault(says(OK + b"\r\nContent-Length: x", BODY), None),
    "no length at all": Fault(says(OK, BODY), None),
    # chunks that are broken
    "a chunk of no size": breaks(says(OK + CHUNKED, b"zz\r\nx\r\n0\r\n\r\n")),
    "a chunk of negative size": breaks(says(OK + CHUNKED, b"-5\r\nx\r\n0\r\n\r\n")),
    "a chunk that is cut": breaks(says(OK + CHUNKED, b"ffff\r\nx")),
    "a chunk of endless size": breaks(says(OK + CHUNKED, b"f" * 5000 + b"\r\nx")),
    "no last chunk": breaks(says(OK + CHUNKED, b"%x\r\n%s\r\n" % (len(BODY), BODY))),
    "chunks where none were said": Fault(says(OK, b"2\r\n{}\r\n0\r\n\r\n"), ODD),
    # bodies that are something else
    "broken JSON": Fault(says(OK, BODY[:-9]), ODD),
    "JSON of another type": Fault(says(OK, b'["x"]'), ODD),
    "JSON as text/html": Fault(says(HEAD + PAGE, BODY), ODD),
    "JSON without a type": Fault(says(HEAD[:-2], BODY), None),
    "HTML as JSON": Fault(says(OK, b"<html><title>Hi</title></html>"), ODD),
    "HTML": Fault(says(HEAD + PAGE, b"<title>Hi</title>"), ODD),
    "an empty body": Fault(says(OK + LENGTH % 0), ODD),
    "204 without a body": Fault(says(b"HTTP/1.1 204 No Content"), ODD),
    "bytes that are no UTF-8": Fault(says(OK, b"\xff\xfe{}"), ODD),
    "a page of 502": Fault(says(b"HTTP/1.1 502 x\r\n" + PAGE, b"<pre>Bad</pre>"), ODD, again=True),
    "500, not the JSON it says": Fault(says(b"HTTP/1.1 500 x\r\n" + JSON, b"<p>"), ODD, again=True),
    "408": Fault(says(b"HTTP/1.1 408 x"), ODD, again=True),
    # encodings
    "gzip": Fault(encoded(b"gzip", ZIPPED), None),
    "deflate": Fault(encoded(b"deflate", zlib.compress(BODY)), None),
    "gzip that is none": breaks(encoded(b"gzip", BODY)),
    "gzip that is cut": Fault(encoded(b"gzip", ZIPPED[:-12]), ODD),
    "gzip with a broken middle": breaks(encoded(b"gzip", ZIPPED[:15] + b"\xff" * 9 + ZIPPED[24:])),
    "an encoding that nobody knows": Fault(encoded(b"x-secret", BODY[::-1]), ODD),
    "seven encodings": breaks(encoded(b", ".join([b"gzip"] * 7), ZIPPED)),
    # redirects
    "302 within the host": Fault(says(b"HTTP/1.1 302 x\r\nLocation: /b"), ODD),
    "307 to what is no address": Fault(says(b"HTTP/1.1 307 x\r\nLocation: http://[::1"), ODD),
    "307 to a script": Fault(says(b"HTTP/1.1 307 x\r\nLocation: javascript:alert(1)"), ODD),
    "307 to nowhere": Fault(says(b"HTTP/1.1 307 x"), ODD),
    # no HTTP at all
    "SSH": breaks(raw(b"SSH-2.0-OpenSSH_9.2\r\n", read=False)),
    "zeros": breaks(raw(b"\0" * 1000)),
    "a line without an end": breaks(raw(b"x" * 200_000)),
    "a status that is none": breaks(raw(b"HTTP/1.1 abc OK\r\n\r\n")),
    "status 99": breaks(raw(b"HTTP/1.1 99 OK\r\n\r\n")),
    "status 999": Fault(says(b"HTTP/1.1 999 x\r\n" + JSON, b"{}"), ODD),
    "HTTP/9": breaks(raw(b"HTTP/9.9 200 OK\r\n\r\n" + BODY)),
    "a header of 100 kB": breaks(says(OK + b"\r\nX: " + b"y" * 100_000, BODY)),
    "a thousand headers": breaks(says(OK + b"\r\nX: y" * 1000, BODY)),
    "a header without a name": Fault(says(OK + b"\r\n: y" + LENGTH % len(BODY), BODY), None),
    "101 Switching Protocols": Fault(says(b"HTTP/1.1 101 x\r\nUpgrade: x"), ODD),
    "100 Continue first": Fault(raw(b"HTTP/1.1 100 x\r\n\r\n" * 3 + OK + b"\r\n\r\n" + BODY), None),
}  # fmt: skip
