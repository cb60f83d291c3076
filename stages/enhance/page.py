"""The page of a comparison: scores by method, overlaid histograms, players before and after."""

from pathlib import Path

import jinja2
import numpy as np

COLOURS = ("#777777", "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b")
WIDTH, HEIGHT = 640, 220  # of the histogram, in pixels
BINS = np.linspace(1, 5, 33)
HIGH = ("overall", "speech", "background", "likeness")  # scores that are better when higher


def outline(values: list[float]) -> str:
    """A histogram of scores from 1 to 5 as the points of an SVG line, its area the share of all."""
    shares = np.histogram(np.clip(values, 1, 5), BINS)[0] / max(1, len(values))
    steps = np.repeat(shares, 2)
    across = np.repeat(np.linspace(0, WIDTH, len(BINS)), 2)[1:-1]
    return " ".join(f"{x:.1f},{HEIGHT * (1 - share):.1f}" for x, share in zip(across, steps, strict=True))


def write(
    path: Path,
    rows: list[dict],
    overall: dict[str, list[float]],
    players: list[tuple[str, dict[str, str]]],
) -> None:
    """Write the page. rows: of `compare.table`; overall: scores by method; players: a name and its files by method."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    template = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    others = [row for row in rows if row["method"] != "original"]
    best = {name: max((row[name] for row in others), default=None) for name in HIGH}
    lines = [
        {"method": method, "colour": COLOURS[number % len(COLOURS)], "points": outline(values)}
        for number, (method, values) in enumerate(overall.items())
    ]
    text = template.get_template("page.html").render(
        rows=rows, best=best, lines=lines, players=players, width=WIDTH, height=HEIGHT, names=[*HIGH, "divergence"]
    )
    path.write_text(text, encoding="utf-8")
