"""Owns the right half of the chart: how long `status()` takes, beside what it is made of."""

from __future__ import annotations

import itertools
from typing import Any

from .svg import BASE, FAINT, GRID, OURS, Drawing, Point, Scale, density, linear, ticks

_WAYS = {"await": "await", "result": ".result()"}
_TOP = 92.0
_PLACES = 240  # points of a curve
_FLAT = 0.3  # pixels; a line along the axis says nothing
_SMOOTH = 90  # a call is smeared over 1/90 of the axis


def draw(
    canvas: Drawing, figures: dict[str, Any], left: float, right: float, bottom: float
) -> None:
    """One row for each kernel and way, of two distributions and their ratio."""
    rows = _rows(figures)
    # an axis for the few slowest calls would squeeze all others
    marks = ticks(max(_late(row["ours"]) for row in rows))
    x = linear(0, marks[-1], left, right - 78)
    _axis(canvas, rows, x, marks, bottom)
    gutter = left - 104
    canvas.text(gutter, 36, "One status() round trip", font_size="16", font_weight="600")
    said = f"Each curve: {figures['calls']} calls in JupyterLab; ticks are medians."
    canvas.text(gutter, 56, said, fill=FAINT)
    _key(canvas, gutter, _TOP - 14)
    canvas.text(right, _TOP - 14, f"ratio (≤ {rows[0]['limit']})", "end", fill=FAINT)
    step = (bottom - _TOP) / len(rows)
    for index, row in enumerate(rows):
        base = _TOP + (index + 1) * step - 14
        _curves(canvas, row, x, marks[-1], base, step - 26)
        middle = base - step / 2 + 20
        canvas.text(gutter, middle, row["way"], font_weight="600")
        canvas.text(gutter, middle + 15, row["kernel"], fill=FAINT, font_size="11")
        low, high = row["interval"]
        canvas.text(
            right, middle + 2, f"{row['ratio']:.2f}", "end", font_weight="600", font_size="14"
        )
        canvas.text(
            right, middle + 17, f"{low:.2f} to {high:.2f}", "end", fill=FAINT, font_size="11"
        )


def _axis(canvas: Drawing, rows: Any, x: Scale, marks: list[float], bottom: float) -> None:
    for mark in marks:
        canvas.line(x(mark), _TOP, x(mark), bottom, GRID)
        canvas.text(x(mark), bottom + 19, f"{mark:g}", "middle", fill=FAINT)
    canvas.line(x(0), bottom, x(marks[-1]), bottom, FAINT)
    everything = [it for row in rows for it in (*row["ours"], *row["base"])]
    beyond = sum(it > marks[-1] for it in everything)
    said = f" ({beyond} of {len(everything)} calls took longer)" if beyond else ""
    canvas.text((x(0) + x(marks[-1])) / 2, bottom + 38, f"milliseconds{said}", "middle", fill=FAINT)


def _curves(canvas: Drawing, row: Any, x: Scale, high: float, base: float, tall: float) -> None:
    places = [high * n / _PLACES for n in range(_PLACES + 1)]
    curves = [density(row[side], places, high / _SMOOTH) for side in ("base", "ours")]
    factor = tall / max(map(max, curves))
    for curve, colour in zip(curves, (BASE, OURS), strict=True):
        points = [(x(at), base - factor * it) for at, it in zip(places, curve, strict=True)]
        shape = [(x(0), base), *points, (x(high), base)]
        canvas.path(shape, "none", colour, fill_opacity="0.18")
        for part in _raised(points, base - _FLAT):
            canvas.path(part, colour, stroke_width="1.6")
    canvas.line(x(0), base, x(high), base, FAINT, stroke_width="0.75")
    _medians(canvas, row, x, high, base)


def _medians(canvas: Drawing, row: Any, x: Scale, high: float, base: float) -> None:
    """A tick for each, its figure on the side where the other one is not."""
    found = sorted([(row["base_median"], BASE), (row["ours_median"], OURS)])
    for (value, colour), side, anchor in zip(found, (-5, 5), ("end", "start"), strict=True):
        at = x(min(value, high))
        canvas.line(at, base, at, base + 7, colour, stroke_width="2.5")
        canvas.text(at + side, base + 12, f"{value:.1f}", anchor, fill=colour, font_size="11")


def _key(canvas: Drawing, left: float, at: float) -> None:
    """Curves that lie on each other can't be labelled on themselves."""
    canvas.add("rect", x=left, y=at - 9, width=10, height=10, rx=2, fill=OURS)
    canvas.text(left + 15, at, "cocalc.status()", fill=OURS, font_weight="600")
    canvas.add("rect", x=left + 128, y=at - 9, width=10, height=10, rx=2, fill=BASE)
    canvas.text(left + 143, at, "bare echo + raw postMessage", fill=FAINT, font_weight="600")


def _rows(figures: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    kernels = [it for it in figures.values() if isinstance(it, dict) and "ipykernel" in it]
    for kernel in reversed(kernels):  # the newest first
        raw = kernel["raw_postmessage_ms"]["median"]
        for way, name in _WAYS.items():
            told = kernel[way]
            rows.append({
                "way": name,
                "kernel": f"ipykernel {kernel['ipykernel']}",
                "ours": told["status_ms"]["sorted"],
                "base": [it + raw for it in told["bare_echo_ms"]["sorted"]],
                "ours_median": told["status_ms"]["median"],
                "base_median": told["bare_echo_ms"]["median"] + raw,
                "ratio": told["ratio"]["value"],
                "limit": told["ratio"]["at_most"],
                "interval": told["ratio"]["interval"],
            })  # fmt: skip
    return rows


def _raised(points: list[Point], level: float) -> list[list[Point]]:
    """The parts of a curve above that level."""
    parts = itertools.groupby(points, lambda it: it[1] < level)
    return [list(part) for is_above, part in parts if is_above]


def _late(ordered: list[float]) -> float:
    """What 24 of 25 calls do not pass."""
    return ordered[(len(ordered) * 24) // 25 - 1]
