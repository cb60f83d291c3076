"""The labelled span, what every segmentation engine gives, and the CSV that spans are kept in."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

LABELS = ("noEnergy", "music", "noise", "speech", "male", "female")
FIELDS = ("labels", "start", "stop")


@dataclass(frozen=True)
class Span:
    """One stretch of a recording: label (one of LABELS), start and stop in seconds, multiples of 0.02.

    `confidence` is the mean posterior of the label over the span, 0 to 1; None for noEnergy, which is
    decided by loudness, and where the engine gives none. Stretches that no network can judge (within
    0.34 s of digital silence) count as 0.5.
    """

    label: str
    start: float
    stop: float
    confidence: float | None = None


def to_csv(spans: list[Span]) -> str:
    """Spans as CSV with clean decimals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows((span.label, f"{span.start:.2f}", f"{span.stop:.2f}") for span in spans)
    return text.getvalue()


def read_csv(path: Path) -> list[tuple[str, float, float]]:
    """(label, start, stop) of every span of such a CSV."""
    with open(path, encoding="utf-8", newline="") as lines:
        return [(row["labels"], float(row["start"]), float(row["stop"])) for row in csv.DictReader(lines)]
