"""One strip per recording: what the segmenter heard from beginning to end, and which of it was kept.

A strip has COLUMNS columns whatever the recording's length: of the labels the one that fills most of a column is drawn,
of the kept clips the share of the column that they fill.
"""

from array import array
from collections import defaultdict
from pathlib import Path

import numpy as np
from markupsafe import Markup

from engines.spans import read_csv
from pipeline.tables import legible
from stages.report import reading, svg, words

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
    for label, start, stop in read_csv(path):
        spans[label].append((start, stop))
    return {label: np.array(times) for label, times in spans.items()}


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


def segmented(work: Path) -> list[dict]:
    """What the strips need of every segmented recording: id, source, path of the CSV, seconds, seconds by label."""
    return [
        {
            "id": row["id"],
            "source": legible(row["source"]),
            "path": work / row["path"],
            "seconds": row["end"],
            "labels": row.get("label_seconds", {}),
        }
        for row in reading.manifests(work, "segment")
    ]


def chosen(recordings: list[dict], kept: Kept) -> list[dict]:
    """At most SHOWN recordings, in the order given: evenly from the one of which least was kept to the one of most."""
    if len(recordings) <= SHOWN:
        return recordings

    def share(recording: dict) -> tuple[float, str]:
        return kept.seconds(recording["id"]) / max(recording["seconds"], 1e-9), recording["id"]

    ranked = sorted(recordings, key=share)
    picked = {ranked[i]["id"] for i in np.linspace(0, len(ranked) - 1, SHOWN).round().astype(int)}
    return [recording for recording in recordings if recording["id"] in picked]


def legend(recordings: list[dict]) -> list[tuple[str, str]]:
    """The labels that occur, and what the page calls them."""
    heard = {label for recording in recordings for label in recording["labels"]}
    return [(label, NAMES.get(label, label)) for label in LABELS if label in heard]


def shares(labels: dict[str, float], seconds: float) -> str:
    """How much of each label, in words."""
    said = (f"{NAMES.get(name, name)} {words.share(labels[name], seconds)}" for name in LABELS if labels.get(name))
    return ", ".join(said)


def figures(recordings: list[dict], kept: Kept) -> list[dict]:
    """What the page shows of every chosen recording: source, svg, seconds, kept, labels, in words."""
    drawn = []
    for recording in chosen(recordings, kept):
        if not recording["path"].is_file():
            continue
        source, seconds = recording["source"], recording["seconds"]
        good, labels = words.share(kept.seconds(recording["id"]), seconds), shares(recording["labels"], seconds)
        title = f"{source}, {words.clock(seconds)}: {labels}; kept {good}"
        strip = drawing(labelled(recording["path"]), kept.spans(recording["id"]), seconds, title)
        told = {"source": source, "length": words.clock(seconds), "kept": good, "labels": labels}
        drawn.append(told | {"svg": strip})
    return drawn


def rest(recordings: list[dict], kept: Kept) -> dict | None:
    """The recordings that are not shown, summed up in words; None where all are."""
    shown = {recording["id"] for recording in chosen(recordings, kept)}
    others = [recording for recording in recordings if recording["id"] not in shown]
    if not others:
        return None
    seconds = sum(recording["seconds"] for recording in others)
    labels: dict[str, float] = defaultdict(float)
    for recording in others:
        for name, part in recording["labels"].items():
            labels[name] += part
    return {
        "count": f"{len(others):,}",
        "seconds": words.span(seconds),
        "labels": shares(labels, seconds),
        "kept": words.share(sum(kept.seconds(recording["id"]) for recording in others), seconds),
    }
