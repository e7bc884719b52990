"""Owns the public names, each loaded on first use, and the IPython extension's two hooks."""

from __future__ import annotations

from ._version import __version__

TYPE_CHECKING = False  # as in typing, whose import would take half of the time we allow ourselves

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from . import errors
    from .api import Client
    from .frame import CoCalc
    from .local import LocalCoCalc

__all__ = ["Client", "CoCalc", "LocalCoCalc", "__version__", "errors"]

# name -> the module that has it; None: the name is itself a submodule
_LAZY = {"CoCalc": ".frame", "Client": ".api", "LocalCoCalc": ".local", "errors": None}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = _LAZY[name]
    if home is None:
        return import_module(f".{name}", __name__)
    value = globals()[name] = getattr(import_module(home, __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register `%cocalc` and `%%cocalc` (what `%load_ext cocalc_widget` runs)."""
    from .magics import load

    load(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """Take `%cocalc` and its completion away again (what `%unload_ext` runs)."""
    from .magics import unload

    unload(ipython)
