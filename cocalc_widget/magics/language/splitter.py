"""Owns the splitting of a magic's line into words and their pieces, as a shell would (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from ...errors import ValidationError

_NAME = re.compile(r"[^\W\d]\w*")
# A word that begins like a Windows path (`C:\`, `\\server`), also as `--option=C:\`.
_WINDOWS = re.compile(r"(?:--?[\w-]+=)?[\"']?(?:[A-Za-z]:\\|\\\\)")
_ESCAPABLE = " \t\"'$#{};\\"
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


def scan(line: str, *, partial: bool = False) -> list[RawWord]:
    r"""The words of a line, as a shell would split them.

    Blanks separate words; `#` at the beginning of a word starts a comment.
    Text in single quotes is taken as it is; in double quotes and outside,
    `$name` and `{expression}` are marked for expansion (`$$`, `{{` and `}}`
    stand for the character itself). A backslash takes the special meaning off
    the next character if that has one, except in words that begin like a
    Windows path; every other backslash is a backslash.

    Args:
        line: what stands after `%cocalc`.
        partial: the line is still being typed: what is open is not an error.

    Raises:
        ValidationError: a quote or a brace is not closed.
    """
    return _Scanner(line, partial=partial).run()


class _Scanner:
    def __init__(self, line: str, *, partial: bool) -> None:
        self.line = line
        self.partial = partial
        self.at = 0
        self.word: RawWord | None = None
        self.words: list[RawWord] = []
        self.windows = False

    def run(self) -> list[RawWord]:
        line = self.line
        while self.at < len(line):
            char = line[self.at]
            if char.isspace():
                self.word = None
                self.at += 1
            elif char == "#" and self.word is None:
                break
            else:
                if self.word is None:
                    self.word = RawWord(self.at)
                    self.words.append(self.word)
                    self.windows = _WINDOWS.match(line, self.at) is not None
                self._step(self.word, char)
                self.word.end = min(self.at, len(line))
        return self.words

    def _step(self, word: RawWord, char: str) -> None:
        if char == "'":
            end = self.line.find("'", self.at + 1)
            end = end if end >= 0 else self._open(word, "'")
            self._text(word, self.line[self.at + 1 : end], quoted=True)
            self.at = end + 1
        elif char == '"':
            self._double(word)
        else:
            self._piece(word, _ESCAPABLE, quoted=False)

    def _double(self, word: RawWord) -> None:
        self.at += 1
        self._text(word, "", quoted=True)  # "" is a word, too
        while self.at < len(self.line):
            if self.line[self.at] == '"':
                self.at += 1
                return
            # \" is a quote inside the word only where another one closes it
            closes = '"' in self.line[self.at + 2 :]
            self._piece(word, '"${}' if closes else "${}", quoted=True)
        self.at = self._open(word, '"')

    def _piece(self, word: RawWord, escapable: str, *, quoted: bool) -> None:
        """One character, `$name` or `{expression}` from the current place on."""
        line, at = self.line, self.at
        char, after = line[at], line[at + 1 : at + 2]
        self.at += 1
        if char == "\\" and after and after in escapable and not self.windows:
            # two backslashes stay two: they begin a share, or mean what they say
            self._text(word, "\\\\" if after == "\\" else after, quoted=True)
            self.at += 1
        elif char in "${}" and after == char:
            self._text(word, char, quoted=quoted)
            self.at += 1
        elif char == "$" and (match := _NAME.match(line, at + 1)):
            word.pieces.append(Piece("name", match.group(), quoted))
            self.at = match.end()
        elif char == "{":
            end = _closing_brace(line, at)
            end = end if end >= 0 else self._open(word, "{")
            word.pieces.append(Piece("expr", line[at + 1 : end], quoted))
            self.at = end + 1
        else:
            self._text(word, char, quoted=quoted)

    def _open(self, word: RawWord, sign: str) -> int:
        """The end of the line, where a word being typed may be open; else an error."""
        if self.partial:
            word.quote = "" if sign == "{" else sign
            return len(self.line)
        what = "brace" if sign == "{" else "quote"
        raise ValidationError(
            f"the {what} {sign} of {self.line[word.start :]!r} is not closed.",
            remedy="Write {{ for a brace that is meant as a character."
            if sign == "{"
            else "Put a word that holds one kind of quote into the other kind.",
        )

    @staticmethod
    def _text(word: RawWord, text: str, *, quoted: bool) -> None:
        last = word.pieces[-1] if word.pieces else None
        if last is not None and last.kind == "text" and last.quoted == quoted:
            word.pieces[-1] = Piece("text", last.text + text, quoted)
        else:
            word.pieces.append(Piece("text", text, quoted))


def _closing_brace(line: str, start: int) -> int:
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
