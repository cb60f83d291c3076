"""Curves of a share against a number, as a small SVG that reads in light and dark."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP = 640, 300, 44, 12
RIGHT, BOTTOM = 210, 34
COLOURS = ("#0f7ba5", "#c2571a", "#3a9d5d", "#8a5bb5", "#8a8f96", "#b0892b")


def svg(curves: dict[str, Sequence[float]], across: str, up: str) -> str:
    """Name -> its values at 0, 1, 2 …, each a share; `across` and `up` say what the axes are."""
    count = max(len(values) for values in curves.values())
    low = max(0.0, int(min(min(values) for values in curves.values()) * 10) / 10)
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(number: float) -> float:
        return LEFT + wide * number / max(count - 1, 1)

    def y(share: float) -> float:
        return TOP + tall * (1 - (share - low) / (1 - low))

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"']
    parts += [f' font-size="12" fill="#7a8088"><title>{escape(up)} by {escape(across)}</title>']
    for step in range(round(low * 10), 11):
        at = y(step / 10)
        parts.append(f'<path d="M{LEFT} {at:.1f}h{wide}" stroke="#7a8088" stroke-opacity=".3"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{step / 10:.1f}</text>')
    for number in range(0, count, 5):
        parts.append(f'<text x="{x(number):.1f}" y="{HEIGHT - 16}" text-anchor="middle">{number}</text>')
    parts.append(f'<text x="{LEFT + wide / 2}" y="{HEIGHT - 2}" text-anchor="middle">{escape(across)}</text>')
    for values, colour in zip(curves.values(), COLOURS, strict=False):
        points = " ".join(f"{x(i):.1f},{y(value):.1f}" for i, value in enumerate(values))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
    for place, (name, colour) in enumerate(zip(curves, COLOURS, strict=False)):
        at = TOP + 8 + 18 * place
        parts.append(f'<path d="M{WIDTH - RIGHT + 12} {at}h18" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 36}" y="{at + 4}">{escape(name)}</text>')
    return "".join(parts) + "</svg>\n"
