"""Owns the left half of the chart: seconds by number of targets, ours, the ideal, and a loop."""

from __future__ import annotations

from typing import Any

from .svg import BASE, FAINT, GRID, INK, OURS, THEIRS, Drawing, duration, logarithmic

_MARKS = {0.01: "10 ms", 0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min"}


def draw(
    canvas: Drawing, figures: dict[str, Any], left: float, right: float, bottom: float
) -> None:
    rows = figures["beside_cocalc_api"]["sizes"]
    top = 96.0
    counts = [row["targets"] for row in rows]
    low = min(row["ideal_s"] for row in rows)
    x = logarithmic(counts[0], counts[-1], left, right)
    y = logarithmic(low / 1.5, max(row["loop_s"] for row in rows) * 1.5, bottom, top)
    _axes(canvas, figures, rows, x, y, (left, right, top, bottom))

    loop = [(x(row["targets"]), y(row["loop_s"])) for row in rows]
    known = sum(row["loop_is"] == "measured" for row in rows)
    canvas.path(loop[:known], THEIRS, stroke_width="2")
    canvas.path([(x(row["targets"]), y(row["ideal_s"])) for row in rows], BASE,
                stroke_width="1.5", stroke_dasharray="1.5 3", stroke_linecap="round")  # fmt: skip
    ours = [(x(row["targets"]), y(row["client_s"]["median"])) for row in rows]
    canvas.path(ours, OURS, stroke_width="2.5")
    if known < len(loop):
        canvas.path(loop[known - 1:], THEIRS, stroke_width="2", stroke_dasharray="6 5")  # fmt: skip
    for index, (cx, cy) in enumerate(loop):
        fill = THEIRS if index < known else "#ffffff"
        canvas.add("circle", cx=cx, cy=cy, r=3.5, fill=fill, stroke=THEIRS, stroke_width="1.5")
    for row, (cx, cy) in zip(rows, ours, strict=True):
        times = row["client_s"]
        canvas.line(cx, y(times["min"]), cx, y(times["max"]), OURS, stroke_width="1.5")
        canvas.add("circle", cx=cx, cy=cy, r=4.0, fill=OURS)
    _labels(canvas, rows, loop, ours, known, y)
    _factor(canvas, figures, rows, loop, ours)


def _axes(canvas: Drawing, figures: Any, rows: Any, x: Any, y: Any, box: Any) -> None:
    left, right, top, bottom = box
    canvas.text(left - 42, 36, "One file to many projects", font_size="16", font_weight="600")
    latency, at_once = 1000 * figures["latency_s"], figures["concurrency"]
    canvas.text(left - 42, 56, f"Seconds by number of projects; {latency:.0f} ms per request, "
                f"{at_once} at a time.", fill=FAINT)  # fmt: skip
    for value, name in _MARKS.items():
        at = y(value)
        if top <= at <= bottom:
            canvas.line(left, at, right, at, GRID)
            canvas.text(left - 8, at + 4, name, "end", fill=FAINT)
    drawn = right + 99
    for row in reversed(rows):  # from the right; what would run into the next one is left out
        at = x(row["targets"])
        canvas.line(at, bottom, at, bottom + 5, FAINT)
        if drawn - at > 30:
            canvas.text(at, bottom + 19, f"{row['targets']:,}", "middle", fill=FAINT)
            drawn = at
    canvas.line(left, bottom, right, bottom, FAINT)
    canvas.text((left + right) / 2, bottom + 38, "projects (both axes logarithmic)", "middle",
                fill=FAINT)  # fmt: skip


def _labels(canvas: Drawing, rows: Any, loop: Any, ours: Any, known: int, y: Any) -> None:
    middle = max(1, (len(rows) - 1) // 2)
    cx, cy = loop[middle]
    canvas.text(cx - 8, cy - 10, "loop over cocalc-api", "end", fill=THEIRS, font_weight="600")
    cx, cy = ours[middle]
    canvas.text(cx - 8, cy - 10, "Client.copy", "end", fill=OURS, font_weight="600")
    cx = ours[middle][0]
    canvas.text(cx + 12, y(rows[middle]["ideal_s"]) + 16, "the ideal", fill=FAINT)
    last = rows[-1]
    cx, cy = loop[-1]
    canvas.text(cx + 10, cy + 4, duration(last["loop_s"]), fill=THEIRS, font_weight="600")
    if known < len(rows):
        canvas.text(cx - 2, cy - 14, "dashed: extrapolated", "end", fill=THEIRS, font_size="11")
    cx, cy = ours[-1]
    canvas.text(cx + 10, cy - 1, duration(last["client_s"]["median"]), fill=OURS, font_weight="600")
    canvas.text(
        cx + 10, max(cy + 13, y(last["ideal_s"]) + 8), duration(last["ideal_s"]), fill=FAINT
    )


def _factor(canvas: Drawing, figures: Any, rows: Any, loop: Any, ours: Any) -> None:
    """How many times faster, at the size that the bar is about."""
    index = next(n for n, row in enumerate(rows) if row["targets"] == figures["targets"])
    (at, above), (_, below) = loop[index], ours[index]
    canvas.line(at, above + 7, at, below - 8, INK, stroke_width="1")
    for end, turn in ((above + 7, 5), (below - 8, -5)):
        canvas.path([(at - 3, end + turn), (at, end), (at + 3, end + turn)], INK)
    factor = f"{rows[index]['times_faster']:.0f} \N{MULTIPLICATION SIGN} faster"
    canvas.text(at - 8, below - 27, factor, "end", font_weight="600")
    canvas.text(at - 8, below - 13, f"at {rows[index]['targets']}", "end", fill=FAINT)
