"""How the clips spread over loudness, duration, similarity and every score."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from markupsafe import Markup

from engines import scores
from stages.report import svg, words

BINS = 400  # held; as many are drawn as one, two, five or ten of these make
DRAWN = 44  # bars at most
HEIGHT = 100


@dataclass(frozen=True)
class Measure:
    """A column of clips.csv: what the page calls it, its unit, the range that is looked at and which way is better."""

    name: str
    title: str
    unit: str
    low: float
    high: float
    better: str = "neither"


MEASURES = (
    Measure("lufs_before", "Loudness before normalizing", "LUFS", -60, 0),
    Measure("lufs", "Loudness after normalizing", "LUFS", -60, 0),
    Measure("duration", "Duration", "s", 0, 30),
    Measure("similarity", "Similarity to the speaker", "cosine", 0, 1, "high"),
    *(
        Measure(name, f"{name}: {score.meaning}", score.unit, score.low, score.high, score.better)
        for name, score in scores.known().items()
        if name != "duration"
    ),
)


@dataclass
class Histogram:
    """Clips per bin, BINS equal ones from `low` to `high`; values beyond count in the first or last."""

    low: float
    high: float
    unknown: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * BINS)

    def add(self, value: float | None) -> None:
        if value is None:
            self.unknown += 1
        else:
            at = int((value - self.low) / (self.high - self.low) * BINS)
            self.counts[min(max(at, 0), BINS - 1)] += 1

    @property
    def total(self) -> int:
        """Clips that have the measure."""
        return sum(self.counts)

    def edge(self, at: float) -> float:
        """The value at the lower edge of bin `at`."""
        return self.low + at * (self.high - self.low) / BINS

    def quantile(self, share: float) -> float:
        """The value below which this share of the clips lies, by straight lines within bins."""
        reached = np.concatenate(([0], np.cumsum(self.counts))) / self.total
        at = int(np.searchsorted(reached, share, "left"))
        below, above = reached[max(at - 1, 0)], reached[at]
        part = (share - below) / (above - below) if above > below else 0.0
        return self.edge(max(at - 1, 0) + part)


class Spread:
    """Collects the histogram of every measure, and how many clips there are."""

    def __init__(self, measures: Sequence[Measure] = MEASURES):
        self.clips = 0
        self.measures = measures
        self.of = {measure.name: Histogram(measure.low, measure.high) for measure in measures}

    def add(self, row: dict) -> None:
        self.clips += 1
        for name, histogram in self.of.items():
            histogram.add(row.get(name))

    def known(self) -> list[Measure]:
        """The measures that some clip has."""
        return [measure for measure in self.measures if self.of[measure.name].total]


def window(histograms: Iterable[Histogram]) -> tuple[int, int, int]:
    """What to draw of histograms on one axis: first bin, end, and bins per bar (1, 2, 5 or 10)."""
    occupied = np.flatnonzero(np.sum([histogram.counts for histogram in histograms], axis=0))
    first, end = int(occupied[0]), int(occupied[-1]) + 1
    step = next(step for step in (1, 2, 5, 10) if end - first <= DRAWN * step - step or step == 10)
    middle, least = (first + end) // 2, 12 * step
    if end - first < least:  # one bar alone would look like a wall
        first = min(max(middle - least // 2, 0), BINS - least)
        end = first + least
    return first // step * step, min(-(-end // step) * step, BINS), step


def bars(histogram: Histogram, shown: tuple[int, int, int]) -> np.ndarray:
    """Clips per bar of a window."""
    first, end, step = shown
    return np.reshape(histogram.counts[first:end], (-1, step)).sum(axis=1)


def drawing(measure: Measure, histogram: Histogram, shown: tuple[int, int, int]) -> Markup:
    """The bars, each with its range and count to point at."""
    first, _, step = shown
    counts = bars(histogram, shown)

    def bar(i: int, count: int) -> Markup:
        low, high = (words.number(histogram.edge(first + (i + more) * step)) for more in (0, 1))
        height = max(HEIGHT * count / counts.max(), 1)
        title = f"{low} to {high} {measure.unit}: {count:,} clips"
        return svg.rectangle("bar", i + 0.05, HEIGHT - height, 0.9, height, title)

    drawn = svg.join(bar(i, count) for i, count in enumerate(counts.tolist()) if count)
    return svg.picture(len(counts), HEIGHT, f"Histogram. {measure.title}. {summary(measure, histogram)}", drawn)


def axis(histogram: Histogram, shown: tuple[int, int, int]) -> list[str]:
    """Three labels: left, middle, right."""
    first, end, _ = shown
    return [words.number(histogram.edge(at)) for at in (first, (first + end) / 2, end)]


def summary(measure: Measure, histogram: Histogram) -> str:
    """The spread in words."""
    low, middle, high = (words.number(histogram.quantile(share)) for share in (0.05, 0.5, 0.95))
    unknown = f"; {histogram.unknown:,} clips without" if histogram.unknown else ""
    return f"Median {middle} {measure.unit}, nine of ten from {low} to {high}{unknown}"


def figures(spread: Spread) -> list[dict]:
    """What the page shows of every known measure: title, svg, axis, unit, most (the highest bar), summary."""
    loudness = [spread.of[name] for name in ("lufs_before", "lufs") if name in spread.of and spread.of[name].total]
    drawn = []
    for measure in spread.known():
        histogram = spread.of[measure.name]
        # Loudness before and after stand on one axis, so that the eye can compare them.
        shown = window(loudness if histogram in loudness else [histogram])
        drawn.append(
            {
                "title": measure.title,
                "svg": drawing(measure, histogram, shown),
                "axis": axis(histogram, shown),
                "unit": measure.unit,
                "most": int(bars(histogram, shown).max()),
                "summary": summary(measure, histogram),
            }
        )
    return drawn
