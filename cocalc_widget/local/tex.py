"""Owns formulas: the part of TeX that lessons use, as MathML, which browsers show themselves."""

# ruff: noqa: RUF001, S105 (mathematical letters; a token is a piece of a formula)
from __future__ import annotations

import html
import re

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|[A-Za-z]|[{}^_&]|\S", re.DOTALL)
_GREEK = {
    name: chr(0x3B1 + i)
    for i, name in enumerate(
        (
            "alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota",
            "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "varsigma", "sigma",
            "tau", "upsilon", "varphi", "chi", "psi", "omega",
        )
    )
} | {"epsilon": "ϵ", "phi": "ϕ", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ"} | {
    "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "infty": "∞",
    "partial": "∂", "ell": "ℓ", "hbar": "ℏ", "emptyset": "∅",
}  # fmt: skip
_OPERATORS = {
    "cdot": "·", "times": "×", "div": "÷", "pm": "±", "mp": "∓", "le": "≤", "leq": "≤", "ge": "≥",
    "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "equiv": "≡", "sim": "∼", "to": "→",
    "rightarrow": "→", "leftarrow": "←", "Rightarrow": "⇒", "iff": "⇔", "mapsto": "↦", "in": "∈",
    "notin": "∉", "subset": "⊂", "cup": "∪", "cap": "∩", "forall": "∀", "exists": "∃",
    "nabla": "∇", "ldots": "…", "dots": "…", "cdots": "⋯", "mid": "∣", "circ": "∘", "prime": "′",
    "langle": "⟨", "rangle": "⟩", "lVert": "‖", "rVert": "‖", "|": "‖", "{": "{", "}": "}",
}  # fmt: skip
_BIG = {"sum": "∑", "prod": "∏", "int": "∫", "oint": "∮", "lim": "lim", "max": "max", "min": "min"}
_FUNCTIONS = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "log",
        "ln",
        "exp",
        "det",
        "dim",
        "ker",
        "gcd",
        "arg",
        "sup",
        "inf",
        "sinh",
        "cosh",
        "tanh",
    ]
)
_SPACES = {
    ",": "0.17em",
    ";": "0.28em",
    "quad": "1em",
    "qquad": "2em",
    " ": "0.25em",
    "!": "-0.17em",
}
_ACCENTS = {"hat": "^", "bar": "‾", "overline": "‾", "vec": "→", "tilde": "~", "dot": "˙"}
_FONTS = {"mathbb": "double-struck", "mathbf": "bold", "mathcal": "script", "mathrm": "normal"}


def mathml(source: str, *, block: bool = False) -> str:
    """A formula as a `<math>` element; what is not understood is shown as its source."""
    display = ' display="block"' if block else ""
    parser = _Parser(_TOKEN.findall(source), big_limits=block)
    try:
        inner = parser.row(None)
    except (ValueError, IndexError, RecursionError):
        return f'<code class="formula">{html.escape(source)}</code>'
    return f"<math{display}><mrow>{inner}</mrow></math>"


class _Parser:
    """Reads tokens from left to right; every method returns MathML."""

    def __init__(self, tokens: list[str], *, big_limits: bool) -> None:
        self._tokens = tokens[::-1]
        self._limits = big_limits

    def row(self, end: str | None) -> str:
        """Everything up to `end`."""
        parts: list[str] = []
        while self._tokens:
            if self._tokens[-1] == end:
                self._tokens.pop()
                return "".join(parts)
            parts.append(self.scripted())
        if end is not None:
            raise ValueError(end)
        return "".join(parts)

    def scripted(self) -> str:
        """One thing with its indices."""
        token = self._tokens[-1]
        base = self.atom()
        scripts = {}
        while self._tokens and self._tokens[-1] in ("_", "^"):
            mark = self._tokens.pop()
            scripts[mark] = self.atom()
        if not scripts:
            return base
        over = self._limits and token[1:] in _BIG and token not in ("\\int", "\\oint")
        names = ("munder", "mover", "munderover") if over else ("msub", "msup", "msubsup")
        name = names[2] if len(scripts) == 2 else names[0 if "_" in scripts else 1]
        inner = "".join(f"<mrow>{scripts[m]}</mrow>" for m in ("_", "^") if m in scripts)
        return f"<{name}><mrow>{base}</mrow>{inner}</{name}>"

    def atom(self) -> str:
        """One thing without indices."""
        token = self._tokens.pop()
        if token == "{":
            return f"<mrow>{self.row('}')}</mrow>"
        if token in ("}", "^", "_", "&"):
            raise ValueError(token)
        if token.startswith("\\"):
            return self._command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{html.escape(token)}</mi>"
        if token in "()[]|":  # only those after left and right grow with what they hold
            return f'<mo stretchy="false">{token}</mo>'
        return f"<mo>{html.escape({'-': '−', '*': '∗'}.get(token, token))}</mo>"

    def _command(self, name: str) -> str:  # noqa: PLR0911 (one line a kind)
        if name in _GREEK:
            return f"<mi>{_GREEK[name]}</mi>"
        if name in _BIG:
            movable = ' movablelimits="false"' if self._limits else ""
            return f"<mo{movable}>{_BIG[name]}</mo>"
        if name in _OPERATORS:
            return f"<mo>{html.escape(_OPERATORS[name])}</mo>"
        if name in _FUNCTIONS:
            return f'<mi>{name}</mi><mspace width="0.17em"></mspace>'
        if name in _SPACES:
            return f'<mspace width="{_SPACES[name]}"></mspace>'
        if name in ("left", "right", "big", "Big", "bigl", "bigr"):
            token = self._tokens.pop()
            return "" if token == "." else f'<mo stretchy="true">{self._delimiter(token)}</mo>'
        if name in ("frac", "dfrac", "tfrac"):
            return f"<mfrac><mrow>{self.atom()}</mrow><mrow>{self.atom()}</mrow></mfrac>"
        if name == "sqrt":
            return f"<msqrt>{self.atom()}</msqrt>"
        if name in _ACCENTS:
            return (
                f'<mover accent="true"><mrow>{self.atom()}</mrow><mo>{_ACCENTS[name]}</mo></mover>'
            )
        if name in ("text", "operatorname", "mathrm"):
            return f"<mtext>{html.escape(self._words())}</mtext>"
        if name in _FONTS:
            return f"<mi>{''.join(_styled(c, _FONTS[name]) for c in self._words())}</mi>"
        raise ValueError(name)

    def _delimiter(self, token: str) -> str:
        return html.escape(_OPERATORS.get(token[1:], token[1:]) if token[0] == "\\" else token)

    def _words(self) -> str:
        if self._tokens.pop() != "{":
            raise ValueError("a group was expected")
        words = []
        while (token := self._tokens.pop()) != "}":
            words.append(token)
        return "".join(words)


def _styled(letter: str, font: str) -> str:
    """A letter of a font of its own, by its code point, as MathML Core wants it."""
    special = {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}
    if font == "double-struck":
        if letter in special:
            return special[letter]
        return chr(0x1D538 + ord(letter) - 65) if "A" <= letter <= "Z" else html.escape(letter)
    if font == "bold" and letter.isascii() and letter.isalpha():
        start = 0x1D400 - 65 if letter.isupper() else 0x1D41A - 97
        return chr(start + ord(letter))
    return html.escape(letter)
