"""Owns which modules make an area, and which tests are asked about it.

What stands here is broad: of these tests, a fault meets just those that reach its line.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTED = Path(__file__).with_name("equivalent.txt")
CACHE = ROOT / ".cache" / "mutate"  # what reached what, as measured last


@dataclass(frozen=True)
class Area:
    """Modules, and the tests about them; globs from the root.

    Attributes:
        modules: What is changed.
        tests: Files of tests. For a script in the order in which they are asked.
        without: Files among them that are not asked: slow, or about other processes.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()

    @property
    def script(self) -> bool:
        return self.modules[0].endswith(".ts")

    def files(self) -> list[Path]:
        """The modules, as paths; a `LookupError` says which line of the table finds nothing."""
        return _found(self.modules)

    def test_files(self) -> list[Path]:
        """The files of tests, as paths; raises like `files`."""
        left_out = set(_found(self.without))
        return [path for path in _found(self.tests) if path not in left_out]


def _found(globs: tuple[str, ...]) -> list[Path]:
    paths: dict[Path, None] = {}
    for glob in globs:
        here = sorted(ROOT.glob(glob))
        if not here:
            raise LookupError(f"{glob} is no file any more: correct tests/mutate/areas.py")
        paths.update(dict.fromkeys(here))
    return list(paths)


def _modules(folder: str, names: str) -> tuple[str, ...]:
    return tuple(f"cocalc_widget/{folder}{name}.py" for name in names.split())


_API = ("tests/api/**/test_*.py",)
_API_NOT = ("tests/api/copying/test_killed.py",)
_FRAME = ("tests/frame/**/test_*.py",)
_FRAME_NOT = ("tests/frame/**/test_*_browser.py",)
_JS = "js/test/"

AREAS = {
    "exchange": Area(
        (
            *_modules("api/http/", "transport session messages answers timeouts connections"),
            *_modules("api/dialects/", "calls detection"),
        ),
        _API,
        _API_NOT,
    ),
    "copying": Area(
        (
            *_modules(
                "api/copying/",
                "batch sending lost_answers following checking targets workers",
            ),
            *_modules("api/", "copies"),
            *_modules("api/dialects/", "base v1 v2"),
            *_modules("api/results/", "jobs"),
        ),
        _API,
        _API_NOT,
    ),
    "address": Area(
        _modules("", "address"),
        ("tests/test_address.py", "tests/test_config.py", "tests/fuzz/test_addresses.py"),
    ),
    "keys": Area(
        _modules("", "config redact"),
        (
            "tests/test_config.py",
            "tests/test_redact.py",
            "tests/test_errors.py",
            "tests/magics/**/test_*.py",
            "tests/api/test_log.py",
            "tests/api/test_tokens*.py",
            "tests/secrets/test_secrets_tracebacks.py",
        ),
        ("tests/magics/test_magics_kernel.py", "tests/magics/test_magics_readme.py"),
    ),
    "session": Area(
        (
            *_modules("frame/session/", "session dispatch background context turns signin ledger"),
            *_modules("frame/channel/", "situation proving evidence health"),
            *_modules("frame/messages/", "inbox outbox postbox reply"),
        ),
        _FRAME,
        _FRAME_NOT,
    ),
    "verdict": Area(
        _modules("frame/channel/", "verdict framing facts"),
        (*_FRAME, "tests/magics/doctor/test_magics_doctor.py"),
        _FRAME_NOT,
    ),
    "engine": Area(
        ("js/engine.ts", "js/book.ts", "js/replies.ts", "js/protocol.ts"),
        tuple(f"{_JS}{it}.test.ts" for it in ("engine", "wire", "contract", "model", "page")),
    ),
    "bridge": Area(
        ("js/bridge.ts", "js/channels.ts"),
        tuple(f"{_JS}{it}.test.ts" for it in ("page", "wire")),
    ),
}
