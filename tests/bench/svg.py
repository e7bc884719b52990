"""Owns drawing: a small SVG writer, scales, ticks and a smoothed distribution."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence

INK, FAINT, GRID = "#1f2933", "#5b6673", "#e3e7ec"
OURS, THEIRS, BASE = "#1d63b8", "#b8501a", "#6b7280"  # each ≥ 4.5:1 on white
FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif"
Scale = Callable[[float], float]
Point = tuple[float, float]


class Drawing:
    """A picture of that size on a white card, so that it reads on light and dark pages alike."""

    def __init__(self, width: int, height: int, title: str, about: str) -> None:
        self.root = ET.Element("svg", {
            "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {height}",
            "width": str(width), "height": str(height), "role": "img",
            "font-family": FONT, "font-size": "12", "fill": INK,
        })  # fmt: skip
        ET.SubElement(self.root, "title").text = title
        ET.SubElement(self.root, "desc").text = about
        self.add("rect", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=10,
                 fill="#ffffff", stroke="#d5dbe1")  # fmt: skip

    def add(self, tag: str, text: str | None = None, **attributes: float | str) -> None:
        """One element; `_` in names stands for `-`, coordinates are rounded to a tenth."""
        told = {
            name.replace("_", "-"): f"{round(it, 1):g}" if isinstance(it, float) else str(it)
            for name, it in attributes.items()
        }
        ET.SubElement(self.root, tag, told).text = text

    def text(self, x: float, y: float, text: str, anchor: str = "start", **more: str) -> None:
        self.add("text", text, x=float(x), y=float(y), text_anchor=anchor, **more)

    def line(self, x1: float, y1: float, x2: float, y2: float, stroke: str, **more: str) -> None:
        ends = {"x1": float(x1), "y1": float(y1), "x2": float(x2), "y2": float(y2)}
        self.add("line", **ends, stroke=stroke, **more)

    def path(self, points: Sequence[Point], stroke: str, fill: str = "none", **more: str) -> None:
        d = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self.add("path", d=d, stroke=stroke, fill=fill, **more)

    def written(self) -> str:
        ET.indent(self.root)
        return ET.tostring(self.root, encoding="unicode") + "\n"


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """Maps low..high to start..end."""
    return lambda value: start + (value - low) / (high - low) * (end - start)


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """The same, by the logarithm: equal factors are equal lengths."""
    inner = linear(math.log(low), math.log(high), start, end)
    return lambda value: inner(math.log(value))


def ticks(high: float, about: int = 6) -> list[float]:
    """Round values from 0 to at least `high`: steps of 1, 2 or 5 times a power of ten."""
    rough = high / about
    power = 10 ** math.floor(math.log10(rough))
    step = next(it * power for it in (1, 2, 5, 10) if it * power >= rough)
    return [round(n * step, 10) for n in range(math.ceil(round(high / step, 10)) + 1)]


def density(samples: Sequence[float], at: Sequence[float], width: float) -> list[float]:
    """How close samples lie at these places: each counts as a bell of that standard deviation."""
    factor = 1 / (len(samples) * width * math.sqrt(2 * math.pi))
    return [
        factor * sum(math.exp(-0.5 * ((place - it) / width) ** 2) for it in samples) for place in at
    ]


def duration(seconds: float) -> str:
    """A time as people say it, in two figures or three."""
    if seconds >= 60:
        return f"{seconds / 60:.3g} min"
    if seconds >= 1:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{1000 * seconds:.2g} ms" if seconds < 0.1 else f"{seconds:.2g} s"
