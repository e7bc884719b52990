"""Owns what a line consists of: words, their pieces, and where an expression ends (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

_CLOSING = {"(": ")", "[": "]", "{": "}"}


class Word(str):
    """One word of a line; `quoted` tells whether part of it was quoted or filled in."""

    quoted: bool = False

    @classmethod
    def of(cls, text: str, *, quoted: bool) -> Word:
        """A word with its mark."""
        word = cls(text)
        word.quoted = quoted
        return word


def is_value(word: str) -> bool:
    """Whether a word that looks like an option is none: quoted, or the value of a `$name`."""
    return word.startswith("-") and isinstance(word, Word) and word.quoted


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a word: plain text, a `$name` or an `{expression}`."""

    kind: Literal["text", "name", "expr"]
    text: str
    quoted: bool


@dataclass(slots=True)
class RawWord:
    """A word before `$name` and `{expression}` are filled in, from `start` to `end` in the line."""

    start: int
    pieces: list[Piece] = field(default_factory=list)
    end: int = 0
    quote: str = ""  # the quote that is still open at the end of the line

    def text(self) -> str:
        """The word as far as it is known without evaluating anything."""
        marks = {"text": "{}", "name": "${}", "expr": "{{{}}}"}
        return "".join(marks[piece.kind].format(piece.text) for piece in self.pieces)


def closing_brace(line: str, start: int) -> int:
    """Where the brace that opens at `start` closes; -1 if nowhere.

    Strings and brackets inside are Python's own, so that `{d["}"]}` is one expression.
    """
    at, expected, quote = start, "", ""
    while at < len(line):
        char = line[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in _CLOSING:
            expected += _CLOSING[char]
        elif expected and char == expected[-1]:
            expected = expected[:-1]
            if not expected:
                return at
        at += 1
    return -1
