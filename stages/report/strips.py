"""One strip per recording: what the segmenter heard from beginning to end, and which of it was kept.

A strip has COLUMNS columns whatever the recording's length: of the labels the one that fills most of a column is drawn,
of the kept clips the share of the column that they fill.
"""

import csv
from array import array
from collections import defaultdict
from pathlib import Path

import numpy as np
from markupsafe import Markup

from stages.report import svg, tables, words

COLUMNS = 720
SHOWN = 60  # recordings at most
LABELS = ("female", "male", "speech", "music", "noise", "noEnergy")  # the segmenter's, as the page colours them
NAMES = {"noEnergy": "silence"}
STEPS = 6  # heights of the kept share
LABEL_HEIGHT, KEPT_HEIGHT = 16, 6


class Kept:
    """Collects the kept seconds (start, end) of every recording."""

    def __init__(self):
        self._ends: dict[str, array] = defaultdict(lambda: array("d"))

    def add(self, row: dict) -> None:
        self._ends[row["recording"]].extend((row["start"], row["end"]))

    def spans(self, recording: str) -> np.ndarray:
        """(clips, 2) seconds in the order of time."""
        spans = np.array(self._ends.get(recording, ())).reshape(-1, 2)
        return spans[np.argsort(spans[:, 0], kind="stable")]

    def seconds(self, recording: str) -> float:
        ends = np.array(self._ends.get(recording, ()))
        return float(ends[1::2].sum() - ends[::2].sum())


def coverage(spans: np.ndarray, seconds: float, columns: int = COLUMNS) -> np.ndarray:
    """The share of each of `columns` equal columns of a recording that `spans` (n, 2), in seconds, fill."""
    if not len(spans) or seconds <= 0:
        return np.zeros(columns)
    # Seconds covered up to a moment rise within spans and stand still between them.
    moments = np.maximum.accumulate(spans.ravel())
    covered = np.cumsum(np.append([0.0], np.diff(moments) * (np.arange(len(moments) - 1) % 2 == 0)))
    edges = np.linspace(0, seconds, columns + 1)
    return np.clip(np.diff(np.interp(edges, moments, covered)) / (seconds / columns), 0, 1)


def runs(values: np.ndarray) -> list[tuple[int, int, int]]:
    """(value, first, end) of every stretch of equal values."""
    ends = np.append(np.flatnonzero(np.diff(values)) + 1, len(values)).tolist()
    return [(int(values[first]), first, end) for first, end in zip([0, *ends[:-1]], ends, strict=True)]


def labelled(path: Path) -> dict[str, np.ndarray]:
    """Spans (n, 2) in seconds by label, of a CSV that the segment stage wrote."""
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with open(path, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            spans[row["labels"]].append((float(row["start"]), float(row["stop"])))
    return {label: np.array(found) for label, found in spans.items()}


def drawing(spans: dict[str, np.ndarray], kept: np.ndarray, seconds: float, title: str) -> Markup:
    """The strip: labels above, kept below."""
    filled = np.stack([coverage(spans.get(label, np.zeros((0, 2))), seconds) for label in LABELS])
    most = np.where(filled.max(axis=0) > 0, filled.argmax(axis=0), -1)
    boxes: dict[int, list[str]] = defaultdict(list)
    for label, first, end in runs(most):
        boxes[label].append(f"M{first} 0h{end - first}v{LABEL_HEIGHT}h{first - end}z")
    drawn = [svg.path(label, "".join(boxes[i])) for i, label in enumerate(LABELS)]
    # A sliver of a clip that reaches into a column is not drawn as a step.
    heights = np.ceil(coverage(kept, seconds) * STEPS - 0.25).astype(int)
    bottom, unit = LABEL_HEIGHT + 2 + KEPT_HEIGHT, KEPT_HEIGHT / STEPS
    marks = (
        f"M{first} {bottom}v-{svg.digits(high * unit)}h{end - first}V{bottom}z"
        for high, first, end in runs(heights)
        if high > 0
    )
    drawn.append(svg.path("kept", "".join(marks)))
    return svg.picture(COLUMNS, bottom, title, svg.join(drawn), "strip")


def recordings(work: Path) -> list[dict]:
    """What the strips need of every segmented recording: id, source, path of the CSV, seconds, seconds by label."""
    return [
        {
            "id": row["id"],
            "source": tables.clean(row["source"]),
            "path": work / row["path"],
            "seconds": row["end"],
            "labels": row.get("label_seconds", {}),
        }
        for row in tables.manifests(work, "segment")
    ]


def chosen(found: list[dict], kept: Kept) -> list[dict]:
    """At most SHOWN recordings, in the order given: evenly from the one of which least was kept to the one of most."""
    if len(found) <= SHOWN:
        return found
    ranked = sorted(found, key=lambda one: (kept.seconds(one["id"]) / max(one["seconds"], 1e-9), one["id"]))
    picked = {ranked[i]["id"] for i in np.linspace(0, len(ranked) - 1, SHOWN).round().astype(int)}
    return [one for one in found if one["id"] in picked]


def legend(found: list[dict]) -> list[tuple[str, str]]:
    """The labels that occur, and what the page calls them."""
    heard = {label for one in found for label in one["labels"]}
    return [(label, NAMES.get(label, label)) for label in LABELS if label in heard]


def shares(labels: dict[str, float], seconds: float) -> str:
    """How much of each label, in words."""
    said = (f"{NAMES.get(name, name)} {words.share(labels[name], seconds)}" for name in LABELS if labels.get(name))
    return ", ".join(said)


def figures(found: list[dict], kept: Kept) -> list[dict]:
    """What the page shows of every chosen recording: source, svg, seconds, kept, labels, in words."""
    made = []
    for one in chosen(found, kept):
        if not one["path"].is_file():
            continue
        good, labels = words.share(kept.seconds(one["id"]), one["seconds"]), shares(one["labels"], one["seconds"])
        title = f"{one['source']}, {words.clock(one['seconds'])}: {labels}; kept {good}"
        strip = drawing(labelled(one["path"]), kept.spans(one["id"]), one["seconds"], title)
        made.append(
            {
                "source": one["source"],
                "svg": strip,
                "length": words.clock(one["seconds"]),
                "kept": good,
                "labels": labels,
            }
        )
    return made


def rest(found: list[dict], kept: Kept) -> dict | None:
    """The recordings that are not shown, summed up in words; None where all are."""
    shown = {one["id"] for one in chosen(found, kept)}
    others = [one for one in found if one["id"] not in shown]
    if not others:
        return None
    seconds = sum(one["seconds"] for one in others)
    labels: dict[str, float] = defaultdict(float)
    for one in others:
        for name, part in one["labels"].items():
            labels[name] += part
    return {
        "count": f"{len(others):,}",
        "seconds": words.span(seconds),
        "labels": shares(labels, seconds),
        "kept": words.share(sum(kept.seconds(one["id"]) for one in others), seconds),
    }
