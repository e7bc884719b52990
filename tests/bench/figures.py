"""Owns the arithmetic of a bench: medians and spread, ratios, bars, and which bars are missed."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from typing import Any

_RESAMPLES = 1000
_FEW = 10  # below this many samples, deciles say nothing


def spread(samples: Sequence[float], digits: int = 2) -> dict[str, float]:
    """Median, extremes and number of samples; from ten samples on, the tenth and ninetieth, too."""
    found = {"median": statistics.median(samples), "min": min(samples), "max": max(samples)}
    if len(samples) >= _FEW:
        tenths = statistics.quantiles(samples, n=10, method="inclusive")
        found |= {"p10": tenths[0], "p90": tenths[-1]}
    return {**{name: round(it, digits) for name, it in found.items()}, "n": len(samples)}


def ratio(
    ours: Sequence[float], base: Sequence[float], more: float = 0.0
) -> tuple[float, list[float]]:
    """Median of ours over median of the base, and the interval that holds it 19 times in 20.

    Args:
        ours, base: measured turn and turn about, so that pairs belong together.
        more: what the base has on top, as a constant.

    Returns:
        The ratio, and its interval by the bootstrap over pairs (the same at each call).
    """
    pairs = list(zip(ours, base, strict=True))
    dice = random.Random(0)
    again = sorted(
        _ratio(dice.choices(pairs, k=len(pairs)), more)  # drawn with replacement
        for _ in range(_RESAMPLES)
    )
    cut = _RESAMPLES // 40
    return round(_ratio(pairs, more), 3), [round(again[cut], 3), round(again[-cut - 1], 3)]


def _ratio(pairs: Sequence[tuple[float, float]], more: float) -> float:
    ours, base = (statistics.median(side) for side in zip(*pairs, strict=True))
    return ours / (base + more)


def at_most(value: float, limit: float, **more: Any) -> dict[str, Any]:
    """A figure beside the bar that it must not pass."""
    return {"value": value, "at_most": limit, "ok": value <= limit, **more}


def at_least(value: float, limit: float, **more: Any) -> dict[str, Any]:
    """A figure beside the bar that it must reach."""
    return {"value": value, "at_least": limit, "ok": value >= limit, **more}


def missed(figures: Any, path: str = "") -> list[str]:
    """Where in these figures a bar is missed, or a bench failed: their names, dotted."""
    if not isinstance(figures, dict):
        return []
    is_bar = "at_most" in figures or "at_least" in figures
    if "error" in figures or (is_bar and not figures["ok"]):
        return [path]
    found = []
    for name, it in figures.items():
        found += missed(it, f"{path}.{name}" if path else str(name))
    return found


def bars(figures: Any) -> int:
    """How many bars there are in these figures."""
    if not isinstance(figures, dict):
        return 0
    return ("at_most" in figures or "at_least" in figures) + sum(map(bars, figures.values()))
