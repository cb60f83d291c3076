"""Hours kept against threshold, drawn from curves.py: what a person looks at to choose `filters:`."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from markupsafe import Markup

from engines import scores
from pipeline import manifest
from stages.report import reading, svg, words
from stages.report.curves import Curve, curves

HEIGHT = 100
SHARES = (0.9, 0.75, 0.5)  # of the hours: the thresholds that keep them are told in words
SIDES = {"high": ("min",), "low": ("max",), "neither": ("min", "max")}


def candidates(work: Path, corpus: Path) -> Iterable[dict]:
    """The clips that thresholds choose from: those of the wanted voices, or where that is not known the kept ones."""
    there = (work / "index" / "shards.json").is_file()
    for row in _scored(work) if there else reading.clips(corpus):
        yield {"start": row["start"], "end": row["end"]} | {name: row.get(name) for name in scores.known()}


def _scored(work: Path) -> Iterable[dict]:
    """The clips of the wanted voices with their scores."""
    for shard in manifest.shards(work):
        facts = {fact["id"]: fact for fact in manifest.lines(manifest.of_shard(work, "score", shard))}
        for row in manifest.lines(manifest.of_shard(work, "speaker", shard)):
            if row["answer"] == "confident" and row["id"] in facts:
                yield row | facts[row["id"]]


def sides(curve: Curve) -> dict[str, np.ndarray]:
    """Hours kept at every threshold, if it is set as min and as max."""
    return {"min": curve.at_least, "max": curve.at_most}


def window(curve: Curve) -> slice:
    """The thresholds between which something happens, ten steps at least."""
    falls = np.flatnonzero(np.diff(curve.at_least) < 0)
    if not len(falls):
        return slice(0, len(curve.thresholds))
    first, end = int(falls[0]), int(falls[-1]) + 2
    first = max(min(first, end - 10), 0)
    return slice(first, min(max(end, first + 11), len(curve.thresholds)))


def keeps(curve: Curve, side: str, total: float) -> str:
    """The strictest thresholds that still keep each of SHARES of the `total` hours, in words."""
    hours = sides(curve)[side]
    said = []
    for share in SHARES:
        enough = np.flatnonzero(hours >= share * total)
        if len(enough):
            threshold = curve.thresholds[enough[-1] if side == "min" else enough[0]]
            said.append(f"{share * 100:.0f} % at {words.number(threshold)}")
    return f"{side} keeps {', '.join(said)}" if said else f"{side} keeps less than half anywhere"


def drawing(curve: Curve, shown: slice, name: str, total: float, marks: dict[str, float]) -> Markup:
    """One line per side, and the thresholds that were set as upright lines."""
    thresholds = curve.thresholds[shown]
    low, high = thresholds[0], thresholds[-1]
    drawn = []
    for side in SIDES[scores.known()[name].better]:
        hours = sides(curve)[side][shown]
        points = zip(range(len(hours)), HEIGHT * (1 - hours / total), strict=True)
        drawn.append(svg.path(f"line {side}", svg.line(points)))
    for value in marks.values():
        x = np.clip((value - low) / (high - low), 0, 1) * (len(thresholds) - 1)
        drawn.append(svg.path("mark", svg.line([(x, 0), (x, HEIGHT)])))
    title = f"Hours kept against threshold of {name}"
    return svg.picture(len(thresholds) - 1, HEIGHT, title, svg.join(drawn))


def figures(candidates: Iterable[dict], marks: dict[str, dict[str, float]]) -> list[dict]:
    """What the page shows of every score that clips have. marks: {score: {"min": value, "max": value}} as set."""
    drawn = []
    for name, curve in curves(candidates).items():
        known = float(max(curve.at_least[0], curve.at_most[-1]))  # but for values beyond the range
        if not known:
            continue
        total, shown, score = known + curve.unknown, window(curve), scores.known()[name]
        thresholds = curve.thresholds[shown]
        lines = SIDES[score.better]
        data = {side: [round(float(hours), 4) for hours in sides(curve)[side][shown]] for side in lines}
        data |= {"total": round(total, 4), "thresholds": [float(f"{value:.4g}") for value in thresholds]}
        mine = marks.get(name, {})
        drawn.append(
            {
                "name": name,
                "meaning": score.meaning,
                "unit": score.unit,
                "svg": drawing(curve, shown, name, total, mine),
                "axis": [words.number(value) for value in (thresholds[0], thresholds[-1])],
                "most": words.span(3600 * total),
                "summary": "; ".join(keeps(curve, side, total) for side in lines),
                "set": ", ".join(f"{side} {value:g}" for side, value in mine.items()),
                "unknown": words.span(3600 * curve.unknown) if curve.unknown else "",
                "data": json.dumps(data),
            }
        )
    return drawn
