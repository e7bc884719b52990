"""Owns the filling in of `$name` and `{expression}`, word by word, from the user's names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ...errors import ValidationError
from ...redact import Secret
from .splitter import RawWord, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CONVERSIONS: dict[str, Callable[[object], str]] = {"!r": repr, "!s": str, "!a": ascii}


def expand(words: list[RawWord], names: Mapping[str, Any]) -> list[Word]:
    """The words with `$name` and `{expression}` replaced by their values.

    A word that is nothing but one unquoted `$name` or `{expression}` becomes
    as many words as its list or tuple has items; anywhere else a value
    becomes text within its word, whatever blanks or quotes it holds.

    Raises:
        ValidationError: an undefined name, an expression that fails, or a
            value that has no place on a line (None, a secret, a collection).
    """
    result: list[Word] = []
    for raw in words:
        only = raw.pieces[0] if len(raw.pieces) == 1 else None
        if only is not None and only.kind != "text" and not only.quoted:
            value = evaluate(only.text, names, only.kind)
            items = list(value) if isinstance(value, (list, tuple)) else [value]
            result.extend(Word.of(_text(item, only.text), quoted=True) for item in items)
            continue
        text = "".join(
            piece.text
            if piece.kind == "text"
            else _text(evaluate(piece.text, names, piece.kind), piece.text)
            for piece in raw.pieces
        )
        quoted = any(piece.quoted or piece.kind != "text" for piece in raw.pieces)
        result.append(Word.of(text, quoted=quoted))
    return result


def evaluate(source: str, names: Mapping[str, Any], kind: str = "expr") -> Any:
    """The value of a name or expression, as an f-string would take it (`!r` and `:format` too)."""
    if kind == "name":
        try:
            return names[source]
        except KeyError:
            message = f"${source}: the name {source!r} is not defined."
        raise ValidationError(message, remedy="Define it first; $$ stands for a dollar sign.")
    expression, conversion, spec = _parts(source)
    try:
        # The user's own line in the user's own kernel: as much trusted as the rest of the cell.
        value = eval(expression, dict(names))  # noqa: S307
        if conversion:
            value = _CONVERSIONS[conversion](value)
        return format(value, spec) if spec else value
    except Exception as error:  # noqa: BLE001 - whatever the expression raises is the user's to see
        message = f"{{{source}}}: {type(error).__name__}: {error}."
        first = "Define it first" if isinstance(error, NameError) else "Mend it"
    raise ValidationError(message, remedy=f"{first}; {{{{ and }}}} stand for braces.")


def _parts(source: str) -> tuple[str, str, str]:
    """Expression, conversion and format; only what does not parse as a whole is cut."""
    text = source.strip()
    candidates = [(text, "", "")]
    colons = [at for at, char in enumerate(text) if char == ":"]
    candidates += [(text[:at], "", text[at + 1 :]) for at in reversed(colons)]
    for expression, _, spec in candidates:
        conversion = expression[-2:] if expression[-2:] in _CONVERSIONS else ""
        bare = expression[: -len(conversion)] if conversion else expression
        try:
            compile(bare.strip(), "<magic line>", "eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # the latter: too nested
            continue
        return bare.strip(), conversion, spec
    raise ValidationError(
        f"{{{source}}} is not a Python expression.", remedy="Write {{ and }} for braces."
    )


def _text(value: object, source: str) -> str:
    if isinstance(value, str):
        return value
    inside = (getattr(value, name, None) for name in ("secret", "api_key"))  # a Token, an Account
    if isinstance(value, Secret) or any(isinstance(part, Secret) for part in inside):
        raise ValidationError(f"{source} holds a secret, which has no place on a line.")
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    project_id = getattr(value, "project_id", None)
    if isinstance(project_id, str):  # a Project stands for its id
        return project_id
    if value is None or isinstance(value, (list, tuple, dict, set, frozenset)):
        what = "None" if value is None else f"a {type(value).__name__}"
        raise ValidationError(f"{source} is {what}; on a line it must be a word or a number.")
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - whatever somebody's own class raises
        why = type(error).__name__
    raise ValidationError(f"{source} cannot be written as text ({why}).")
