"""A small picture of points and a curve, as SVG, without any library."""

from collections.abc import Callable, Sequence

WIDTH, HEIGHT, LEFT, TOP, LOW, HIGH = 560, 300, 46, 16, 40, 90
FONT = 'font-family="Helvetica, Liberation Sans, Arial" font-size="12" fill="#7b858f"'


class Drawing:
    """What a notebook shows as a picture."""

    def __init__(self, svg: str) -> None:
        self._svg = svg

    def __repr__(self) -> str:
        return "Drawing"

    def _repr_svg_(self) -> str:
        return self._svg


def draw(
    times: Sequence[float], values: Sequence[float], curve: Callable[[float], float]
) -> Drawing:
    """Points (times, values) and a curve through them, with axes in minutes and °C."""

    def x(t: float) -> float:
        return LEFT + t / times[-1] * (WIDTH - LEFT - 16)

    def y(v: float) -> float:
        return TOP + (HIGH - v) / (HIGH - LOW) * (HEIGHT - TOP - 36)

    parts = [f'<text x="{WIDTH - 16}" y="{HEIGHT - 3}" text-anchor="end">minutes</text>']
    parts.append(f'<text x="{LEFT}" y="11">°C</text>')
    for v in range(LOW, HIGH + 1, 10):
        parts.append(f'<path d="M{LEFT} {y(v):.1f}H{WIDTH - 16}" stroke="#9aa3ab55"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(v) + 4:.1f}" text-anchor="end">{v}</text>')
    parts += [
        f'<text x="{x(t):.1f}" y="{HEIGHT - 18}" text-anchor="middle">{t}</text>'
        for t in range(0, int(times[-1]) + 1, 5)
    ]
    steps = [times[-1] * i / 60 for i in range(61)]
    line = "L".join(f"{x(t):.1f} {y(curve(t)):.1f}" for t in steps)
    parts.append(f'<path d="M{line}" fill="none" stroke="#2b6cb0" stroke-width="2"/>')
    for t, v in zip(times, values, strict=True):
        parts.append(f'<circle cx="{x(t):.1f}" cy="{y(v):.1f}" r="4" fill="#d9772f"/>')
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {FONT}>'
    return Drawing(svg + "".join(parts) + "</svg>")
