"""Owns how IPython shows an error: one line in the cell that fails, everything when asked later."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from .redact import redact

if TYPE_CHECKING:
    from types import FrameType, TracebackType


def render(error: Exception) -> list[str]:
    """The lines that IPython shows for this error: one, or (for `%tb`) its whole traceback."""
    shell = _ipython()
    trace = error.__traceback__
    if shell is None or trace is None or _fails_now(trace):
        if shell is not None:
            shell.InteractiveTB.tb = trace  # %debug begins there
        return [f"{type(error).__name__}: {' '.join(str(error).split())}"]
    # without the values of variables, which %xmode Verbose would add: some are
    # passwords and tokens, as they were typed
    painter = shell.InteractiveTB
    verbose, painter.include_vars = painter.include_vars, False
    try:
        full = painter.structured_traceback(type(error), error, trace)
    finally:
        painter.include_vars = verbose
    return [redact(line) for line in full]


def _fails_now(trace: TracebackType | None) -> bool:
    """Whether a traceback is of the cell that runs now: its frames are still at work."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - what inspect calls, without its import
    working = set()
    while frame is not None:
        working.add(frame)
        if frame.f_code.co_name == "run_code":  # IPython's, which runs a cell and shows its error
            break
        frame = frame.f_back
    while trace is not None:
        if trace.tb_frame in working:
            return True
        trace = trace.tb_next
    return False


def _ipython() -> Any:
    # only if IPython is loaded: this module must not be what loads it
    core = sys.modules.get("IPython")
    return core.get_ipython() if core is not None else None
