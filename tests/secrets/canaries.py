"""Owns the canaries: secrets that a test knows, and every form in which one may lie somewhere.

What is looked for is a canary's core: most of it, but neither the prefix that
all keys have nor the last characters, which are shown on purpose. Whatever
leaves letters and digits alone (URLs, JSON, HTML, SQL, pickles) leaves the core
as it is; what does not is said in `forms`.
"""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field

SHOWN = 6  # characters at the end that a mask may show: 4 of ours, 6 of CoCalc's own list of keys


@dataclass(frozen=True)
class Canary:
    """One secret: what it is for, and its value."""

    name: str  # "key", "password", "token", "session", ...
    value: str = field(repr=False)

    @property
    def core(self) -> str:
        """The longest run of letters and digits, without prefix and end."""
        runs = re.findall(r"[A-Za-z0-9]+", self.value.removeprefix("sk-").removeprefix("sk_"))
        longest = max(runs, key=len)
        core = longest[:-SHOWN] if self.value.endswith(longest) else longest
        assert len(core) >= 10, f"too short to be looked for: {self.name}"
        return core


def forms(core: str) -> dict[str, bytes]:
    """How the core may be written: name of the form → bytes."""
    data = core.encode()
    found = {"plain": data, "utf-16": core.encode("utf-16-le"), "reversed": data[::-1]}
    found |= {"hex": data.hex().encode(), "HEX": data.hex().upper().encode()}
    for shift in range(3):  # base64 depends on how many bytes stand in front: HTTP Basic, say
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            whole = encode(b"?" * shift + data)
            first = (shift * 8 + 5) // 6  # characters that hold bits of what is in front
            last = (shift + len(data)) * 8 // 6  # and behind
            found[f"{name}, shifted by {shift}"] = whole[first:last]
    return found


def new_key() -> str:
    """An API key that no server has given to anybody."""
    return "sk-" + "".join(secrets.choice("ABCDEFGHJKMNPQRSTUVWXYZ23456789") for _ in range(22))


def new_password() -> str:
    """A password with everything that needs to be escaped somewhere."""
    return f"p\u00e4\"s\\/ {secrets.token_hex(10)} &%<\u2019>'#"
